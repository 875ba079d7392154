use std::sync::mpsc;
use std::thread;

type Job = Box<dyn FnOnce() + Send + 'static>;

fn run(id: usize, jobs: mpsc::Receiver<Job>) {}

fn start(size: usize) {
    let (sender, receiver) = mpsc::channel::<Job>();
    for id in 0..size {
        thread::spawn(move || run(id, receiver));
    }
}

fn main() {}

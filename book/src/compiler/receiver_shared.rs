use std::sync::{Arc, mpsc};
use std::thread;

type Job = Box<dyn FnOnce() + Send + 'static>;

fn run(id: usize, jobs: &mpsc::Receiver<Job>) {}

fn start(size: usize) {
    let (sender, receiver) = mpsc::channel::<Job>();
    let receiver = Arc::new(receiver);
    for id in 0..size {
        let jobs = Arc::clone(&receiver);
        thread::spawn(move || run(id, &jobs));
    }
}

fn main() {}

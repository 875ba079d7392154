use std::sync::mpsc;
use std::thread;

type Job = Box<dyn FnOnce()>;

fn start(jobs: mpsc::Receiver<Job>) {
    thread::spawn(move || jobs.recv());
}

fn main() {}

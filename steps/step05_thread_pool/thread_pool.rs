// ANCHOR: head
//! A fixed number of threads that take their jobs from one queue.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};
// ANCHOR_END: head

// ANCHOR: job
/// A closure that a worker runs once.
type Job = Box<dyn FnOnce() + Send + 'static>;
// ANCHOR_END: job

// ANCHOR: pool
/// Runs jobs on a fixed number of threads, in the order in which they arrive.
pub struct ThreadPool {
    workers: Vec<Worker>,
    sender: mpsc::Sender<Job>,
}
// ANCHOR_END: pool

impl ThreadPool {
    // ANCHOR: new
    /// Starts `size` workers. Fails if `size` is zero, because no job would ever
    /// run, and if the operating system refuses to start a thread.
    pub fn new(size: usize) -> io::Result<ThreadPool> {
        if size == 0 {
            return Err(io::Error::other("a pool needs at least one worker"));
        }
        let (sender, receiver) = mpsc::channel();
        let receiver = Arc::new(Mutex::new(receiver));
        let mut workers = Vec::with_capacity(size);
        for id in 0..size {
            let jobs = Arc::clone(&receiver);
            let builder = thread::Builder::new().name(format!("worker {id}"));
            let handle = builder.spawn(move || run(id, &jobs))?;
            workers.push(Worker { id, handle });
        }
        Ok(ThreadPool { workers, sender })
    }
    // ANCHOR_END: new

    // ANCHOR: execute
    /// Puts `job` at the end of the queue. The next free worker runs it.
    pub fn execute(&self, job: impl FnOnce() + Send + 'static) {
        for worker in &self.workers {
            if worker.handle.is_finished() {
                _ = writeln!(io::stderr(), "worker {} is gone", worker.id);
            }
        }
        if self.sender.send(Box::new(job)).is_err() {
            _ = writeln!(io::stderr(), "no worker is left to run the job");
        }
    }
    // ANCHOR_END: execute
}

// ANCHOR: worker
/// A thread of the pool.
struct Worker {
    id: usize,
    handle: JoinHandle<()>,
}
// ANCHOR_END: worker

// ANCHOR: run
/// Runs one job after another, until the sender is dropped.
fn run(id: usize, jobs: &Mutex<mpsc::Receiver<Job>>) {
    loop {
        // The guard is dropped at this semicolon, before the job runs.
        let message = jobs.lock().expect("recv does not panic").recv();
        let Ok(job) = message else { return };
        _ = writeln!(io::stdout(), "worker {id} got a job; executing");
        job();
    }
}
// ANCHOR_END: run

// ANCHOR: tests
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_of_no_workers_is_refused() {
        let error = ThreadPool::new(0).err().expect("an error");
        assert_eq!(error.to_string(), "a pool needs at least one worker");
    }
}
// ANCHOR_END: tests

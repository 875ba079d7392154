//! A fixed number of threads that take their jobs from one queue.

use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};

/// A closure that a worker runs once.
type Job = Box<dyn FnOnce() + Send + 'static>;

/// Runs jobs on a fixed number of threads, in the order in which they arrive.
/// Dropping the pool waits until all of them have run.
pub struct ThreadPool {
    workers: Vec<JoinHandle<()>>,
    /// `None` once the pool is being dropped.
    sender: Option<mpsc::Sender<Job>>,
}

impl ThreadPool {
    // ANCHOR: new
    /// Starts `size` workers. Fails if `size` is zero, because no job would ever
    /// run, and if the operating system refuses to start a thread.
    pub fn new(size: usize) -> io::Result<ThreadPool> {
        if size == 0 {
            return Err(io::Error::other("a pool needs at least one worker"));
        }
        let (sender, receiver) = mpsc::channel();
        // ANCHOR_END: new
        let receiver = Arc::new(Mutex::new(receiver));
        let mut workers = Vec::with_capacity(size);
        for id in 0..size {
            let jobs = Arc::clone(&receiver);
            let builder = thread::Builder::new().name(format!("worker {id}"));
            workers.push(builder.spawn(move || run(&jobs))?);
        }
        Ok(ThreadPool { workers, sender: Some(sender) })
    }

    // ANCHOR: queue
    /// A handle to the queue, so that a job can add another one. Dropping the pool
    /// waits until all of these are dropped, too.
    pub fn queue(&self) -> Queue {
        Queue(self.sender.clone().expect("only drop takes it"))
    }
}

/// A handle that puts jobs at the end of the queue.
#[derive(Clone)]
pub struct Queue(mpsc::Sender<Job>);

impl Queue {
    /// Puts `job` at the end of the queue. The next free worker runs it.
    pub fn execute(&self, job: impl FnOnce() + Send + 'static) {
        self.0.send(Box::new(job)).expect("workers outlive the sender");
    }
}
// ANCHOR_END: queue

impl Drop for ThreadPool {
    fn drop(&mut self) {
        // Without a sender, a worker returns as soon as the queue is empty.
        drop(self.sender.take());
        for worker in self.workers.drain(..) {
            _ = worker.join();
        }
    }
}

/// Runs one job after another, until the sender is dropped.
fn run(jobs: &Mutex<mpsc::Receiver<Job>>) {
    loop {
        // The guard is dropped at this semicolon, before the job runs.
        let message = jobs.lock().expect("recv does not panic").recv();
        let Ok(job) = message else { return };
        // A panic ends the job, not the worker. Its message is already printed.
        _ = panic::catch_unwind(AssertUnwindSafe(job));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_of_no_workers_is_refused() {
        let error = ThreadPool::new(0).err().expect("an error");
        assert_eq!(error.to_string(), "a pool needs at least one worker");
    }
}

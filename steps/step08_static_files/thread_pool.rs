//! A fixed number of threads that take their jobs from one queue.

use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};

/// Anything that a worker can do once.
type Job = Box<dyn FnOnce() + Send + 'static>;

/// Runs jobs on a fixed number of threads, in the order in which they come.
/// Dropping the pool waits until all of them have run.
pub struct ThreadPool {
    workers: Vec<JoinHandle<()>>,
    /// `None` once the pool is being dropped.
    sender: Option<mpsc::Sender<Job>>,
}

impl ThreadPool {
    /// Starts `size` workers. A size of zero is an error, since no job would
    /// ever run; so is a thread that the operating system refuses to start.
    pub fn new(size: usize) -> io::Result<ThreadPool> {
        if size == 0 {
            return Err(io::Error::other("a pool needs at least one worker"));
        }
        let (sender, receiver) = mpsc::channel();
        let receiver = Arc::new(Mutex::new(receiver));
        let mut workers = Vec::with_capacity(size);
        for id in 0..size {
            let jobs = Arc::clone(&receiver);
            let thread = thread::Builder::new().name(format!("worker {id}"));
            workers.push(thread.spawn(move || run(&jobs))?);
        }
        Ok(ThreadPool { workers, sender: Some(sender) })
    }

    /// Puts `job` at the end of the queue. A worker that is free runs it.
    pub fn execute(&self, job: impl FnOnce() + Send + 'static) {
        let sender = self.sender.as_ref().expect("only drop takes it");
        sender.send(Box::new(job)).expect("workers outlive the sender");
    }
}

impl Drop for ThreadPool {
    fn drop(&mut self) {
        // Without a sender, a worker that finds the queue empty returns.
        drop(self.sender.take());
        for worker in self.workers.drain(..) {
            _ = worker.join();
        }
    }
}

/// Runs one job after another, until the sender is gone.
fn run(jobs: &Mutex<mpsc::Receiver<Job>>) {
    loop {
        // The lock is held to the end of this statement, not while the job runs.
        let message = jobs.lock().expect("recv does not panic").recv();
        let Ok(job) = message else { return };
        // A panic costs this job only. The hook of std has told what it was.
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

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
    sender: Option<mpsc::SyncSender<Job>>,
}

impl ThreadPool {
    /// Starts `size` workers, for which at most `queue` jobs can wait. Fails if
    /// `size` is zero, because no job would ever run, and if the operating system
    /// refuses to start a thread.
    pub fn new(size: usize, queue: usize) -> io::Result<ThreadPool> {
        if size == 0 {
            return Err(io::Error::other("a pool needs at least one worker"));
        }
        let (sender, receiver) = mpsc::sync_channel(queue);
        let receiver = Arc::new(Mutex::new(receiver));
        let mut workers = Vec::with_capacity(size);
        for id in 0..size {
            let jobs = Arc::clone(&receiver);
            let builder = thread::Builder::new().name(format!("worker {id}"));
            workers.push(builder.spawn(move || run(&jobs))?);
        }
        Ok(ThreadPool { workers, sender: Some(sender) })
    }

    /// Puts `job` at the end of the queue. The next free worker runs it. Drops it
    /// and returns `false` if the queue is full.
    pub fn execute(&self, job: impl FnOnce() + Send + 'static) -> bool {
        let sender = self.sender.as_ref().expect("only drop takes it");
        sender.try_send(Box::new(job)).is_ok()
    }
}

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
        let error = ThreadPool::new(0, 1).err().expect("an error");
        assert_eq!(error.to_string(), "a pool needs at least one worker");
    }

    #[test]
    fn a_job_too_many_is_refused_and_the_others_run() {
        let (release, held) = mpsc::channel::<()>();
        let (taken, is_taken) = mpsc::channel();
        let (done, is_done) = mpsc::channel();
        let pool = ThreadPool::new(1, 2).expect("a thread");
        let job = move || {
            taken.send(()).expect("the test waits");
            _ = held.recv();
        };
        assert!(pool.execute(job));
        is_taken.recv().expect("the worker has the job");
        for number in 0..4 {
            let done = done.clone();
            let has_room = pool.execute(move || _ = done.send(number));
            assert_eq!(has_room, number < 2, "job {number}");
        }
        drop((release, done));
        drop(pool);
        assert_eq!(is_done.iter().collect::<Vec<_>>(), [0, 1]);
    }
}

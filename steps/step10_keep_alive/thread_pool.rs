//! A fixed number of threads that take their jobs from one queue.

use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{self, TryRecvError};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

/// Anything that a worker can do once.
type Job = Box<dyn FnOnce() + Send + 'static>;

/// Runs jobs on a fixed number of threads, in the order in which they come.
/// Dropping the pool waits until all of them have run.
pub struct ThreadPool {
    workers: Vec<JoinHandle<()>>,
    /// `None` once the pool is being dropped.
    sender: Option<mpsc::SyncSender<Job>>,
    queue: Arc<Queue>,
}

/// Where the workers find their jobs. If one of them waited in `recv`, with the
/// lock, each job would wake two: that one, and another to wait in its place.
/// So all wait for the `Condvar`, and a job wakes one.
struct Queue {
    jobs: Mutex<mpsc::Receiver<Job>>,
    changed: Condvar,
}

/// No room for another job.
#[derive(Debug, PartialEq)]
pub struct QueueFull;

impl ThreadPool {
    /// Starts `size` workers, for whom at most `queue` jobs can wait. A size of
    /// zero is an error, since no job would ever run; so is a thread that the
    /// operating system refuses to start.
    pub fn new(size: usize, queue: usize) -> io::Result<ThreadPool> {
        if size == 0 {
            return Err(io::Error::other("a pool needs at least one worker"));
        }
        let (sender, receiver) = mpsc::sync_channel(queue);
        let (jobs, changed) = (Mutex::new(receiver), Condvar::new());
        let queue = Arc::new(Queue { jobs, changed });
        let mut workers = Vec::with_capacity(size);
        for id in 0..size {
            let queue = Arc::clone(&queue);
            let thread = thread::Builder::new().name(format!("worker {id}"));
            workers.push(thread.spawn(move || run(&queue))?);
        }
        Ok(ThreadPool { workers, sender: Some(sender), queue })
    }

    /// Puts `job` at the end of the queue. A worker that is free runs it. If
    /// the queue is full, the job is dropped.
    pub fn execute(
        &self,
        job: impl FnOnce() + Send + 'static,
    ) -> Result<(), QueueFull> {
        let sender = self.sender.as_ref().expect("only drop takes it");
        let lock = self.queue.jobs.lock().expect(INTACT);
        let sent = sender.try_send(Box::new(job));
        drop(lock); // Whoever is woken needs it.
        self.queue.changed.notify_one();
        sent.map_err(|_| QueueFull)
    }
}

impl Drop for ThreadPool {
    fn drop(&mut self) {
        // Without a sender, a worker that finds the queue empty returns.
        let lock = self.queue.jobs.lock().expect(INTACT);
        drop(self.sender.take());
        drop(lock);
        self.queue.changed.notify_all();
        for worker in self.workers.drain(..) {
            _ = worker.join();
        }
    }
}

/// Why the lock cannot be poisoned.
const INTACT: &str = "nothing panics while it is held";

/// Runs one job after another, until the sender is gone.
fn run(queue: &Queue) {
    while let Some(job) = next_job(queue) {
        // A panic costs this job only. The hook of std has told what it was.
        _ = panic::catch_unwind(AssertUnwindSafe(job));
    }
}

/// Waits for a job. The lock is not held while the job runs.
fn next_job(queue: &Queue) -> Option<Job> {
    let mut jobs = queue.jobs.lock().expect(INTACT);
    loop {
        match jobs.try_recv() {
            Ok(job) => return Some(job),
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) => {
                jobs = queue.changed.wait(jobs).expect(INTACT);
            }
        }
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
    fn a_job_too_many_is_refused_and_the_others_are_done() {
        let (release, held) = mpsc::channel::<()>();
        let (taken, is_taken) = mpsc::channel();
        let (done, is_done) = mpsc::channel();
        let pool = ThreadPool::new(1, 2).expect("a thread");
        let job = move || {
            taken.send(()).expect("the test waits");
            _ = held.recv();
        };
        assert_eq!(pool.execute(job), Ok(()));
        is_taken.recv().expect("the worker has the job");
        for number in 0..4 {
            let done = done.clone();
            let put = pool.execute(move || _ = done.send(number));
            let expected = if number < 2 { Ok(()) } else { Err(QueueFull) };
            assert_eq!(put, expected, "job {number}");
        }
        drop((release, done));
        drop(pool);
        assert_eq!(is_done.iter().collect::<Vec<_>>(), [0, 1]);
    }
}

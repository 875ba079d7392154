//! A fixed number of threads that take their jobs from one queue.

use std::collections::VecDeque;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle, Thread};

/// A closure that a worker runs once.
type Job = Box<dyn FnOnce() + Send + 'static>;

/// Runs jobs on a fixed number of threads, in the order in which they arrive.
/// Dropping the pool waits until all of them have run.
pub struct ThreadPool {
    workers: Vec<JoinHandle<()>>,
    queue: Arc<Queue>,
}

/// Jobs that wait for a worker, or workers that wait for a job.
#[derive(Default)]
struct Queue {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    /// The last one is the one that has been idle for the shortest time: its
    /// stack and its data are still in the processor's cache.
    idle: Vec<Thread>,
    is_closed: bool,
}

impl ThreadPool {
    /// Starts `size` workers. Fails if `size` is zero, because no job would ever
    /// run, and if the operating system refuses to start a thread.
    pub fn new(size: usize) -> io::Result<ThreadPool> {
        if size == 0 {
            return Err(io::Error::other("a pool needs at least one worker"));
        }
        let queue = Arc::new(Queue::default());
        let mut workers = Vec::with_capacity(size);
        for id in 0..size {
            let queue = Arc::clone(&queue);
            let builder = thread::Builder::new().name(format!("worker {id}"));
            workers.push(builder.spawn(move || queue.run())?);
        }
        Ok(ThreadPool { workers, queue })
    }

    /// Puts `job` at the end of the queue. The next free worker runs it.
    pub fn execute(&self, job: impl FnOnce() + Send + 'static) {
        let mut state = self.queue.lock();
        state.jobs.push_back(Box::new(job));
        let worker = state.idle.pop();
        drop(state); // Or the worker would wake up and have to wait for it.
        if let Some(worker) = worker {
            worker.unpark();
        }
    }
}

impl Drop for ThreadPool {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.is_closed = true;
        for worker in state.idle.drain(..) {
            worker.unpark();
        }
        drop(state);
        for worker in self.workers.drain(..) {
            _ = worker.join();
        }
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it's held")
    }

    /// Runs one job after another, until the queue is closed and empty.
    fn run(&self) {
        while let Some(job) = self.next() {
            // A panic ends the job, not the worker. Its message is already
            // printed.
            _ = panic::catch_unwind(AssertUnwindSafe(job));
        }
    }

    /// Waits for a job. Returns `None` once there will be no more.
    fn next(&self) -> Option<Job> {
        let me = thread::current();
        let mut state = self.lock();
        loop {
            // A thread may wake up for no reason, and is then still listed.
            state.idle.retain(|worker| worker.id() != me.id());
            if let Some(job) = state.jobs.pop_front() {
                return Some(job);
            }
            if state.is_closed {
                return None;
            }
            state.idle.push(me.clone());
            drop(state);
            thread::park();
            state = self.lock();
        }
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

//! A fixed number of threads that take their jobs from one queue.

// ANCHOR: imports
use std::collections::VecDeque;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle, Thread};

/// Whether there are jobs for which no worker is free.
pub static OTHERS_WAIT: AtomicBool = AtomicBool::new(false);
// ANCHOR_END: imports

/// A closure that a worker runs once.
pub type Job = Box<dyn FnOnce() + Send + 'static>;

// ANCHOR: struct
/// Runs jobs on a fixed number of threads, in the order in which they arrive.
/// Dropping the pool waits until all of them have run.
pub struct ThreadPool {
    workers: Vec<JoinHandle<()>>,
    queue: Arc<Mutex<Queue>>,
}

/// Jobs that wait for a worker, or workers that wait for a job.
#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    /// The last one's stack is still in the processor's cache.
    idle: Vec<Thread>,
    is_closed: bool,
}
// ANCHOR_END: struct

impl ThreadPool {
    /// Starts `size` workers. Fails if `size` is zero, because no job would ever
    /// run, and if the operating system refuses to start a thread.
    pub fn new(size: usize) -> io::Result<ThreadPool> {
        if size == 0 {
            return Err(io::Error::other("a pool needs at least one worker"));
        }
        let queue = Arc::new(Mutex::new(Queue::default()));
        let mut workers = Vec::with_capacity(size);
        for id in 0..size {
            let queue = Arc::clone(&queue);
            let builder = thread::Builder::new().name(format!("worker {id}"));
            workers.push(builder.spawn(move || run(&queue))?);
        }
        Ok(ThreadPool { workers, queue })
    }

    // ANCHOR: execute
    /// Puts jobs at the end of the queue. The next free workers run them.
    pub fn execute_all(&self, jobs: Vec<Job>) {
        let mut queue = lock(&self.queue);
        let others = queue.idle.len().saturating_sub(jobs.len());
        let woken = queue.idle.split_off(others);
        queue.jobs.extend(jobs);
        OTHERS_WAIT.store(queue.jobs.len() > woken.len(), Ordering::Relaxed);
        drop(queue); // Or the workers would wake up and have to wait for it.
        for worker in woken {
            worker.unpark();
        }
    }
    // ANCHOR_END: execute
}

// ANCHOR: drop
impl Drop for ThreadPool {
    fn drop(&mut self) {
        lock(&self.queue).is_closed = true;
        for worker in self.workers.drain(..) {
            worker.thread().unpark();
            _ = worker.join();
        }
    }
}
// ANCHOR_END: drop

// ANCHOR: run
/// Runs one job after another, until the queue is closed and empty.
fn run(queue: &Mutex<Queue>) {
    while let Some(job) = next(queue) {
        // A panic ends the job, not the worker. Its message is already printed.
        _ = panic::catch_unwind(AssertUnwindSafe(job));
    }
}

/// Waits for a job. Returns `None` once there will be no more.
fn next(queue: &Mutex<Queue>) -> Option<Job> {
    let me = thread::current();
    loop {
        let mut queue = lock(queue);
        // A thread may wake up for no reason, and is then still listed.
        queue.idle.retain(|worker| worker.id() != me.id());
        if let Some(job) = queue.jobs.pop_front() {
            return Some(job);
        }
        if queue.is_closed {
            return None;
        }
        queue.idle.push(me.clone());
        drop(queue);
        thread::park();
    }
}

fn lock(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    queue.lock().expect("nothing panics while it's held")
}
// ANCHOR_END: run

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::{Duration, Instant};

    /// Far more than it takes.
    const LIMIT: Duration = Duration::from_secs(10);

    #[test]
    fn a_pool_of_no_workers_is_refused() {
        let error = ThreadPool::new(0).err().expect("an error");
        assert_eq!(error.to_string(), "a pool needs at least one worker");
    }

    #[test]
    fn jobs_that_come_together_get_a_worker_each() {
        let pool = ThreadPool::new(3).expect("three threads");
        let start = Instant::now();
        while lock(&pool.queue).idle.len() < 3 {
            assert!(start.elapsed() < LIMIT, "all workers wait for a job");
            thread::yield_now();
        }
        let (arriving, arrived) = mpsc::channel();
        let (mut jobs, mut gates) = (Vec::<Job>::new(), Vec::new());
        for _ in 0..3 {
            let (gate, opened) = mpsc::channel::<()>();
            gates.push(gate);
            let arriving = arriving.clone();
            jobs.push(Box::new(move || {
                _ = arriving.send(());
                _ = opened.recv();
            }));
        }
        pool.execute_all(jobs);
        for _ in 0..3 {
            arrived.recv_timeout(LIMIT).expect("a worker for each job");
        }
    }

    #[test]
    fn jobs_that_wait_are_noticed() {
        // Other tests have pools, too, so one look isn't enough.
        let see = |pool: &ThreadPool, expected| {
            (0..10_000).any(|_| {
                pool.execute_all(Vec::new());
                OTHERS_WAIT.load(Ordering::Relaxed) == expected
            })
        };
        let pool = ThreadPool::new(1).expect("a thread");
        let (sender, receiver) = mpsc::channel::<()>();
        let blocks = move || _ = receiver.recv();
        let (done, all_done) = mpsc::channel();
        let last = move || done.send(()).expect("we're waiting");
        pool.execute_all(vec![Box::new(blocks), Box::new(last)]);
        assert!(see(&pool, true), "a job waits for the only worker");
        drop(sender);
        all_done.recv().expect("a worker");
        assert!(see(&pool, false), "no job is left");
    }

    #[test]
    fn a_worker_that_wakes_up_for_no_reason_is_listed_once() {
        let pool = ThreadPool::new(2).expect("two threads");
        let (sender, receiver) = mpsc::channel();
        for _ in 0..1000 {
            for worker in &pool.workers {
                worker.thread().unpark();
            }
            let done = sender.clone();
            let job = move || done.send(()).expect("we're waiting");
            pool.execute_all(vec![Box::new(job)]);
            receiver.recv().expect("a worker");
            let listed = lock(&pool.queue).idle.len();
            assert!(listed <= 2, "2 workers are listed {listed} times");
        }
    }
}

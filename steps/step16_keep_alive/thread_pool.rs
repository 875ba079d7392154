//! Threads that take their jobs from one queue, started as they are needed.

use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{self, TryRecvError};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};

/// A closure that a worker runs once.
type Job = Box<dyn FnOnce() + Send + 'static>;

/// Runs jobs on a limited number of threads, in the order in which they come.
/// Dropping the pool waits until all of them have run.
pub struct ThreadPool {
    /// How many workers there may be: fewer than asked for, once the operating
    /// system has refused to start one.
    pub size: usize,
    workers: Vec<JoinHandle<()>>,
    /// `None` once the pool is being dropped.
    sender: Option<mpsc::SyncSender<Job>>,
    queue: Arc<Mutex<Queue>>,
}

/// Where the workers find their jobs, and who of them has none.
struct Queue {
    jobs: mpsc::Receiver<Job>,
    /// Each of them waits for a message. The last to come is the first to be
    /// woken: what it needs is still in the processor's cache.
    idle: Vec<mpsc::Sender<()>>,
}

/// No room for another job.
#[derive(Debug, PartialEq)]
pub struct QueueFull;

impl ThreadPool {
    /// A pool of up to `size` workers, for whom at most `queue` jobs can wait. A
    /// size of zero is an error, since no job would ever run; so is a first
    /// worker that the operating system refuses to start.
    pub fn new(size: usize, queue: usize) -> io::Result<ThreadPool> {
        if size == 0 {
            return Err(io::Error::other("a pool needs at least one worker"));
        }
        let (sender, receiver) = mpsc::sync_channel(queue);
        let (jobs, idle) = (receiver, Vec::new());
        let queue = Arc::new(Mutex::new(Queue { jobs, idle }));
        let (workers, sender) = (Vec::new(), Some(sender));
        let mut pool = ThreadPool { size, workers, sender, queue };
        pool.start_worker()?;
        Ok(pool)
    }

    fn start_worker(&mut self) -> io::Result<()> {
        let queue = Arc::clone(&self.queue);
        let name = format!("worker {}", self.workers.len());
        let thread = thread::Builder::new().name(name);
        self.workers.push(thread.spawn(move || run(&queue))?);
        Ok(())
    }

    /// Puts `job` at the end of the queue. A worker that is free runs it; if all
    /// are busy, another is started. If the queue is full, the job is dropped.
    pub fn execute(
        &mut self,
        job: impl FnOnce() + Send + 'static,
    ) -> Result<(), QueueFull> {
        let sender = self.sender.as_ref().expect("only drop takes it");
        let mut queue = lock(&self.queue);
        sender.try_send(Box::new(job)).map_err(|_| QueueFull)?;
        let idle = queue.idle.pop();
        drop(queue); // Whoever is woken needs it.
        if let Some(waker) = idle {
            _ = waker.send(());
        } else if self.workers.len() < self.size {
            if let Err(error) = self.start_worker() {
                // The job waits for a worker that there is.
                let size = self.workers.len();
                _ = writeln!(io::stderr(), "{size} workers at most: {error}");
                self.size = size;
            }
        }
        Ok(())
    }
}

impl Drop for ThreadPool {
    fn drop(&mut self) {
        // Without a sender, a worker returns as soon as the queue is empty.
        let mut queue = lock(&self.queue);
        drop(self.sender.take());
        for waker in queue.idle.drain(..) {
            _ = waker.send(());
        }
        drop(queue);
        for worker in self.workers.drain(..) {
            _ = worker.join();
        }
    }
}

/// Runs one job after another, until the sender is dropped. The queue is not
/// locked while a job runs.
fn run(queue: &Mutex<Queue>) {
    let (waker, woken) = mpsc::channel();
    loop {
        let mut queue = lock(queue);
        match queue.jobs.try_recv() {
            Ok(job) => {
                drop(queue);
                // A panic costs this job only. std's hook has told what it was.
                _ = panic::catch_unwind(AssertUnwindSafe(job));
            }
            Err(TryRecvError::Empty) => {
                queue.idle.push(waker.clone());
                drop(queue);
                _ = woken.recv();
            }
            Err(TryRecvError::Disconnected) => return,
        }
    }
}

fn lock(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    queue.lock().expect("nothing panics while it is held")
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
        let mut pool = ThreadPool::new(1, 2).expect("a thread");
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

    #[test]
    fn a_worker_is_started_for_a_job_for_which_none_is_free() {
        let mut pool = ThreadPool::new(3, 4).expect("a thread");
        assert_eq!(pool.workers.len(), 1);
        while lock(&pool.queue).idle.is_empty() {
            thread::yield_now(); // It has not found out yet.
        }
        let (taken, is_taken) = mpsc::channel();
        let mut held = Vec::new();
        for workers in [1, 2, 3, 3] {
            let (release, is_released) = mpsc::channel::<()>();
            held.push(release);
            let taken = taken.clone();
            let job = move || {
                taken.send(()).expect("the test waits");
                _ = is_released.recv();
            };
            assert_eq!(pool.execute(job), Ok(()));
            assert_eq!(pool.workers.len(), workers);
        }
        for _ in 0..3 {
            is_taken.recv().expect("three run at once");
        }
        assert!(is_taken.try_recv().is_err(), "the fourth waits");
        drop(held);
        is_taken.recv().expect("the fourth has its turn");
    }

    #[test]
    fn who_has_slept_least_is_woken() {
        let mut pool = ThreadPool::new(2, 2).expect("a thread");
        let queue = Arc::clone(&pool.queue);
        let (taken, is_taken) = mpsc::channel();
        let mut start = |held: mpsc::Receiver<()>| {
            let taken = taken.clone();
            let job = move || {
                taken.send(thread::current().id()).expect("the test waits");
                _ = held.recv();
            };
            assert_eq!(pool.execute(job), Ok(()));
            is_taken.recv().expect("a worker has the job")
        };
        let (first, second) = (mpsc::channel(), mpsc::channel());
        start(first.1);
        let last = start(second.1);
        for (release, idle) in [(first.0, 1), (second.0, 2)] {
            drop(release);
            while lock(&queue).idle.len() < idle {
                thread::yield_now(); // It is still on its way.
            }
        }
        assert_eq!(start(mpsc::channel().1), last);
    }
}

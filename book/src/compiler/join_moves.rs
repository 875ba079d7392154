use std::thread::JoinHandle;

struct Worker {
    id: usize,
    thread: JoinHandle<()>,
}

struct ThreadPool {
    workers: Vec<Worker>,
}

impl Drop for ThreadPool {
    fn drop(&mut self) {
        for worker in &mut self.workers {
            _ = worker.thread.join();
        }
    }
}

fn main() {}

use std::sync::mpsc;

struct ThreadPool {
    sender: mpsc::Sender<u8>,
}

impl Drop for ThreadPool {
    fn drop(&mut self) {
        drop(self.sender);
    }
}

fn main() {}

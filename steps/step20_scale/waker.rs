// ANCHOR: waker
//! Wakes the event loop from another thread.

use crate::poller::{self, Local};
use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// A pair of connected sockets. A byte that is written to one end wakes a loop
/// that waits for the other.
pub struct Waker {
    sender: Local,
    receiver: Local,
    /// Whether a byte is on its way, so that no second one is needed.
    is_pending: AtomicBool,
}

impl Waker {
    pub fn new() -> io::Result<Waker> {
        let (sender, receiver) = poller::pair()?;
        sender.set_nonblocking(true)?;
        receiver.set_nonblocking(true)?;
        Ok(Waker { sender, receiver, is_pending: AtomicBool::new(false) })
    }
    // ANCHOR_END: waker

    // ANCHOR: wake
    /// Wakes the loop. Before you call this, send what it should find.
    pub fn wake(&self) {
        if !self.is_pending.swap(true, Ordering::SeqCst) {
            // It can't fail: there's room for a byte, and the loop is alive.
            _ = (&self.sender).write(&[0]);
        }
    }

    /// Makes the next `wake` write a byte again. Call this before you look for
    /// what was sent: what comes later then wakes the loop once more.
    pub fn clear(&self) {
        _ = (&self.receiver).read(&mut [0; 16]); // Rarely more than one byte.
        // It's also a read, so that we see what was sent before the last `wake`.
        self.is_pending.swap(false, Ordering::SeqCst);
    }

    /// What the loop waits for.
    pub fn receiver(&self) -> &Local {
        &self.receiver
    }
}
// ANCHOR_END: wake

#[cfg(test)]
mod tests {
    use super::*;

    fn arrived(waker: &Waker) -> usize {
        let mut buffer = [0; 16];
        (&waker.receiver).read(&mut buffer).unwrap_or(0)
    }

    #[test]
    fn one_byte_is_enough() {
        let waker = Waker::new().expect("two sockets");
        for _ in 0..3 {
            waker.wake();
        }
        assert_eq!(arrived(&waker), 1);
    }

    #[test]
    fn a_wake_after_a_clear_writes_again() {
        let waker = Waker::new().expect("two sockets");
        waker.wake();
        waker.clear();
        assert_eq!(arrived(&waker), 0);
        waker.wake();
        assert_eq!(arrived(&waker), 1);
    }
}

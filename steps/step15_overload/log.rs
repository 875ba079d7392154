// ANCHOR: log
//! Writes lines to standard output and standard error. Either may block if
//! nobody reads it, but only the thread that writes to it has to wait.

use crate::limits::{MAX_FLUSH, MAX_LINES, MIN_WAIT};
use std::io::{self, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{self, SyncSender};
use std::time::Instant;
use std::{panic, thread};

pub static OUTPUT: Log = Log::new();
pub static ERRORS: Log = Log::new();

/// An output with a queue of lines, and a thread that writes them.
pub struct Log {
    queue: OnceLock<SyncSender<String>>,
    /// How many lines are in the queue or being written.
    pending: AtomicUsize,
    /// How many lines the queue had no room for.
    dropped: AtomicUsize,
}
// ANCHOR_END: log

// ANCHOR: start
/// Starts both threads. From now on, panics are written to `ERRORS`, too.
pub fn start() -> io::Result<()> {
    OUTPUT.start(io::stdout())?;
    ERRORS.start(io::stderr())?;
    panic::set_hook(Box::new(|panic| ERRORS.write(&panic.to_string())));
    Ok(())
}
// ANCHOR_END: start

// ANCHOR: flush
/// Waits until all lines have been written, but not for long.
pub fn flush() {
    let deadline = Instant::now() + MAX_FLUSH;
    for log in [&OUTPUT, &ERRORS] {
        while log.pending.load(SeqCst) > 0 && Instant::now() < deadline {
            thread::sleep(MIN_WAIT);
        }
    }
}
// ANCHOR_END: flush

// ANCHOR: impl
impl Log {
    const fn new() -> Log {
        Log {
            queue: OnceLock::new(),
            pending: AtomicUsize::new(0),
            dropped: AtomicUsize::new(0),
        }
    }

    fn start(
        &'static self,
        mut output: impl Write + Send + 'static,
    ) -> io::Result<()> {
        let (sender, lines) = mpsc::sync_channel::<String>(MAX_LINES);
        _ = self.queue.set(sender);
        thread::Builder::new().spawn(move || {
            for line in lines {
                _ = output.write_all(line.as_bytes());
                self.pending.fetch_sub(1, SeqCst);
                let dropped = self.dropped.swap(0, SeqCst);
                if dropped > 0 {
                    _ = writeln!(output, "lines dropped: {dropped}");
                }
            }
        })?;
        Ok(())
    }

    /// Puts a line into the queue, or drops it if there's no room. Never waits.
    pub fn write(&self, line: &str) {
        let Some(queue) = self.queue.get() else { return };
        // Before the line is sent, so that the number never falls below zero.
        self.pending.fetch_add(1, SeqCst);
        if queue.try_send(format!("{line}\n")).is_err() {
            self.pending.fetch_sub(1, SeqCst);
            self.dropped.fetch_add(1, SeqCst);
        }
    }
}
// ANCHOR_END: impl

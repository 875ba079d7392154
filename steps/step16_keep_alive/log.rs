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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, Sender, channel};

    /// An output that isn't read until the test lets go of it. It tells the test
    /// what is being written.
    struct Unread {
        writing: Sender<String>,
        release: Receiver<()>,
    }

    impl Write for Unread {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            _ = self.writing.send(String::from_utf8_lossy(bytes).into_owned());
            _ = self.release.recv();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Starts a log, and comes back when it's stuck in its first line.
    fn stuck(log: &'static Log) -> (Receiver<String>, Sender<()>) {
        let (writing, written) = channel();
        let (let_go, release) = channel();
        log.start(Unread { writing, release }).expect("a thread");
        log.write("the first");
        // If it's `ERRORS`, another test may have been first.
        written.recv().expect("a line that isn't read");
        (written, let_go)
    }

    #[test]
    fn what_the_queue_has_no_room_for_is_dropped_and_counted() {
        static LOG: Log = Log::new();
        let (written, let_go) = stuck(&LOG);
        assert_eq!(LOG.pending.load(SeqCst), 1, "it isn't written yet");
        for number in 0..MAX_LINES + 3 {
            LOG.write(&number.to_string());
        }
        assert_eq!(LOG.pending.load(SeqCst), MAX_LINES + 1, "what's to come");
        drop(let_go);
        let mut all = String::new();
        let last = format!("{}\n", MAX_LINES - 1);
        while !all.ends_with(&last) {
            all += &written.recv_timeout(MAX_FLUSH * 10).expect("more lines");
        }
        assert!(all.starts_with("lines dropped: 3\n0\n1\n2\n"), "{all}");
        assert_eq!(all.matches("dropped").count(), 1, "{all}");
        let deadline = Instant::now() + MAX_FLUSH * 10;
        while LOG.pending.load(SeqCst) > 0 && Instant::now() < deadline {
            thread::yield_now();
        }
        assert_eq!(LOG.pending.load(SeqCst), 0, "all is written or dropped");
    }

    /// An output that's full when the first line comes.
    struct FullOnce {
        is_full: bool,
        written: Sender<String>,
    }

    impl Write for FullOnce {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if std::mem::take(&mut self.is_full) {
                return Err(io::ErrorKind::StorageFull.into());
            }
            _ = self.written.send(String::from_utf8_lossy(bytes).into_owned());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_that_cannot_be_written_is_the_only_one_lost() {
        static LOG: Log = Log::new();
        let (written, lines) = channel();
        let output = FullOnce { is_full: true, written };
        LOG.start(output).expect("a thread");
        LOG.write("the first");
        LOG.write("the second");
        let line = lines.recv_timeout(MAX_FLUSH * 10);
        assert_eq!(line.as_deref(), Ok("the second\n"));
    }

    #[test]
    fn the_end_waits_for_the_last_line() {
        let (_written, let_go) = stuck(&ERRORS);
        let (ending, end) = channel();
        thread::spawn(move || {
            let start = Instant::now();
            flush();
            _ = ending.send((ERRORS.pending.load(SeqCst), start.elapsed()));
        });
        let early = end.recv_timeout(MAX_FLUSH / 5).ok();
        drop(let_go);
        let (pending, waited) = early.unwrap_or_else(|| end.recv().unwrap());
        // A busy machine may have kept us longer than it waits.
        let is_lost = pending > 0 && waited < MAX_FLUSH;
        assert!(!is_lost, "it waits no longer than {waited:?}");
    }
}

//! What a server prints, line by line, while it runs.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// The lines of a stream, which a thread of its own collects.
#[derive(Clone)]
pub struct Output(Arc<(Mutex<Lines>, Condvar)>);

#[derive(Default)]
struct Lines {
    lines: Vec<String>,
    ended: bool,
}

impl Output {
    /// Enough of what a spinning server prints.
    const MOST: usize = 2_000;

    pub fn collect(stream: impl Read + Send + 'static) -> Output {
        let output = Output(Arc::default());
        let shared = output.clone();
        thread::spawn(move || {
            let (lines, changed) = &*shared.0;
            let mut reader = BufReader::new(stream);
            let mut line = Vec::new();
            while reader.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
                let mut lines = lines.lock().unwrap();
                if lines.lines.len() < Output::MOST {
                    let text = String::from_utf8_lossy(&line);
                    lines.lines.push(text.trim_end().to_string());
                }
                line.clear();
                changed.notify_all();
            }
            lines.lock().unwrap().ended = true;
            changed.notify_all();
        });
        output
    }

    /// The lines so far.
    pub fn lines(&self) -> Vec<String> {
        self.0.0.lock().unwrap().lines.clone()
    }

    /// Waits until the lines are enough, the stream ends or time is up, and
    /// says whether they were enough.
    pub fn wait(
        &self,
        time: Duration,
        enough: impl Fn(&[String]) -> bool,
    ) -> bool {
        let (lines, changed) = &*self.0;
        let lines = lines.lock().unwrap();
        let (lines, _) = changed
            .wait_timeout_while(lines, time, |lines| {
                !lines.ended && !enough(&lines.lines)
            })
            .unwrap();
        enough(&lines.lines)
    }

    /// Waits for the stream's end, which comes when the process has ended.
    pub fn wait_for_end(&self, time: Duration) -> bool {
        let (lines, changed) = &*self.0;
        let lines = lines.lock().unwrap();
        let (lines, _) = changed
            .wait_timeout_while(lines, time, |lines| !lines.ended)
            .unwrap();
        lines.ended
    }
}

//! The threads of a server and of the processes that it has started, looked at
//! from outside, every few milliseconds. Only Linux shows them.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::proc;
use crate::record::{Lane, State};

/// Threads of a process don't all end at the very same time.
const MOMENT: Duration = Duration::from_millis(150);

pub struct Threads {
    pid: u32,
    start: Instant,
    threads: Vec<Thread>,
    /// Why there is less to see than there could be.
    pub note: Option<String>,
}

pub struct Thread {
    process: u32,
    id: u32,
    pub lane: Lane,
    /// Since when it has been in its state.
    pub since: Instant,
    pub is_alive: bool,
}

impl Threads {
    pub fn new(pid: u32, start: Instant) -> Threads {
        let note = (!Path::new("/proc/self/task").exists())
            .then(|| "only Linux shows threads, in /proc".to_string());
        Threads { pid, start, threads: Vec::new(), note }
    }

    pub fn all(&self) -> &[Thread] {
        &self.threads
    }

    pub fn alive(&self) -> impl Iterator<Item = &Thread> {
        self.threads.iter().filter(|thread| thread.is_alive)
    }

    /// The processes that the server has started, and that are still there.
    pub fn children(&self) -> Vec<u32> {
        let mut found: Vec<_> = self.alive().map(|it| it.process).collect();
        found.retain(|process| *process != self.pid);
        found.dedup();
        found
    }

    /// Looks where each thread is.
    pub fn sample(&mut self) {
        let now = self.start.elapsed();
        let mut seen = Vec::new();
        for seen_thread in proc::threads(self.pid, &mut self.note) {
            seen.push(seen_thread.id);
            self.note_state(seen_thread, now);
        }
        self.end(now, "ends", |thread| !seen.contains(&thread.id));
    }

    /// The server has ended, and all its threads with it. Some may have been
    /// seen to end a moment before. Returns when the last of them did.
    pub fn end_all(&mut self) -> Duration {
        self.end(self.start.elapsed(), "", |_| true);
        for thread in &mut self.threads {
            if thread.since.elapsed() < MOMENT {
                thread.lane.end.clear();
            }
        }
        let ends = self.threads.iter().map(|it| it.lane.last());
        ends.max().unwrap_or(self.start.elapsed())
    }

    fn end(
        &mut self,
        now: Duration,
        how: &str,
        which: impl Fn(&Thread) -> bool,
    ) {
        for thread in self.threads.iter_mut() {
            if thread.is_alive && which(thread) {
                thread.is_alive = false;
                thread.since = Instant::now();
                thread.lane.extend(now);
                thread.lane.end = how.to_string();
            }
        }
    }

    fn note_state(&mut self, seen: proc::Seen, now: Duration) {
        let known =
            self.threads.iter().position(|it| it.is_alive && it.id == seen.id);
        let index = known.unwrap_or_else(|| {
            self.threads.push(Thread {
                process: seen.process,
                id: seen.id,
                lane: Lane::new(String::new()),
                since: Instant::now(),
                is_alive: true,
            });
            self.threads.len() - 1
        });
        // A thread gets its name only after it has started.
        let label = match seen.name {
            Some(name) => self.distinct(name, index),
            None if index == 0 => "main".to_string(),
            None if seen.id == seen.process => format!("process {}", index + 1),
            None => format!("thread {}", index + 1),
        };
        let state = match seen.state {
            // What a worker is sent is a job.
            State::WaitingForMessage if label.starts_with("worker") => {
                State::WaitingForJob
            }
            state => state,
        };
        let thread = &mut self.threads[index];
        if thread.lane.state() != Some(state) {
            thread.since = Instant::now();
        }
        thread.lane.enter(state, now);
        thread.lane.label = label;
    }

    /// The name, with a number after it if threads before this one have the
    /// same: each of two pools may have a `worker 0`.
    fn distinct(&self, name: String, index: usize) -> String {
        let before = self.threads[..index].iter();
        let same = before.filter(|it| without_count(&it.lane.label) == name);
        match same.count() {
            0 => name,
            count => format!("{name} #{}", count + 1),
        }
    }
}

/// The role of a thread, which is its label without numbers.
pub fn role(label: &str) -> &str {
    let name = without_count(label);
    name.trim_end_matches(|it: char| it.is_ascii_digit()).trim_end()
}

/// `worker 0` for `worker 0 #2`, and `tokio-rt` for `tokio-rt (31)`.
fn without_count(label: &str) -> &str {
    let Some((name, last)) = label.rsplit_once(' ') else { return label };
    let count = last
        .strip_prefix('#')
        .or_else(|| last.strip_prefix('(').and_then(|it| it.strip_suffix(')')));
    let is_count = count.is_some_and(|it| it.parse::<u32>().is_ok());
    if is_count { name } else { label }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_two_pools_may_have_a_worker_0() {
        let mut threads = Threads::new(1, Instant::now());
        let names = [None, Some("worker 0"), Some("worker 0"), None];
        for (name, id) in names.into_iter().zip(1..) {
            let name = name.map(String::from);
            let state = State::WaitingForMessage;
            let seen = proc::Seen { process: 1, id, name, state };
            threads.note_state(seen, Duration::ZERO);
        }
        let lanes = threads.all().iter().map(|it| &it.lane);
        let found: Vec<_> =
            lanes.map(|it| (it.label.as_str(), it.state())).collect();
        let message = Some(State::WaitingForMessage);
        let job = Some(State::WaitingForJob);
        let expected = [
            ("main", message),
            ("worker 0", job),
            ("worker 0 #2", job),
            ("thread 4", message),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_role_has_no_numbers() {
        let cases = [
            ("worker 12", "worker"),
            ("worker 0 #2", "worker"),
            ("tokio-rt (31)", "tokio-rt"),
            ("Thread-1 (run)", "Thread-1 (run)"),
            ("main", "main"),
        ];
        for (label, expected) in cases {
            assert_eq!(role(label), expected);
        }
    }
}

//! The threads of a server and of the processes that it has started, looked at
//! from outside, every few milliseconds. Only Linux shows them.

use std::time::{Duration, Instant};

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
        let note = (!cfg!(target_os = "linux"))
            .then(|| "the threads can be seen on Linux only".to_string());
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
        for seen_thread in linux::threads(self.pid, &mut self.note) {
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

    fn note_state(&mut self, seen: linux::Seen, now: Duration) {
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
        let thread = &mut self.threads[index];
        if thread.lane.state() != Some(seen.state) {
            thread.since = Instant::now();
        }
        thread.lane.enter(seen.state, now);
        // A thread gets its name only after it has started.
        thread.lane.label = match seen.name {
            Some(name) => name,
            None if index == 0 => "main".to_string(),
            None if seen.id == seen.process => format!("process {}", index + 1),
            None => format!("thread {}", index + 1),
        };
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use super::State;
    use crate::syscalls;
    use std::fs;
    use std::io::{self, ErrorKind};

    /// A thread as it is at this moment.
    pub struct Seen {
        pub process: u32,
        pub id: u32,
        /// Its own name, if it has one.
        pub name: Option<String>,
        pub state: State,
    }

    /// The threads of a process and of all that it has started.
    pub fn threads(pid: u32, note: &mut Option<String>) -> Vec<Seen> {
        let mut seen = Vec::new();
        let mut processes = vec![pid];
        while let Some(process) = processes.pop() {
            let ids = ids(process);
            let own_name = read(process, process, "comm").unwrap_or_default();
            for &id in &ids {
                // It may have ended in the meantime.
                let Ok(state) = state(process, id, &ids, note) else {
                    continue;
                };
                let name = read(process, id, "comm").ok();
                let name = name.filter(|it| *it != own_name);
                seen.push(Seen { process, id, name, state });
                let children = read(process, id, "children");
                let children = children.unwrap_or_default();
                let children = children.split_whitespace();
                processes
                    .extend(children.filter_map(|it| it.parse::<u32>().ok()));
            }
        }
        seen.sort_by_key(|it| (it.process != pid, it.process, it.id));
        seen
    }

    fn state(
        process: u32,
        id: u32,
        ids: &[u32],
        note: &mut Option<String>,
    ) -> io::Result<State> {
        let stat = read(process, id, "stat")?;
        if syscalls::has_ended(&stat) {
            return Err(ErrorKind::NotFound.into());
        }
        match read(process, id, "syscall") {
            Ok(line) => Ok(syscalls::state(&line, ids)),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                note.get_or_insert(UNREADABLE.to_string());
                Ok(syscalls::state_of_stat(&stat))
            }
            Err(error) => Err(error),
        }
    }

    const UNREADABLE: &str = "this system doesn't let you see where a thread \
        waits (/proc/PID/task/TID/syscall), only whether it does";

    fn ids(process: u32) -> Vec<u32> {
        let tasks = fs::read_dir(format!("/proc/{process}/task"));
        let names = tasks.into_iter().flatten().flatten();
        let ids = names.filter_map(|it| it.file_name().to_str()?.parse().ok());
        ids.collect()
    }

    fn read(process: u32, id: u32, what: &str) -> io::Result<String> {
        let path = format!("/proc/{process}/task/{id}/{what}");
        Ok(fs::read_to_string(path)?.trim_end().to_string())
    }
}

#[cfg(not(target_os = "linux"))]
mod linux {
    use super::State;

    pub struct Seen {
        pub process: u32,
        pub id: u32,
        pub name: Option<String>,
        pub state: State,
    }

    pub fn threads(_: u32, _: &mut Option<String>) -> Vec<Seen> {
        Vec::new()
    }
}

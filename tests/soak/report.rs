//! What a run has shown.

use std::fmt;
use std::fs;
use std::sync::atomic::Ordering::SeqCst;
use std::thread;
use std::time::Duration;

use crate::load::Row;
use crate::support::report::{Deviation, Outcome, Symptom};
use crate::support::server::Server;

/// How much the memory may grow, in KiB. What the allocator gets back, it keeps
/// in pieces whose number depends on who came when. But it hands out 32 bytes at
/// least: if each connection lost those, it would be three times as much.
pub const TOLERANCE: usize = 1024;

/// What a server takes while nobody is connected.
pub struct AtRest {
    /// The memory that's its own, in KiB.
    pub memory: usize,
    pub descriptors: usize,
    pub threads: usize,
}

impl AtRest {
    pub fn of(server: &Server) -> Outcome<AtRest> {
        Ok(AtRest {
            memory: own_memory(server)?,
            descriptors: server.open_files(usize::MAX)?,
            threads: server.threads()?,
        })
    }

    /// The same once all connections are closed, or should be.
    pub fn again(&self, server: &Server) -> Outcome<AtRest> {
        // If some are left, the report says so.
        _ = server.has_closed_all_but(self.descriptors);
        AtRest::of(server)
    }
}

/// The memory that's the process's own, and no file's.
fn own_memory(server: &Server) -> Outcome<usize> {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id()));
    let status = status.unwrap_or_default();
    let memory = status.lines().find_map(|it| it.strip_prefix("RssAnon:"));
    let memory = memory.and_then(|it| it.trim().strip_suffix(" kB"));
    memory.and_then(|it| it.parse().ok()).ok_or_else(|| {
        let expected = "a line RssAnon in /proc/PID/status (since Linux 4.5)";
        Deviation::new(Symptom::Broken, expected, &status)
    })
}

pub struct Report {
    pub server: String,
    pub time: Duration,
    /// Clients that came before the memory was read for the first time. Their
    /// losses count like those of the others.
    pub first: Vec<Row>,
    pub rows: Vec<Row>,
    pub replaced: [u64; 2],
    /// What was done behind HAProxy.
    pub restarts: String,
    pub before: AtRest,
    pub after: AtRest,
}

impl Report {
    /// What isn't as it has to be.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for row in self.first.iter().chain(&self.rows) {
            let lost = row.lost.lock().unwrap();
            if let Some(first) = lost.first() {
                let (name, count) = (&row.name, lost.len());
                faults
                    .push(format!("{name}: {count} lost. The first:\n{first}"));
            }
        }
        let (before, after) = (&self.before, &self.after);
        for (what, before, after) in [
            ("file descriptors", before.descriptors, after.descriptors),
            ("threads", before.threads, after.threads),
        ] {
            if after != before {
                faults.push(format!(
                    "{what}: {before} before the first client, {after} after \
                     the last one. Look for what isn't dropped on some way \
                     out of a connection, or is forgotten."
                ));
            }
        }
        if after.memory > before.memory + TOLERANCE {
            let [before, after] = [before, after].map(|it| grouped(it.memory));
            faults.push(format!(
                "memory: {before} KiB after the first clients, {after} KiB \
                 after the last one, of which {TOLERANCE} KiB may be new. Look \
                 for what each connection adds, and nothing takes away."
            ));
        }
        faults
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let (server, seconds) = (&self.server, self.time.as_secs());
        writeln!(out, "{server}: {seconds} s on {processors} processors\n")?;
        let [name, connections] = ["clients", "connections"];
        writeln!(out, "{name:26}{connections:>11}  responses  lost")?;
        for row in &self.rows {
            let lost = row.lost.lock().unwrap().len();
            let counts = [&row.connections, &row.responses];
            let [connections, responses] =
                counts.map(|count| grouped(count.load(SeqCst)));
            let name = &row.name;
            writeln!(
                out,
                "{name:26}{connections:>11}{responses:>11}{lost:>6}"
            )?;
        }
        let [small, large] = self.replaced.map(|it| grouped(it as usize));
        writeln!(
            out,
            "\nreplaced: a small page {small} times, a large one {large} times"
        )?;
        writeln!(out, "{}", self.restarts)?;
        writeln!(out, "\n{:26}     before      after", "at rest")?;
        let (before, after) = (&self.before, &self.after);
        for (name, before, after) in [
            ("memory in KiB", before.memory, after.memory),
            ("file descriptors", before.descriptors, after.descriptors),
            ("threads", before.threads, after.threads),
        ] {
            let [before, after] = [before, after].map(grouped);
            writeln!(out, "{name:26}{before:>11}{after:>11}")?;
        }
        Ok(())
    }
}

/// A number with a comma after each group of three digits.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

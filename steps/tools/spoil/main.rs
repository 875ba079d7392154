//! Feeds spoilt input to the parts of the last step, and reports the answers
//! that break a rule.
//!
//!     cargo run --release --bin spoil
//!
//! It's step 20 itself that is tested, without a server: its protocol does no
//! I/O, so `driver` can cut each input in any way.

mod corpus;
mod driver;
mod findings;
mod mutate;
mod parts;
mod pieces;
mod place;
mod random;
mod settings;
mod trial;

// It's a whole server, and only parts of it are used.
#[allow(dead_code, unused_imports)]
#[path = "../../step20_scale"]
mod step20 {
    pub mod access_log;
    pub mod answer;
    pub mod body;
    pub mod cache;
    pub mod connection;
    pub mod date;
    pub mod descriptors;
    pub mod epoll;
    pub mod files;
    pub mod head;
    pub mod limits;
    pub mod log;
    pub mod media_type;
    pub mod options;
    pub mod overload;
    pub mod poll;
    pub mod poller;
    pub mod ranges;
    pub mod request;
    pub mod response;
    pub mod same_file;
    pub mod sendfile;
    pub mod site;
    pub mod thread_pool;
    pub mod validators;
    pub mod writer;
}

use findings::findings;
use parts::{PARTS, Part};
use place::Place;
use settings::Settings;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::{Mutex, OnceLock, mpsc};
use std::time::{Duration, Instant};
use std::{panic, thread};
// Its files know each other by these names.
use step20::*;
use trial::Trial;

/// The server of step 20 is never asked to stop here.
static STOPPED: OnceLock<Instant> = OnceLock::new();

/// After this long, an input isn't coming to an end.
const TOO_LONG: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let settings = match Settings::from_environment() {
        Ok(settings) => settings,
        Err(message) => {
            _ = writeln!(io::stderr(), "{message}");
            return ExitCode::from(2);
        }
    };
    let place = match Place::new() {
        Ok(place) => place,
        Err(error) => {
            _ = writeln!(io::stderr(), "cannot write a site: {error}");
            return ExitCode::FAILURE;
        }
    };
    // A panic is reported with its input.
    panic::set_hook(Box::new(|_| {}));
    let (report, is_good) = watch(settings);
    drop(place);
    _ = io::stdout().write_all(report.as_bytes());
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Tries all parts in a thread of its own, so that an input that keeps it busy
/// forever is reported, too. Returns a report, and whether nothing was found.
fn watch(settings: Settings) -> (String, bool) {
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || _ = done.send(try_all(&settings)));
    let mut last = 0;
    loop {
        if let Ok(outcome) = is_done.recv_timeout(TOO_LONG) {
            return outcome;
        }
        let latest = LATEST.lock().expect("nothing panics while it's held");
        match &*latest {
            (count, Some(trial)) if *count == last => {
                return (trial.report("it has no end"), false);
            }
            (count, _) => last = *count,
        }
    }
}

/// How many trials there were, and the latest.
static LATEST: Mutex<(usize, Option<Trial>)> = Mutex::new((0, None));

fn try_all(settings: &Settings) -> (String, bool) {
    let Settings { time, seed } = *settings;
    let mut report =
        format!("SPOIL_SECONDS={} SPOIL_SEED={seed}\n", time.as_secs_f64());
    let mut is_good = true;
    for part in PARTS {
        let (count, failure) = try_part(part, time / PARTS.len() as u32, seed);
        report += &format!("{:14} {count} inputs\n", part.name);
        if let Some(failure) = failure {
            is_good = false;
            report += &failure;
        }
    }
    (report, is_good)
}

/// Tries inputs until the time is up. Returns how many it has tried, and a
/// report of the shortest that fails.
fn try_part(
    part: &'static Part,
    time: Duration,
    seed: u64,
) -> (usize, Option<String>) {
    let end = Instant::now() + time;
    let known = findings().into_iter().filter(|(name, _)| *name == part.name);
    let known: Vec<_> =
        known.map(|(_, input)| Trial { part, seed, input }).collect();
    let new = (0..).map(|number| Trial::new(part, seed.wrapping_add(number)));
    let (mut count, mut shortest) = (0, None);
    let mut length = usize::MAX;
    // With no time, a single input is replayed.
    let at_least = if time.is_zero() { 1 } else { part.at_least };
    let at_least = at_least + known.len();
    for trial in known.into_iter().chain(new) {
        if count >= at_least && Instant::now() >= end {
            break;
        }
        count += 1;
        let mut latest = LATEST.lock().expect("nothing panics while it's held");
        *latest = (latest.0 + 1, Some(trial.clone()));
        drop(latest);
        if trial.input.len() >= length {
            continue;
        }
        if let Err(error) = trial.run() {
            length = trial.input.len();
            shortest = Some(trial.report(&error));
        }
    }
    (count, shortest)
}

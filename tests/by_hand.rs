//! The commands that a failure prints do show the failure.
//!
//! Each behaviour that one of the first six steps lacks is tried there, and
//! fails. The commands that its message prints are then run twice: with this
//! step, and with one that has the behaviour. What they print must differ.
//!
//! Only on Unix, and only where there are bash and curl.
#![cfg(unix)]

#[macro_use]
#[expect(dead_code, unused_macros, reason = "only the table is read here")]
mod behaviours;
mod support;

use std::collections::HashSet;
use std::fs;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;

use support::DEADLINE;
use support::output::Output;
use support::place::{binary, repository};
use support::program::Program;
use support::report::{Outcome, Symptom};
use support::running::prepare;
use support::scratch::Scratch;
use support::server::Server;

/// A row of the table.
#[derive(Clone, Copy)]
struct Row {
    name: &'static str,
    ranges: &'static str,
    behaviour: fn(&Server) -> Outcome,
}

macro_rules! each_row {
    ($which:ident $step:ident
    $($(#[$only:meta])* $group:ident :: $name:ident [$($ranges:tt)*])*) => {
        vec![$($(#[$only])* Row {
            name: stringify!($name),
            ranges: stringify!($($ranges)*),
            behaviour: behaviours::$group::$name,
        }),*]
    };
}

impl Row {
    /// What the table says of a step: `holds`, `hangs`, …
    fn at(self, step: u32) -> &'static str {
        let words = |range: &'static str| -> Vec<&str> {
            let ends = |letter: char| " \n()".contains(letter);
            range.split(ends).filter(|word| !word.is_empty()).collect()
        };
        let reaches = |range: &'static str| {
            let words = words(range);
            let until = words.iter().position(|word| *word == "until");
            until
                .is_none_or(|at| step <= words[at + 1].parse().expect("a step"))
        };
        // Those in brackets say which chapters name the test.
        let mut ranges = self
            .ranges
            .split(',')
            .filter(|it| it.contains("until") || it.contains("from"));
        let range = ranges.find(|range| reaches(range)).expect("a cell");
        words(range)[0]
    }

    /// The last of the first six steps that lacks it, and the first step of all
    /// that has it.
    fn steps(self) -> Option<(u32, u32)> {
        let mut lacking =
            (1..=6).rev().filter(|step| self.at(*step) != "holds");
        let lacking = lacking.find(|step| self.at(*step) != "given_up")?;
        let mut all = steps().into_iter();
        let having = all.find(|step| self.at(*step) == "holds")?;
        Some((lacking, having))
    }
}

/// The numbers of the steps, in order.
fn steps() -> Vec<u32> {
    let names = fs::read_dir(repository().join("steps")).unwrap();
    let numbers = names.filter_map(|entry| {
        let name = entry.unwrap().file_name();
        name.to_str()?.strip_prefix("step")?.get(..2)?.parse().ok()
    });
    let mut numbers: Vec<u32> = numbers.collect();
    numbers.sort();
    numbers
}

/// Rows about what the server prints. In all others that is left out, because
/// no two steps print the same.
const PRINTED: [&str; 4] = [
    "request_head_is_printed",
    "worker_logs_when_it_gets_a_job",
    "shutdown_logs_what_it_waits_for",
    "every_response_can_be_logged",
];

#[test]
#[ignore = "in .ci/run"]
fn commands_show_the_failure() {
    for program in ["curl", "bash"] {
        let version = Command::new(program).arg("--version").output();
        if version.is_err() {
            eprintln!("skipped, because there's no {program}");
            return;
        }
    }
    let scratch = &Scratch::new("by-hand");
    // Like a terminal: no progress is shown there.
    fs::write(scratch.0.join(".curlrc"), "silent\nshow-error\n").unwrap();
    // Some commands put files beside the pages.
    let pages = scratch.0.join("static");
    fs::create_dir(&pages).unwrap();
    for page in fs::read_dir(repository().join("static")).unwrap() {
        let page = page.unwrap();
        fs::copy(page.path(), pages.join(page.file_name())).unwrap();
    }
    let mut rows: Vec<Row> = table! { all steps };
    rows.retain(|row| row.steps().is_some());
    let rows = Mutex::new(rows.into_iter());
    // Most of the commands' time is spent waiting.
    let next = || rows.lock().unwrap().next();
    let work = || {
        let rows = std::iter::from_fn(next);
        rows.filter_map(|row| shows(row, scratch).err()).collect()
    };
    let faults: Vec<String> = thread::scope(|scope| {
        let threads: Vec<_> = (0..32).map(|_| scope.spawn(work)).collect();
        let faults = threads.into_iter().map(|it| it.join().expect("no panic"));
        faults.collect::<Vec<Vec<_>>>().concat()
    });
    assert!(faults.is_empty(), "\n\n{}", faults.join("\n\n"));
}

fn shows(row: Row, scratch: &Scratch) -> Result<(), String> {
    let (lacking, having) = row.steps().expect("a step that lacks it");
    let name = |step: u32| format!("step{step:02}");
    let program = Program::under_test(&name(lacking));
    let absent = behaviours::proof::symptom(row.at(lacking));
    let server = Server::start(program, Some(absent)).expect("a server");
    let outcome = (row.behaviour)(&server);
    let seen = outcome.expect_err("a deviation");
    assert_ne!(seen.symptom, Symptom::Broken, "{}:\n{seen}{server}", row.name);
    let mut saw = String::new();
    // On a busy machine, a second may not be enough for a server to start.
    for _ in 0..3 {
        let [without, with] = thread::scope(|scope| {
            [lacking, having]
                .map(|step| {
                    let address = format!("127.0.0.1:{}", free_port());
                    let mut program =
                        format!("'{}'", binary(&name(step)).display());
                    if !PRINTED.contains(&row.name) {
                        program.push_str(" > /dev/null 2> /dev/null");
                    }
                    let commands = server.commands(&program, &address);
                    scope.spawn(move || {
                        let printed = run(&commands, scratch);
                        printed.replace(&address, "ADDRESS")
                    })
                })
                .map(|it| it.join().expect("no panic"))
        });
        for fault in ["command not found", "syntax error", "No such file"] {
            if (without.clone() + &with).contains(fault) {
                return Err(format!(
                    "{}: {fault}\n{without}\n{with}",
                    row.name
                ));
            }
        }
        if without != with {
            return Ok(());
        }
        saw = without;
    }
    Err(format!(
        "{}\n{}\nprints the same with step {lacking} and with step {having}:\n\
         {saw}",
        row.name,
        server.commands("SERVER", "ADDRESS")
    ))
}

const SIGTERM: i32 = 15;

/// What these commands print, in no particular order, because clients that run
/// at the same time have none.
fn run(commands: &str, scratch: &Scratch) -> String {
    // As in a terminal, each command in the background is a job, so that Ctrl-C
    // doesn't pass it by. What still runs in the end is ended.
    let script = format!(
        "set -m; exec 2>&1; trap 'for job in $(jobs -p)\n\
         do kill -KILL -- -$job; done 2> /dev/null' EXIT\n\
         {commands}"
    );
    let mut shell = Command::new("bash");
    shell.args(["-c", &script]).current_dir(&scratch.0);
    // A backtrace takes seconds where many commands run at once.
    shell.env("RUST_BACKTRACE", "0");
    shell.env("CARGO_MANIFEST_DIR", &scratch.0).env("CURL_HOME", &scratch.0);
    shell.env("no_proxy", "*").env("NO_PROXY", "*");
    shell.stdin(Stdio::null()).stdout(Stdio::piped());
    prepare(&mut shell, SIGTERM);
    let mut shell = shell.spawn().expect("bash");
    let output = Output::collect(shell.stdout.take().expect("a pipe"));
    // Each of the commands ends by itself.
    shell.wait().expect("an end");
    output.wait_for_end(DEADLINE);
    let mut lines = output.lines();
    // Times, counts of bytes and the names of jobs differ from run to run.
    for line in &mut lines {
        let timed = ["curl: ", "Date: ", "Last-Modified: ", "bash: line "];
        if timed.iter().any(|start| line.starts_with(start)) {
            line.retain(|letter| !letter.is_ascii_digit());
        }
    }
    lines.retain(|line| {
        let told = ["kill: (", " Terminated ", " Killed "];
        !line.starts_with('[') && !told.iter().any(|it| line.contains(it))
    });
    lines.sort();
    lines.join("\n")
}

/// A port that no other test takes: one below those that are given out for 0.
fn free_port() -> u16 {
    static TAKEN: Mutex<Option<HashSet<u16>>> = Mutex::new(None);
    let mut taken = TAKEN.lock().unwrap();
    let taken = taken.get_or_insert_default();
    let start = 10_000 + (std::process::id() % 20_000) as u16;
    let mut ports = (start..).filter(|port| !taken.contains(port));
    let port = ports
        .find(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok());
    let port = port.expect("a free port");
    taken.insert(port);
    port
}

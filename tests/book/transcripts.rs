//! The transcripts are what their commands print now.
//!
//! `transcripts/NAME.server.txt` is what the server's terminal shows, and
//! `NAME.client.txt` the other terminal, if there is one. In both, a line `$ …`
//! is typed, and the lines after it are what it prints.
//!
//! The last command of the server's terminal starts a server. There may be
//! options, `$ cargo run --bin step09 -- --workers 1`, and parentheses with a
//! `ulimit`. Here it gets a port that is free; the transcripts always say 7878.
//!
//! Where the other terminal needs the server's process id, the server is
//! started with `&`, and the shell prints the number. The transcripts always
//! say 12345:
//!
//!     $ cargo run --bin step04 &              $ ls /proc/12345/task | wc -l
//!     [1] 12345                               5
//!     listening on http://127.0.0.1:7878      $ kill -TERM 12345
//!
//! A line `^C` in the server's terminal is typed after the client's last
//! command, once the server has printed what comes before that line. To press
//! Ctrl-C while a command of the client is running, put a line under that
//! command:
//!
//!     $ cargo run --bin step06           $ curl …/sleep?ms=3000
//!     listening on http://127.0.0.1:7878 # meanwhile, Ctrl-C in the server's…
//!     worker 0 got a job; executing      <!doctype html>
//!     ^C
//!     waiting for worker 0
//!
//! Again, it's pressed once the server has printed what comes before the `^C`:
//! here, as soon as a worker has the request.
//!
//! Only Linux plays them, because some commands look into `/proc`.

mod normal;
mod terminal;

use crate::faults::Faults;
use crate::running::Running;
use crate::scratch::Scratch;
use crate::source::*;
use normal::{is_about_leaving, normal, normal_server};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;
use terminal::{Terminal, clean};

/// A client's commands have ended by then: `timeout` sees to it.
const MOST: Duration = Duration::from_secs(70);
/// What a client's terminal says when Ctrl-C is to be pressed in the server's.
const MEANWHILE: &str = "# meanwhile, Ctrl-C in the server's terminal";

#[test]
#[ignore = "in .ci/run"]
fn transcripts_are_what_the_commands_print() {
    if !cfg!(target_os = "linux") {
        eprintln!("skipped: the transcripts need Linux's /proc");
        return;
    }
    if Command::new("curl").arg("--version").output().is_err() {
        eprintln!("skipped: the transcripts need curl, which isn't here");
        return;
    }
    let mut servers = files(&source().join("transcripts"));
    servers.retain(|path| name(path).ends_with(".server.txt"));
    assert!(!servers.is_empty(), "no transcript was found");
    servers.reverse(); // The later ones wait longer.
    // All at once, because most of the time they wait. But they begin one after
    // the other, because starting a program takes the processors.
    let faults = Mutex::new(Faults::default());
    thread::scope(|scope| {
        for server in &servers {
            thread::sleep(Duration::from_millis(10));
            let faults = &faults;
            scope.spawn(move || {
                for (path, fresh) in stale(server) {
                    faults.lock().unwrap().compare(&path, &fresh, false);
                }
            });
        }
    });
}

/// What the third try finds stale, if the first two found something. The
/// commands count on a second being long enough, as a reader's do; on a machine
/// that is busy with other things it may not be.
fn stale(server: &Path) -> Stale {
    for _ in 0..2 {
        let stale = play(server);
        if stale.is_empty() {
            return stale;
        }
        eprintln!("once more, because of {stale:?}");
    }
    play(server)
}

/// Files that are stale, and what they should say.
type Stale = Vec<(PathBuf, String)>;

/// Plays a server's transcript and its client's, and compares both.
fn play(server: &Path) -> Stale {
    let mut stale = Vec::new();
    let server_file = server.file_name().unwrap().to_string_lossy();
    let stem = server_file.strip_suffix(".server.txt").unwrap();
    let client = server.with_file_name(format!("{stem}.client.txt"));
    let scratch = Scratch::new(&format!("book-{stem}"));

    let old_server = read(server);
    let commands: Vec<&str> = typed(&old_server);
    let mut terminal = Terminal::start(&commands, &scratch.0);
    // How many lines the server should have printed before each `^C`, and in
    // all.
    let mut lines = 0;
    let mut expected = Vec::new();
    for line in old_server.lines().skip(commands.len()) {
        if line == "^C" {
            expected.push(lines);
        }
        lines += usize::from(!is_about_leaving(line));
    }
    let mut interrupts = expected.into_iter();

    let mut is_stopped = false;
    if client.exists() {
        let old = read(&client);
        let mut fresh = String::new();
        for command in typed(&old) {
            is_stopped |= command.contains("kill ");
            let script = terminal.with_numbers(&command[2..]);
            let mut timeout = clean("timeout", &scratch.0);
            let script = format!("exec 2>&1; {script}");
            timeout.args(["60", "sh", "-c", &script]);
            let running = Running::spawn(&mut timeout).unwrap();
            fresh += &format!("{command}\n");
            for _ in 0..meanwhile(&old, command) {
                fresh += &format!("{MEANWHILE}\n");
                let lines = interrupts.next();
                terminal.interrupt(lines.expect("a ^C for each meanwhile"));
                is_stopped = true;
            }
            running.stdout.wait_for_end(MOST);
            for line in running.stdout.lines() {
                fresh += &format!("{line}\n");
            }
        }
        let fresh = terminal.without_numbers(&fresh);
        if normal(&old) != normal(&fresh) {
            stale.push((client, fresh));
        }
    }

    for lines in interrupts {
        terminal.interrupt(lines);
        is_stopped = true;
    }
    match is_stopped {
        true => terminal.collect_all(),
        false => terminal.collect(lines),
    }
    let printed = terminal.output.join("\n");
    let fresh = format!("{}\n{printed}\n", commands.join("\n"));
    let fresh = terminal.without_numbers(&fresh);
    if normal_server(&old_server) != normal_server(&fresh) {
        stale.push((server.to_path_buf(), fresh));
    }
    stale
}

/// The commands in a transcript.
fn typed(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.starts_with("$ ")).collect()
}

/// How many times Ctrl-C is pressed while a command runs.
fn meanwhile(text: &str, command: &str) -> usize {
    let mut lines = text.lines().skip_while(|line| *line != command).skip(1);
    lines.by_ref().take_while(|line| *line == MEANWHILE).count()
}

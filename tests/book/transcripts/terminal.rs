//! The server's terminal: starts the server and collects what it prints.

use crate::place::{binary, repository};
use crate::running::Running;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

/// What must be printed gets this long.
const DEADLINE: Duration = Duration::from_secs(20);
/// A server that has printed all that it should may still print more, and a
/// request that a worker has got is soon read.
const REST: Duration = Duration::from_millis(200);
/// How long a person takes to change to the other terminal. So much time passes
/// before Ctrl-C if the server prints nothing about the request.
const PAUSE: Duration = Duration::from_secs(1);

/// The port and the process id in the transcripts.
const PORT: &str = "7878";
const PROCESS_ID: &str = "12345";

/// A command whose result doesn't depend on anybody's settings: no proxies, no
/// `.curlrc`, messages in English. It runs in the scratch directory.
pub fn clean(program: &str, scratch: &Path) -> Command {
    let directory = scratch.join("reader");
    let home = scratch.join("home");
    fs::create_dir_all(&directory).unwrap();
    fs::create_dir_all(&home).unwrap();
    // curl goes on looking for a `.curlrc` until it finds one.
    fs::write(home.join(".curlrc"), "").unwrap();
    let mut command = Command::new(program);
    command
        .current_dir(directory)
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        .env("HOME", &home)
        .env("CURL_HOME", &home)
        .env("LC_ALL", "C")
        .env("CARGO_MANIFEST_DIR", repository());
    command
}

pub struct Terminal {
    server: Running,
    step: String,
    port: String,
    /// What has been printed so far, and each `^C`.
    pub output: Vec<String>,
    /// How many of the lines that the server has printed are in `output`.
    taken: usize,
}

impl Terminal {
    /// Runs the commands, the last of which starts a server.
    pub fn start(commands: &[&str], scratch: &Path) -> Terminal {
        let (command, before) = commands.split_last().expect("a command");
        for command in before {
            let mut sh = clean("sh", scratch);
            let status = sh.args(["-c", &command[2..]]).status().unwrap();
            assert!(status.success(), "{command}: {status}");
        }
        let command = &command[2..];
        let in_background = command.ends_with(" &");
        let command = command.trim_end_matches(" &").trim_matches(['(', ')']);
        let (before, run) = command
            .split_once("cargo run --bin ")
            .expect("$ cargo run --bin stepNN");
        let (step, options) = run.split_at(run.find(' ').unwrap_or(run.len()));
        let options = options.replacen(" --", "", 1);
        let script =
            format!("exec 2>&1; {before}exec \"$0\" 127.0.0.1:0{options}");
        let mut sh = clean("sh", scratch);
        sh.args(["-c", &script]).arg(binary(step));
        let server = Running::spawn(&mut sh).unwrap();
        let address = server.address();
        let address =
            address.unwrap_or_else(|(it, _)| panic!("{command}: {it}"));
        let mut terminal = Terminal {
            server,
            step: step.to_string(),
            port: address.port().to_string(),
            output: Vec::new(),
            taken: 0,
        };
        if in_background {
            terminal.output.push(format!("[1] {PROCESS_ID}"));
        }
        terminal
    }

    /// A command with the server's real port and process id.
    pub fn with_numbers(&self, command: &str) -> String {
        let id = self.server.id().to_string();
        command
            .replace(PORT, &self.port)
            .replace(PROCESS_ID, &id)
            .replace(&format!("$(pgrep -n {})", self.step), &id)
    }

    /// What was printed, as on any machine: with the port of the transcripts,
    /// and with the repository's files named from its root.
    pub fn without_numbers(&self, printed: &str) -> String {
        let port = &self.port;
        printed
            .replace(&format!(":{port}"), &format!(":{PORT}"))
            .replace(&format!(" port {port}"), &format!(" port {PORT}"))
            .replace(&format!("{}/", repository().display()), "")
    }

    /// Waits until so many lines are there, and a little for more.
    pub fn collect(&mut self, lines: usize) {
        self.collect_and_rest(lines, REST);
    }

    fn collect_and_rest(&mut self, lines: usize, rest: Duration) {
        loop {
            let missing = lines.saturating_sub(self.output.len());
            let time = if missing == 0 { rest } else { DEADLINE };
            let expected = self.taken.saturating_add(missing.max(1));
            let printed = &self.server.stdout;
            let is_more = printed.wait(time, |all| all.len() >= expected);
            let new = printed.lines().split_off(self.taken);
            self.taken += new.len();
            self.output.extend(new);
            if !is_more {
                return;
            }
        }
    }

    /// Waits until the server has ended.
    pub fn collect_all(&mut self) {
        self.collect(usize::MAX);
    }

    /// Presses Ctrl-C once so many lines are there.
    pub fn interrupt(&mut self, lines: usize) {
        let is_silent = self.output.len() >= lines;
        self.collect_and_rest(lines, if is_silent { PAUSE } else { REST });
        let id = self.server.id().to_string();
        let kill = Command::new("kill").args(["-INT", &id]).status();
        assert!(kill.is_ok_and(|status| status.success()), "kill -INT {id}");
        self.output.push("^C".to_string());
    }
}

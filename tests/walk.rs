//! The steps are one walk: what holds between them, and for all of them.

#[path = "support/scratch.rs"]
mod scratch;

use scratch::Scratch;
use std::collections::BTreeMap;
use std::env::consts::EXE_EXTENSION;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

/// A mark for the book; it is no line of the program.
fn is_anchor(line: &str) -> bool {
    line.trim_start().starts_with("// ANCHOR")
}

/// A step: its folder, its binary, the files that it adds or changes, and how
/// many lines it may have over all its files, blank lines and unit tests not
/// counted.
struct Step {
    folder: &'static str,
    binary: &'static str,
    changes: &'static [&'static str],
    most_lines: usize,
}

const STEPS: [Step; 10] = [
    Step {
        folder: "step01_listen",
        binary: env!("CARGO_BIN_EXE_step01"),
        changes: &["main.rs"],
        most_lines: 40,
    },
    Step {
        folder: "step02_respond",
        binary: env!("CARGO_BIN_EXE_step02"),
        changes: &["main.rs"],
        most_lines: 60,
    },
    Step {
        folder: "step03_route",
        binary: env!("CARGO_BIN_EXE_step03"),
        changes: &["main.rs"],
        most_lines: 110,
    },
    Step {
        folder: "step04_thread_per_request",
        binary: env!("CARGO_BIN_EXE_step04"),
        changes: &["main.rs"],
        most_lines: 110,
    },
    Step {
        folder: "step05_thread_pool",
        binary: env!("CARGO_BIN_EXE_step05"),
        changes: &["main.rs", "thread_pool.rs"],
        most_lines: 250,
    },
    Step {
        folder: "step06_graceful_shutdown",
        binary: env!("CARGO_BIN_EXE_step06"),
        changes: &["main.rs", "signal.rs", "thread_pool.rs"],
        most_lines: 250,
    },
    Step {
        folder: "step07_requests",
        binary: env!("CARGO_BIN_EXE_step07"),
        changes: &[
            "date.rs",
            "main.rs",
            "request.rs",
            "response.rs",
            "site.rs",
            "thread_pool.rs",
        ],
        most_lines: 500,
    },
    Step {
        folder: "step08_static_files",
        binary: env!("CARGO_BIN_EXE_step08"),
        changes: &[
            "date.rs",
            "files.rs",
            "main.rs",
            "options.rs",
            "request.rs",
            "response.rs",
            "site.rs",
        ],
        most_lines: 950,
    },
    Step {
        folder: "step09_limits",
        binary: env!("CARGO_BIN_EXE_step09"),
        changes: &[
            "connection.rs",
            "input.rs",
            "limits.rs",
            "main.rs",
            "options.rs",
            "output.rs",
            "request.rs",
            "response.rs",
            "thread_pool.rs",
        ],
        most_lines: 1300,
    },
    Step {
        folder: "step10_keep_alive",
        binary: env!("CARGO_BIN_EXE_step10"),
        changes: &[
            "access_log.rs",
            "body.rs",
            "cache.rs",
            "connection.rs",
            "crowd.rs",
            "date.rs",
            "files.rs",
            "input.rs",
            "limits.rs",
            "main.rs",
            "options.rs",
            "request.rs",
            "response.rs",
            "thread_pool.rs",
        ],
        most_lines: 2100,
    },
];

/// The first step, counted from 0, that serves a folder, and does not start
/// without it.
const FIRST_WITH_ROOT: usize = 7;

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of a step and what is in them.
fn files(step: &Step) -> BTreeMap<String, String> {
    let folder = repository().join("steps").join(step.folder);
    let files = fs::read_dir(&folder).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().to_string();
        (name, fs::read_to_string(path).unwrap())
    });
    files.collect()
}

#[test]
fn a_step_changes_only_the_files_that_it_says() {
    let mut before = BTreeMap::new();
    for step in &STEPS {
        let now = files(step);
        let gone: Vec<_> =
            before.keys().filter(|name| !now.contains_key(*name)).collect();
        assert!(gone.is_empty(), "{} has lost {gone:?}", step.folder);
        let changed: Vec<&String> = now
            .keys()
            .filter(|name| before.get(*name) != now.get(*name))
            .collect();
        assert_eq!(
            changed, step.changes,
            "\nthe files of {} that differ from the step before (left) are \
             not those in which its lesson lies (right); the others must be \
             the same, byte for byte",
            step.folder
        );
        before = now;
    }
}

#[test]
fn a_step_is_short_enough_to_be_read() {
    for step in &STEPS {
        let lines: usize = files(step)
            .values()
            .map(|text| {
                let code = text.split("#[cfg(test)]").next().unwrap();
                let lines = code.lines();
                lines.filter(|it| !it.is_empty() && !is_anchor(it)).count()
            })
            .sum();
        let most = step.most_lines;
        assert!(
            lines <= most,
            "{} has {lines} lines, and should have {most} at most",
            step.folder
        );
    }
}

/// A running step, of which nobody reads the output after the first line.
struct Running {
    process: Child,
    address: String,
}

impl Running {
    fn start(binary: impl AsRef<OsStr>) -> Running {
        let mut process = Command::new(binary)
            .arg("127.0.0.1:0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = process.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on http://");
        let address = address.expect("the listening line").to_string();
        Running { process, address }
    }

    /// The next line on standard error, which has to come in time.
    fn complaint(&mut self) -> String {
        let stderr = self.process.stderr.take().unwrap();
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            let mut line = String::new();
            _ = BufReader::new(stderr).read_line(&mut line);
            _ = sender.send(line);
        });
        let line = lines.recv_timeout(Duration::from_secs(10));
        line.unwrap_or("(nothing)".to_string())
    }

    fn send(&self, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

fn answer(mut stream: TcpStream) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_closed_output_ends_nothing() {
    for (number, step) in STEPS.iter().enumerate() {
        let mut server = Running::start(step.binary);
        drop(server.process.stderr.take());
        for _ in 0..8 {
            // An empty connection is worth a line on standard error, and a
            // request, in some steps, one on standard output.
            drop(TcpStream::connect(&server.address).unwrap());
            let answer = answer(server.send("/"));
            let status = if number == 0 { "" } else { "HTTP/1.1 200 " };
            assert!(
                answer.starts_with(status),
                "{} stops serving when its output is closed, as in `{0} | \
                 head -1`; println! panics then",
                step.folder
            );
        }
    }
}

#[test]
fn a_failed_connection_is_reported() {
    for step in &STEPS[1..] {
        let mut server = Running::start(step.binary);
        let mut stream = TcpStream::connect(&server.address).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\n").unwrap();
        drop(stream);
        let complaint = server.complaint();
        assert_eq!(
            complaint.trim_end(),
            "connection failed: closed before the blank line",
            "what {} should say of a client that leaves with half a request",
            step.folder
        );
    }
}

/// A folder of a step, copied out, is a whole program. Here it has no pages, and
/// has to say which one it looked for.
#[test]
fn a_step_compiles_alone_and_names_a_page_that_is_missing() {
    for (number, step) in STEPS.iter().enumerate() {
        let scratch = Scratch::new(step.folder);
        for (name, text) in files(step) {
            fs::write(scratch.0.join(name), text).unwrap();
        }
        let program = scratch.0.join("program").with_extension(EXE_EXTENSION);
        let rustc = env::var_os("RUSTC").unwrap_or("rustc".into());
        let run = Command::new(rustc)
            .args(["--edition", "2024", "main.rs", "-o"])
            .arg(&program)
            .env("CARGO_MANIFEST_DIR", &scratch.0)
            .current_dir(&scratch.0)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success() && said.is_empty(), "{said}");
        if number == 0 {
            continue; // It has no page.
        }
        let (complaint, missing) = if number < FIRST_WITH_ROOT {
            let mut server = Running::start(&program);
            answer(server.send("/"));
            (server.complaint(), "hello.html: ")
        } else {
            let run = Command::new(&program).output().unwrap();
            (String::from_utf8_lossy(&run.stderr).to_string(), "static\": ")
        };
        assert!(
            complaint.contains(missing),
            "{} should name what it cannot read, but says: {complaint}",
            step.folder
        );
    }
}

/// As long as it takes: not part of `cargo test`, but of `.ci/run`.
#[test]
#[ignore = "takes ten seconds"]
fn sleep_takes_five_seconds_and_never_more_than_ten() {
    for (path, seconds) in [("/sleep", 5), ("/sleep?ms=60000", 10)] {
        let servers = STEPS[2..].iter().map(|it| Running::start(it.binary));
        let servers: Vec<_> = servers.collect();
        let start = Instant::now();
        let asked: Vec<_> = servers.iter().map(|it| it.send(path)).collect();
        for stream in asked {
            assert!(answer(stream).starts_with("HTTP/1.1 200 "));
            let took = start.elapsed();
            let expected = Duration::from_secs(seconds);
            assert!(took >= expected, "{path} took only {took:?}");
            let late = expected + Duration::from_secs(10);
            assert!(took < late, "{path} took {took:?}");
        }
    }
}

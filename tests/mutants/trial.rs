//! Tries an edited step: its unit tests, what its target asks of it, and what all
//! steps are asked about their command lines and their programs.

use crate::catalogue::{self, Row};
use crate::place::{binary, repository};
use crate::variant;
use std::collections::BTreeMap;
use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// Tests that take longer are said to hang.
const LIMIT: Duration = Duration::from_secs(150);
/// Unit tests that do.
const UNIT_LIMIT: Duration = Duration::from_secs(20);

/// What becomes of an edit.
pub enum Fate {
    /// It doesn't compile, or to the same program as before.
    NoMutant,
    /// By this test.
    Caught(String),
    Survived,
}

/// A place for one step's mutants.
pub struct Bench {
    /// `step20`
    step: String,
    /// Looks like `target/debug`.
    directory: PathBuf,
    /// A copy of the step's target, which takes the mutant for the step.
    target: PathBuf,
    /// Copies of two that ask every step: about its command line, and what it says
    /// and does whatever its lesson is.
    command_line: PathBuf,
    walk: PathBuf,
    files: BTreeMap<String, String>,
    /// What makes the target ask for the rows that are new in the step, for the
    /// others, and for the costly ones.
    rows: [Vec<String>; 3],
    /// The step's program, as it is.
    server: Vec<u8>,
}

impl Bench {
    /// Panics unless the step as it is passes.
    pub fn new(
        step: &str,
        files: &BTreeMap<String, String>,
        others: &[String],
        directory: &Path,
    ) -> Bench {
        for name in ["deps", "source"] {
            fs::create_dir_all(directory.join(name)).unwrap();
        }
        let copy = |from: &Path, name: &str| {
            let copy = directory.join(format!("{name}{EXE_SUFFIX}"));
            fs::copy(from, &copy).unwrap();
            copy
        };
        let targets = variant::targets([step, "cli", "walk"].into_iter());
        let target = copy(&targets[step], &format!("deps/{step}"));
        let command_line = copy(&targets["cli"], "deps/cli");
        let walk = copy(&targets["walk"], "deps/walk");
        for other in others {
            copy(&binary(other), other);
        }
        for (name, text) in files {
            fs::write(directory.join("source").join(name), text).unwrap();
        }
        let number = step[4..].parse().unwrap();
        let is_new = |row: &Row| row.begins_in(number);
        let mut bench = Bench {
            step: step.to_string(),
            directory: directory.to_path_buf(),
            target,
            command_line,
            walk,
            files: files.clone(),
            rows: [
                catalogue::rows(|row| !row.is_costly() && is_new(row)),
                catalogue::rows(|row| !row.is_costly() && !is_new(row)),
                catalogue::rows(|row| row.is_costly()),
            ],
            server: Vec::new(),
        };
        if let Fate::Caught(test) = bench.run("main.rs") {
            panic!("{step} fails without any edit: {test}");
        }
        let server = bench.compile(false).expect("it was compiled");
        bench.server = fs::read(server).unwrap();
        bench
    }

    /// Tries the step with this text in one of its files.
    pub fn try_edit(&self, file: &str, text: &str) -> Fate {
        let path = self.directory.join("source").join(file);
        fs::write(&path, text).unwrap();
        let fate = self.run(file);
        fs::write(&path, &self.files[file]).unwrap();
        fate
    }

    /// Runs the tests, those first that are the likeliest to catch the edit.
    fn run(&self, file: &str) -> Fate {
        let Some(server) = self.compile(false) else { return Fate::NoMutant };
        if fs::read(server).unwrap() == self.server {
            return Fate::NoMutant;
        }
        let module = file.replace(".rs", "::");
        let unit_tests = |filter: &str| {
            let Some(tests) = self.compile(true) else {
                return Some("unit tests, which don't compile".to_string());
            };
            let filter = [filter.to_string()];
            let failed = first_failure(&tests, &filter, UNIT_LIMIT, |_| true);
            failed.map(|name| format!("unit test {name}"))
        };
        let has_tests = self.files[file].contains("\nmod tests {");
        let failed = has_tests.then(|| unit_tests(&module)).flatten();
        let rows = |rows: &[String]| match rows {
            [] => None,
            rows => failed_test(&self.target, rows),
        };
        let has = || self.rows.iter().find_map(|it| rows(it));
        let lacks = || failed_test(&self.target, &["lacks::".to_string()]);
        let command_line = || failed_test(&self.command_line, &[]);
        let first = || match file {
            "main.rs" | "options.rs" => command_line(),
            _ => None,
        };
        let failed = failed.or_else(first).or_else(has).or_else(lacks);
        let failed = failed.or_else(command_line).or_else(|| unit_tests(""));
        let walk = ["programs::a_", "programs::sleep_", "--include-ignored"];
        let walk = || failed_test(&self.walk, &walk.map(String::from));
        match failed.or_else(walk) {
            Some(test) => Fate::Caught(test),
            None => Fate::Survived,
        }
    }

    /// The program, if it can be compiled.
    fn compile(&self, is_test: bool) -> Option<PathBuf> {
        let name = if is_test { "unit_tests" } else { &self.step };
        let program = self.directory.join(format!("{name}{EXE_SUFFIX}"));
        let cache = self.directory.join(format!("{name}-incremental"));
        let mut rustc = Command::new("rustc");
        rustc.args(["--edition=2024", "-Awarnings", "-C"]);
        rustc.arg(format!("incremental={}", cache.display()));
        rustc.args(is_test.then_some("--test")).arg("-o").arg(&program);
        rustc.arg(self.directory.join("source/main.rs"));
        rustc.env("CARGO_MANIFEST_DIR", repository());
        let run = rustc.output().unwrap();
        run.status.success().then_some(program)
    }
}

/// Runs tests until one fails, or hangs, and then fails once more: the other
/// servers may have taken the time that it needs. Returns its name.
fn failed_test(program: &Path, arguments: &[String]) -> Option<String> {
    first_failure(program, arguments, LIMIT, |name| {
        let again = ["--exact", "--include-ignored", name].map(String::from);
        first_failure(program, &again, LIMIT, |_| true).is_some()
    })
}

/// The first test that fails, or hangs, and of which this is true.
fn first_failure(
    program: &Path,
    arguments: &[String],
    limit: Duration,
    counts: impl Fn(&str) -> bool,
) -> Option<String> {
    let mut tests = start(program, arguments);
    let output = BufReader::new(tests.stdout.take().unwrap());
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            _ = sender.send(line);
        }
    });
    let mut deadline = Instant::now() + limit;
    let failed = loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match lines.recv_timeout(left) {
            Ok(line) if line.starts_with("test result: ") => break None,
            Ok(line) => {
                let name = line.strip_prefix("test ");
                let name = name.and_then(|it| it.strip_suffix(" ... FAILED"));
                if let Some(name) = name {
                    if counts(name) {
                        break Some(name.to_string());
                    }
                    deadline = Instant::now() + limit;
                }
            }
            Err(RecvTimeoutError::Timeout) => break Some("it hangs".into()),
            Err(_) => break Some("the tests die".into()),
        }
    };
    _ = tests.kill();
    _ = tests.wait();
    failed
}

fn start(program: &Path, arguments: &[String]) -> Child {
    let mut command = Command::new(program);
    // No other server may be asked instead of the mutant.
    command.args(arguments).env("RUST_BACKTRACE", "0").env_remove("SERVER");
    #[cfg(unix)]
    crate::running::prepare(&mut command, 9); // If we end, SIGKILL.
    command.stderr(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap()
}

//! The tool that starts and checks steps, `workshop`: used as a reader would.

mod check;
mod mark;
mod proof;
mod start;

#[allow(dead_code)] // The book needs more of it,
#[path = "../support/catalogue.rs"]
mod catalogue;
#[path = "../support/place.rs"]
mod place;
#[allow(dead_code)] // and other tests do.
#[path = "../support/scratch.rs"]
mod scratch;

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use place::{binary, repository};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// A tool that hangs would never end. The first check may build the tests.
const LIMIT: Duration = Duration::from_secs(300);

/// The last step.
const LAST: usize = 20;

fn workshop(arguments: &[&str]) -> Assert {
    let mut command = Command::new(binary("workshop"));
    command.current_dir(repository());
    command.args(arguments).timeout(LIMIT).assert()
}

/// Starts a step, `step05`, in this directory.
fn start(step: &str, directory: &Path, holes: &str) -> Assert {
    workshop(&["start", step, path(directory), "--holes", holes])
}

fn path(directory: &Path) -> &str {
    directory.to_str().unwrap()
}

fn stdout(run: &Assert) -> String {
    String::from_utf8(run.get_output().stdout.clone()).unwrap()
}

/// One line on standard error that contains this, no output, and this status.
fn assert_refused(run: Assert, status: i32, part: &str) {
    let run = run.code(status).stdout("");
    let said = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
    assert!(said.contains(part), "this should say {part:?}: {said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

/// The name of a step, `step05`.
fn name(number: usize) -> String {
    format!("step{number:02}")
}

/// The files of a directory, by their names, without the lines that mark what
/// the book shows.
fn files(directory: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(directory).unwrap();
    let files = entries.map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(path).unwrap().replace("\r\n", "\n");
        let is_mark = |line: &&str| line.trim().starts_with("// ANCHOR");
        let lines = text.split_inclusive('\n').filter(|line| !is_mark(line));
        (name, lines.collect())
    });
    files.collect()
}

/// The files of a step of this repository.
fn step(number: usize) -> BTreeMap<String, String> {
    let begins = |path: &Path| {
        let directory = path.file_name().unwrap().to_string_lossy();
        directory.starts_with(&name(number))
    };
    let entries = fs::read_dir(repository().join("steps")).unwrap();
    let mut paths = entries.map(|entry| entry.unwrap().path());
    files(&paths.find(|path| begins(path)).expect("a step"))
}

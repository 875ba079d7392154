//! Every starter compiles, and fails what it has yet to do.

use super::*;
use crate::catalogue::table;
use crate::scratch::Scratch;
use std::env;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::process::{Command, Output};

fn cargo(arguments: &[&str]) -> Command {
    let cargo = env::var_os("CARGO").unwrap_or("cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments).current_dir(repository());
    command
}

fn run(command: &mut Command) -> (Output, String) {
    let run = command.output().unwrap();
    let said = [&run.stdout[..], &run.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    (run, said)
}

/// The test targets of the steps, by the names of the steps.
fn targets() -> BTreeMap<String, PathBuf> {
    let mut command = cargo(&["test", "--no-run", "--test", "step*"]);
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    let (_, said) = run(&mut command);
    // `  Executable tests/step05.rs (target/debug/deps/step05-d3ba1ddb)`
    let paths = said.lines().filter_map(|line| {
        let path = line.trim().strip_prefix("Executable tests")?;
        let (_, path) = path.strip_suffix(')')?.split_once(" (")?;
        Some(repository().join(path))
    });
    let name = |path: &PathBuf| {
        let file = path.file_name().unwrap().to_string_lossy();
        file[.."step00".len()].to_string()
    };
    paths.map(|path| (name(&path), path)).collect()
}

/// The tests of what a step is the first to do for good.
fn new_rows(number: usize) -> Vec<String> {
    let rows = table().into_iter().flat_map(|group| group.rows);
    let new = rows.filter(|row| {
        row.runs(number)
            && row.symptom(number) == "holds"
            && (number == 1 || row.symptom(number - 1) != "holds")
            && row.symptom(LAST) == "holds"
    });
    new.map(|row| format!("has::{}", row.name)).collect()
}

/// Builds the starter, and asks it for what's new in its step.
fn assert_fails_what_is_new(step: usize, directory: &Path, target: &Path) {
    let manifest = directory.join("Cargo.toml");
    let mut build = cargo(&["build", "--quiet", "--manifest-path"]);
    build.arg(manifest).arg("--target-dir").arg(directory.join("target"));
    let (built, said) = run(&mut build);
    assert!(built.status.success(), "{directory:?}: {said}");
    assert_eq!(said, "", "{directory:?} has warnings");
    let server = directory.join("target/debug/my-server");
    let mut tests = Command::new(target);
    tests.current_dir(repository()).arg("--exact").args(new_rows(step));
    tests.env("SERVER", server).env("RUST_BACKTRACE", "0");
    let (tested, said) = run(&mut tests);
    assert!(!tested.status.success(), "{directory:?} passes: {said}");
    assert!(said.contains("not yet implemented: "), "{directory:?}: {said}");
}

/// Each level is written over the one before, because nobody has edited it.
fn assert_starters_fail(steps: RangeInclusive<usize>) {
    let targets = targets();
    let scratch = Scratch::new("proof");
    for number in steps {
        let (name, directory) = (name(number), scratch.0.join(name(number)));
        for holes in ["few", "some", "all"] {
            start(&name, &directory, holes).success();
            assert_fails_what_is_new(number, &directory, &targets[&name]);
        }
    }
}

#[test]
#[ignore = "in .ci/run"]
fn starters_of_part_one_compile_and_fail_what_is_new() {
    assert_starters_fail(1..=6);
}

#[test]
#[ignore = "in .ci/run"]
fn starters_of_part_two_compile_and_fail_what_is_new() {
    assert_starters_fail(7..=15);
}

#[test]
#[ignore = "in .ci/run"]
fn starters_of_part_three_compile_and_fail_what_is_new() {
    assert_starters_fail(16..=LAST);
}

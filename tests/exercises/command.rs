//! `workshop exercise`, used as a reader would.

use crate::exercises::exercises;
use crate::support::place::binary;
use crate::support::scratch::Scratch;
use assert_cmd::Command;
use assert_cmd::assert::Assert;
use std::fs;
use std::time::Duration;

/// A tool that hangs would never end. It may have to build tests.
const LIMIT: Duration = Duration::from_secs(300);

fn exercise(arguments: &[&str]) -> Assert {
    let mut command = Command::new(binary("workshop"));
    command.arg("exercise").args(arguments).timeout(LIMIT).assert()
}

fn stdout(run: &Assert) -> String {
    String::from_utf8(run.get_output().stdout.clone()).unwrap()
}

fn stderr(run: &Assert) -> String {
    String::from_utf8(run.get_output().stderr.clone()).unwrap()
}

#[test]
fn list_names_every_exercise() {
    let list = stdout(&exercise(&[]).success());
    for exercise in exercises() {
        let line = format!("\n  {}\n", exercise.name);
        assert!(list.contains(&line), "{list}");
    }
}

#[test]
fn answer_is_a_diff() {
    let said = stdout(&exercise(&["ch01-a-limit", "--answer"]).success());
    let head = "--- step01/main.rs\n+++ src/main.rs\n@@\n     let mut line";
    assert!(said.starts_with(head), "{said}");
}

#[test]
fn bad_command_line_is_explained() {
    let one = "exercise needs one directory: `workshop exercise ch01-a-limit \
               ../ch01-a-limit`; see --help\n";
    for (arguments, expected) in [
        (
            &["ch01"][..],
            "\"ch01\" isn't an exercise; `workshop exercise` lists them\n",
        ),
        (&["ch01-a-limit"], one),
        (&["ch01-a-limit", "--check"], one),
        (&["ch01-a-limit", "a", "b"], one),
        (
            &["ch01-a-limit", "a", "--check", "--hint", "4"],
            "--hint \"4\" isn't one of 1, 2 and 3\n",
        ),
        (
            &["ch01-a-limit", "a", "--hint", "1"],
            "exercise has no --hint; see --help\n",
        ),
    ] {
        let said = stderr(&exercise(arguments).code(2));
        assert_eq!(said, expected, "{arguments:?}");
    }
}

#[test]
fn nothing_is_written_over_what_exists() {
    let scratch = Scratch::new("exercise");
    let directory = scratch.0.to_str().unwrap();
    let said = stderr(&exercise(&["ch01-a-limit", directory]).code(1));
    assert!(said.contains("exists, and won't be overwritten"), "{said}");
    assert_eq!(fs::read_dir(&scratch.0).unwrap().count(), 0);
}

#[test]
#[ignore = "in .ci/run"]
fn exercise_is_done_when_its_rows_and_its_steps_pass() {
    let scratch = Scratch::new("exercise");
    let crate_path = scratch.0.join("my crate");
    let directory = crate_path.to_str().unwrap();
    let name = "ch02-a-field-of-your-own";
    let said = stdout(&exercise(&[name, directory]).success());
    assert!(said.contains("You're done when"), "{said}");
    let check = &[name, directory, "--check", "--hint", "1"];
    let said = stdout(&exercise(check).code(1));
    assert!(said.starts_with(&format!("{name}: 0 of 1, and ")), "{said}");
    assert!(said.contains("should show: response names its server"), "{said}");
    assert!(said.contains("\nHint 1: Look at `respond`"), "{said}");
    let exercises = exercises();
    let solved = exercises.iter().find(|it| it.name == name).unwrap();
    for (file, text) in solved.solved().unwrap() {
        fs::write(crate_path.join("src").join(file), text).unwrap();
    }
    let said = stdout(&exercise(check).success());
    assert!(said.starts_with(&format!("{name}: 1 of 1, and ")), "{said}");
    assert!(said.contains("\nDone. "), "{said}");
}

//! `workshop hunt`, used as a reader would.

use crate::hunts::hunts;
use crate::place::{binary, repository};
use crate::scratch::Scratch;
use assert_cmd::Command;
use assert_cmd::assert::Assert;
use std::fs;
use std::time::Duration;

/// A tool that hangs would never end. It may have to build a step's tests.
const LIMIT: Duration = Duration::from_secs(300);

fn hunt(arguments: &[&str]) -> Assert {
    let mut command = Command::new(binary("workshop"));
    command.arg("hunt").args(arguments).timeout(LIMIT).assert()
}

fn stdout(run: &Assert) -> String {
    String::from_utf8(run.get_output().stdout.clone()).unwrap()
}

fn stderr(run: &Assert) -> String {
    String::from_utf8(run.get_output().stderr.clone()).unwrap()
}

#[test]
fn list_names_every_hunt_and_gives_nothing_away() {
    let list = stdout(&hunt(&[]).success());
    for hunt in hunts() {
        let line = list.lines().find(|line| line.starts_with(hunt.step));
        let names = line.expect(hunt.step).split([' ', ',']);
        assert!(names.into_iter().any(|name| name == hunt.name), "{list}");
        assert!(!list.contains(hunt.file), "{list}");
        assert!(!list.contains(hunt.fails[0].0), "{list}");
    }
}

#[test]
fn answer_tells_the_belief_and_the_cure() {
    let said = stdout(&hunt(&["earwig", "--answer"]).success());
    let hunts = hunts();
    let earwig = hunts.iter().find(|hunt| hunt.name == "earwig").unwrap();
    let beliefs = format!("Believed: {}\n", earwig.believed);
    assert!(said.contains(&beliefs) && said.contains(&earwig.fact), "{said}");
    let cure = "\n-    while let Ok(job) = jobs.lock().expect(\"recv does not \
                panic\").recv() {\n+    loop {\n";
    assert!(said.contains(cure), "{said}");
}

#[test]
fn bad_command_line_is_explained() {
    let one =
        "hunt needs one directory: `workshop hunt ant ../ant`; see --help\n";
    for (arguments, expected) in [
        (&["bug"][..], "\"bug\" isn't a hunt; `workshop hunt` lists them\n"),
        (&["ant"], one),
        (&["ant", "--check"], one),
        (&["ant", "a", "b"], one),
        (&["ant", "a", "--answer"], "hunt has no --answer; see --help\n"),
        (&["ant", "a", "--chek"], "no option \"--chek\"; see --help\n"),
    ] {
        let said = stderr(&hunt(arguments).code(2));
        assert_eq!(said, expected, "{arguments:?}");
    }
}

#[test]
fn nothing_is_written_over_what_exists() {
    let scratch = Scratch::new("hunt");
    let directory = scratch.0.to_str().unwrap();
    fs::write(scratch.0.join("Cargo.toml"), "mine").unwrap();
    let said = stderr(&hunt(&["ant", directory]).code(1));
    assert!(said.contains("exists, and won't be overwritten"), "{said}");
    let files = fs::read_dir(&scratch.0).unwrap().count();
    let text = fs::read_to_string(scratch.0.join("Cargo.toml")).unwrap();
    assert_eq!((files, &*text), (1, "mine"));
}

#[test]
#[ignore = "in .ci/run"]
fn hunt_ends_when_the_fault_is_gone() {
    let scratch = Scratch::new("hunt");
    let crate_path = scratch.0.join("ant's crate");
    let directory = crate_path.to_str().unwrap();
    let said = stdout(&hunt(&["ant", directory]).success());
    assert!(said.contains("/ant should show: "), "{said}");
    assert!(said.contains("  hint:      "), "{said}");
    let said = stdout(&hunt(&["ant", directory, "--check"]).code(1));
    assert!(said.contains("\nNot yet: "), "{said}");
    let step = repository().join("steps/step02_respond/main.rs");
    fs::copy(step, crate_path.join("src/main.rs")).unwrap();
    let said = stdout(&hunt(&["ant", directory, "--check"]).success());
    assert!(said.starts_with("Found: all "), "{said}");
    fs::write(crate_path.join("src/main.rs"), "fn main() {").unwrap();
    let said = stderr(&hunt(&["ant", directory, "--check"]).code(1));
    assert!(said.contains("can't be built"), "{said}");
}

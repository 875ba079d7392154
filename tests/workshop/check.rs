//! `check`: the score, the first failure, and what to do next.

use super::*;
use crate::scratch::Scratch;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

#[test]
fn a_complete_step_says_what_comes_next() {
    let run = workshop(&["check", "step02", "step02"]).success();
    let said = stdout(&run);
    assert!(said.contains("  steps 01 to 02\n"), "{said}");
    assert!(said.contains("Complete. You can now\n\n  * "), "{said}");
    assert!(said.contains("go on with step03"), "{said}");
    assert!(said.lines().count() <= 40, "{said}");
}

#[test]
fn an_incomplete_step_shows_its_score_and_the_first_failure() {
    let said = stdout(&workshop(&["check", "step02", "step01"]).code(1));
    let expected = "  step 01: a server that stays up\n";
    assert!(said.contains(expected), "{said}");
    assert!(said.contains("    0 of "), "{said}");
    assert!(said.contains("step01 should show: client gets the"), "{said}");
    assert!(said.contains("  expected:  "), "{said}");
    assert!(said.contains("add --hint 1"), "{said}");
    assert!(said.lines().count() <= 40, "{said}");
}

#[test]
fn hints_lead_from_the_place_to_the_line() {
    let hint = |level| {
        let arguments = ["check", "step02", "step01", "--hint", level];
        let said = stdout(&workshop(&arguments).code(1));
        let at = said.find("Hint ").unwrap_or_else(|| panic!("{said}"));
        said[at..].to_string()
    };
    let where_to_look = hint("1");
    assert!(where_to_look.contains("respond in src/main.rs"));
    assert!(hint("2").contains("respond: write the status line"));
    let lines = hint("3");
    assert!(lines.contains("book/src/step02_respond.md:"), "{lines}");
    assert!(lines.contains("steps/step02_respond/main.rs:"), "{lines}");
}

#[test]
fn a_crate_that_does_not_compile_shows_the_first_error() {
    let scratch = Scratch::new("broken");
    start("step01", &scratch.0.join("a"), "none").success();
    let main = scratch.0.join("a/src/main.rs");
    fs::write(main, "fn main() {\n    let a: u8 = \"b\";\n}\n").unwrap();
    let run = workshop(&["check", "step01", path(&scratch.0.join("a"))]);
    let run = run.code(1).stdout("");
    let said = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
    assert!(said.contains("can't be built.\n\nerror[E0308]"), "{said}");
    assert!(said.contains("src/main.rs:2"), "{said}");
}

#[test]
fn what_is_no_server_is_told() {
    let run = workshop(&["check", "step01", "./missing"]);
    assert_refused(run, 1, "\"./missing\" isn't a directory with a crate");
    let scratch = Scratch::new("no-crate");
    let run = workshop(&["check", "step01", path(&scratch.0)]);
    assert_refused(run, 1, "has no Cargo.toml");
}

#[cfg(unix)]
#[test]
fn a_command_in_any_language_is_checked() {
    let server = binary("step01");
    let command = format!("env A=1 '{}'", path(&server));
    let said = stdout(&workshop(&["check", "step01", &command]).success());
    assert!(said.contains("Complete."), "{said}");
    let command = format!("sh -c '{} x'", path(&server));
    let said = stdout(&workshop(&["check", "step01", &command]).code(1));
    assert!(said.contains(&format!("{command} should show")), "{said}");
}

/// The crate's own target directory is used, whatever the environment says, and
/// so is its server's own directory of pages.
#[test]
#[ignore = "in .ci/run"]
fn a_crate_is_checked_again_when_it_is_saved() {
    let scratch = Scratch::new("watch");
    let directory = scratch.0.join("mine");
    start("step02", &directory, "all").success();
    let mut command = std::process::Command::new(binary("workshop"));
    command.args(["check", "step02", path(&directory), "--watch"]);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut process = command.spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut wait_for = |part: &str| {
        let mut lines = lines.by_ref().map(Result::unwrap);
        lines.any(|line| line.contains(part))
    };
    assert!(wait_for("Next: fill the hole"), "no failure is shown");
    assert!(wait_for("Waiting until you save"), "it doesn't wait");
    fs::write(directory.join("src/main.rs"), &step(2)["main.rs"]).unwrap();
    assert!(wait_for("Complete."), "it isn't checked again");
    assert!(process.wait().unwrap().success());
    assert!(directory.join("target/debug").is_dir());
}

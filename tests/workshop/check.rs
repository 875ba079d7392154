//! `check`: the score, the first failure, and what to do next.

use super::*;
use crate::scratch::Scratch;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

#[test]
#[ignore = "in .ci/run"]
fn a_complete_step_says_what_comes_next() {
    let run = workshop(&["check", "step02", "step02"]).success();
    let said = stdout(&run);
    assert!(said.contains("  steps 01 to 02\n"), "{said}");
    assert!(said.contains("Complete. You can now\n\n  * "), "{said}");
    assert!(said.contains("go on with step03"), "{said}");
    assert!(said.lines().count() <= 40, "{said}");
}

#[test]
#[ignore = "in .ci/run"]
fn an_incomplete_step_shows_its_score_the_first_failure_and_a_hint() {
    let arguments = ["check", "step02", "step01", "--hint", "3"];
    let said = stdout(&workshop(&arguments).code(1));
    let (score, rest) = said.split_once("\n\nstep01 should show: ").unwrap();
    assert!(score.starts_with("step02, \"A response\": "), "{said}");
    assert!(score.contains("  step 01: a server that stays up\n"), "{said}");
    assert!(score.contains("    0 of "), "{said}");
    assert!(rest.starts_with("client gets the page\n"), "{said}");
    assert!(rest.contains("  expected:  "), "{said}");
    let (_, hint) = rest.split_once("\nHint 3").unwrap();
    assert!(hint.contains("book/src/step02_respond.md:"), "{said}");
    assert!(hint.contains("steps/step02_respond/main.rs:"), "{said}");
    assert!(said.lines().count() <= 40, "{said}");
}

/// It's built in its own target directory, whatever the environment says.
#[test]
fn a_crate_that_does_not_compile_shows_the_first_error() {
    let scratch = Scratch::new("broken");
    let (directory, elsewhere) = (scratch.0.join("a"), scratch.0.join("b"));
    start("step01", &directory, "none").success();
    let main = "fn main() {\n    let a: u8 = \"b\";\n}\n";
    fs::write(directory.join("src/main.rs"), main).unwrap();
    let mut check = Command::new(binary("workshop"));
    check.args(["check", "step01", path(&directory)]).timeout(LIMIT);
    let run = check.env("CARGO_TARGET_DIR", &elsewhere).assert();
    let run = run.code(1).stdout("");
    let said = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
    assert!(said.contains("can't be built.\n\nerror[E0308]"), "{said}");
    assert!(said.contains("src/main.rs:2"), "{said}");
    assert!(directory.join("target").is_dir() && !elsewhere.exists());
}

#[test]
fn a_name_that_leads_to_nothing_is_told() {
    let run = workshop(&["check", "step01", "./missing"]);
    assert_refused(run, 1, "\"./missing\" isn't a directory with a crate");
    let scratch = Scratch::new("no-crate");
    let run = workshop(&["check", "step01", path(&scratch.0)]);
    assert_refused(run, 1, "has no Cargo.toml");
}

#[cfg(unix)]
#[test]
#[ignore = "in .ci/run"]
fn a_command_in_any_language_is_checked() {
    let command = format!("env A=1 '{}'", path(&binary("step01")));
    let said = stdout(&workshop(&["check", "step01", &command]).success());
    assert!(said.contains("Complete."), "{said}");
}

/// It ends when this is dropped: without that, it would watch forever.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

#[test]
#[ignore = "in .ci/run"]
fn a_crate_is_checked_again_when_it_is_saved() {
    let scratch = Scratch::new("watch");
    let directory = scratch.0.join("mine");
    start("step02", &directory, "all").success();
    let mut command = std::process::Command::new(binary("workshop"));
    command.args(["check", "step02", path(&directory), "--watch"]);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut process = Process(command.spawn().unwrap());
    let mut lines = BufReader::new(process.0.stdout.take().unwrap()).lines();
    let mut wait_for = |part: &str| {
        let mut lines = lines.by_ref().map(Result::unwrap);
        lines.any(|line| line.contains(part))
    };
    assert!(wait_for("Next: fill the hole"), "no failure is shown");
    assert!(wait_for("Waiting until you save"), "it doesn't wait");
    fs::write(directory.join("src/main.rs"), &step(2)["main.rs"]).unwrap();
    assert!(wait_for("Complete."), "it isn't checked again");
    assert!(process.0.wait().unwrap().success());
}

//! Spoilt input meets the parts of the last step, for a second in total:
//!
//!     cargo test --test spoilt
//!     SPOIL_SECONDS=600 cargo test --test spoilt -- --nocapture
//!
//! A failure shows the input, and how to play it again. `steps/tools/spoil` has
//! the rules and the inputs.

mod faults;
mod proof;

#[allow(dead_code)] // Of these two, only servers need all.
#[path = "../support/output.rs"]
mod output;
#[path = "../support/place.rs"]
mod place;
#[allow(dead_code)]
#[path = "../support/running.rs"]
mod running;
#[path = "../support/scratch.rs"]
mod scratch;

use place::binary;
use scratch::Scratch;
use std::path::Path;
use std::process::{Command, Output};

/// The program, with a directory for the site that it serves.
fn spoil(program: &Path, scratch: &Scratch) -> Command {
    let mut command = Command::new(program);
    command.env("TMPDIR", &scratch.0).env("TMP", &scratch.0);
    #[cfg(unix)]
    running::prepare(&mut command, 9); // If the tests end, SIGKILL.
    command
}

/// Whether it has found nothing, and what it has printed.
fn outcome(run: Output) -> (bool, String) {
    let said = [run.stdout, run.stderr].concat();
    (run.status.success(), String::from_utf8_lossy(&said).to_string())
}

#[test]
fn spoilt_input_breaks_no_rule() {
    let scratch = Scratch::new("spoilt");
    let mut command = spoil(&binary("spoil"), &scratch);
    let (is_good, report) = outcome(command.output().unwrap());
    assert!(is_good, "\n{report}");
    println!("{report}");
}

#[test]
fn what_it_cannot_read_is_told_in_a_line() {
    let scratch = Scratch::new("spoilt");
    for (name, value) in [
        ("SPOIL_SECONDS", "long"),
        ("SPOIL_SECONDS", "-1"),
        ("SPOIL_SECONDS", "inf"),
        ("SPOIL_SEED", "-1"),
        ("SPOIL_SEED", "18446744073709551616"),
    ] {
        let mut command = spoil(&binary("spoil"), &scratch);
        let run = command.env(name, value).output().unwrap();
        assert_eq!(run.status.code(), Some(2), "{name}={value}");
        let (_, line) = outcome(run);
        let expected = format!("cannot read {name}={value:?}; it takes a");
        assert!(line.starts_with(&expected), "{line}");
        assert_eq!(line.matches('\n').count(), 1, "{line}");
    }
    let mut command = spoil(&binary("spoil"), &scratch);
    let run = command.arg("--help").output().unwrap();
    assert_eq!(run.status.code(), Some(2));
    let (_, line) = outcome(run);
    assert!(line.contains("SPOIL_SECONDS"), "{line}");
}

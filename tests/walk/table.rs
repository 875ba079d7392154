//! The table of behaviours, and the tests that are made of it.

use crate::STEPS;
use crate::catalogue::{Row, table};
use crate::place::repository;
use std::env;
use std::path::PathBuf;
use std::process::{Command, Output};

const WORDS: [&str; 7] =
    ["holds", "hangs", "closes", "differs", "resets", "dies", "given_up"];

fn rows() -> Vec<Row> {
    table().into_iter().flat_map(|group| group.rows).collect()
}

/// The number of the walk's last step. Steps before it may still be missing.
fn last() -> usize {
    STEPS[STEPS.len() - 1].number()
}

#[test]
fn a_row_says_what_each_step_does() {
    let row = "a::b [holds until 02, hangs until 05 (named in 04, 07), dies \
               from 06]";
    let row = Row::parse(row).unwrap();
    let symptoms = (1..=7).map(|step| row.symptom(step));
    let symptoms: Vec<&str> = symptoms.collect();
    let expected =
        ["holds", "holds", "hangs", "hangs", "hangs", "dies", "dies"];
    assert_eq!(symptoms, expected);
    let running = (1..=7).filter(|step| row.runs(*step));
    assert_eq!(running.collect::<Vec<_>>(), [1, 2, 3, 4]);
    let row = "a::b [holds until 02 (costly), hangs until 05, holds from 06 \
               (costly; named in 08)]";
    let row = Row::parse(row).unwrap();
    let running = (1..=20).filter(|step| row.runs(*step));
    assert_eq!(running.collect::<Vec<_>>(), [2, 3, 5, 6, 8, 20]);
}

/// Ranges that don't follow one another are a panic already in `table()`.
#[test]
fn every_range_is_one_of_the_walk() {
    for Row { name, ranges } in rows() {
        let mut first = 1;
        for range in &ranges {
            let word = range.symptom.as_str();
            assert!(WORDS.contains(&word), "{name}: what is {word:?}?");
            assert!(first <= last(), "{name}: there's no step {first:02}");
            let named = range.named_in.iter();
            let mut elsewhere =
                named.filter(|step| **step < first || **step > range.last);
            assert_eq!(elsewhere.next(), None, "{name}: not in its range");
            first = range.last.saturating_add(1);
        }
        let twice = ranges.windows(2).any(|it| it[0].symptom == it[1].symptom);
        assert!(!twice, "{name}: two ranges that should be one");
    }
}

/// `cargo test --test step05 has` must select a group of tests and no others.
#[test]
fn no_behaviour_has_the_name_of_a_group() {
    for row in rows() {
        let name = row.name;
        assert!(!name.contains("has") && !name.contains("lacks"), "{name}");
    }
}

/// The targets of the steps, in order. Cargo has built them and knows where.
fn targets() -> Vec<PathBuf> {
    let cargo = env::var_os("CARGO").unwrap_or("cargo".into());
    let mut cargo = Command::new(cargo);
    cargo.args(["test", "--no-run", "--test", "step*"]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let run = cargo.current_dir(repository()).output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    // `  Executable tests/step05.rs (target/debug/deps/step05-d3ba1ddb)`
    let paths = said.lines().filter_map(|line| {
        let path = line.trim().strip_prefix("Executable tests")?;
        let (_, path) = path.split_once(" (")?;
        Some(repository().join(path.strip_suffix(')')?))
    });
    let targets: Vec<PathBuf> = paths.collect();
    assert_eq!(targets.len(), STEPS.len(), "{said}");
    targets
}

/// The names that a target prints with `--list` and these arguments.
fn list(target: &PathBuf, arguments: &[&str]) -> Vec<String> {
    let mut command = Command::new(target);
    let run = command.arg("--list").args(arguments).output().unwrap();
    let said = String::from_utf8(run.stdout).unwrap();
    let names = said.lines().filter_map(|line| line.strip_suffix(": test"));
    names.map(String::from).collect()
}

/// On other systems some rows have no test.
#[cfg(target_os = "linux")]
#[test]
fn targets_have_the_tests_of_the_table() {
    let rows = rows();
    for (step, target) in STEPS.iter().zip(targets()) {
        let (step, target) = (step.number(), &target);
        let named = |row: &Row| match row.symptom(step) {
            "given_up" => None,
            "holds" => Some(format!("has::{}", row.name)),
            _ => Some(format!("lacks::{}", row.name)),
        };
        let mut all: Vec<String> = rows.iter().filter_map(named).collect();
        all.sort();
        assert_eq!(list(target, &[]), all, "step {step:02}");
        let ignored = rows.iter().filter(|row| !row.runs(step));
        let mut ignored: Vec<String> = ignored.filter_map(named).collect();
        ignored.sort();
        assert_eq!(list(target, &["--ignored"]), ignored, "step {step:02}");
    }
}

fn run(target: &PathBuf, server: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(target);
    command.env("SERVER", server).args(arguments);
    command.current_dir(repository()).output().unwrap()
}

#[test]
fn what_a_step_lacks_is_not_asked_of_your_own_server() {
    let run = run(
        &targets()[4],
        "step06",
        &["lacks::panic_costs_only_its_own_request"],
    );
    let said = String::from_utf8_lossy(&run.stdout);
    let advice = "the tests under `lacks` prove what step05 doesn't do yet; \
                  for your own server, run only those under `has`: SERVER=… \
                  cargo test --test step05 has";
    assert!(!run.status.success() && said.contains(advice), "{said}");
}

/// What a step has for good, each later one has, too, so the next step's program
/// passes the step's own target.
#[test]
#[ignore = "in .ci/run"]
fn each_step_passes_the_target_of_the_step_before_it() {
    let targets = targets();
    // One after the other: some rows wait for a deadline, and all targets at
    // once would keep the processors too busy for that.
    for (index, step) in STEPS.iter().enumerate().skip(1) {
        let server = step.binary();
        let run = run(&targets[index - 1], server, &["has"]);
        let said = String::from_utf8_lossy(&run.stdout);
        let some = !said.contains("running 0 tests");
        let of = STEPS[index - 1].binary();
        assert!(run.status.success() && some, "{server}, {of}: {said}");
    }
}

//! With its solution, a step has the exercise's rows and all of its own. Without
//! it, it has its own, as its tests say, and none of the exercise's. Without a
//! solution, that's all there is to prove.

use crate::catalogue;
use crate::exercises::{Exercise, exercises};
use crate::variant;
use std::collections::BTreeSet;
use std::env;
use std::path::Path;

/// `EXERCISE=ch01-a-limit cargo test --test exercises -- --ignored` tries only one.
#[test]
#[ignore = "in .ci/run"]
fn each_solution_solves_its_exercise_and_breaks_nothing() {
    let scratch = crate::support::scratch::Scratch::new("exercises");
    variant::add_pages(&scratch.0);
    let only = env::var("EXERCISE").unwrap_or_default();
    let mut exercises = exercises();
    exercises.retain(|it| only.is_empty() || it.name == only);
    assert!(!exercises.is_empty(), "EXERCISE={only}: there's no such exercise");
    let targets = variant::targets(exercises.iter().map(|it| it.step));
    variant::try_all(exercises, |exercise| {
        prove(&exercise, &targets[exercise.step], &scratch.0)
    });
}

/// What isn't as the exercise says.
fn prove(exercise: &Exercise, target: &Path, scratch: &Path) -> Vec<String> {
    let (name, module) = (exercise.name, exercise.module());
    let this = env::current_exe().unwrap();
    let rows = [format!("{module}::")];
    let mut faults = Vec::new();
    let missing = variant::failures(&this, exercise.step, &module, &rows);
    let missing: BTreeSet<_> = missing.keys().map(String::as_str).collect();
    for row in &exercise.rows {
        if !missing.contains(row) {
            faults.push(format!("{name}: {} has {row} already", exercise.step));
        }
    }
    if !exercise.has_solution() {
        return faults;
    }
    let files = exercise.solved().unwrap();
    let solved = variant::compile(name, &files, scratch);
    let solved = solved.to_str().unwrap();
    for (row, said) in variant::failures(&this, solved, &module, &rows) {
        faults.push(format!("{name}: its solution lacks {row}:\n{said}"));
    }
    let all = catalogue::all_but_slow_rows();
    for (row, _) in variant::failures(target, solved, "has", &all) {
        // Some rows need time, which others may have taken.
        let alone = catalogue::only(&row);
        let again = variant::failures(target, solved, "has", &alone);
        if let Some(said) = again.get(&row) {
            faults.push(format!("{name}: its solution breaks {row}:\n{said}"));
        }
    }
    faults
}

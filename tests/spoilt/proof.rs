//! Puts faults into a copy of step 20, and sees that spoilt input finds them.

use crate::faults::{FAULTS, Fault};
use crate::place::repository;
use crate::scratch::Scratch;
use crate::{outcome, spoil};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Chooses one of the faults, which are all in the same program. It's the number
/// of a fault, or the next one for none.
const CHOICE: &str = "
pub static FAULT: std::sync::LazyLock<usize> = std::sync::LazyLock::new(|| {
    std::env::var(\"FAULT\").unwrap().parse().unwrap()
});
";

/// `FAULT=3 cargo test --test spoilt -- --ignored` tries only one.
#[test]
#[ignore = "in .ci/run"]
fn each_fault_is_found_and_can_be_played_again() {
    let scratch = Scratch::new("faults");
    let program = compile(&scratch.0);
    let run = |number: usize, variables: &[(&str, &str)]| {
        let mut command = spoil(&program, &scratch);
        command.env("FAULT", number.to_string());
        outcome(command.envs(variables.iter().copied()).output().unwrap())
    };
    let (is_good, report) = run(FAULTS.len(), &[]);
    assert!(is_good, "without a fault: {report}");
    let only = env::var("FAULT").ok().map(|it| it.parse::<usize>().unwrap());
    assert!(only.is_none_or(|it| it < FAULTS.len()), "FAULT: there's none");
    let mut missed = Vec::new();
    for (number, fault) in FAULTS.iter().enumerate() {
        if only.is_some_and(|only| only != number) {
            continue;
        }
        let name = format!("{number} {}: {}", fault.file, fault.new);
        // Each time from another seed: a second may be too short for the rarest
        // of inputs.
        let mut tries = (0..10).map(|_| run(number, &[]));
        let Some((_, report)) = tries.find(|(is_good, _)| !is_good) else {
            println!("MISSED {name}");
            missed.push(name);
            continue;
        };
        let (_, again) = report.split_once("  again: ").expect("how");
        let (_, again) = again.split_once("SPOIL_SEED=").expect("a seed");
        let (seed, _) = again.split_once(' ').expect("a command");
        let seconds = ("SPOIL_SECONDS", "0");
        let (is_good, same) = run(number, &[seconds, ("SPOIL_SEED", seed)]);
        assert!(!is_good, "{name}: with its seed, it isn't found: {same}");
        println!("found  {name}\n{report}");
    }
    assert!(missed.is_empty(), "not found:\n{}", missed.join("\n"));
}

/// Compiles a copy of the program with all the faults, of which `FAULT` turns on
/// one.
fn compile(scratch: &Path) -> PathBuf {
    let copy = scratch.join("steps");
    for directory in ["step20_scale", "tools/spoil", "tools/spoil/parts"] {
        let from = repository().join("steps").join(directory);
        fs::create_dir_all(copy.join(directory)).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = path.file_name().unwrap();
                fs::copy(&path, copy.join(directory).join(name)).unwrap();
            }
        }
    }
    for (number, fault) in FAULTS.iter().enumerate() {
        let path = copy.join("step20_scale").join(fault.file);
        let text = fs::read_to_string(&path).unwrap();
        let Fault { before, old, new, .. } = fault;
        let chosen = format!("*crate::FAULT == {number}");
        let both = format!("{before}(if {chosen} {{{new}}} else {{{old}}})");
        let old = before.to_string() + old;
        let count = text.matches(&old).count();
        assert_eq!(count, 1, "{path:?} has this {count} times: {old}");
        fs::write(&path, text.replace(&old, &both)).unwrap();
    }
    let main = copy.join("tools/spoil/main.rs");
    let text = fs::read_to_string(&main).unwrap();
    fs::write(&main, text + CHOICE).unwrap();
    let program = scratch.join(format!("spoil{}", env::consts::EXE_SUFFIX));
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition=2024", "-Awarnings", "-o"]).arg(&program).arg(&main);
    let run = rustc.env("CARGO_MANIFEST_DIR", scratch).output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
    program
}

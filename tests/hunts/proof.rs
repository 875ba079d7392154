//! Puts each fault into a copy of its step, and runs the step's tests against it.

use crate::hunts::{Hunt, hunts};
use crate::place::repository;
use crate::scratch::Scratch;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::{env, fs, thread};

/// How many hunts are tried at the same time. Most of them wait.
const AT_ONCE: usize = 4;

/// `HUNT=ant cargo test --test hunts -- --ignored` tries only one.
#[test]
#[ignore = "in .ci/run"]
fn each_fault_fails_just_the_rows_that_it_names() {
    let scratch = Scratch::new("hunts");
    fs::create_dir(scratch.0.join("static")).unwrap();
    for page in fs::read_dir(repository().join("static")).unwrap() {
        let page = page.unwrap();
        let copy = scratch.0.join("static").join(page.file_name());
        fs::copy(page.path(), copy).unwrap();
    }
    let only = env::var("HUNT").unwrap_or_default();
    let mut hunts = hunts();
    hunts.retain(|hunt| only.is_empty() || hunt.name == only);
    assert!(!hunts.is_empty(), "HUNT={only}: there's no such hunt");
    let targets = targets(&hunts);
    let (hunts, faults) = (Mutex::new(hunts), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let hunt = hunts.lock().unwrap().pop();
                    let Some(hunt) = hunt else { return };
                    let server = compile(&hunt, &scratch.0);
                    let fault = try_hunt(&hunt, &targets[hunt.step], &server);
                    faults.lock().unwrap().extend(fault);
                }
            });
        }
    });
    let faults = faults.into_inner().unwrap();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// The test targets of the hunts' steps. Cargo builds them and knows where.
fn targets(hunts: &[Hunt]) -> BTreeMap<&'static str, PathBuf> {
    let mut targets = BTreeMap::new();
    let cargo = env::var_os("CARGO").unwrap_or("cargo".into());
    let mut cargo = Command::new(cargo);
    cargo.args(["test", "--no-run"]).current_dir(repository());
    for hunt in hunts {
        targets.insert(hunt.step, PathBuf::new());
    }
    for step in targets.keys() {
        cargo.args(["--test", step]);
    }
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let run = cargo.output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    for (step, target) in &mut targets {
        // `  Executable tests/step05.rs (target/debug/deps/step05-d3ba1ddb)`
        let (_, rest) = said.split_once(&format!("{step}.rs (")).expect(&said);
        let (path, _) = rest.split_once(')').expect(&said);
        *target = repository().join(path);
    }
    targets
}

/// Compiles the faulty program. A warning would give the fault away.
fn compile(hunt: &Hunt, scratch: &Path) -> PathBuf {
    let directory = scratch.join(hunt.name);
    fs::create_dir(&directory).unwrap();
    for (name, text) in hunt.files().unwrap() {
        fs::write(directory.join(name), text).unwrap();
    }
    let server = directory.join(format!("server{}", env::consts::EXE_SUFFIX));
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition=2024", "-Dwarnings", "-o"]).arg(&server);
    rustc.arg(directory.join("main.rs")).env("CARGO_MANIFEST_DIR", scratch);
    let run = rustc.output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{}: {said}", hunt.name);
    server
}

/// What's wrong with what the hunt says of the rows, if anything.
fn try_hunt(hunt: &Hunt, target: &Path, server: &Path) -> Option<String> {
    let failures = failures(target, server, &["has"]);
    let mut fault = String::new();
    for (row, saw) in &hunt.fails {
        match failures.get(*row) {
            Some(message) if shows(came_back(message), saw) => {}
            Some(message) => {
                fault += &format!("fails: {row}: NOT {saw}\n{message}\n");
            }
            None => fault += &format!("fails: {row}: it DOES NOT fail\n"),
        }
    }
    for (row, message) in &failures {
        let is_known = hunt.fails.iter().any(|(known, _)| known == row);
        if is_known || hunt.sometimes.contains(&row.as_str()) {
            continue;
        }
        // Some rows need time, and the other servers may have taken it. So it
        // has to fail alone, too.
        let test = format!("has::{row}");
        if !self::failures(target, server, &[&test, "--exact"]).is_empty() {
            fault += &format!("fails: {row}: and NOT listed\n{message}\n");
        }
    }
    (!fault.is_empty()).then(|| format!("== {}\n{fault}", hunt.name))
}

/// `saw` may name several ways, one of which it is.
fn shows(came_back: &str, saw: &str) -> bool {
    saw.split(" or ").any(|way| came_back.contains(way))
}

/// What the test has seen, in its message.
fn came_back(message: &str) -> &str {
    let (_, rest) = message.split_once("\n  came back: ").unwrap_or_default();
    rest.split_once("\n  hint: ").map_or(rest, |it| it.0)
}

/// The rows that fail, and what their tests say.
fn failures(
    target: &Path,
    server: &Path,
    arguments: &[&str],
) -> BTreeMap<String, String> {
    let mut command = Command::new(target);
    command.args(arguments).env("SERVER", server).env("RUST_BACKTRACE", "0");
    let run = command.current_dir(repository()).output().unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    let said = said.rsplit_once("\nfailures:\n").map_or(&*said, |it| it.0);
    let blocks = said.split("\n---- has::").skip(1);
    let failures = blocks.map(|block| {
        let (row, rest) = block.split_once(" stdout ----").expect("a block");
        (row.to_string(), rest.trim().to_string())
    });
    failures.collect()
}

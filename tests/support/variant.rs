//! Variants of the steps, with a fault or with an exercise's solution: compiles
//! them, and runs tests against them.

use crate::place::repository;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::{env, fs, thread};

/// How many variants are tried at the same time. Most of them wait.
const AT_ONCE: usize = 4;

/// Puts the pages where the variants look for them.
pub fn add_pages(scratch: &Path) {
    fs::create_dir(scratch.join("static")).unwrap();
    for page in fs::read_dir(repository().join("static")).unwrap() {
        let page = page.unwrap();
        let copy = scratch.join("static").join(page.file_name());
        fs::copy(page.path(), copy).unwrap();
    }
}

/// Compiles a program from its files. A warning is an error.
pub fn compile(
    name: &str,
    files: &BTreeMap<String, String>,
    scratch: &Path,
) -> PathBuf {
    let directory = scratch.join(name);
    fs::create_dir(&directory).unwrap();
    for (name, text) in files {
        fs::write(directory.join(name), text).unwrap();
    }
    let server = directory.join(format!("server{}", env::consts::EXE_SUFFIX));
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition=2024", "-Dwarnings", "-o"]).arg(&server);
    rustc.arg(directory.join("main.rs")).env("CARGO_MANIFEST_DIR", scratch);
    let run = rustc.output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{name}: {said}");
    server
}

/// The programs that run test targets. Cargo builds them and knows where.
pub fn targets<'a>(
    names: impl Iterator<Item = &'a str>,
) -> BTreeMap<&'a str, PathBuf> {
    let mut targets: BTreeMap<_, _> =
        names.map(|name| (name, PathBuf::new())).collect();
    let cargo = env::var_os("CARGO").unwrap_or("cargo".into());
    let mut cargo = Command::new(cargo);
    cargo.args(["test", "--no-run"]).current_dir(repository());
    for name in targets.keys() {
        cargo.args(["--test", name]);
    }
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let run = cargo.output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    for (name, target) in &mut targets {
        // `  Executable tests/step05.rs (target/debug/deps/step05-d3ba1ddb)`
        let is_it = |line: &&str| line.contains(&format!("/deps/{name}-"));
        let line = said.lines().find(is_it).expect(&said);
        let path = line.trim_end_matches(')').rsplit_once('(').unwrap().1;
        *target = repository().join(path);
    }
    targets
}

/// The tests of a module that fail, and what they say.
pub fn failures(
    target: &Path,
    server: &str,
    module: &str,
    arguments: &[String],
) -> BTreeMap<String, String> {
    let mut command = Command::new(target);
    command.args(arguments).env("SERVER", server).env("RUST_BACKTRACE", "0");
    let run = command.current_dir(repository()).output().unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(said.contains("test result: "), "{target:?}: {said}");
    let said = said.rsplit_once("\nfailures:\n").map_or(&*said, |it| it.0);
    let start = format!("\n---- {module}::");
    let blocks = said.split(&start).skip(1);
    let failures = blocks.map(|block| {
        let (row, rest) = block.split_once(" stdout ----").expect("a block");
        (row.to_string(), rest.trim().to_string())
    });
    failures.collect()
}

/// Tries all of them, and fails if anything is found wrong with one.
pub fn try_all<T: Send>(
    all: Vec<T>,
    try_one: impl Fn(T) -> Vec<String> + Sync,
) {
    let (all, faults) = (Mutex::new(all), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let next = all.lock().unwrap().pop();
                    let Some(one) = next else { return };
                    let found = try_one(one);
                    faults.lock().unwrap().extend(found);
                }
            });
        }
    });
    let faults = faults.into_inner().unwrap();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

//! Builds a crate, and asks it for what a step does.

use std::env::{self, consts::EXE_SUFFIX};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What came of the tests.
pub struct Verdict {
    pub passed: usize,
    /// The rows that fail, and what their tests say.
    pub failed: Vec<(String, String)>,
}

/// The root of this repository, which may have moved since the build.
pub fn root() -> PathBuf {
    let root = env::var_os("CARGO_MANIFEST_DIR");
    root.unwrap_or(env!("CARGO_MANIFEST_DIR").into()).into()
}

/// Cargo says by this variable which cargo it is.
fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or("cargo".into()))
}

/// Builds the crate in a directory, and returns the path of its program. Cargo
/// prints what's wrong with it.
pub fn build(directory: &Path, name: &str) -> Result<PathBuf, String> {
    let target = directory.join("target");
    let mut cargo = cargo();
    cargo.args(["build", "--quiet", "--manifest-path"]);
    cargo.arg(directory.join("Cargo.toml"));
    // A directory that several crates share would mix up their programs.
    cargo.arg("--target-dir").arg(&target);
    match cargo.status() {
        Ok(status) if status.success() => {}
        Ok(_) => return Err(format!("{directory:?} doesn't compile")),
        Err(error) => return Err(format!("cannot run cargo: {error}")),
    }
    let program = target.join("debug").join(format!("{name}{EXE_SUFFIX}"));
    program
        .canonicalize()
        .map_err(|error| format!("cannot find {program:?}: {error}"))
}

/// Asks a server for what a step has, or only for one row of that.
pub fn try_rows(
    step: &str,
    server: &Path,
    only: Option<&str>,
) -> Result<Verdict, String> {
    let mut cargo = cargo();
    cargo.args(["test", "--quiet", "--test", step, "--manifest-path"]);
    cargo.arg(root().join("Cargo.toml")).arg("--");
    match only {
        Some(row) => cargo.args([&format!("has::{row}"), "--exact"]),
        None => cargo.arg("has"),
    };
    // A backtrace says where our test is, and nothing about the server.
    cargo.env("SERVER", server).env("RUST_BACKTRACE", "0");
    let run = cargo.output();
    let run = run.map_err(|error| format!("cannot run cargo: {error}"))?;
    let said = String::from_utf8_lossy(&run.stdout);
    verdict(&said).ok_or_else(|| {
        let said = String::from_utf8_lossy(&run.stderr);
        format!("cannot run the tests of {step}:\n{}", said.trim_end())
    })
}

/// Reads what Rust's test runner prints. `None` if it hasn't run.
fn verdict(said: &str) -> Option<Verdict> {
    let (_, counts) = said.rsplit_once("test result: ")?;
    let (_, passed) = counts.split_once(". ")?;
    let passed = passed.split_once(" passed")?.0.parse().ok()?;
    // The list of names comes after the messages.
    let said = said.rsplit_once("\nfailures:\n").map_or("", |it| it.0);
    let blocks = said.split("\n---- has::").skip(1);
    let failed = blocks.map(|block| {
        let (row, said) = block.split_once(" stdout ----").unwrap_or_default();
        // The runner's own line comes first: which thread panicked, and where.
        let (_, message) = said.split_once("\n\n\n").unwrap_or(("", said));
        let message =
            message.rsplit_once("\nnote: ").map_or(message, |it| it.0);
        (row.to_string(), message.trim().to_string())
    });
    Some(Verdict { passed, failed: failed.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_runners_output_is_read() {
        let said = "\nrunning 2 tests\n.F\nfailures:\n\n---- has::a_row stdout \
                    ----\n\nthread 'has::a_row' panicked at proof.rs:1:2:\n\n\n\
                    my-server should show: a row\n  hint: look\n\n\nnote: run \
                    with `RUST_BACKTRACE=1`\n\n\nfailures:\n    has::a_row\n\n\
                    test result: FAILED. 1 passed; 1 failed; 0 ignored\n";
        let Verdict { passed, failed } = verdict(said).expect("a result");
        let message = "my-server should show: a row\n  hint: look";
        assert_eq!(passed, 1);
        assert_eq!(failed, [("a_row".to_string(), message.to_string())]);
        let said = "running 2 tests\n..\ntest result: ok. 2 passed; 0 failed\n";
        assert!(verdict(said).is_some_and(|it| it.failed.is_empty()));
        assert!(verdict("error: no test target named `step21`").is_none());
    }
}

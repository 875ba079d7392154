//! The book, built by mdbook.

use super::place::repository;
use super::scratch::Scratch;
use std::process::Command;

/// The book in a directory of this name, or `None` where mdbook is missing.
pub fn built(name: &str) -> Option<Scratch> {
    if Command::new("mdbook").arg("--version").output().is_err() {
        eprintln!("skipped: this needs mdbook, which isn't here");
        return None;
    }
    let scratch = Scratch::new(name);
    let run = Command::new("mdbook")
        .arg("build")
        .arg(repository().join("book"))
        .arg("--dest-dir")
        .arg(&scratch.0)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
    Some(scratch)
}

//! What is wrong in the book.

use crate::source::name;
use std::collections::HashSet;
use std::path::Path;
use std::{env, fs};

/// Collects what is wrong, so that one run shows all of it. The test fails when
/// this is dropped with something in it.
#[derive(Default)]
pub struct Faults(pub Vec<String>);

impl Faults {
    pub fn add(&mut self, fault: String) {
        self.0.push(fault);
    }

    /// Says that a generated file is stale unless it is the `same` as `fresh`,
    /// and rewrites it if asked to.
    pub fn compare(&mut self, path: &Path, fresh: &str, same: bool) {
        if same {
            return;
        }
        if is_blessed() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, fresh).unwrap();
            return;
        }
        let old = fs::read_to_string(path).unwrap_or_default();
        let old: HashSet<&str> = old.lines().collect();
        let new: Vec<&str> = match fresh.lines().count() {
            0..=60 => fresh.lines().collect(),
            _ => fresh.lines().filter(|line| !old.contains(line)).collect(),
        };
        self.add(format!(
            "{} is stale. What it should say, or what is new in it:\n{}\n\
             To rewrite it: BLESS=1 cargo test --test book -- \
             --include-ignored; then read what has changed, and mend the text \
             around it",
            name(path),
            new[..new.len().min(60)].join("\n")
        ));
    }
}

/// Whether generated files are to be rewritten.
pub fn is_blessed() -> bool {
    env::var_os("BLESS").is_some()
}

impl Drop for Faults {
    fn drop(&mut self) {
        if !self.0.is_empty() && !std::thread::panicking() {
            panic!("\n\n{}\n\n", self.0.join("\n\n"));
        }
    }
}

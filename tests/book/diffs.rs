//! Every diff in the book is the difference between two steps.

use crate::faults::{Faults, is_blessed};
use crate::place::repository;
use crate::scratch::Scratch;
use crate::source::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

/// The files of a step, without the lines that mark anchors.
fn step_files(step: &str) -> BTreeMap<String, String> {
    let files = files(&repository().join("steps").join(step)).into_iter();
    files
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().to_string();
            (name, without_anchors(&read(&path)))
        })
        .collect()
}

/// The hunks of the unified diff of two texts, as git finds them.
fn hunks(scratch: &Scratch, before: &str, after: &str) -> Vec<String> {
    fs::write(scratch.0.join("a"), before).unwrap();
    fs::write(scratch.0.join("b"), after).unwrap();
    let diff = Command::new("git")
        .args(["-c", "core.autocrlf=false", "diff", "--no-index"])
        .args(["--no-ext-diff", "--no-color", "--diff-algorithm=myers"])
        .args(["--no-indent-heuristic", "-U3", "a", "b"])
        .current_dir(&scratch.0)
        .output()
        .unwrap_or_else(|error| panic!("git is needed for diffs: {error}"));
    let diff = String::from_utf8(diff.stdout).unwrap();
    let mut hunks: Vec<String> = Vec::new();
    for line in diff.lines() {
        if let Some(rest) = line.strip_prefix("@@ ") {
            // What git adds after the numbers differs between its versions.
            let numbers = rest.split(" @@").next().unwrap();
            hunks.push(format!("@@ {numbers} @@\n"));
        } else if let Some(hunk) = hunks.last_mut() {
            hunk.push_str(&format!("{line}\n"));
        }
    }
    hunks
}

/// The diffs between two steps, by their names below `book/src`: one for each
/// file that changes, and one for each of its hunks.
fn diffs(
    scratch: &Scratch,
    before: &str,
    after: &str,
) -> Vec<(String, String)> {
    let mut diffs = Vec::new();
    let directory = format!("diffs/{}-{}", &before[..6], &after[..6]);
    let old_files = step_files(before);
    for (file, text) in step_files(after) {
        // A new file is shown as it is.
        let old = old_files.get(&file).filter(|old| **old != text);
        let Some(old) = old else { continue };
        let hunks = hunks(scratch, old, &text);
        if hunks.is_empty() {
            continue;
        }
        let head = format!("--- {before}/{file}\n+++ {after}/{file}\n");
        let whole = format!("{head}{}", hunks.concat());
        diffs.push((format!("{directory}/{file}.diff"), whole));
        for (index, hunk) in hunks.into_iter().enumerate() {
            let name = format!("{directory}/{file}.{}.diff", index + 1);
            diffs.push((name, hunk));
        }
    }
    diffs
}

#[test]
fn diffs_are_the_differences_between_the_steps() {
    if Command::new("git").arg("--version").output().is_err() {
        eprintln!("skipped: the diffs need git, which isn't here");
        return;
    }
    let mut faults = Faults::default();
    let scratch = Scratch::new("book-diffs");
    let mut fresh = BTreeSet::new();
    for (before, now) in pairs() {
        for (name, text) in diffs(&scratch, &before, &now) {
            let path = source().join(name);
            let same = path.exists() && read(&path) == text;
            faults.compare(&path, &text, same);
            fresh.insert(path);
        }
    }
    for path in files(&source().join("diffs")) {
        if fresh.contains(&path) {
            continue;
        }
        if is_blessed() {
            fs::remove_file(&path).unwrap();
        } else {
            faults.add(format!(
                "{} isn't a difference between two steps; remove it, or run \
                 BLESS=1 cargo test --test book",
                name(&path)
            ));
        }
    }
}

//! Puts each fault into a copy of its step, and runs the step's tests against it.

use crate::catalogue;
use crate::hunts::{Hunt, hunts};
use crate::scratch::Scratch;
use crate::variant;
use std::collections::BTreeMap;
use std::env;
use std::path::Path;

/// `HUNT=ant cargo test --test hunts -- --ignored` tries only one.
#[test]
#[ignore = "in .ci/run"]
fn each_fault_fails_just_the_rows_that_it_names() {
    let scratch = Scratch::new("hunts");
    variant::add_pages(&scratch.0);
    let only = env::var("HUNT").unwrap_or_default();
    let mut hunts = hunts();
    hunts.retain(|hunt| only.is_empty() || hunt.name == only);
    assert!(!hunts.is_empty(), "HUNT={only}: there's no such hunt");
    let targets = variant::targets(hunts.iter().map(|hunt| hunt.step));
    variant::try_all(hunts, |hunt| {
        let files = hunt.files().unwrap();
        let server = variant::compile(hunt.name, &files, &scratch.0);
        let fault = try_hunt(&hunt, &targets[hunt.step], &server);
        fault.into_iter().collect()
    });
}

/// What's wrong with what the hunt says of the rows, if anything.
fn try_hunt(hunt: &Hunt, target: &Path, server: &Path) -> Option<String> {
    let failures = failures(target, server, &catalogue::all_but_slow_rows());
    let mut fault = String::new();
    for (row, saw) in &hunt.fails {
        // How a fault shows, and whether, may depend on which thread is faster.
        let alone = catalogue::only(row);
        let again = |_| self::failures(target, server, &alone).remove(*row);
        let first = failures.get(*row).cloned();
        let tries = first.into_iter().chain((0..3).filter_map(again));
        let mut seen = String::new();
        let mut others = tries.skip_while(|message| {
            seen.clone_from(message);
            !shows(came_back(message), saw)
        });
        if others.next().is_none() {
            fault += &format!("fails: {row}: NOT {saw}, but:\n{seen}\n");
        }
    }
    for (row, message) in &failures {
        let is_known = hunt.fails.iter().any(|(known, _)| known == row);
        if is_known || hunt.sometimes.contains(&row.as_str()) {
            continue;
        }
        // Some rows need time, and the other servers may have taken it. So it
        // has to fail alone, too.
        if !self::failures(target, server, &catalogue::only(row)).is_empty() {
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
    arguments: &[String],
) -> BTreeMap<String, String> {
    variant::failures(target, server.to_str().unwrap(), "has", arguments)
}

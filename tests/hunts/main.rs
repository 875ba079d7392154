//! The bug hunts are what they say: each fault costs its step just the rows that
//! it names.

mod command;
#[cfg(target_os = "linux")] // Elsewhere, some rows have no test.
mod proof;

#[allow(dead_code)] // The book needs more of it,
#[path = "../support/catalogue.rs"]
mod catalogue;
#[allow(dead_code)] // and so does the workshop of these.
#[path = "../../steps/tools/workshop/edits.rs"]
mod edits;
#[allow(dead_code)]
#[path = "../../steps/tools/workshop/hunts.rs"]
mod hunts;
#[path = "../support/place.rs"]
mod place;
#[path = "../support/scratch.rs"]
mod scratch;
#[allow(dead_code)]
#[path = "../../steps/tools/workshop/steps.rs"]
mod steps;
#[cfg(target_os = "linux")]
#[path = "../support/variant.rs"]
mod variant;

use catalogue::table;
use hunts::hunts;
use std::collections::BTreeSet;

#[test]
fn each_fault_still_fits_its_step() {
    let mut names = BTreeSet::new();
    for hunt in hunts() {
        assert!(names.insert(hunt.name), "two hunts are called {}", hunt.name);
        assert!(!hunt.fails.is_empty(), "{}: what does it break?", hunt.name);
        if let Err(message) = hunt.files() {
            panic!("{message}");
        }
    }
    assert!(names.len() >= 30, "only {} hunts", names.len());
}

/// Only what a step has for good is asked of a server that `SERVER` names.
#[test]
fn each_hunt_names_rows_that_its_step_has_for_good() {
    let rows = table().into_iter().flat_map(|group| group.rows);
    let rows: Vec<_> = rows.collect();
    for hunt in hunts() {
        let step: usize = hunt.step["step".len()..].parse().unwrap();
        let named = hunt.fails.iter().map(|(name, _)| *name);
        for name in named.chain(hunt.sometimes.iter().copied()) {
            let row = rows.iter().find(|row| row.name == name);
            let row = row.unwrap_or_else(|| {
                panic!("{}: there's no row {name}", hunt.name)
            });
            let for_good = row.ranges.last().unwrap();
            let holds = for_good.symptom == "holds" && !for_good.is_slow;
            assert!(
                holds && row.symptom(step) == "holds",
                "{}: {} isn't asked for {name}",
                hunt.name,
                hunt.step
            );
        }
    }
}

#[test]
fn most_hunts_are_in_the_first_two_parts() {
    let hunts = hunts();
    let early = hunts.iter().filter(|hunt| hunt.step < "step16").count();
    assert!(early * 3 >= hunts.len() * 2, "{early} of {}", hunts.len());
    assert!(hunts.is_sorted_by_key(|hunt| hunt.step), "in the steps' order");
}

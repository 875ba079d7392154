//! Which changes of a step do its tests miss?
//!
//!     MUTATE=step20 cargo test --test mutants -- --nocapture
//!
//! That edits one operator, constant, condition or call at a time, a random 60 of
//! all that are new in the step, and runs its tests against each edited step. More
//! are tried with `COUNT=500`, others with `SEED=7`, those of one file with
//! `FILE=connection.rs`, and with `OLD=1` those that the step before has, too.
//! `survivors.txt` lists those that may survive, and why.

mod edits;
mod survivors;
mod trial;

#[allow(dead_code)] // The book needs more of it.
#[path = "../support/catalogue.rs"]
mod catalogue;
#[allow(dead_code)] // Servers need more of these two.
#[path = "../support/output.rs"]
mod output;
#[allow(dead_code)] // The steps' tests need more of it,
#[path = "../support/place.rs"]
mod place;
#[allow(dead_code)]
#[path = "../support/running.rs"]
mod running;
#[path = "../support/scratch.rs"]
mod scratch;
#[allow(dead_code)] // and the workshop, and the bug hunts.
#[path = "../../steps/tools/workshop/steps.rs"]
mod steps;
#[allow(dead_code)]
#[path = "../support/variant.rs"]
mod variant;

use edits::edits;
use scratch::Scratch;
use std::collections::HashSet;
use std::env;
use trial::{Bench, Fate};

/// Marsaglia's xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

/// The number that a variable says.
fn number(name: &str, default: u64) -> u64 {
    let Ok(text) = env::var(name) else { return default };
    text.parse().unwrap_or_else(|_| panic!("{name}={text}: a number, please"))
}

/// Some have to survive: they change nothing, or only how fast it goes.
#[test]
fn edits_that_no_test_notices_are_listed() {
    let Ok(name) = env::var("MUTATE") else {
        eprintln!("skipped: MUTATE names no step");
        return;
    };
    let all = steps::all().unwrap();
    let at = all.iter().position(|step| step.name() == name);
    let at = at.unwrap_or_else(|| panic!("MUTATE={name}: like step20, please"));
    let files = all[at].files().unwrap();
    let before = match at {
        0 => Default::default(),
        _ => all[at - 1].files().unwrap(),
    };
    let only = env::var("FILE").unwrap_or_default();
    let is_here = only.is_empty() || files.contains_key(&only);
    assert!(is_here, "FILE={only}: {name} has no such file");
    let takes_old = env::var("OLD").is_ok();
    let mut left = Vec::new();
    for (file, text) in &files {
        if !only.is_empty() && only != *file {
            continue;
        }
        let old = before.get(file).filter(|_| !takes_old);
        let old: HashSet<_> =
            old.map(|text| shown(text)).into_iter().flatten().collect();
        let new = edits(text)
            .into_iter()
            .filter(|it| !old.contains(&it.shown_in(text)));
        left.extend(new.map(|edit| (file, text, edit)));
    }
    let (seed, count) = (number("SEED", 1), number("COUNT", 60));
    println!("{name}: {} edits, seed {seed}", left.len());
    let scratch = Scratch::new("mutants");
    let others = all.iter().map(|step| step.name().to_string());
    let others: Vec<_> = others.filter(|other| *other != name).collect();
    let bench = Bench::new(&name, &files, &others, &scratch.0);
    let mut random = Random(seed.max(1));
    let may_survive = survivors::all();
    let (mut tried, mut survived, mut unexplained) = (0, 0, String::new());
    while tried < count && !left.is_empty() {
        let (file, text, edit) = left.swap_remove(random.below(left.len()));
        let fate = bench.try_edit(file, &edit.apply(text));
        if let Fate::NoMutant = fate {
            continue;
        }
        tried += 1;
        let shown = format!("{name} {file}: {}", edit.shown_in(text));
        println!("{shown} (line {})", edit.line_in(text));
        match (fate, may_survive.get(&shown)) {
            (Fate::Caught(test), None) => println!("    {test}"),
            (Fate::Caught(test), Some(_)) => {
                println!("    {test}, although survivors.txt lists it");
            }
            (_, Some(reason)) => {
                println!("    survived: {reason}");
                survived += 1;
            }
            (_, None) => {
                println!("    SURVIVED");
                unexplained += &format!("{shown}\n");
                survived += 1;
            }
        }
    }
    let count = unexplained.lines().count();
    println!(
        "{survived} of {tried} survived, {count} without a reason\n{unexplained}"
    );
}

/// Each edit of a text, as it's shown.
fn shown(text: &str) -> Vec<String> {
    edits(text).iter().map(|edit| edit.shown_in(text)).collect()
}

/// A list that's older than the steps would excuse nothing.
#[test]
fn each_listed_survivor_is_an_edit_of_its_step() {
    let all = steps::all().unwrap();
    let mut known = HashSet::new();
    for step in &all {
        for (file, text) in step.files().unwrap() {
            let place = format!("{} {file}: ", step.name());
            known.extend(
                shown(&text).iter().map(|edit| format!("{place}{edit}")),
            );
        }
    }
    for (edit, reason) in survivors::all() {
        assert!(known.contains(&edit), "survivors.txt: no such edit: {edit}");
        assert!(!reason.is_empty(), "survivors.txt: no reason above: {edit}");
    }
}

#[test]
fn one_thing_is_edited_at_a_time() {
    let text = "fn f(a: u8) -> bool {\n    g(a)?;\n    a < 10\n}\n";
    let all = [
        "a [< -> <=] 10",
        "g(a)[?; -> .ok();]",
        "[g(a)?; -> ]",
        "a < [10 -> 11]",
        "a < [10 -> 0]",
    ];
    assert_eq!(shown(text), all);
    let edited = edits(text)[2].apply(text);
    assert_eq!(edited, "fn f(a: u8) -> bool {\n    \n    a < 10\n}\n");
}

#[test]
fn conditions_calls_and_patterns_are_found() {
    let text = "if !a.b(c) {\n} else {\n    match d {\n        'x' | 'y' if e \
                => {}\n    }\n}\n";
    let all = [
        "[if !a.b(c) -> if true] {",
        "[if !a.b(c) -> if false] {",
        "if [! -> ]a.b(c) {",
        "if !a[.b(c) -> ] {",
        "'x' [| 'y' -> ] if e => {}",
        "'x' | 'y' [if e -> if true] => {}",
        "'x' | 'y' [if e -> if false] => {}",
        "['x' -> '~'] | 'y' if e => {}",
        "'x' | ['y' -> '~'] if e => {}",
    ];
    assert_eq!(shown(text), all);
}

#[test]
fn comments_texts_and_tests_are_left_alone() {
    let text = "// 1 < 2\nfn f() {\n    g::<'a>(\"1 < 2\"); // 1 < 2\n}\n\n\
                #[cfg(test)]\nmod tests {\n    a < 1;\n}\n";
    let all = [
        "[g::<'a>(\"1 < 2\"); -> ] // 1 < 2",
        "g::<'a>([\"1 < 2\" -> \"1 < 2~\"]); // 1 < 2",
    ];
    assert_eq!(shown(text), all);
}

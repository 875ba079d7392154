//! Which changes of a step do its tests miss?
//!
//!     MUTATE=step20 cargo test --test mutants -- --nocapture
//!
//! That edits one operator, constant, condition or call at a time, a random 60 of
//! all that there are, and runs the step's tests against each edited step. Others
//! are tried with `COUNT=500`, another `SEED=7`, or only a `FILE=connection.rs`.
//! A file that the next step has, too, is left to that step.

mod edits;
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
    let later = all.get(at + 1).map(|step| step.files().unwrap());
    let later = later.unwrap_or_default();
    let only = env::var("FILE").unwrap_or_default();
    let is_here = only.is_empty() || files.contains_key(&only);
    assert!(is_here, "FILE={only}: {name} has no such file");
    let mut left = Vec::new();
    for (file, text) in &files {
        let is_asked_for = only.is_empty() || only == *file;
        if is_asked_for && later.get(file) != Some(text) {
            left.extend(edits(text).into_iter().map(|edit| (file, text, edit)));
        }
    }
    let (seed, count) = (number("SEED", 1), number("COUNT", 60));
    println!("{name}: {} edits, seed {seed}", left.len());
    let scratch = Scratch::new("mutants");
    let others = all.iter().map(|step| step.name().to_string());
    let others: Vec<_> = others.filter(|other| *other != name).collect();
    let bench = Bench::new(&name, &files, &others, &scratch.0);
    let mut random = Random(seed.max(1));
    let (mut tried, mut survivors) = (0, String::new());
    while tried < count && !left.is_empty() {
        let (file, text, edit) = left.swap_remove(random.below(left.len()));
        let shown = format!("{file}:{}", edit.shown_in(text));
        match bench.try_edit(file, &edit.apply(text)) {
            Fate::NoMutant => continue,
            Fate::Caught(test) => println!("{shown}\n    {test}"),
            Fate::Survived => {
                println!("{shown}\n    SURVIVED");
                survivors += &format!("{shown}\n");
            }
        }
        tried += 1;
    }
    let survived = survivors.lines().count();
    println!("{survived} of {tried} survived\n{survivors}");
}

/// Each edit of a text, as it's shown.
fn shown(text: &str) -> Vec<String> {
    edits(text).iter().map(|edit| edit.shown_in(text)).collect()
}

#[test]
fn one_thing_is_edited_at_a_time() {
    let text = "fn f(a: u8) -> bool {\n    g(a)?;\n    a < 10\n}\n";
    let all = [
        "3: a [< -> <=] 10",
        "2: g(a)[?; -> .ok();]",
        "2: [g(a)?; -> ]",
        "3: a < [10 -> 11]",
        "3: a < [10 -> 0]",
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
        "1: [if !a.b(c) -> if true] {",
        "1: [if !a.b(c) -> if false] {",
        "1: if [! -> ]a.b(c) {",
        "1: if !a[.b(c) -> ] {",
        "4: 'x' [| 'y' -> ] if e => {}",
        "4: 'x' | 'y' [if e -> if true] => {}",
        "4: 'x' | 'y' [if e -> if false] => {}",
        "4: ['x' -> '~'] | 'y' if e => {}",
        "4: 'x' | ['y' -> '~'] if e => {}",
    ];
    assert_eq!(shown(text), all);
}

#[test]
fn comments_texts_and_tests_are_left_alone() {
    let text = "// 1 < 2\nfn f() {\n    g::<'a>(\"1 < 2\"); // 1 < 2\n}\n\n\
                #[cfg(test)]\nmod tests {\n    a < 1;\n}\n";
    let all = [
        "3: [g::<'a>(\"1 < 2\"); -> ] // 1 < 2",
        "3: g::<'a>([\"1 < 2\" -> \"1 < 2~\"]); // 1 < 2",
    ];
    assert_eq!(shown(text), all);
}

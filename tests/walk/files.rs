//! What a reader types from one step to the next.

use crate::place::repository;
use crate::{COPIED, STEPS};
use std::collections::BTreeMap;
use std::fs;

const MAX_FILE: usize = 300;
const MAX_FUNCTION: usize = 50;

#[test]
fn a_step_changes_only_the_files_that_it_says() {
    let mut before = BTreeMap::new();
    for step in STEPS {
        let now = step.files();
        let gone: Vec<_> =
            before.keys().filter(|name| !now.contains_key(*name)).collect();
        assert!(gone.is_empty(), "{} has lost {gone:?}", step.name);
        let changed: Vec<&String> = now
            .keys()
            .filter(|name| before.get(*name) != now.get(*name))
            .collect();
        assert_eq!(
            changed, step.changes,
            "\nthe files of {} that differ from the step before (left) aren't \
             those that its lesson is about (right); the others must be the \
             same, byte for byte",
            step.name
        );
        before = now;
    }
}

/// The sizes: `cargo test --test walk short -- --nocapture`.
#[test]
fn a_step_is_short_enough_to_be_typed() {
    let introduction = repository().join("book/src/introduction.md");
    let told = fs::read_to_string(introduction).unwrap();
    let mut before = BTreeMap::new();
    for step in STEPS {
        let now = step.files();
        let typed = now.iter().filter(|(name, _)| !COPIED.contains(&&***name));
        let added: usize = typed
            .map(|(name, text)| {
                let old = before.get(name).map_or("", String::as_str);
                added(&lines(old), &lines(text))
            })
            .sum();
        let (name, most) = (step.name, step.max_added);
        println!("{name} adds {added} lines");
        let row = format!("]({name}.md) | {added} |\n");
        assert!(told.contains(&row), "the introduction should have: {row}");
        assert!(added <= most, "{name} adds {added} lines, {most} at most");
        before = now;
    }
}

#[test]
fn files_and_functions_are_short() {
    for step in STEPS {
        for (name, text) in step.files() {
            let count = text.lines().count();
            let name = format!("{}/{name}", step.name);
            println!("{name}: {count} lines");
            assert!(count <= MAX_FILE, "{name} has {count} lines");
            for (function, count) in functions(&text) {
                assert!(
                    count <= MAX_FUNCTION,
                    "{name}: {count} lines in `{function}`"
                );
            }
        }
    }
}

/// The lines that a reader types: no unit tests, blank lines or anchors.
fn lines(text: &str) -> Vec<&str> {
    let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap();
    let is_typed = |line: &&str| {
        let line = line.trim_start();
        !line.is_empty() && !line.starts_with("// ANCHOR")
    };
    code.lines().filter(is_typed).collect()
}

/// How many of the new lines aren't taken over from the old ones: all but those
/// of the longest common subsequence.
fn added(old: &[&str], new: &[&str]) -> usize {
    // `common[n]` is its length for the old lines so far and `n` new ones.
    let mut common = vec![0; new.len() + 1];
    for old in old {
        let mut diagonal = 0;
        for (index, new) in new.iter().enumerate() {
            let above = common[index + 1];
            common[index + 1] = match old == new {
                true => diagonal + 1,
                false => above.max(common[index]),
            };
            diagonal = above;
        }
    }
    new.len() - common[new.len()]
}

/// The first line of each function, and how many lines it has. rustfmt ends a
/// function as far to the left as it begins.
fn functions(text: &str) -> Vec<(&str, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut functions = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let declares = code.starts_with("fn ") || code.starts_with("pub fn ");
        if !declares || line.ends_with([';', '}']) {
            continue;
        }
        let margin = &line[..line.len() - code.len()];
        let (body, foreign) = (format!("{margin}}}"), format!("{margin}) ->"));
        let count = lines[start..].iter().position(|line| {
            *line == body || line.starts_with(&foreign) && line.ends_with(';')
        });
        functions.push((*line, count.expect("the end of a function") + 1));
    }
    functions
}

#[test]
fn sizes_are_counted_right() {
    let old = ["a", "b", "c"];
    assert_eq!(added(&old, &["a", "x", "c", "y"]), 2);
    assert_eq!(added(&old, &["c", "a", "b"]), 1);
    assert_eq!(added(&[], &old), 3);
    let text = "a\n\n  // ANCHOR: b\nb\n#[cfg(test)]\nmod tests {\nc\n}\n";
    assert_eq!(lines(text), ["a", "b"]);
    let text = "impl A {\n    pub fn a() {\n        b\n    }\n}\nfn c() {}\n";
    assert_eq!(functions(text), [("    pub fn a() {", 3)]);
    let text = "extern {\n    fn a(\n        b: i32,\n    ) -> i32;\n}\n";
    assert_eq!(functions(text), [("    fn a(", 3)]);
}

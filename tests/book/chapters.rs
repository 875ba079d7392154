//! Every chapter has its parts, and none is too long.

use crate::faults::Faults;
use crate::source::*;
use std::ops::RangeInclusive;
use std::path::Path;

/// The headings of a chapter, in this order. Chapter 1 has one of its own in
/// the place of the second, because nothing is wrong before it.
const PARTS: [&str; 12] = [
    "You will be able to",
    "What's wrong so far",
    "Predict",
    "The idea",
    "The change",
    "Run it",
    "Look what you've built",
    "Traps",
    "What it still gets wrong",
    "Check yourself",
    "Exercises",
    "Read more",
];

/// Lines of code in a chapter that are seen at once, in those that can be
/// opened, and in any one block.
const MOST_OPEN: usize = 250;
/// In the chapters of the two steps that are larger than the others.
const MOST_OPEN_IN_A_LARGE_ONE: usize = 320;
const LARGE_ONES: [usize; 2] = [18, 19];
const MOST_FOLDED: usize = 100;
const MOST_IN_A_BLOCK: usize = 40;

fn headings(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.strip_prefix("## ")).collect()
}

/// The words of a text that is read: without tags and includes.
fn words(prose: &str) -> usize {
    let mut text = String::new();
    for line in prose.lines().filter(|line| include(line).is_none()) {
        let mut rest = line;
        while let Some((before, tag)) = rest.split_once('<') {
            text += before;
            rest = tag.split_once('>').map_or("", |(_, after)| after);
        }
        text += rest;
        text.push('\n');
    }
    text.split_whitespace()
        .filter(|word| word.contains(char::is_alphanumeric))
        .count()
}

/// Adds a fault for each count of a chapter that isn't in its range.
fn check(
    faults: &mut Faults,
    chapter: &Path,
    counts: &[(&str, usize, RangeInclusive<usize>)],
) {
    for (what, count, allowed) in counts {
        if !allowed.contains(count) {
            faults.add(format!(
                "{} has {count} {what}, and should have {} to {}",
                name(chapter),
                allowed.start(),
                allowed.end()
            ));
        }
    }
}

fn titles(text: &str) -> usize {
    text.matches("\n### ").count()
}

#[test]
fn every_step_has_a_chapter() {
    let mut faults = Faults::default();
    for step in steps() {
        if !source().join(format!("{step}.md")).exists() {
            faults.add(format!("{step} has no chapter book/src/{step}.md"));
        }
    }
}

#[test]
fn chapters_have_their_parts() {
    let mut faults = Faults::default();
    for chapter in chapters() {
        let text = prose(&read(&chapter));
        let headings = headings(&text);
        let mut expected = PARTS.to_vec();
        if number(&chapter) == 1 {
            let own = headings.get(1).filter(|it| !PARTS.contains(it));
            expected[1] = own.unwrap_or(&"(a heading of its own)");
        }
        if headings != expected {
            faults.add(format!(
                "{} should have the headings\n  {}\nbut has\n  {}",
                name(&chapter),
                expected.join(", "),
                headings.join(", ")
            ));
        }
        let (before, _) =
            text.split_once("\n## Check yourself\n").unwrap_or((&text, ""));
        check(
            &mut faults,
            &chapter,
            &[
                (
                    "words before \"Check yourself\" (without code, tags and \
                     what is included; with traps)",
                    words(before),
                    1_200..=2_200,
                ),
                (
                    "words in all (without code, tags and what is included; \
                     with questions, answers and exercises)",
                    words(&text),
                    1_200..=3_000,
                ),
                ("traps", titles(part(&text, "Traps")), 1..=8),
                ("questions", titles(part(&text, "Check yourself")), 3..=5),
                ("exercises", titles(part(&text, "Exercises")), 2..=4),
                ("figures", text.matches("<figure").count(), 2..=6),
            ],
        );
        for exercise in part(&text, "Exercises").split("\n### ").skip(1) {
            let includes = exercise.lines().filter_map(include);
            let shown = includes.filter_map(|it| included(&chapter, it));
            let whole = exercise.to_string() + &shown.collect::<String>();
            if !says_when_it_is_done(&whole) {
                let title = exercise.lines().next().unwrap();
                faults.add(format!(
                    "{}: the exercise \"{title}\" has no sentence that begins \
                     with \"You're done when\" or \"Done when\"",
                    name(&chapter)
                ));
            }
        }
    }
}

fn says_when_it_is_done(exercise: &str) -> bool {
    // A paragraph begins a sentence, whatever comes before it.
    let text = exercise.replace("\n\n", " . ").replace(['\n', '*'], " ");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    ["You're done when ", "Done when "].iter().any(|words| {
        text.match_indices(words).any(|(at, _)| {
            let before = text[..at].trim_end();
            before.ends_with(['.', '!', '?', ':', ')', '`'])
        })
    })
}

/// What a command prints isn't counted as code, but must fit a block as well.
#[test]
fn chapters_show_little_code() {
    let mut faults = Faults::default();
    for chapter in chapters() {
        let (mut open, mut folded) = (0, 0);
        for block in blocks(&chapter) {
            let lines = block.text.lines().count();
            if lines > MOST_IN_A_BLOCK {
                faults.add(format!(
                    "{}:{}: a block of {lines} lines, where \
                     {MOST_IN_A_BLOCK} is the most",
                    name(&chapter),
                    block.start
                ));
            }
            let language = block.language.as_str();
            if language.starts_with("console") || language == "text" {
                continue;
            }
            *(if block.folded { &mut folded } else { &mut open }) += lines;
        }
        let most_open = match LARGE_ONES.contains(&number(&chapter)) {
            true => MOST_OPEN_IN_A_LARGE_ONE,
            false => MOST_OPEN,
        };
        check(
            &mut faults,
            &chapter,
            &[
                ("lines of code in the open", open, 0..=most_open),
                ("lines of code folded", folded, 0..=MOST_FOLDED),
            ],
        );
    }
}

//! The table of tests/behaviours/table.rs, read as text.

use super::place::repository;
use std::fs;

/// Costly rows run here, too.
const LAST_STEP: usize = 20;

/// A heading of the table and the rows under it.
pub struct Group {
    /// `step 04: a thread for each connection`
    pub heading: String,
    pub rows: Vec<Row>,
}

/// A behaviour, and what the steps do about it.
pub struct Row {
    /// The name of its function.
    pub name: String,
    pub ranges: Vec<Range>,
}

/// A symptom, and the last step that shows it: `hangs until 08 (named in 06)`.
pub struct Range {
    pub symptom: String,
    /// `usize::MAX` if the range has no end.
    pub last: usize,
    pub named_in: Vec<usize>,
    /// `holds from 18 (slow)`.
    pub is_slow: bool,
    /// `holds from 13 (costly)`.
    pub is_costly: bool,
}

impl Row {
    /// What a step does, in the table's word.
    pub fn symptom(&self, step: usize) -> &str {
        &self.ranges[self.index(step)].symptom
    }

    /// The place of a step's range among the ranges.
    fn index(&self, step: usize) -> usize {
        let index = self.ranges.iter().position(|range| step <= range.last);
        index.expect("the last range has no end")
    }

    /// Whether the step before does something else.
    pub fn begins_in(&self, step: usize) -> bool {
        step == 1 || self.index(step - 1) != self.index(step)
    }

    /// Whether it takes long in any step.
    pub fn is_costly(&self) -> bool {
        self.ranges.iter().any(|range| range.is_costly)
    }

    /// Whether `cargo test` runs the step's test of this behaviour. One that the
    /// step lacks runs only beside the steps that have it, and where a chapter
    /// names it. A costly one runs where it begins to hold for good, in the last
    /// step, where a chapter names it, and before a step that loses it.
    pub fn runs(&self, step: usize) -> bool {
        let index = self.index(step);
        let range = &self.ranges[index];
        let holds = |step: usize| self.symptom(step) == "holds";
        if range.is_slow {
            return false;
        }
        let begins = self.begins_in(step);
        if range.is_costly {
            return match range.last {
                usize::MAX => {
                    let is_named = range.named_in.contains(&step);
                    begins || is_named || step == LAST_STEP
                }
                last => step == last,
            };
        }
        holds(step)
            || range.named_in.contains(&step)
            || (step > 1 && holds(step - 1))
            || (step == range.last && holds(step + 1))
    }

    /// Reads `group::name [closes until 01, holds from 02]`.
    pub fn parse(line: &str) -> Option<Row> {
        let (name, ranges) = line.strip_suffix(']')?.split_once(" [")?;
        let (_, name) = name.split_once("::")?;
        let mut row = Row { name: name.to_string(), ranges: Vec::new() };
        // A comma between two ranges comes before a word, one between the
        // numbers of chapters before a digit.
        let mut first = 1;
        let mut rest = ranges;
        while !rest.is_empty() {
            let end = rest.match_indices(", ").map(|(at, _)| at).find(|at| {
                rest[at + 2..].starts_with(|c: char| c.is_alphabetic())
            });
            let (range, after) = match end {
                Some(end) => (&rest[..end], &rest[end + 2..]),
                None => (rest, ""),
            };
            let range = Range::parse(range, first, after.is_empty());
            let range = range.unwrap_or_else(|| {
                panic!("{name}: these aren't ranges, end to end: {ranges:?}")
            });
            first = range.last.saturating_add(1);
            row.ranges.push(range);
            rest = after;
        }
        Some(row)
    }
}

impl Range {
    /// Reads `SYMPTOM until NN (named in NN, NN)`; the last range of a row is
    /// `SYMPTOM from NN`, where NN has to be its first step, perhaps with
    /// `(slow)`, `(costly)` or `(costly; named in NN, NN)`.
    fn parse(text: &str, first: usize, is_last: bool) -> Option<Range> {
        let (text, note) = match text.split_once(" (") {
            Some((text, note)) => (text, note.strip_suffix(')')?),
            None => (text, ""),
        };
        let (is_costly, note) = match note.strip_prefix("costly") {
            Some(rest) => (true, rest.trim_start_matches("; ")),
            None => (false, note),
        };
        let named_in = match note {
            "" | "slow" => "",
            note => note.strip_prefix("named in ")?,
        };
        let [symptom, word, number] =
            text.split(' ').collect::<Vec<_>>().try_into().ok()?;
        let number: usize = number.parse().ok()?;
        let last = match word {
            "until" if !is_last && number >= first => number,
            "from" if is_last && number == first => usize::MAX,
            _ => return None,
        };
        let named_in = named_in.split(", ").filter(|text| !text.is_empty());
        let named_in = named_in.map(str::parse).collect::<Result<_, _>>();
        Some(Range {
            symptom: symptom.to_string(),
            last,
            named_in: named_in.ok()?,
            is_slow: note == "slow",
            is_costly,
        })
    }
}

/// The whole table.
pub fn table() -> Vec<Group> {
    let path = repository().join("tests/behaviours/table.rs");
    let text = fs::read_to_string(path).unwrap().replace("\r\n", "\n");
    let (_, text) = text.split_once("macro_rules! table").unwrap();
    let (text, _) = text.split_once("\n}\n").unwrap();
    let mut groups: Vec<Group> = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(heading) = line.strip_prefix("// ") {
            let heading = heading.to_string();
            groups.push(Group { heading, rows: Vec::new() });
        } else if let Some(row) = Row::parse(line) {
            groups.last_mut().expect("a heading comes first").rows.push(row);
        }
    }
    let rows: usize = groups.iter().map(|group| group.rows.len()).sum();
    assert!(rows > 30, "the table isn't where this test looks for it");
    groups
}

/// What makes a test runner ask for all that a step has, including costly rows,
/// but not slow ones.
pub fn all_but_slow_rows() -> Vec<String> {
    let rows = table().into_iter().flat_map(|group| group.rows);
    let slow = rows.filter(|row| row.ranges.iter().any(|it| it.is_slow));
    let mut arguments = vec!["has::".into(), "--include-ignored".into()];
    arguments.extend(slow.flat_map(|row| ["--skip".into(), row.name]));
    arguments
}

/// What makes it ask for the rows of which this is true, unless they're slow. It's
/// empty if there are none.
pub fn rows(counts: impl Fn(&Row) -> bool) -> Vec<String> {
    let rows = table().into_iter().flat_map(|group| group.rows);
    let is_slow = |row: &Row| row.ranges.iter().any(|it| it.is_slow);
    let rows = rows.filter(|row| !is_slow(row) && counts(row));
    let names: Vec<_> = rows.map(|row| format!("has::{}", row.name)).collect();
    let flags = ["--exact", "--include-ignored"].map(String::from);
    if names.is_empty() { names } else { [&names[..], &flags].concat() }
}

/// What makes it ask for one row, costly or not.
pub fn only(row: &str) -> Vec<String> {
    vec![format!("has::{row}"), "--exact".into(), "--include-ignored".into()]
}

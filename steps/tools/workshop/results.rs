//! What the tests of a step have found.

use std::collections::BTreeMap;

use crate::catalogue;
use crate::steps::Step;

/// The rows that hold from one step on.
#[derive(Clone)]
pub struct Group {
    pub step: usize,
    pub title: String,
    pub rows: Vec<Row>,
}

#[derive(Clone)]
pub struct Row {
    /// The name of its test, without the `has::`.
    pub name: String,
    /// The step whose subject it is. It may hold before that, by chance.
    pub subject: usize,
    /// What the test says, if it fails.
    pub failure: Option<String>,
}

impl Group {
    pub fn passed(&self) -> usize {
        self.rows.iter().filter(|row| row.failure.is_none()).count()
    }
}

impl Row {
    /// Its name as a sentence.
    pub fn sentence(&self) -> String {
        self.name.replace('_', " ")
    }
}

/// Sorts what the test runner prints by the steps from which the rows hold. A
/// row that isn't asked of a server of one's own passes without a test, so it's
/// left out.
pub fn parse(printed: &str, step: &Step) -> Result<Vec<Group>, String> {
    let mut outcomes = outcomes(printed, "has::");
    let table = catalogue::table();
    let mut groups: Vec<Group> =
        table.iter().filter_map(|it| heading(&it.heading)).collect();
    let rows = table.into_iter().flat_map(|group| {
        let subject = heading(&group.heading).map_or(0, |it| it.step);
        group.rows.into_iter().map(move |row| (subject, row))
    });
    for (subject, row) in rows {
        let first = holds_from(&row).filter(|first| *first <= step.number);
        let Some(first) = first else { continue };
        let Some(failure) = outcomes.remove(&row.name) else { continue };
        let group = groups.iter_mut().find(|group| group.step == first);
        let group = group.expect("each step has a heading");
        group.rows.push(Row { name: row.name, subject, failure });
    }
    groups.retain(|group| !group.rows.is_empty());
    match groups.is_empty() {
        true => Err(format!("the tests of {} say nothing", step.name())),
        false => Ok(groups),
    }
}

/// The step from which a row holds for good.
fn holds_from(row: &catalogue::Row) -> Option<usize> {
    let (last, before) = row.ranges.split_last()?;
    let first = before.last().map_or(1, |range| range.last + 1);
    (last.symptom == "holds").then_some(first)
}

/// `step 05: a fixed number of threads`
fn heading(text: &str) -> Option<Group> {
    let (number, title) = text.strip_prefix("step ")?.split_once(": ")?;
    let step = number.parse().ok()?;
    Some(Group { step, title: title.to_string(), rows: Vec::new() })
}

/// The rows that were tested, each with what its test says if it fails.
pub type Outcomes = BTreeMap<String, Option<String>>;

/// What came of the tests in a module: `has::`, or that of an exercise.
pub fn outcomes(printed: &str, module: &str) -> Outcomes {
    let mut outcomes = BTreeMap::new();
    for line in printed.lines() {
        let Some(test) = line.strip_prefix("test ") else { continue };
        let Some(test) = test.strip_prefix(module) else { continue };
        let Some((name, outcome)) = test.split_once(" ... ") else { continue };
        let failure = match outcome {
            "ok" => None,
            "FAILED" => Some(message(printed, module, name)),
            _ => continue, // It's ignored.
        };
        outcomes.insert(name.to_string(), failure);
    }
    outcomes
}

/// What a test says, without what the test runner says around it.
fn message(printed: &str, module: &str, name: &str) -> String {
    let start = format!("---- {module}{name} stdout ----\n");
    let (_, after) = printed.split_once(&start).unwrap_or_default();
    let (_, after) = after.split_once(" panicked at ").unwrap_or_default();
    let (_, after) = after.split_once('\n').unwrap_or_default();
    let after = after.trim_start_matches('\n');
    let (message, _) = after.split_once("\n\n").unwrap_or((after, ""));
    message.trim_end().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps;

    const PRINTED: &str = "
running 3 tests
test has::client_gets_the_page ... ok
test has::unknown_path_is_404 ... FAILED
test has::request_head_is_printed ... ok
test has::port_in_use_is_an_error ... ignored, in .ci/run

failures:

---- has::unknown_path_is_404 stdout ----

thread 'has::unknown_path_is_404' (1) panicked at tests/a.rs:28:9:


mine should show: unknown path is 404
  expected:  a

note: run with `RUST_BACKTRACE=1` environment variable


failures:
    has::unknown_path_is_404
";

    #[test]
    fn rows_are_sorted_by_the_step_that_they_come_with() {
        let groups = parse(PRINTED, &steps::find("3").unwrap()).unwrap();
        let steps: Vec<_> =
            groups.iter().map(|it| (it.step, it.passed())).collect();
        assert_eq!(steps, [(2, 1), (3, 0)]);
        let failure = groups[1].rows[0].failure.as_deref().unwrap();
        let expected = "mine should show: unknown path is 404\n  expected:  a";
        assert_eq!(failure, expected);
    }

    #[test]
    fn tests_that_say_nothing_are_an_error() {
        let error = parse("", &steps::find("3").unwrap()).err().unwrap();
        assert_eq!(error, "the tests of step03 say nothing");
    }
}

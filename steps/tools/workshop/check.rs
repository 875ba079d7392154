//! `check`: asks a server for all that a step can do, and shows on one screen
//! how far it has got.

use std::io::{self, IsTerminal};
use std::path::Path;

use crate::build::{self, Server};
use crate::catalogue;
use crate::hint;
use crate::options::Check;
use crate::record;
use crate::results::{self, Group};
use crate::steps;
use crate::wrap::wrapped;

/// How many lines of a terminal a failure may take, so that it all fits into 40.
const MAX_FAILURE: usize = 20;

/// How many of them are for its end: there, a server says why it has failed.
const MAX_END: usize = 5;

const WIDTH: usize = 80;

/// How the line of a failure that's prose begins.
const HINT: &str = "  hint:      ";

/// Returns whether the step is complete.
pub fn check(check: &Check) -> Result<bool, String> {
    let server = Server::new(&check.server, None)?;
    if io::stderr().is_terminal() {
        crate::complain(&format!(
            "checking {} … (the first check takes minutes: it builds the tests)",
            check.step.name()
        ));
    }
    let tests = build::build_tests(check.step.name())?;
    let all = catalogue::all_but_slow_rows();
    let printed = build::run_tests(&tests, &all, &server, None)?;
    let groups = results::parse(&printed, &check.step)?;
    let total = groups.iter().map(|group| group.rows.len()).sum();
    let passed = groups.iter().map(Group::passed).sum();
    let directory = Path::new(&check.server);
    record::add(directory, check.step.name(), passed, total)?;
    let mut screen = score(check, &groups)?;
    screen += &match passed == total {
        true => what_now(check)?,
        false => next_to_do(check, &groups)?,
    };
    crate::print(&screen)?;
    Ok(passed == total)
}

/// The score of each step's rows. Neighbours that are complete share a line.
fn score(check: &Check, groups: &[Group]) -> Result<String, String> {
    let passed: usize = groups.iter().map(Group::passed).sum();
    let all: usize = groups.iter().map(|group| group.rows.len()).sum();
    let (name, title) = (check.step.name(), check.step.title()?);
    let mut text = format!("{name}, {title:?}: {passed} of {all}\n\n");
    let is_complete = |group: &Group| group.passed() == group.rows.len();
    let parts =
        groups.chunk_by(|one, other| is_complete(one) && is_complete(other));
    for part in parts {
        let (first, last) = (&part[0], &part[part.len() - 1]);
        let passed: usize = part.iter().map(Group::passed).sum();
        let all: usize = part.iter().map(|group| group.rows.len()).sum();
        let steps = match part {
            [only] => format!("step {:02}: {}", only.step, only.title),
            _ => format!("steps {:02} to {:02}", first.step, last.step),
        };
        text += &format!("  {passed:3} of {all:3}  {steps}\n");
    }
    Ok(text + "\n")
}

/// The first failure in full, and what to do about it.
fn next_to_do(check: &Check, groups: &[Group]) -> Result<String, String> {
    let rows = groups.iter().flat_map(|group| &group.rows);
    let mut failed: Vec<_> = rows.filter(|row| row.failure.is_some()).collect();
    // What a later chapter explains comes last.
    failed.sort_by_key(|row| row.subject.max(check.step.number));
    let failures = failed.iter().filter_map(|row| row.failure.as_deref());
    let hole = failures.clone().find_map(|it| hint::hole(&check.step, it));
    let mut text = failures.take(1).map(shortened).collect::<String>() + "\n";
    text += &match hole {
        Some(hole) => format!(
            "Next: fill the hole `{}` in src/{}, and check again.\n",
            hole.function, hole.file
        ),
        None => "Next: put this right, and check again.\n".to_string(),
    };
    text += &match check.hint {
        Some(level) => {
            let mut text = hint::hint(&check.step, level, hole)?;
            if !is_crate(check) {
                text += "These are names in the book's program.\n";
            }
            match hole {
                Some(_) => text,
                None => text + &earlier(check, groups),
            }
        }
        None => "For a hint, add --hint 1 (or 2, or 3).\n".to_string(),
    };
    Ok(text)
}

/// As much of a text as there's room for: its beginning and its end.
fn shortened(text: &str) -> String {
    let lines: Vec<_> = text
        .lines()
        .map(|line| match line.strip_prefix(HINT) {
            Some(hint) => HINT.to_string() + wrapped(hint, HINT.len()).trim(),
            None => line.to_string(),
        })
        .collect();
    let height = |line: &String| {
        let heights = line.split('\n').map(|it| it.chars().count());
        heights.map(|it| it.div_ceil(WIDTH).max(1)).sum::<usize>()
    };
    let fits = |lines: &[String], room: usize| {
        lines.iter().map(height).sum::<usize>() <= room
    };
    let (all, room) = (lines.len(), MAX_FAILURE - MAX_END);
    let start = (0..=all).rev().find(|at| fits(&lines[..*at], room));
    let end = (0..=all).find(|at| fits(&lines[*at..], MAX_END));
    let shown = match (start, end) {
        (Some(start), Some(end)) if !fits(&lines, MAX_FAILURE) => {
            [&lines[..start], &["  …".to_string()], &lines[end..]].concat()
        }
        _ => lines,
    };
    shown.join("\n") + "\n"
}

/// Where to ask, if the test that fails isn't about what this step adds.
fn earlier(check: &Check, groups: &[Group]) -> String {
    let has_failed = |group: &&Group| group.passed() < group.rows.len();
    let step = groups.iter().find(has_failed).map(|group| group.step);
    match step.filter(|step| *step < check.step.number) {
        Some(step) => format!(
            "That test has been there since step {step:02}, and check \
             step{step:02} has hints about it.\n"
        ),
        None => String::new(),
    }
}

fn is_crate(check: &Check) -> bool {
    Path::new(&check.server).is_dir()
}

/// What has been learnt, and what comes next.
fn what_now(check: &Check) -> Result<String, String> {
    let mut text = "Complete. You can now\n\n".to_string();
    for promise in check.step.promises()? {
        text += &format!("  * {promise}\n");
    }
    text += &match steps::next(&check.step)? {
        Some(next) => format!(
            "\nCommit, and go on with {}, {:?}:\n  \
             cargo run --bin workshop -- {} {0} {}\n",
            next.name(),
            next.title()?,
            // Only a crate can get the holes of a step.
            if is_crate(check) { "start" } else { "check" },
            steps::in_shell(Path::new(&check.server))
        ),
        None => {
            "\nThat was the last step. The book's page \"Where next\" goes \
                 on from here.\n"
                .to_string()
        }
    };
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_failure_is_cut_in_the_middle() {
        let line = "x".repeat(WIDTH + 1);
        let text = format!("a\n{line}\n").repeat(10) + "b\n";
        let short = shortened(&text);
        assert_eq!(short.lines().count(), 5 * 2 + 1 + 3, "{short}");
        let middle = format!("{line}\n  …\na\n{line}\nb\n");
        assert!(short.ends_with(&middle), "{short}");
        assert_eq!(shortened("a\n\nb"), "a\n\nb\n");
    }
}

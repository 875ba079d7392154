//! `mark`: asks each server of a class for all that a step can do.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::build::{self, Server};
use crate::catalogue;
use crate::class;
use crate::formats;
use crate::options::Mark;
use crate::results::{self, Group, Row};
use crate::steps::Step;

/// How many times a row that doesn't pass is tried. Some depend on time, and a
/// busy machine shouldn't cost anyone a point.
const ATTEMPTS: usize = 3;

/// A server of the class, and what it does.
pub struct Marked {
    pub name: String,
    pub groups: Vec<Group>,
    /// Why it couldn't be asked for anything.
    pub error: Option<String>,
}

impl Marked {
    pub fn rows(&self) -> impl Iterator<Item = (&Group, &Row)> {
        self.groups
            .iter()
            .flat_map(|group| group.rows.iter().map(move |row| (group, row)))
    }

    pub fn points(&self) -> usize {
        self.groups.iter().map(Group::passed).sum()
    }
}

/// Marks one server after the other, so that none is busy while another one is
/// asked.
pub fn mark(mark: &Mark) -> Result<(), String> {
    let tests = build::build_tests(mark.step.name())?;
    let mut class = Vec::new();
    for name in &mark.servers {
        if io::stderr().is_terminal() {
            crate::complain(&format!("marking {name} …"));
        }
        let (groups, error) = match ask(&tests, mark, name) {
            Ok(groups) => (groups, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        class.push(Marked { name: name.clone(), groups, error });
    }
    fill(&mut class);
    write(&mark.csv, || formats::csv(&class))?;
    write(&mark.junit, || formats::junit(&mark.step, &class))?;
    write(&mark.json, || formats::json_lines(&mark.step, &class))?;
    write(&mark.gradescope, || formats::gradescope(&class))?;
    crate::print(&class::table(&mark.step, &class))
}

/// What a server does, by step.
fn ask(tests: &Path, mark: &Mark, name: &str) -> Result<Vec<Group>, String> {
    let Mark { step, limit, .. } = mark;
    let limit = Some(*limit);
    let server = Server::new(name, limit)?;
    let mut groups = first_answers(tests, step, &server, limit)?;
    for _ in 1..ATTEMPTS {
        let rows = groups.iter_mut().flat_map(|group| &mut group.rows);
        let mut failed: Vec<&mut Row> =
            rows.filter(|row| row.failure.is_some()).collect();
        if failed.is_empty() {
            break;
        }
        let mut names = vec!["--exact".into(), "--include-ignored".into()];
        names.extend(failed.iter().map(|row| format!("has::{}", row.name)));
        let printed = build::run_tests(tests, &names, &server, limit)?;
        let outcomes = results::outcomes(&printed, "has::");
        for row in &mut failed {
            if outcomes.get(&row.name) == Some(&None) {
                row.failure = None;
            }
        }
    }
    Ok(groups)
}

fn first_answers(
    tests: &Path,
    step: &Step,
    server: &Server,
    limit: Option<Duration>,
) -> Result<Vec<Group>, String> {
    let all = catalogue::all_but_slow_rows();
    let printed = build::run_tests(tests, &all, server, limit)?;
    results::parse(&printed, step)
}

/// A server that couldn't be asked for anything has none of the rows that the
/// others were asked for.
fn fill(class: &mut [Marked]) {
    let asked = class.iter().find(|marked| marked.error.is_none());
    let Some(groups) = asked.map(|marked| marked.groups.clone()) else {
        return;
    };
    for marked in class {
        let Some(error) = &marked.error else { continue };
        marked.groups = groups.clone();
        for row in marked.groups.iter_mut().flat_map(|it| &mut it.rows) {
            row.failure = Some(error.clone());
        }
    }
}

fn write(
    path: &Option<PathBuf>,
    text: impl FnOnce() -> String,
) -> Result<(), String> {
    let Some(path) = path else { return Ok(()) };
    fs::write(path, text())
        .map_err(|error| format!("cannot write {path:?}: {error}"))
}

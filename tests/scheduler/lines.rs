//! Whether the lines of a level are those of the step.

use crate::levels::{Level, Line};
use crate::{read, repository};
use std::collections::BTreeMap;
use std::fs;

/// Each line that isn't the step's.
pub fn faults(level: &Level) -> Vec<String> {
    let chapter = repository().join("book/src").join(level.chapter);
    let chapter = read(&chapter.with_extension("md"));
    let mut faults = Vec::new();
    for thread in &level.threads {
        // Of each function, those of its lines that haven't been shown yet.
        let mut left: BTreeMap<_, Vec<String>> = BTreeMap::new();
        for line in &thread.program.lines {
            let Some((file, function)) = line.from else { continue };
            let all = body(file, function);
            let left = left.entry((file, function)).or_insert(all.clone());
            let place = format!("fn {function} in {file}");
            let found = left.iter().position(|it| it == line.text);
            match (line.mark, found) {
                ('>', Some(index)) => _ = left.drain(..=index),
                ('>', None) => faults.push(format!(
                    "level {}: {:?} isn't a line of {place}, or isn't at this \
                     place; write the line as the step does, or mark it with \
                     ! if it's a mistake",
                    level.name, line.text
                )),
                _ if is_shown(line, &all, &chapter) => {}
                _ => faults.push(format!(
                    "level {}: {:?} is a mistake that neither {place} nor the \
                     chapter shows",
                    level.name, line.text
                )),
            }
        }
    }
    faults
}

/// A mistake is a line that the chapter shows, or one of the function's own at
/// the wrong place.
fn is_shown(line: &Line, body: &[String], chapter: &str) -> bool {
    body.iter().any(|it| it == line.text)
        || chapter.lines().any(|it| it == line.text)
}

/// The lines of a function, without indents and what follows them as a comment.
fn body(file: &str, function: &str) -> Vec<String> {
    let (step, name) = file.split_once('/').expect("a step and a file");
    let steps = fs::read_dir(repository().join("steps")).unwrap();
    let mut steps = steps.map(|entry| entry.unwrap());
    let directory = steps
        .find(|it| it.file_name().to_string_lossy().starts_with(step))
        .unwrap_or_else(|| panic!("there is no {step}"));
    let text = read(&directory.path().join(name));
    let lines = text.lines();
    let start = format!("fn {function}(");
    let mut lines = lines.skip_while(|line| !line.contains(&start)).peekable();
    let head = lines.peek().copied();
    let head = head.unwrap_or_else(|| panic!("no fn {function} in {file}"));
    let indent = head.len() - head.trim_start().len();
    let end = format!("{}}}", " ".repeat(indent));
    let body = lines.take_while(|line| **line != end);
    let code = body.map(|line| line.split(" // ").next().unwrap().trim());
    code.map(String::from).collect()
}

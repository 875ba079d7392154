//! Whether a program's lines are those of the steps.

use crate::place::repository;
use crate::program::{Function, Line};
use std::fs;

/// What a line contains that does something another thread can see, or waits
/// for one. No such line may lack a move.
const SHARED: [&str; 17] = [
    "lock(",
    "queue.",
    "OTHERS_WAIT",
    "park()",
    ".join()",
    ".send(",
    "recv()",
    ".take()",
    "job)",
    "job()",
    ".swap(",
    ".write(&[",
    ".read(&mut",
    "STOPPED",
    "poller.",
    "execute_all(",
    "wake()",
];

/// The text of a step's file up to its tests.
pub fn read(file: &str) -> String {
    let path = repository().join("steps").join(file);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text.replace("\r\n", "\n"),
        Err(error) => panic!("{}: {error}", path.display()),
    };
    let code = text.split("\n#[cfg(test)]").next();
    code.unwrap_or_default().into()
}

/// A function's lines, without indents and comments. A brace that's alone
/// belongs to the line before it.
pub fn body(text: &str, function: &str) -> Option<Vec<String>> {
    let start = format!("fn {function}(");
    let mut lines = text.lines().skip_while(|line| !line.contains(&start));
    let head = lines.next()?;
    let indent = head.len() - head.trim_start().len();
    let end = format!("{}}}", " ".repeat(indent));
    let lines = lines.take_while(|line| *line != end);
    let code = lines.map(|line| line.split("// ").next().unwrap().trim());
    let mut body = Vec::<String>::new();
    for line in code.filter(|line| !line.is_empty()) {
        match body.last_mut() {
            Some(last) if line == "{" => last.push_str(" {"),
            _ => body.push(line.into()),
        }
    }
    Some(body)
}

/// What's wrong with a function and those that it calls. `read` returns the
/// text of a file.
pub fn faults<S>(
    function: &Function<S>,
    read: &dyn Fn(&str) -> String,
) -> Vec<String> {
    let mut faults = Vec::new();
    if let Some((file, name)) = function.from {
        let place = format!("fn {name} in {file}");
        let body = body(&read(file), name);
        let body = body.unwrap_or_else(|| panic!("there's no {place}"));
        let told: Vec<_> = function.lines.iter().map(|it| it.text).collect();
        // The model has only a part of `main`.
        let is_told = match name {
            "main" => body.windows(told.len()).any(|part| part == told),
            _ => body == told,
        };
        if !is_told {
            let differs = body.iter().zip(&told).find(|(is, told)| is != told);
            faults.push(format!("{place} differs from its model: {differs:?}"));
        }
        let silent = function.lines.iter().filter(|line| is_silent(line));
        faults.extend(
            silent.map(|line| format!("{place}: {:?} needs a move", line.text)),
        );
    }
    let calls = function.lines.iter().flat_map(|line| &line.call);
    faults.extend(calls.flat_map(|call| self::faults(call, read)));
    faults
}

/// Whether another thread could see what a line does, and no move says so.
fn is_silent<S>(line: &Line<S>) -> bool {
    line.moves.is_empty()
        && line.call.is_none()
        && SHARED.iter().any(|shared| line.text.contains(shared))
}

/// The lines of a file that another thread could see, in functions without a
/// model.
pub fn left_out(text: &str, modelled: &[&str]) -> Vec<String> {
    let names = text.lines().filter_map(|line| line.split_once("fn "));
    let names = names.filter_map(|(_, rest)| rest.split_once('('));
    let others = names.map(|it| it.0).filter(|it| !modelled.contains(it));
    let lines = others.filter_map(|name| body(text, name)).flatten();
    let is_shared = |line: &String| SHARED.iter().any(|it| line.contains(it));
    lines.filter(is_shared).collect()
}

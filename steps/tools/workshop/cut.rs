//! Finds the body of a function in a source text, and cuts it out.
//!
//! The text is one that compiles and that rustfmt has formatted: a function
//! that isn't in an `impl` begins its line.

use std::iter;
use std::ops::Range;

const MAX_WIDTH: usize = 80;

/// The text with `todo!("…")` in place of the body of a function: `run`, or
/// `ThreadPool::execute`.
pub fn hole(text: &str, name: &str, task: &str) -> Option<String> {
    let (whole, body) = find(text, name)?;
    let line = text[..whole.start].rsplit('\n').next()?;
    let margin = " ".repeat(line.len());
    let todo = todo(task, line.len() + 4);
    let (before, after) = (&text[..body.start], &text[body.end..]);
    Some(format!("{before}\n{todo}\n{margin}{after}"))
}

/// A function, from its first word to its last brace.
pub fn function<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (whole, _) = find(text, name)?;
    Some(&text[whole])
}

/// The names of all functions in a text, except its tests: `run`, or
/// `ThreadPool::execute`.
pub fn functions(text: &str) -> Vec<String> {
    let code = without_text(text);
    let (code, _) = code.split_once("\nmod tests").unwrap_or((&code, ""));
    let (mut names, mut owner) = (Vec::new(), String::new());
    for line in code.lines() {
        if line.starts_with("impl") {
            let header = line.trim_end_matches([' ', '{']);
            let of = header.rsplit(' ').next().unwrap_or(header);
            owner = of.split('<').next().unwrap_or(of).to_string() + "::";
        } else if line.starts_with('}') {
            owner.clear();
        }
        let margin = if owner.is_empty() { "" } else { "    " };
        let Some(line) = line.strip_prefix(margin) else { continue };
        let mut words = ["fn ", "pub fn ", "const fn "].iter();
        let Some(rest) = words.find_map(|it| line.strip_prefix(it)) else {
            continue;
        };
        let name = rest.split(['(', '<']).next().unwrap_or(rest);
        names.push(format!("{owner}{name}"));
    }
    names
}

/// The numbers of a function's first and last lines, from 1.
pub fn lines(text: &str, name: &str) -> Option<(usize, usize)> {
    let (whole, _) = find(text, name)?;
    let line = |end: usize| text[..end].matches('\n').count() + 1;
    Some((line(whole.start), line(whole.end)))
}

/// Where a function is, and where its body is, between its braces.
fn find(text: &str, name: &str) -> Option<(Range<usize>, Range<usize>)> {
    let code = without_text(text);
    let (scope, name) = match name.split_once("::") {
        Some((owner, name)) => (owner, name),
        None => ("", name),
    };
    let scopes = match scope {
        "" => iter::once(0..code.len()).collect(),
        owner => impls(&code, owner),
    };
    let margin = if scope.is_empty() { "\n" } else { "\n    " };
    scopes.into_iter().find_map(|scope| {
        let start = ["fn", "pub fn", "const fn"].iter().find_map(|words| {
            let start = format!("{margin}{words} {name}");
            let mut found = code[scope.clone()].match_indices(&start);
            let (at, _) = found.find(|(at, _)| {
                code[scope.start + at + start.len()..].starts_with(['(', '<'])
            })?;
            Some(scope.start + at + margin.len())
        })?;
        let open = start + code[start..].find('{')?;
        let close = closing_brace(&code, open)?;
        Some((start..close + 1, open + 1..close))
    })
}

/// What's between the braces of the `impl`s of a type.
fn impls(code: &str, owner: &str) -> Vec<Range<usize>> {
    let starts = code.match_indices("\nimpl").map(|(at, _)| at);
    let bodies = starts.filter_map(|start| {
        let open = start + code[start..].find('{')?;
        let header = code[start..open].trim_end();
        let header = header.rsplit(' ').next()?;
        let name = header.split('<').next()?;
        (name == owner).then_some(())?;
        Some(open + 1..closing_brace(code, open)?)
    });
    bodies.collect()
}

fn closing_brace(code: &str, open: usize) -> Option<usize> {
    let mut depth = 0;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => continue,
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// The same text with spaces for comments and for what's in quotes, so that a
/// brace in it is one that counts. Each byte keeps its place.
fn without_text(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match text_length(rest, &code) {
            0 => {
                code.push(first);
                rest = &rest[first.len_utf8()..];
                continue;
            }
            length => length,
        };
        let (text, after) = rest.split_at(length);
        let blank = |byte| if byte == b'\n' { '\n' } else { ' ' };
        code.extend(text.bytes().map(blank));
        rest = after;
    }
    code
}

/// How many bytes at the beginning are a comment, a string or a character.
fn text_length(rest: &str, before: &str) -> usize {
    let end = |at: Option<usize>| at.unwrap_or(rest.len());
    if rest.starts_with("//") {
        return end(rest.find('\n'));
    }
    if rest.starts_with("/*") {
        return end(rest.find("*/").map(|at| at + 2));
    }
    if rest.starts_with('"') {
        return end(closing_quote(rest, '"'));
    }
    // A raw string; but not a name that ends in r.
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    if before.ends_with('r') && rest[hashes..].starts_with('"') && hashes > 0 {
        let close = format!("\"{}", "#".repeat(hashes));
        let after = &rest[hashes + 1..];
        let length = after.find(&close).map(|at| at + 2 * hashes + 2);
        return end(length);
    }
    // 'a' or '\n', but not a lifetime.
    let mut letters = rest.chars();
    let is_letter = letters.next() == Some('\'')
        && (letters.next() == Some('\\') || letters.next() == Some('\''));
    match is_letter {
        true => end(closing_quote(rest, '\'')),
        false => 0,
    }
}

/// How long something in quotes is.
fn closing_quote(rest: &str, quote: char) -> Option<usize> {
    let mut is_escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        if letter == quote && !is_escaped {
            return Some(at + 1);
        }
        is_escaped = letter == '\\' && !is_escaped;
    }
    None
}

/// The macro as rustfmt would have it, on several lines if it's long.
fn todo(task: &str, margin: usize) -> String {
    let blanks = " ".repeat(margin);
    let short = format!("{blanks}todo!(\"{task}\")");
    if short.len() <= MAX_WIDTH {
        return short;
    }
    let mut lines = vec![format!("{blanks}    \"")];
    for word in task.split_inclusive(' ') {
        let line = lines.last_mut().expect("it begins with one");
        if line.len() + word.len() >= MAX_WIDTH {
            line.push('\\');
            lines.push(format!("{blanks}     "));
        }
        lines.last_mut().expect("it begins with one").push_str(word);
    }
    let text = lines.join("\n");
    format!("{blanks}todo!(\n{text}\"\n{blanks})")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "\
//! fn run() { isn't code

impl Drop for Pool<'_> {
    fn drop(&mut self) {
        println!(\"}} {}\", '}'); // }
    }
}

impl<'a> Line<'a> {
    pub fn parse(line: &'a str) -> Option<Line<'a>> {
        let (_, b) = line.split_once(['{', '\\'', '\"', '\\\\'])?;
        match b { \"\\\"{\" => None, _ => r#\"\"}\"#.get(..) /* { */ }
    }
}

fn runner() {}

/// fn run() {
fn run(
    a: usize,
) {
    a
}
";

    #[test]
    fn braces_in_text_do_not_count() {
        let holed = hole(SOURCE, "Pool::drop", "join").unwrap();
        let part =
            "(&mut self) {\n        todo!(\"join\")\n    }\n}\n\nimpl<'a>";
        assert!(holed.contains(part), "{holed}");
        let holed = hole(SOURCE, "Line::parse", "split").unwrap();
        let part = "{\n        todo!(\"split\")\n    }\n}\n\nfn runner";
        assert!(holed.contains(part), "{holed}");
    }

    #[test]
    fn a_function_is_found_by_its_whole_name() {
        let found = function(SOURCE, "run").unwrap();
        assert_eq!(found, "fn run(\n    a: usize,\n) {\n    a\n}");
        assert_eq!(lines(SOURCE, "run"), Some((19, 23)));
        assert_eq!(lines(SOURCE, "drop"), None);
        assert_eq!(lines(SOURCE, "Line::drop"), None);
        assert_eq!(lines(SOURCE, "ru"), None);
        let names = ["Pool::drop", "Line::parse", "runner", "run"];
        assert_eq!(functions(SOURCE), names);
    }

    #[test]
    fn a_long_task_is_wrapped() {
        let task = "word ".repeat(20);
        let holed = hole(SOURCE, "run", task.trim_end()).unwrap();
        assert!(holed.lines().all(|it| it.len() <= MAX_WIDTH), "{holed}");
        assert!(holed.contains("    todo!(\n        \"word"), "{holed}");
        assert!(holed.contains("\\\n         word"), "{holed}");
        assert!(holed.ends_with("word\"\n    )\n}\n"), "{holed}");
    }
}

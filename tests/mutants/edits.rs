//! All the edits that change one thing in a file: an operator, a constant, a
//! condition, a call. It looks at the text alone, which rustfmt has written.

use std::ops::Range;

/// Puts some text where other text was.
pub struct Edit {
    pub span: Range<usize>,
    pub with: String,
}

impl Edit {
    /// The text with the edit.
    pub fn apply(&self, text: &str) -> String {
        let Range { start, end } = self.span;
        [&text[..start], &self.with, &text[end..]].concat()
    }

    /// The number of its line.
    pub fn line_in(&self, text: &str) -> usize {
        text[..self.span.start].matches('\n').count() + 1
    }

    /// Its line: `if a [< -> <=] b {`.
    pub fn shown_in(&self, text: &str) -> String {
        let Range { start, end } = self.span;
        let first = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let last = text[end..].find('\n').map_or(text.len(), |at| end + at);
        let (old, new) = (&text[start..end], &self.with);
        let old: Vec<_> = old.lines().map(str::trim).collect();
        let old = if old.len() > 1 { old.join(" ") } else { old.concat() };
        let (before, after) = (&text[first..start], &text[end..last]);
        format!("{}[{old} -> {new}]{after}", before.trim_start())
    }
}

/// Operators, and what takes their place.
const SWAPS: [(&str, &str); 21] = [
    (" < ", " <= "),
    (" <= ", " < "),
    (" > ", " >= "),
    (" >= ", " > "),
    (" == ", " != "),
    (" != ", " == "),
    (" && ", " || "),
    (" || ", " && "),
    (" + ", " - "),
    (" - ", " + "),
    (" * ", " / "),
    (" / ", " * "),
    (" % ", " / "),
    (" += ", " -= "),
    (" -= ", " += "),
    (" |= ", " &= "),
    (" &= ", " |= "),
    ("..=", ".."),
    ("true", "false"),
    ("false", "true"),
    ("?;", ".ok();"),
];

/// What begins something other than a statement that can be left out.
const KEPT: [&str; 19] = [
    "#", "const", "enum", "extern", "fn", "for", "if", "impl", "let", "loop",
    "match", "mod", "pub", "static", "struct", "type", "unsafe", "use",
    "while",
];

/// All edits of a file, apart from its tests.
pub fn edits(text: &str) -> Vec<Edit> {
    let code = Code::new(text);
    let mut edits = Vec::new();
    for (from, to) in SWAPS {
        for (at, _) in code.masked.match_indices(from) {
            let start = at + from.len() - from.trim_start().len();
            let span = start..at + from.trim_end().len();
            edits.push(Edit { span, with: to.trim().to_string() });
        }
    }
    for at in 0..code.masked.len() {
        code.values_at(at, &mut edits);
        code.parts_at(at, &mut edits);
    }
    for literal in &code.literals {
        let with = &text[literal.clone()];
        let with = match with.strip_suffix('"') {
            Some(most) => format!("{most}~\""),
            None => format!("{}'~'", with.split('\'').next().unwrap()),
        };
        edits.push(Edit { span: literal.clone(), with });
    }
    edits
}

/// The text of a file without its tests, and what's in it.
struct Code {
    /// The text, with `_` for each byte of a literal and a blank for each one
    /// of a comment.
    masked: String,
    /// The texts, and the bytes in quotes.
    literals: Vec<Range<usize>>,
}

impl Code {
    fn new(text: &str) -> Code {
        let tests = ["\n#[cfg(test)]", "\n#[cfg(all(test"];
        let end = tests.iter().filter_map(|it| text.find(it)).min();
        let text = &text[..end.unwrap_or(text.len())];
        let (mut masked, mut literals) = (String::new(), Vec::new());
        while masked.len() < text.len() {
            let start = masked.len();
            let rest = &text[start..];
            let (length, mask) = if rest.starts_with("//") {
                (rest.find('\n').unwrap_or(rest.len()), ' ')
            } else if rest.starts_with('"') || rest.starts_with("b\"") {
                (text_length(rest), '_')
            } else if let Some(length) = character_length(rest) {
                (length, '_')
            } else {
                masked.push_str(&rest[..1]); // All else is ASCII.
                continue;
            };
            masked.extend(std::iter::repeat_n(mask, length));
            if mask == '_' && length > 2 {
                literals.push(start..start + length);
            }
        }
        Code { masked, literals }
    }

    /// The edits of the negation, the number or the condition that begins here.
    fn values_at(&self, at: usize, edits: &mut Vec<Edit>) {
        let (before, rest) = self.masked.split_at(at);
        let mut push = |length: usize, with: &str| {
            let (span, with) = (at..at + length, with.to_string());
            edits.push(Edit { span, with });
        };
        if before.ends_with(is_word) {
            return;
        }
        if rest.starts_with('!') && rest[1..].starts_with(|c| is_name(c, '(')) {
            push(1, "");
        }
        let is_index = before.ends_with('.') && !before.ends_with("..");
        if rest.starts_with(|c: char| c.is_ascii_digit()) && !is_index {
            let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            if let Ok(number) = rest[..length].replace('_', "").parse::<u64>() {
                push(length, &(number + 1).to_string());
            }
            if &rest[..length] != "0" {
                push(length, "0");
            }
        }
        for keyword in ["if ", "while "] {
            let Some(after) = rest.strip_prefix(keyword) else { continue };
            let end = [find(after, " {"), find(after, " =>")];
            let end = end.into_iter().flatten().min();
            if let Some(end) = end.filter(|_| !after.starts_with("let ")) {
                push(keyword.len() + end, &format!("{keyword}true"));
                push(keyword.len() + end, &format!("{keyword}false"));
            }
        }
    }

    /// The edits that leave out what begins here: one of several patterns or
    /// flags, a method's call in a chain, or a statement.
    fn parts_at(&self, at: usize, edits: &mut Vec<Edit>) {
        let (before, rest) = self.masked.split_at(at);
        let mut leave_out = |length: usize| {
            let (span, with) = (at..at + length, String::new());
            edits.push(Edit { span, with });
        };
        if rest.starts_with("| ") && before.ends_with(' ') {
            let ends = [" ", "\n", ",", ";", ")"];
            let ends = ends.iter().filter_map(|end| find(&rest[2..], end));
            leave_out(2 + ends.min().unwrap_or(0));
        }
        if let Some(call) = rest.strip_prefix('.') {
            let name = call.find(|c| !is_word(c)).unwrap_or(0);
            let arguments = call[name..].strip_prefix('(');
            if let Some(end) = arguments.and_then(|it| find(it, ")")) {
                leave_out(".()".len() + name + end);
            }
        }
        let begins = before.trim_end().ends_with(['{', '}', ';'])
            && before.ends_with([' ', '\n'])
            && !rest.starts_with([' ', '\n', '}']);
        let word = rest.split(|c| !is_name(c, '#')).next().unwrap_or("");
        if begins && !KEPT.contains(&word) {
            find(rest, ";").into_iter().for_each(|end| leave_out(end + 1));
        }
    }
}

/// Whether it may be in a name.
fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn is_name(c: char, or: char) -> bool {
    is_word(c) || c == or
}

/// How long the literal is that the text begins with.
fn text_length(text: &str) -> usize {
    let mut escaped = false;
    let start = text.find('"').unwrap() + 1;
    let end = text[start..].find(|c| {
        let is_end = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        is_end
    });
    start + end.expect("a literal has an end") + 1
}

/// The same for a character or a byte, such as `b'a'`. `'a` is a lifetime.
fn character_length(text: &str) -> Option<usize> {
    let prefix = if text.starts_with("b'") { 2 } else { 1 };
    let rest = text[prefix - 1..].strip_prefix('\'')?;
    let least = if rest.starts_with('\\') { 2 } else { 1 };
    let end = least + rest[least..].find('\'')?;
    (end == least || least == 2).then_some(prefix + end + 1)
}

/// Where something is, if it comes before the end of the brackets that the text
/// is in, and isn't in brackets itself.
fn find(text: &str, what: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        if depth == 0 && text[at..].starts_with(what) {
            return Some(at);
        }
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => return None,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

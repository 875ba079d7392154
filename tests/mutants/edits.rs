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

    /// The number of its line, and the line: `9: if a [< -> <=] b {`.
    pub fn shown_in(&self, text: &str) -> String {
        let Range { start, end } = self.span;
        let first = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let last = text[end..].find('\n').map_or(text.len(), |at| end + at);
        let number = text[..start].matches('\n').count() + 1;
        let (old, new) = (&text[start..end], &self.with);
        let old: Vec<_> = old.lines().map(str::trim).collect();
        let old = if old.len() > 1 { old.join(" ") } else { old.concat() };
        let (before, after) = (&text[first..start], &text[end..last]);
        format!("{number}: {}[{old} -> {new}]{after}", before.trim_start())
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
        code.edits_at(at, &mut edits);
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
        while let Some(rest) = text.get(masked.len()..).filter(|it| *it != "") {
            let start = masked.len();
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

    /// The edits of what begins here.
    fn edits_at(&self, at: usize, edits: &mut Vec<Edit>) {
        let (before, rest) = self.masked.split_at(at);
        let mut push = |length: usize, with: &str| {
            let (span, with) = (at..at + length, with.to_string());
            edits.push(Edit { span, with });
        };
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let first = rest.chars().next().unwrap();
        let follows_word = before.ends_with(is_word);
        let next = rest.chars().nth(1).unwrap_or(' ');
        if first == '!' && !follows_word && (is_word(next) || next == '(') {
            push(1, "");
        }
        let is_index = before.ends_with('.') && !before.ends_with("..");
        if first.is_ascii_digit() && !follows_word && !is_index {
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
            if follows_word || after.starts_with("let ") {
                continue;
            }
            let end = [find(after, " {"), find(after, " =>")];
            if let Some(end) = end.into_iter().flatten().min() {
                let keyword = keyword.to_string();
                push(keyword.len() + end, &(keyword.clone() + "true"));
                push(keyword.len() + end, &(keyword + "false"));
            }
        }
        // One of several patterns or flags.
        if rest.starts_with("| ") && before.ends_with(' ') {
            let ends = [" ", "\n", ",", ";", ")"];
            let ends = ends.iter().filter_map(|end| find(&rest[2..], end));
            push(2 + ends.min().unwrap_or(0), "");
        }
        // A call of a method, in a chain.
        if first == '.' && next.is_ascii_lowercase() {
            let name = rest[1..].find(|c| !is_word(c)).unwrap_or(0) + 1;
            if rest[name..].starts_with('(') {
                let end = find(&rest[name + 1..], ")");
                push(name + 1 + end.map_or(0, |end| end + 1), "");
            }
        }
        let begins = before.trim_end().ends_with(['{', '}', ';']);
        let words = rest.split(|c| !is_word(c) && c != '#');
        if begins
            && before.ends_with([' ', '\n'])
            && !first.is_whitespace()
            && first != '}'
            && !KEPT.contains(&words.into_iter().next().unwrap_or(""))
            && let Some(end) = find(rest, ";")
        {
            push(end + 1, "");
        }
    }
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

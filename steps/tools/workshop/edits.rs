//! Small changes to a file, written as in a diff.

use std::mem;

/// Neighbouring lines: each comes after a space, a minus or a plus.
#[derive(Default)]
pub struct Edit(Vec<&'static str>);

impl Edit {
    pub fn push(&mut self, line: &'static str) {
        self.0.push(line);
    }

    /// The lines that begin with a space or with that sign.
    fn side(&self, sign: char) -> String {
        let lines = self.0.iter();
        let lines = lines.filter_map(|line| line.strip_prefix([' ', sign]));
        lines.fold("\n".to_string(), |text, line| text + line + "\n")
    }

    /// Its lines as they are.
    pub fn lines(&self) -> String {
        self.0.iter().fold(String::new(), |text, line| text + line + "\n")
    }

    /// The edit that undoes this one.
    pub fn reversed(&self) -> String {
        let (mut text, mut put_back) = (String::new(), String::new());
        for line in &self.0 {
            match line.split_at(1) {
                ("-", line) => put_back.extend(["+", line, "\n"]),
                ("+", line) => text.extend(["-", line, "\n"]),
                _ => text.extend([&*mem::take(&mut put_back), line, "\n"]),
            }
        }
        text + &put_back
    }
}

/// Makes the edits in a text. Each has to fit in one place, and in no other.
pub fn apply(edits: &[Edit], text: &str) -> Result<String, String> {
    let mut text = format!("\n{text}");
    for edit in edits {
        let (old, new) = (edit.side('-'), edit.side('+'));
        let count = text.matches(&old).count();
        if count != 1 {
            return Err(format!(
                "has this {count} times instead of once:{old}"
            ));
        }
        text = text.replace(&old, &new);
    }
    Ok(text.split_off(1))
}

//! The bug hunts: small faults in a step, as the files in `hunts/` tell them.

use crate::edits::{self, Edit};
use crate::steps;
use std::collections::BTreeMap;

const TEXTS: [&str; 3] = [
    include_str!("hunts/part_one.txt"),
    include_str!("hunts/part_two.txt"),
    include_str!("hunts/part_three.txt"),
];

/// A fault in one file of a step.
#[derive(Default)]
pub struct Hunt {
    pub name: &'static str,
    /// `step05`
    pub step: &'static str,
    pub file: &'static str,
    /// The belief that leads to this mistake.
    pub believed: String,
    /// What's true instead.
    pub fact: String,
    /// The behaviours that the step loses, each with a part of what its test
    /// sees instead. The first one leads to the fault.
    pub fails: Vec<(&'static str, &'static str)>,
    /// Those that it loses only if the server is quick, or its client slow.
    pub sometimes: Vec<&'static str>,
    /// What to ask about it in an oral exam, if it's a part of that.
    pub exam: Option<String>,
    edits: Vec<Edit>,
}

/// All hunts, in the order of their steps.
pub fn hunts() -> Vec<Hunt> {
    let texts = TEXTS.into_iter();
    texts.flat_map(|text| text.split("\n\n")).map(Hunt::parse).collect()
}

impl Hunt {
    /// Reads a paragraph of a file. A mistake in it is ours, and a test finds it.
    fn parse(text: &'static str) -> Hunt {
        let mut hunt = Hunt::default();
        let mut sentence = &mut String::new();
        for line in text.lines() {
            if let Some(title) = line.strip_prefix("== ") {
                let (name, place) = title.split_once(": ").expect("a name");
                let (step, file) = place.split_once(' ').expect("a step");
                (hunt.name, hunt.step, hunt.file) = (name, step, file);
            } else if let Some(text) = line.strip_prefix("believed: ") {
                sentence = &mut hunt.believed;
                sentence.push_str(text);
            } else if let Some(text) = line.strip_prefix("true: ") {
                sentence = &mut hunt.fact;
                sentence.push_str(text);
            } else if let Some(text) = line.strip_prefix("exam: ") {
                sentence = hunt.exam.insert(text.to_string());
            } else if let Some(text) = line.strip_prefix("fails: ") {
                let (row, saw) = text.split_once(": ").expect("a row");
                hunt.fails.push((row, saw));
            } else if let Some(row) = line.strip_prefix("sometimes: ") {
                hunt.sometimes.push(row);
            } else if line == "@@" {
                hunt.edits.push(Edit::default());
            } else if line.starts_with([' ', '-', '+']) {
                let edit = hunt.edits.last_mut().expect("@@ comes first");
                edit.push(line);
            } else {
                sentence.extend([" ", line]);
            }
        }
        hunt
    }

    /// The faulty program: its files by their names. They have no unit tests,
    /// which would name the faulty function.
    pub fn files(&self) -> Result<BTreeMap<String, String>, String> {
        let mut files = steps::find(self.step)?.files()?;
        for text in files.values_mut() {
            let program = text.split_once("\n#[cfg(test)]\nmod tests {");
            if let Some((program, _)) = program {
                *text = program.trim_end().to_string() + "\n";
            }
        }
        let Some(text) = files.get_mut(self.file) else {
            return Err(format!("{} has no {}", self.step, self.file));
        };
        *text = edits::apply(&self.edits, text).map_err(|fault| {
            let Hunt { name, step, file, .. } = self;
            format!("{name}: {file} of {step} {fault}")
        })?;
        Ok(files)
    }

    /// The diff that removes the fault again.
    pub fn cure(&self) -> String {
        let edits: Vec<String> =
            self.edits.iter().map(Edit::reversed).collect();
        edits.join("@@\n")
    }
}

//! The exercises of the book, as the files in `exercises/` tell them.

use crate::edits::{self, Edit};
use crate::steps;
use std::collections::BTreeMap;

const TEXTS: [&str; 4] = [
    include_str!("exercises/part_one.txt"),
    include_str!("exercises/part_two.txt"),
    include_str!("exercises/part_three.txt"),
    include_str!("exercises/shelf.txt"),
];

/// A change to a step that the reader makes, and how to know that it's right.
#[derive(Default)]
pub struct Exercise {
    /// `ch05-more-workers`
    pub name: &'static str,
    /// `step05`
    pub step: &'static str,
    /// What's to be done, and when it's done.
    pub task: String,
    /// Three hints: where to look, the idea, and the lines.
    pub hints: Vec<String>,
    /// The answer, if the task also asks a question.
    pub answer: String,
    /// The tests that say whether it's done. The step fails all of them.
    pub rows: Vec<&'static str>,
    /// What a solution changes, file by file. Nothing if it's your own step.
    solution: Vec<(&'static str, Vec<Edit>)>,
}

/// All exercises, in the order of their chapters.
pub fn exercises() -> Vec<Exercise> {
    let texts = TEXTS.into_iter();
    texts.flat_map(|text| text.split("\n\n")).map(Exercise::parse).collect()
}

impl Exercise {
    /// Reads a paragraph of a file. A mistake in it is ours, and a test finds it.
    fn parse(text: &'static str) -> Exercise {
        let mut exercise = Exercise::default();
        let mut sentence = &mut String::new();
        for line in text.lines() {
            if let Some(title) = line.strip_prefix("== ") {
                (exercise.name, exercise.step) =
                    title.split_once(": ").expect("a name and a step");
            } else if let Some(text) = line.strip_prefix("task: ") {
                sentence = &mut exercise.task;
                sentence.push_str(text);
            } else if let Some(text) = line.strip_prefix("answer: ") {
                sentence = &mut exercise.answer;
                sentence.push_str(text);
            } else if let Some(text) = line.strip_prefix("hint: ") {
                exercise.hints.push(text.to_string());
                sentence = exercise.hints.last_mut().expect("this hint");
            } else if let Some(row) = line.strip_prefix("row: ") {
                exercise.rows.push(row);
            } else if let Some(file) = line.strip_prefix("file: ") {
                exercise.solution.push((file, Vec::new()));
            } else if line == "@@" {
                let file = exercise.solution.last_mut().expect("a file");
                file.1.push(Edit::default());
            } else if line.starts_with([' ', '-', '+']) {
                let file = exercise.solution.last_mut().expect("a file");
                file.1.last_mut().expect("@@ comes first").push(line);
            } else {
                sentence.extend([" ", line]);
            }
        }
        exercise
    }

    /// The name of the module that has its tests: `ch05_more_workers`.
    pub fn module(&self) -> String {
        self.name.replace('-', "_")
    }

    /// The files of its step with the solution in them, by their names.
    #[allow(dead_code)] // The tests try the solutions.
    pub fn solved(&self) -> Result<BTreeMap<String, String>, String> {
        let mut files = steps::find(self.step)?.files()?;
        for (name, edits) in &self.solution {
            let fault = |it: String| format!("{}: {name} {it}", self.name);
            let Some(text) = files.get_mut(*name) else {
                return Err(fault(format!("isn't a file of {}", self.step)));
            };
            *text = edits::apply(edits, text).map_err(fault)?;
        }
        Ok(files)
    }

    /// Whether there's a solution. A larger task, `own-…`, has none.
    pub fn has_solution(&self) -> bool {
        !self.solution.is_empty()
    }

    /// The solution as a diff to the step.
    pub fn solution(&self) -> String {
        let mut text = String::new();
        for (name, edits) in &self.solution {
            text += &format!("--- {}/{name}\n+++ src/{name}\n", self.step);
            for edit in edits {
                text += &format!("@@\n{}", edit.lines());
            }
        }
        text
    }
}

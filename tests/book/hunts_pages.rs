//! The pages about the bug hunts, made from what the hunts say of themselves.

use crate::faults::Faults;
use crate::hunts::{Hunt, hunts};
use crate::source::*;
use crate::table::sentence;

/// How many lost behaviours are worth reading.
const MAX_ROWS: usize = 4;

fn is_generated(file: &str, fresh: &str) {
    let path = source().join(file);
    let same = path.exists() && read(&path) == fresh;
    Faults::default().compare(&path, fresh, same);
}

/// `[chapter 5](step05_thread_pool.md)`
fn chapter(hunt: &Hunt) -> String {
    let steps = steps();
    let step = steps.iter().find(|step| step.starts_with(hunt.step));
    let step = step.expect("a step of the walk");
    format!("[chapter {}]({step}.md)", number_of(step))
}

/// The behaviours that are lost, or the first ones of many.
fn rows(hunt: &Hunt) -> String {
    let rows = hunt.fails.iter().map(|(row, _)| sentence(row));
    let shown: Vec<_> = rows.take(MAX_ROWS).collect();
    let shown = shown.join("; ");
    match hunt.fails.len().saturating_sub(MAX_ROWS) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}

#[test]
fn the_list_of_hunts_is_what_the_hunts_say() {
    let hunts = hunts();
    let mut text = String::new();
    for group in hunts.chunk_by(|one, next| one.step == next.step) {
        text += &format!("In {}:\n\n", chapter(&group[0]));
        for hunt in group {
            let Hunt { name, file, believed, fact, .. } = hunt;
            text += &format!(
                "* **{name}**, in `{file}`. *{believed}* {fact} Fails: {}.\n",
                rows(hunt)
            );
        }
        text += "\n";
    }
    is_generated("hunts_list.md", &text);
}

#[test]
fn the_oral_exam_is_what_the_hunts_say() {
    let mut text = String::new();
    let hunts = hunts();
    let exam: Vec<_> = hunts.iter().filter(|it| it.exam.is_some()).collect();
    assert_eq!(exam.len(), 10, "an exam has ten questions");
    for hunt in exam {
        let Hunt { name, fact, exam, .. } = hunt;
        let question = exam.as_deref().expect("it was chosen by that");
        text += &format!(
            "1. **{name}** ({}). {question} *A good answer:* {fact}\n",
            chapter(hunt)
        );
    }
    is_generated("hunts_exam.md", &text);
}

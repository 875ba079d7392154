//! Three hints for a failure: where to look, what the idea is, and where the
//! book and the finished step have it.

use crate::cut;
use crate::pieces::{self, Holes, Piece};
use crate::place::repository;
use crate::steps::{self, Step};
use crate::wrap::wrapped;

/// The hint at a level, from 1 to 3: about the hole that the server has fallen
/// into, or else about all that the step adds.
pub fn hint(
    step: &Step,
    level: usize,
    hole: Option<Piece>,
) -> Result<String, String> {
    let pieces = match hole {
        Some(hole) => vec![hole],
        None => pieces::of(step.name(), Holes::All),
    };
    if pieces.is_empty() {
        let chapter = step.chapter();
        return Ok(format!("Hint: see what {chapter} changes.\n"));
    }
    let mut hint = match level {
        1 => "Hint 1, where to look:\n",
        2 => "Hint 2, the idea:\n",
        _ => "Hint 3, in the chapter and in the finished step:\n",
    }
    .to_string();
    let explains = level == 2 && pieces.len() == 1;
    for piece in pieces {
        let Piece { file, function, task, .. } = piece;
        hint += &match level {
            1 => format!("  {function} in src/{file}\n"),
            2 => format!("  {function}:\n{}", wrapped(task, 4)),
            _ => format!("  {function}: {}\n", places(step, &piece)?),
        };
        if explains {
            hint += &explanation(step, &piece)?;
        }
    }
    Ok(hint)
}

/// The hole that the server has fallen into, according to its standard error.
pub fn hole(step: &Step, failure: &str) -> Option<Piece> {
    let (_, after) = failure.split_once("not yet implemented: ")?;
    let is_it = |piece: &Piece| after.starts_with(piece.task);
    pieces::of(step.name(), Holes::All).into_iter().find(is_it)
}

/// What the chapter says about a piece: the paragraph that has its name in bold,
/// or else the one below its text.
fn explanation(step: &Step, piece: &Piece) -> Result<String, String> {
    let source = steps::read(&repository().join(step.path(piece.file)))?;
    let chapter = steps::read(&repository().join(step.chapter()))?;
    let name = piece.function.rsplit("::").next().unwrap_or_default();
    let name = format!("**`{name}`**");
    let (first, _) = cut::lines(&source, piece.function).unwrap_or((1, 1));
    let shown: Vec<_> = anchors(&source, first)
        .into_iter()
        .map(|anchor| format!("/{}:{anchor}}}}}", piece.file))
        .collect();
    let shows = |it: &str| shown.iter().any(|shown| it.contains(shown));
    let is_prose = |it: &&str| {
        !it.starts_with("```")
            && it
                .starts_with(|it: char| it.is_alphabetic() || "`*".contains(it))
    };
    let mut paragraphs = chapter.split("\n\n");
    let named =
        paragraphs.clone().filter(is_prose).find(|it| it.contains(&name));
    let found = named.or_else(|| {
        paragraphs.find(|it| shows(it))?;
        paragraphs.next().filter(is_prose)
    });
    let found = found.map(without_lead_over).unwrap_or_default();
    Ok(wrapped(&without_links(found), 4))
}

/// The paragraph without a last sentence that only leads into a block.
fn without_lead_over(text: &str) -> &str {
    match text.strip_suffix(':') {
        Some(text) => {
            let end = text.rfind(". ").max(text.rfind(".\n"));
            end.map_or("", |end| &text[..=end])
        }
        None => text,
    }
}

/// `[text](address)` becomes `text`.
fn without_links(text: &str) -> String {
    let mut parts = text.split("](");
    let mut plain = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let (_, after) = part.split_once(')').unwrap_or(("", part));
        plain += after;
    }
    plain.replace("[**", "**")
}

/// The line of the chapter that shows a piece, and its lines in the step.
fn places(step: &Step, piece: &Piece) -> Result<String, String> {
    let (file, path) = (piece.file, step.path(piece.file));
    let source = steps::read(&repository().join(&path))?;
    let chapter = steps::read(&repository().join(step.chapter()))?;
    let (first, last) = cut::lines(&source, piece.function).unwrap_or((1, 1));
    let anchors = anchors(&source, first);
    let shows = |line: &&str| {
        let shown = line.split_once(&format!("/{file}"));
        shown.is_some_and(|(_, rest)| match rest.strip_prefix(':') {
            Some(anchor) => {
                anchors.iter().any(|it| anchor.strip_suffix("}}") == Some(it))
            }
            None => rest == "}}",
        })
    };
    let heading = |line: &&str| line.starts_with('#') && line.contains(file);
    let mut lines = chapter.lines();
    let at = lines.clone().position(|line| shows(&line));
    let at = at.or_else(|| lines.position(|line| heading(&line)));
    let at = at.map_or(1, |at| at + 1);
    Ok(format!("{}:{at}\n      {path}:{first}-{last}", step.chapter()))
}

/// The names of the excerpts of a source that a line is in.
fn anchors(source: &str, number: usize) -> Vec<&str> {
    let mut open = Vec::new();
    let lines = source.lines().take(number);
    for mark in lines.filter_map(|line| line.trim().strip_prefix("// ")) {
        if let Some(name) = mark.strip_prefix("ANCHOR: ") {
            open.push(name);
        } else if let Some(name) = mark.strip_prefix("ANCHOR_END: ") {
            open.retain(|it| *it != name);
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_leads_to_the_chapter_and_to_the_lines() {
        let step = steps::find("5").unwrap();
        let execute = pieces::of("step05", Holes::Few)[0];
        let places = places(&step, &execute).unwrap();
        let (chapter, source) = places.split_once("\n      ").unwrap();
        let line = |place: &str| {
            let (path, lines) = place.rsplit_once(':').unwrap();
            let number = lines.split('-').next().unwrap();
            let text = steps::read(&repository().join(path)).unwrap();
            let number: usize = number.parse().unwrap();
            text.lines().nth(number - 1).unwrap().to_string()
        };
        assert!(line(chapter).ends_with("thread_pool.rs:execute}}"));
        assert!(line(source).contains("pub fn execute("));
    }

    #[test]
    fn the_hole_that_a_server_fell_into_is_found() {
        let step = steps::find("5").unwrap();
        let execute = pieces::of("step05", Holes::Few)[0];
        let failure = format!("| not yet implemented: {}\n", execute.task);
        let hint = hint(&step, 1, hole(&step, &failure)).unwrap();
        assert!(hint.contains("ThreadPool::execute"), "{hint}");
        assert!(!hint.contains("ThreadPool::new"), "{hint}");
        assert!(hole(&step, "not yet implemented: something").is_none());
    }

    #[test]
    fn the_second_hint_has_what_the_chapter_says() {
        let step = steps::find("5").unwrap();
        let pieces = pieces::of("step05", Holes::All);
        let hint = |name| {
            let piece = pieces.iter().find(|it| it.function == name).copied();
            assert!(piece.is_some(), "{name}");
            hint(&step, 2, piece).unwrap()
        };
        assert!(
            hint("ThreadPool::execute").contains("\n    **`execute`** takes")
        );
        let run = hint("run");
        assert!(
            run.contains("\n    `lock` returns a **guard**, a value"),
            "{run}"
        );
        assert!(run.lines().all(|line| line.len() <= 80), "{run}");
        assert_eq!(hint("main").lines().count(), 4);
        assert_eq!(without_lead_over("a b.\nc\nd.\nNext, e:"), "a b.\nc\nd.");
        assert_eq!(without_lead_over("Next, e:"), "");
    }
}

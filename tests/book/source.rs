//! The book's source: its pages, what they include, and their code blocks.

use crate::place::repository;
use std::fs;
use std::path::{Path, PathBuf};

pub fn source() -> PathBuf {
    repository().join("book/src")
}

pub fn read(path: &Path) -> String {
    match fs::read_to_string(path) {
        Ok(text) => text.replace("\r\n", "\n"),
        Err(error) => panic!("{}: {error}", path.display()),
    }
}

/// The files below a directory, in order. None if there is no such directory.
pub fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

pub fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

/// The name of a file as the book's pages write it.
pub fn name(path: &Path) -> String {
    let path = path.strip_prefix(source()).unwrap_or(path);
    path.display().to_string().replace('\\', "/")
}

pub fn pages() -> Vec<PathBuf> {
    let files = files(&source()).into_iter();
    files.filter(|path| has_extension(path, "md")).collect()
}

pub fn chapters() -> Vec<PathBuf> {
    let is_chapter = |path: &PathBuf| name(path).starts_with("step");
    pages().into_iter().filter(is_chapter).collect()
}

/// A chapter's number: 5 for `step05_thread_pool.md`.
pub fn number(chapter: &Path) -> usize {
    number_of(&name(chapter))
}

/// The same for a step: 5 for `step05_thread_pool`.
pub fn number_of(step: &str) -> usize {
    step["step".len().."step00".len()].parse().unwrap()
}

/// The names of the steps: `step01_listen`, …
pub fn steps() -> Vec<String> {
    let mut steps: Vec<String> = fs::read_dir(repository().join("steps"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().to_string())
        .filter(|name| name.starts_with("step"))
        .collect();
    steps.sort();
    steps
}

/// Each step, and the one before it. A step whose number doesn't follow isn't
/// the next one.
pub fn pairs() -> Vec<(String, String)> {
    let steps = steps();
    let pairs = steps
        .windows(2)
        .filter(|pair| number_of(&pair[1]) == number_of(&pair[0]) + 1);
    pairs.map(|pair| (pair[0].clone(), pair[1].clone())).collect()
}

/// The targets of the includes in a text, and the number of each one's line.
pub fn includes(text: &str) -> Vec<(usize, &str)> {
    let lines = text.lines().enumerate();
    lines
        .filter_map(|(index, line)| Some((index + 1, include(line)?)))
        .collect()
}

/// What a line includes: `path`, or `path:anchor`.
pub fn include(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("{{#include ")?;
    Some(rest.split_once("}}")?.0)
}

/// The text that mdBook puts in the place of an include in a page.
pub fn included(page: &Path, target: &str) -> Option<String> {
    let (file, anchor) = match target.split_once(':') {
        Some((file, anchor)) => (file, Some(anchor)),
        None => (target, None),
    };
    let path = page.parent()?.join(file).canonicalize().ok()?;
    let text = read(&path);
    match anchor {
        None => Some(text),
        Some(anchor) => inside(&text, anchor),
    }
}

/// What stands between an anchor's two marks, without the marks of others.
fn inside(text: &str, anchor: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("ANCHOR: {anchor}\n"))?;
    let (inside, _) = rest.split_once(&format!("ANCHOR_END: {anchor}\n"))?;
    let (inside, _) = inside.rsplit_once('\n').unwrap_or_default();
    Some(without_anchors(inside))
}

/// A text without the lines that mark anchors.
pub fn without_anchors(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.contains("// ANCHOR"));
    lines.map(|line| format!("{line}\n")).collect()
}

/// A code block of a page.
pub struct Block {
    /// What follows the fence: `rust,ignore`.
    pub language: String,
    /// The lines as they are in the page, with their numbers.
    pub lines: Vec<(usize, String)>,
    /// The text as a reader sees it: includes are resolved.
    pub text: String,
    /// The number of the fence's line.
    pub start: usize,
    /// It's inside `<details>`.
    pub folded: bool,
}

pub fn blocks(page: &Path) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    let mut depth = 0;
    for (index, line) in read(page).lines().enumerate() {
        let fence = line.trim_start().strip_prefix("```");
        match (fence, open.take()) {
            (Some(language), None) => {
                open = Some(Block {
                    language: language.trim().to_string(),
                    lines: Vec::new(),
                    text: String::new(),
                    start: index + 1,
                    folded: depth > 0,
                });
            }
            (Some(_), Some(block)) => blocks.push(block),
            (None, Some(mut block)) => {
                let shown = match include(line) {
                    Some(target) => included(page, target).unwrap_or_default(),
                    None if is_hidden(line, &block.language) => String::new(),
                    None => format!("{line}\n"),
                };
                block.lines.push((index + 1, line.to_string()));
                block.text += &shown;
                open = Some(block);
            }
            (None, None) => {
                depth += line.matches("<details").count();
                depth -= line.matches("</details>").count().min(depth);
            }
        }
    }
    blocks
}

/// mdBook doesn't show such a line of Rust, but compiles it.
fn is_hidden(line: &str, language: &str) -> bool {
    language.starts_with("rust") && (line == "#" || line.starts_with("# "))
}

/// A page without its code blocks. Their lines are empty, so that the number of
/// a line is the same as in the page.
pub fn prose(text: &str) -> String {
    let mut prose = String::new();
    let mut inside = false;
    for line in text.lines() {
        let fence = line.trim_start().starts_with("```");
        if !fence && !inside {
            prose += line;
        }
        inside ^= fence;
        prose.push('\n');
    }
    prose
}

/// The part of a page under a heading, without the heading.
pub fn part<'a>(text: &'a str, title: &str) -> &'a str {
    let heading = format!("\n## {title}\n");
    let Some((_, rest)) = text.split_once(&heading) else { return "" };
    rest.split("\n## ").next().unwrap()
}

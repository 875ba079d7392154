//! Code blocks, and the commands in them.

use crate::faults::Faults;
use crate::place::repository;
use crate::source::*;
use std::path::PathBuf;

/// A block's language follows from what it includes, and what a command prints
/// isn't typed into the page but comes out of a transcript.
#[test]
fn blocks_have_the_language_of_what_they_show() {
    let mut faults = Faults::default();
    for page in pages() {
        for block in blocks(&page) {
            let place = format!("{}:{}", name(&page), block.start);
            let language = block.language.as_str();
            if language.is_empty() {
                faults.add(format!("{place}: a block without a language"));
            }
            for (number, line) in &block.lines {
                let line = line.trim_start();
                let target = include(line);
                let expected = match target.unwrap_or_default() {
                    path if path.starts_with("../../steps") => "rust,ignore",
                    path if path.starts_with("diffs") => "diff",
                    path if path.starts_with("transcripts") => "console",
                    _ => language,
                };
                if language != expected {
                    faults.add(format!(
                        "{place}: {line} is {expected}, not {language}"
                    ));
                }
                let is_command = line.is_empty()
                    || line.starts_with("$ ")
                    || line.starts_with("# ");
                if language == "console" && target.is_none() && !is_command {
                    faults.add(format!(
                        "{}:{number}: put what a command prints into a \
                         transcript, which is run: {line}",
                        name(&page)
                    ));
                }
            }
        }
    }
}

/// What a chapter tells a reader to type doesn't need a tool that a reader may
/// not have, and can't hit somebody else's process.
#[test]
fn commands_are_harmless() {
    let mut faults = Faults::default();
    let mut pages = chapters();
    pages.push(repository().join("README.md"));
    for page in pages {
        let mut lines: Vec<(usize, String)> = Vec::new();
        for block in blocks(&page) {
            lines.extend(block.text.lines().map(|it| (block.start, it.into())));
        }
        let text = read(&page);
        let prose = prose(&text);
        let prose = prose.lines().enumerate();
        lines.extend(prose.map(|(index, line)| (index + 1, line.to_string())));
        for (number, line) in lines {
            for (tool, instead) in [
                ("pgrep", "the number that the shell printed"),
                ("pkill", "kill and the number that the shell printed"),
                ("killall", "kill and the number that the shell printed"),
                ("nc", "curl -s telnet://127.0.0.1:7878"),
            ] {
                if has_command(&line, tool) {
                    faults.add(format!(
                        "{}:{number}: {instead} instead of {tool}: {line}",
                        name(&page)
                    ));
                }
            }
        }
    }
}

/// Whether a line has a word as a command, with something after it.
fn has_command(line: &str, tool: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    line.match_indices(tool).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + tool.len()..]);
        after.starts_with(' ') && !before.ends_with(is_part)
    })
}

/// Before a reader asks a server something, the chapter says which one to
/// start.
#[test]
fn experiments_name_their_server() {
    let mut faults = Faults::default();
    for chapter in chapters() {
        let mut running = String::new();
        for block in blocks(&chapter) {
            if block.language != "console" {
                continue;
            }
            let server = block.lines.iter().find_map(|(_, line)| {
                let transcript = include(line)?.strip_prefix("transcripts/")?;
                Some(transcript.split('_').next().unwrap().to_string())
            });
            for line in block.text.lines() {
                if let Some((_, step)) = line.split_once("cargo run --bin ") {
                    running = step.chars().take(6).collect();
                }
                if !line.contains("curl") || !line.contains("127.0.0.1:7878") {
                    continue;
                }
                let place = format!("{}:{}", name(&chapter), block.start);
                let asked = server.as_ref().unwrap_or(&running);
                if running.is_empty() {
                    faults.add(format!(
                        "{place}: no server runs yet; before this, show a \
                         line `$ cargo run --bin stepNN`: {line}"
                    ));
                } else if *asked != running {
                    faults.add(format!(
                        "{place}: the transcript asks {asked}, but the server \
                         that the chapter has started last is {running}; \
                         before this, show `$ cargo run --bin {asked}`"
                    ));
                }
                break;
            }
        }
    }
}

#[test]
fn every_page_is_in_the_summary() {
    let mut faults = Faults::default();
    let summary = read(&source().join("SUMMARY.md"));
    let mut shown: Vec<String> = vec!["SUMMARY.md".to_string()];
    shown.extend(crate::links::links(&summary).into_iter().map(String::from));
    for page in pages() {
        let text = read(&page);
        shown.extend(includes(&text).into_iter().map(|it| it.1.to_string()));
    }
    // README shows figures, too.
    let readme = read(&repository().join("README.md"));
    let figures = crate::links::links(&readme).into_iter();
    let figures = figures.filter_map(|it| it.strip_prefix("book/src/"));
    let figures = figures.filter(|it| it.ends_with(".svg"));
    shown.extend(figures.map(String::from));
    let is_shown = |file: &String| shown.contains(file);
    // What is generated or drawn, and shown nowhere, is left over.
    let generated = ["transcripts", "diagrams", "compiler"];
    let generated = generated.map(|directory| source().join(directory));
    let generated = generated.iter().flat_map(|it| files(it));
    let all: Vec<PathBuf> = pages().into_iter().chain(generated).collect();
    for file in all {
        let file = name(&file);
        // What a server prints need not be shown where its client's is.
        let client = file.replace(".server.", ".client.");
        if !is_shown(&file) && !is_shown(&client) {
            faults.add(format!(
                "{file} is neither in SUMMARY.md nor included in a page"
            ));
        }
    }
}

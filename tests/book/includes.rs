//! No code is typed into the book: each include finds what it names, and each
//! anchor in a step is there for a page.

use crate::faults::Faults;
use crate::place::repository;
use crate::source::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

#[test]
fn includes_resolve_to_some_text() {
    let mut faults = Faults::default();
    for page in pages() {
        for (line, target) in includes(&read(&page)) {
            let place = format!("{}:{line}", name(&page));
            match included(&page, target) {
                None => faults.add(format!(
                    "{place}: there is no {target} to include; mdBook would \
                     show an empty block without a word"
                )),
                Some(text) if text.trim().is_empty() => {
                    faults.add(format!("{place}: {target} is empty"));
                }
                Some(text) if text.contains("ANCHOR: ") => {
                    faults.add(format!(
                        "{place}: {target} has anchors, which readers would \
                         see when all of it is included; include them one by \
                         one"
                    ));
                }
                Some(_) => {}
            }
        }
    }
}

/// The anchors that a text opens or closes.
fn anchors<'a>(text: &'a str, mark: &str) -> Vec<&'a str> {
    let marked = text.lines().filter_map(|line| line.split_once(mark));
    marked.map(|(_, name)| name.trim()).collect()
}

/// The anchors that the pages include, by the text of the file they are in: a
/// later step keeps a file as it is, with its anchors.
fn used_anchors() -> BTreeMap<String, BTreeSet<String>> {
    let mut used: BTreeMap<PathBuf, BTreeSet<String>> = BTreeMap::new();
    for page in pages() {
        for (_, target) in includes(&read(&page)) {
            let Some((file, anchor)) = target.split_once(':') else { continue };
            let path = page.parent().unwrap().join(file);
            used.entry(path).or_default().insert(anchor.to_string());
        }
    }
    let mut by_text: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, anchors) in used {
        if path.exists() {
            by_text.entry(read(&path)).or_default().extend(anchors);
        }
    }
    by_text
}

#[test]
fn anchors_pair_up_and_are_used() {
    let mut faults = Faults::default();
    let used = used_anchors();
    for file in files(&repository().join("steps")) {
        let text = read(&file);
        let opened = anchors(&text, "// ANCHOR: ");
        let mut sorted = opened.clone();
        let mut closed = anchors(&text, "// ANCHOR_END: ");
        sorted.sort();
        closed.sort();
        if sorted != closed {
            faults.add(format!("{}: anchors don't pair up", file.display()));
        }
        sorted.dedup();
        if sorted.len() != opened.len() {
            faults.add(format!("{}: an anchor comes twice", file.display()));
        }
        let used = used.get(&text);
        for anchor in opened {
            if !used.is_some_and(|anchors| anchors.contains(anchor)) {
                faults.add(format!(
                    "{}: no page includes the anchor {anchor}; remove it",
                    file.display()
                ));
            }
        }
    }
}

//! Links within the book lead to a page, and their fragments to a place in it.

use crate::faults::Faults;
use crate::place::repository;
use crate::source::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The targets of `[…](target)` in a page.
pub fn links(text: &str) -> Vec<&str> {
    let parts = text.split("](").skip(1);
    let links = parts.filter_map(|part| part.split_once(')'));
    links.map(|(link, _)| link).collect()
}

/// What a link's fragment may be in a page: the ids of its headings as mdBook
/// makes them, and those that are written as `id="…"`, also in what it
/// includes.
pub fn ids(page: &Path) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut text = prose(&read(page));
    for line in text.lines() {
        let heading = line.trim_start_matches('#');
        if heading == line || !heading.starts_with(' ') {
            continue;
        }
        let id = heading_id(heading);
        let count = counts.entry(id.clone()).or_default();
        ids.insert(match *count {
            0 => id,
            number => format!("{id}-{number}"),
        });
        *count += 1;
    }
    for (_, target) in includes(&text.clone()) {
        text += &included(page, target).unwrap_or_default();
    }
    let written = text.split(" id=\"").skip(1);
    ids.extend(written.map(|rest| rest.split('"').next().unwrap().to_string()));
    ids
}

/// The id that mdBook gives to a heading.
fn heading_id(heading: &str) -> String {
    let mut id = String::new();
    for letter in heading.trim().chars() {
        if letter.is_alphanumeric() || letter == '_' || letter == '-' {
            id.extend(letter.to_lowercase());
        } else if letter.is_whitespace() {
            id.push('-');
        }
    }
    id
}

#[test]
fn links_lead_somewhere() {
    let mut faults = Faults::default();
    let mut known: BTreeMap<PathBuf, BTreeSet<String>> = BTreeMap::new();
    let mut pages = pages();
    let readme = repository().join("README.md");
    pages.push(readme.clone());
    for page in &pages {
        for link in links(&prose(&read(page))) {
            // From README, `../../` leads to GitHub's pages about the
            // repository.
            let is_github = page == &readme && link.starts_with("../../");
            if link.contains("://") || is_github {
                continue;
            }
            let (file, fragment) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => page.clone(),
                _ => page.parent().unwrap().join(file),
            };
            let place = name(page);
            if !target.exists() {
                faults.add(format!("{place}: {link} leads nowhere"));
            } else if !fragment.is_empty() {
                let ids = known.entry(target).or_insert_with_key(|it| ids(it));
                if !ids.contains(fragment) {
                    faults.add(format!(
                        "{place}: {link} leads to no heading and no id"
                    ));
                }
            }
        }
    }
}

//! A reader who searches the built book for a problem finds the chapter that
//! treats it. The search is the book's own: its index, its engine and its
//! options, in node. Needs mdbook and node, and is skipped where one of them is
//! missing.

use crate::faults::Faults;
use crate::mdbook;
use crate::place::repository;
use std::path::Path;
use std::process::Command;

/// What a reader types, and the chapter that must come first. The engine skips
/// common words, and both "while" and "let" are on its list: alone they find
/// nothing in any mdBook.
const TERMS: [(&str, &str); 5] = [
    ("mutex", "step05"),
    ("while let lock", "step05"),
    ("race", "step04"),
    ("deadlock", "step06"),
    ("slowloris", "step05"),
];

#[test]
#[ignore = "in .ci/run"]
fn search_leads_to_the_right_chapter() {
    if Command::new("node").arg("--version").output().is_err() {
        eprintln!("skipped: this needs node, which isn't here");
        return;
    }
    let Some(book) = mdbook::built("book-search") else { return };
    let mut faults = Faults::default();
    let results = search(&book.0);
    assert_eq!(results.len(), TERMS.len(), "{results:?}");
    for ((term, chapter), results) in TERMS.into_iter().zip(results) {
        if !results.first().is_some_and(|first| first.starts_with(chapter)) {
            let shown = results.iter().take(5).map(String::as_str);
            faults.add(format!(
                "a search for {term:?} should lead to {chapter} first, but \
                 leads to {:?}; a heading with the term in it counts most",
                shown.collect::<Vec<_>>()
            ));
        }
    }
}

/// The addresses of the results for each term, the best first.
fn search(book: &Path) -> Vec<Vec<String>> {
    let run = Command::new("node")
        .arg(repository().join("tests/book/search.js"))
        .arg(book)
        .args(TERMS.map(|(term, _)| term))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
    let found = String::from_utf8(run.stdout).unwrap();
    let words = |line: &str| line.split(' ').map(String::from).collect();
    found.lines().map(words).collect()
}

//! The glossary has every term, where a link can find it.

use crate::faults::Faults;
use crate::source::*;

/// An entry: `<a id="accept"></a>**accept**: …`, or a heading `## accept`.
struct Entry {
    term: String,
    has_id: bool,
}

fn entries() -> Vec<Entry> {
    let text = prose(&read(&source().join("glossary.md")));
    let entries = text.lines().filter_map(|line| {
        if let Some(heading) = line.strip_prefix("##") {
            let term = heading.trim_start_matches('#').trim().to_string();
            return Some(Entry { term, has_id: true });
        }
        let (before, rest) = line.split_once("**")?;
        let has_id = before.starts_with("<a id=\"");
        let (term, after) = rest.split_once("**")?;
        let is_entry = (before.is_empty() || has_id) && after.starts_with(':');
        is_entry.then(|| Entry { term: term.to_string(), has_id })
    });
    entries.collect()
}

/// A term as it's looked up: small letters, without marks of code.
fn plain(term: &str) -> String {
    let term = term.replace('`', "").replace('-', " ").to_lowercase();
    term.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_glossary_can_be_linked_to_and_is_sorted() {
    let mut faults = Faults::default();
    let entries = entries();
    assert!(entries.len() > 30, "a glossary of {} entries", entries.len());
    for entry in &entries {
        if !entry.has_id {
            faults.add(format!(
                "glossary.md: write <a id=\"…\"></a> before **{}**",
                entry.term
            ));
        }
    }
    for pair in entries.windows(2) {
        let (first, second) = (plain(&pair[0].term), plain(&pair[1].term));
        if first >= second {
            faults.add(format!("glossary.md: {second} comes before {first}"));
        }
    }
}

/// A term is set in bold where it's explained, and links to its entry, which
/// the test of the links finds: `[**accepting**](glossary.md#accept)`. What is
/// code, or a sentence or the beginning of one, isn't a term: `**Hear.**`
#[test]
fn terms_link_to_the_glossary() {
    let mut faults = Faults::default();
    for chapter in chapters() {
        let text = prose(&read(&chapter));
        let parts: Vec<&str> = text.split("**").collect();
        for bold in parts[1..].chunks(2) {
            let [term, after] = bold else { continue };
            let is_term =
                !term.contains('`') && !term.ends_with(['.', ':', '?']);
            if is_term && !after.starts_with("](glossary.md#") {
                faults.add(format!(
                    "{}: write [**{term}**](glossary.md#…) if it's a term, and \
                     *{term}* to stress it",
                    name(&chapter)
                ));
            }
        }
    }
}

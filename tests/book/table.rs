//! The table of behaviours, as the book shows it.

pub use crate::catalogue::{Group, table};

/// The name of a behaviour as a person would write it.
pub fn sentence(name: &str) -> String {
    let words = name.split('_').map(|word| match word {
        "http" => "HTTP",
        "ipv6" => "IPv6",
        "kib" => "KiB",
        "lf" => "LF",
        "sigterm" => "SIGTERM",
        "utf8" => "UTF-8",
        word => word,
    });
    let mut sentence = words.collect::<Vec<_>>().join(" ");
    // "head" and "host" are words of English, too.
    for (name, written) in [
        ("absolute form", "absolute-form"),
        ("ctrl c", "Ctrl-C"),
        ("half closed", "half-closed"),
        ("well formed", "well-formed"),
        ("head is get", "HEAD is GET"),
        ("invalid host", "invalid Host"),
        ("options lists", "OPTIONS lists"),
        ("with allow", "with Allow"),
        ("connection close is", "Connection: close is"),
        ("announces connection close", "announces Connection: close"),
    ] {
        sentence = sentence.replace(name, written);
    }
    sentence
}

/// A chapter that names a test, `has::…` or `lacks::…`, names one of its step
/// that `cargo test` runs.
#[test]
fn named_tests_exist_and_run() {
    use crate::faults::Faults;
    use crate::source::{chapters, name, number, read};

    let mut faults = Faults::default();
    let table = table();
    let rows = || table.iter().flat_map(|group| &group.rows);
    for chapter in chapters() {
        let step = number(&chapter);
        let text = read(&chapter);
        for (group, holds) in [("has::", true), ("lacks::", false)] {
            for rest in text.split(group).skip(1) {
                let end = rest.find(|c: char| c != '_' && !c.is_alphanumeric());
                let test = &rest[..end.unwrap_or(rest.len())];
                // `has::` and `has::…` name the group, not a test.
                if test.is_empty() {
                    continue;
                }
                let place = format!("{}: {group}{test}", name(&chapter));
                // A command may run all tests with the beginning of a name.
                let row = rows()
                    .find(|row| row.name == test)
                    .or_else(|| rows().find(|row| row.name.starts_with(test)));
                match row {
                    None => faults.add(format!("{place} isn't in the table")),
                    Some(row) if (row.symptom(step) == "holds") != holds => {
                        faults.add(format!(
                            "{place} isn't a test of step {step:02}, where \
                             the table says: {}",
                            row.symptom(step)
                        ));
                    }
                    Some(row) if !row.runs(step) => faults.add(format!(
                        "{place} is ignored in step {step:02}; add `(named in \
                         {step:02})` to its row in the table"
                    )),
                    Some(_) => {}
                }
            }
        }
    }
}

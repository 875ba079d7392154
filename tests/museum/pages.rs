//! What the book says of the museum: generated here, so that it can't drift.
//!
//!     BLESS=1 cargo test --test museum                   describes the exhibits
//!     BLESS=1 cargo test --test museum -- --ignored      and asks each step
//!     MEASURE=1 cargo test --test museum others          asks other servers

use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::{env, fs, thread};

use crate::exhibits::{EXHIBITS, Exhibit};
use crate::support::place::repository;
use crate::support::program::Program;
use crate::support::report::{Outcome, Symptom};
use crate::support::server::Server;

/// The other servers, by the scripts that start them.
const OTHERS: [&str; 8] = [
    "nginx",
    "apache",
    "lighttpd",
    "caddy",
    "node",
    "http.server",
    "mini_httpd",
    "busybox",
];

/// What became of an exhibit: its class in the matrix, its sign, and its word.
fn sign(outcome: &Outcome) -> (&'static str, &'static str, &'static str) {
    match outcome {
        Ok(()) => ("holds", "✓", "doesn't have this fault"),
        Err(seen) if seen.symptom == Symptom::Broken => {
            ("given_up", "–", "couldn't be asked")
        }
        Err(_) => ("differs", "✗", "has this fault"),
    }
}

/// A column of a table: what became of each exhibit.
fn visit(program: &Program) -> Vec<Outcome> {
    let visits = EXHIBITS.iter().map(|exhibit| {
        let server = Server::start(program.clone(), None)?;
        (exhibit.asks)(&server)
    });
    visits.collect()
}

/// Asks all of these servers at the same time, each in its own order.
fn visit_all(programs: &[Program]) -> Vec<Vec<Outcome>> {
    let (sender, receiver) = mpsc::channel();
    for (index, program) in programs.iter().cloned().enumerate() {
        let sender = sender.clone();
        thread::spawn(move || {
            _ = sender.send((index, visit(&program)));
        });
    }
    drop(sender);
    let mut columns: Vec<_> = receiver.iter().collect();
    columns.sort_by_key(|column| column.0);
    assert_eq!(columns.len(), programs.len(), "each server has its column");
    columns.into_iter().map(|column| column.1).collect()
}

fn title(name: &str) -> String {
    let sentence = name.replace('_', " ");
    sentence[..1].to_uppercase() + &sentence[1..]
}

fn table(label: &str, heads: &[String], columns: &[Vec<Outcome>]) -> String {
    let mut html = format!(
        "<div class=\"matrix\" role=\"region\" tabindex=\"0\" \
         aria-label=\"{label}\">\n<table>\n<thead>\n<tr>\
         <th scope=\"col\">exhibit</th>"
    );
    for head in heads {
        write!(html, "<th scope=\"col\">{head}</th>").unwrap();
    }
    html += "</tr>\n</thead>\n<tbody>\n";
    for (row, exhibit) in EXHIBITS.iter().enumerate() {
        let name = title(exhibit.name);
        write!(html, "<tr><th scope=\"row\">{name}</th>").unwrap();
        for column in columns {
            let (class, sign, word) = sign(&column[row]);
            write!(
                html,
                "<td class=\"{class}\"><abbr title=\"{word}\">{sign}</abbr></td>"
            )
            .unwrap();
        }
        html += "</tr>\n";
    }
    html + "</tbody>\n</table>\n</div>\n"
}

/// Compares a page with what it should be, or writes it.
fn is_generated(file: &str, fresh: &str, how: &str) {
    let path = repository().join("book/src").join(format!("museum_{file}"));
    if env::var_os("BLESS").is_some() {
        return fs::write(&path, fresh).expect("a page that can be written");
    }
    let page = fs::read_to_string(&path).unwrap_or_default();
    let mut lines = page.lines().zip(fresh.lines());
    let other = lines.find(|(old, new)| old != new);
    assert!(
        page == fresh,
        "\n\nbook/src/museum_{file} isn't what the museum shows: {other:#?}\n\
         To write it anew: BLESS=1 cargo test --test museum {how}\n"
    );
}

#[test]
fn the_book_describes_each_exhibit() {
    for room in ["framing", "files", "crowd"] {
        let mut exhibits = EXHIBITS.iter().filter(|it| it.room == room);
        let page = exhibits.by_ref().map(describe).collect::<String>();
        is_generated(&format!("{room}.md"), &page, "");
    }
}

fn describe(exhibit: &Exhibit) -> String {
    let bytes = exhibit.bytes.escape_debug().to_string();
    let bytes = bytes.replace("\\r\\n", "\\r\\n\n").replace("\\u{1}", "\\x01");
    let bytes = bytes.replace("\\'", "'");
    let title = title(exhibit.name);
    let Exhibit { whose, year, report, link, story, cure, .. } = exhibit;
    let number: u8 = cure[4..6].parse().expect("a step");
    format!(
        "### {title}\n\n*{year}, {whose}: [{report}]({link}).* {story}\n\n\
         ```text\n{}\n```\n\nThe cure is in [chapter {number}]({cure}.md).\n\n",
        bytes.trim_end()
    )
}

#[test]
#[ignore = "in .ci/run"]
fn the_book_says_which_step_falls_to_which() {
    let steps: Vec<_> = (1..=20).map(|it| format!("step{it:02}")).collect();
    let programs: Vec<_> =
        steps.iter().map(|name| Program::named(name, false)).collect();
    let columns = visit_all(&programs);
    for (exhibit, outcome) in EXHIBITS.iter().zip(&columns[19]) {
        if let Err(deviation) = outcome {
            panic!("step20: {}\n{deviation}", exhibit.name);
        }
    }
    let heads: Vec<_> =
        steps.iter().map(|name| name[4..].to_string()).collect();
    let page = table("Which step has which fault", &heads, &columns);
    is_generated("steps.md", &page, "-- --ignored which_step");
}

/// Their answers depend on their versions, so they're asked only on request.
#[test]
fn the_book_says_what_others_answer() {
    if env::var_os("MEASURE").is_some() {
        measure_others();
    }
    let page = repository().join("book/src/museum_others.md");
    let page = fs::read_to_string(page).expect("a page");
    for exhibit in EXHIBITS {
        let row = format!("<th scope=\"row\">{}</th>", title(exhibit.name));
        assert!(
            page.contains(&row),
            "no row for {}. MEASURE=1 cargo test --test museum others",
            exhibit.name
        );
    }
}

fn measure_others() {
    let scripts = repository().join("tests/museum/servers");
    let paths = OTHERS.map(|name| scripts.join(name));
    let heads = paths.each_ref().map(|path| version(path));
    let programs = paths.map(|path| {
        let path = path.to_str().expect("a path that is text");
        Program::named(path, false)
    });
    let columns = visit_all(&programs);
    for (head, column) in heads.iter().zip(&columns) {
        for (exhibit, outcome) in EXHIBITS.iter().zip(column) {
            if let Err(deviation) = outcome {
                println!("\n{head}: {}\n{deviation}", exhibit.name);
            }
        }
    }
    let page = table("What other servers answer", &heads, &columns);
    let path = repository().join("book/src/museum_others.md");
    fs::write(path, page).expect("a page that can be written");
}

/// What a script says of its server.
fn version(script: &Path) -> String {
    let output = Command::new(script).arg("--version").output();
    let output = output.expect("a script that runs");
    let version = String::from_utf8_lossy(&output.stdout).trim().to_string();
    assert!(!version.is_empty(), "{} isn't installed", script.display());
    version
}

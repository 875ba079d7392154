//! A week in a minute: a million requests on a hundred thousand connections,
//! slow clients of every kind, pages that are replaced all the time, and servers
//! that are restarted behind HAProxy. Nothing is lost, and nothing is left.
//!
//!     SOAK=1 cargo test --release --test soak -- --ignored --nocapture
//!
//! With `SERVER=`, it's another server that takes step 20's options. Without
//! `SOAK`, it's a fiftieth of all that, as in `.ci/run`. `BLESS=1` writes what a
//! run has shown into the book.
#![cfg(target_os = "linux")] // It looks into /proc.

mod load;
mod pages;
mod report;
mod restarts;
mod slow;
#[allow(dead_code)] // The steps' tests need more of it.
#[path = "../support/mod.rs"]
mod support;
mod visitors;

#[path = "../deploy/machine.rs"]
#[allow(dead_code)] // Those of deployment need more of it.
mod machine;

#[path = "../deploy/servers.rs"]
#[allow(dead_code)]
mod servers;

use std::path::PathBuf;
use std::time::{Duration, Instant};
use std::{env, fs};

use load::{Load, Row};
use machine::{DEADLINE, address, config, program, send_signal, with_ports};
use pages::Site;
use report::{AtRest, Report};
use restarts::{behind_haproxy, stop};
use support::program::Program;
use support::report::Outcome;
use support::server::Server;
use support::{place, running, scratch};
use visitors::REQUESTS;

/// What must happen gets this long. Only a fault ever takes that long.
const PATIENCE: Duration = Duration::from_secs(30);

const COMMAND: &str =
    "SOAK=1 cargo test --release --test soak -- --ignored --nocapture";

/// How much of everything there is.
struct Size {
    visits: usize,
    restarts: usize,
}

impl Size {
    fn asked() -> Size {
        match env::var_os("SOAK") {
            Some(_) => Size { visits: 1_000_000 / REQUESTS, restarts: 12 },
            None => Size { visits: 20_000 / REQUESTS, restarts: 2 },
        }
    }
}

#[test]
#[ignore = "in .ci/run"]
fn nothing_is_lost_and_nothing_is_left() {
    let report = match soak(&Size::asked()) {
        Ok(report) => report,
        Err(deviation) => panic!("\n\n{deviation}\n"),
    };
    println!("\n{report}");
    let faults = report.faults();
    assert!(faults.is_empty(), "\n\n{}\n", faults.join("\n"));
    if env::var_os("SOAK").is_some() && env::var_os("BLESS").is_some() {
        fs::write(measurement(), report.to_string()).expect("a book");
    }
}

/// Where the book keeps what a run has shown.
fn measurement() -> PathBuf {
    place::repository().join("book/src/measurements/soak.txt")
}

/// The last cells of a row, as numbers.
fn numbers<const N: usize>(text: &str, name: &str) -> [usize; N] {
    let row = text.lines().find(|line| line.starts_with(name));
    let row = row.unwrap_or_else(|| panic!("no row for {name} in:\n{text}"));
    let cells = row[name.len()..].split_whitespace();
    let cells = cells.map(|cell| cell.replace(',', "").parse().unwrap());
    let cells: Vec<usize> = cells.collect();
    cells.try_into().expect(name)
}

#[test]
fn the_book_shows_a_whole_run_of_the_last_step() {
    let chapter = place::repository().join("book/src/how_fast.md");
    let chapter = fs::read_to_string(chapter).expect("a chapter");
    assert!(chapter.contains(&format!("$ {COMMAND}\n")), "{COMMAND}");
    let text = fs::read_to_string(measurement()).expect("a measurement");
    assert!(text.starts_with("step20: "), "{text}");
    let visitors = [1_000_000 / REQUESTS, 1_000_000, 0];
    assert_eq!(numbers(&text, "visitors "), visitors);
    let lives = slow::LIVES.map(|(name, _)| name);
    for name in lives.iter().chain(&["visitors of HAProxy"]) {
        let [connections, _, lost] = numbers(&text, name);
        assert!(connections > 0 && lost == 0, "{name}: {text}");
    }
    for name in ["file descriptors", "threads"] {
        let [before, after] = numbers(&text, name);
        assert_eq!(before, after, "{name}");
    }
    let [before, after] = numbers(&text, "memory in KiB");
    assert!(after <= before + report::TOLERANCE, "{text}");
}

fn soak(size: &Size) -> Outcome<Report> {
    let start = Instant::now();
    let program = Program::under_test("step20");
    let name = program.to_string();
    let site = Site::new().expect("a directory that can be served");
    let root = site.root.0.to_str().expect("a path that is text");
    let options = [&["--root", root], &slow::OPTIONS[..]].concat();
    let server = Server::start(program, None)?.with_options(&options)?;
    let fresh = AtRest::of(&server)?;
    // What the first clients cost isn't lost: it's used again for the next.
    let visitors = |name: &str, visits: usize| {
        Load::visitors(&site, server.address, name, visits).and_slow_clients()
    };
    let first = visitors("first visitors", size.visits / 10);
    first.during(|| ());
    let AtRest { memory, .. } = fresh.again(&server)?;
    let before = AtRest { memory, ..fresh };
    let load = visitors("visitors", size.visits);
    load.during(|| ());
    let after = before.again(&server)?;
    let stopped = Row::new("asked before the shutdown");
    stop(&server, &site, &stopped);
    let mut report = Report {
        server: name,
        time: start.elapsed(),
        first: first.rows,
        rows: load.rows,
        replaced: [site.small.count(), site.large.count()],
        restarts: "left out: restarts, because of what's lost".to_string(),
        before,
        after,
    };
    report.rows.push(stopped);
    if report.faults().is_empty() {
        report.restarts = behind_haproxy(
            &server,
            &site,
            &options,
            size.restarts,
            &mut report.rows,
        )?;
    }
    report.time = start.elapsed();
    Ok(report)
}

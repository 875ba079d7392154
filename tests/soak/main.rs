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

use std::env;
use std::time::Instant;

use load::{Load, Row};
use machine::{DEADLINE, address, config, program, send_signal, with_ports};
use pages::Site;
use report::{AtRest, Report};
use support::program::Program;
use support::report::Outcome;
use support::server::Server;
use support::{place, running, scratch};
use visitors::REQUESTS;

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
    let first = Load::visitors(
        &site,
        server.address,
        "first visitors",
        size.visits / 10,
    );
    let first = first.and_slow_clients();
    first.during(|| ());
    let AtRest { memory, .. } = fresh.again(&server)?;
    let before = AtRest { memory, ..fresh };
    let load = Load::visitors(&site, server.address, "visitors", size.visits);
    let load = load.and_slow_clients();
    load.during(|| ());
    let after = before.again(&server)?;
    let stopped = Row::new("asked before a shutdown");
    restarts::stop(&server, &site, &stopped);
    let visitors = restarts::behind_haproxy(
        &server,
        &site,
        &options,
        size.restarts,
        &stopped,
    )?;
    let restarts = visitors.is_some().then_some(size.restarts);
    let mut rows = load.rows;
    rows.extend(visitors);
    rows.push(stopped);
    Ok(Report {
        server: name,
        time: start.elapsed(),
        first: first.rows,
        rows,
        replaced: [site.small.count(), site.large.count()],
        restarts,
        before,
        after,
    })
}

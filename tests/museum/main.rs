//! The museum of bugs: faults that real servers had, with the bytes that showed
//! them. The last step has none of them. And yours?
//!
//!     cargo test --test museum
//!     SERVER=../my-server/target/debug/my-server cargo test --test museum
//!
//! For a server that doesn't announce its address, a script does that: those in
//! `tests/museum/servers` start nginx and others.
//!
//!     SERVER=tests/museum/servers/nginx cargo test --test museum
#![cfg(target_os = "linux")] // Some exhibits look into /proc.

mod answer;
mod crowd;
mod exhibits;
mod files;
mod framing;
mod pages;
#[allow(dead_code)] // The steps' tests need more of it.
#[path = "../support/mod.rs"]
mod support;

use support::program::Program;
use support::report::Outcome;
use support::server::Server;

/// Asks the last step, or the server that `SERVER` names.
fn ask(exhibit: &str, behaviour: fn(&Server) -> Outcome) {
    let program = Program::under_test("step20");
    let title = format!("{program} should show: {}", exhibit.replace('_', " "));
    let server = match Server::start(program, None) {
        Ok(server) => server,
        Err(deviation) => panic!("\n\n{title}\n{deviation}\n"),
    };
    let outcome = behaviour(&server);
    if let Err(deviation) = outcome.and_then(|()| server.is_well()) {
        panic!("\n\n{title}\n{deviation}{server}\n");
    }
}

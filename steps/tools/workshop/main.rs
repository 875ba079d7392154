//! Starts a step of the course in a crate of the reader's own, and checks it;
//! and gives programs with a fault to find.
//!
//!     cargo run --bin workshop -- start step05 ../my-server

mod build;
#[path = "../../../tests/support/catalogue.rs"]
#[allow(dead_code)] // The book needs more of it,
mod catalogue;
mod check;
mod class;
mod cut;
mod edits;
mod exercise;
mod exercises;
mod formats;
mod hint;
mod hunt;
mod hunts;
mod manifest;
mod mark;
mod options;
mod pieces;
#[path = "../../../tests/support/place.rs"]
#[allow(dead_code)] // and the tests do.
mod place;
mod record;
mod results;
mod run;
mod start;
mod steps;
mod watch;
mod wrap;

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;

use options::Command;

fn main() -> ExitCode {
    let result = match options::parse(env::args_os().skip(1)) {
        Ok(Some(command)) => run(&command),
        Ok(None) => print(options::HELP).map(|()| true),
        Err(message) => {
            complain(&message);
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            complain(&message);
            ExitCode::FAILURE
        }
    }
}

/// Returns whether all is well.
fn run(command: &Command) -> Result<bool, String> {
    match command {
        Command::Start { step, directory, holes, record } => {
            print(&start::start(step, directory, *holes)?)?;
            if *record {
                record::begin(directory)?;
            }
            record::add(directory, step.name(), 0, 0).map(|()| true)
        }
        Command::Minutes(directories) => {
            print(&record::minutes(directories)?).map(|()| true)
        }
        Command::Mark(mark) => mark::mark(mark).map(|()| true),
        Command::Exercise(task) => exercise::exercise(task),
        Command::Hunt(task) => hunt::hunt(task),
        Command::Check(check) if check.watch => watch::watch(check),
        Command::Check(check) => check::check(check),
    }
}

fn complain(message: &str) {
    _ = writeln!(io::stderr(), "{message}");
}

fn print(text: &str) -> Result<(), String> {
    let printed = io::stdout().write_all(text.as_bytes());
    printed.map_err(|error| format!("cannot print: {error}"))
}

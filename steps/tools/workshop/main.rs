//! Tasks for readers of the book, and what says when they're done.
//!
//!     cargo run --bin workshop -- hunt

mod hunt;
mod hunts;
mod trial;

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let task = match arguments.next() {
        Some(name) if name == "hunt" => hunt::parse(arguments),
        Some(name) if name == "--help" => Ok(hunt::Task::Help),
        Some(name) => Err(format!("{name:?} isn't a task; there's: hunt")),
        None => Err("name a task, such as hunt".to_string()),
    };
    let (code, message) = match task.map(hunt::run) {
        Ok(Ok(code)) => return code,
        Ok(Err(message)) => (1, message),
        Err(message) => (2, message),
    };
    _ = writeln!(io::stderr(), "{message}");
    ExitCode::from(code)
}

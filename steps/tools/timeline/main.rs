//! Draws a run of any server: what its clients see, and where its threads are.
//!
//!     cargo run --bin timeline -- six-at-once step03 step04 step05

mod answer;
mod client;
mod describe;
mod html;
#[path = "../launch.rs"]
mod launch;
mod options;
mod play;
mod proc;
mod record;
mod scene;
mod server;
mod shape;
mod style;
mod svg;
mod syscalls;
mod text;
mod threads;
mod trace;

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use options::Options;
use record::Run;

fn main() -> ExitCode {
    let result = match options::parse(env::args_os().skip(1)) {
        Ok(Some(options)) => run(&options),
        Ok(None) => print(&options::help()),
        Err(message) => {
            complain(&message);
            return ExitCode::from(2);
        }
    };
    if let Err(message) = result {
        complain(&message);
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn complain(message: &str) {
    _ = writeln!(io::stderr(), "{message}");
}

fn print(text: &str) -> Result<(), String> {
    let printed = io::stdout().write_all(text.as_bytes());
    printed.map_err(|error| format!("cannot print: {error}"))
}

fn run(options: &Options) -> Result<(), String> {
    server::build(&options.servers)?;
    let mut runs = Vec::new();
    for server in &options.servers {
        runs.push(play::play(options.scene, server)?);
    }
    let notes: BTreeSet<_> = runs.iter().flat_map(|run| &run.note).collect();
    for note in notes {
        complain(note);
    }
    let scene = options.scene;
    if options.shape {
        let shape = |run: &Run| format!("# {}\n{}", run.server, run.shape);
        print(&runs.iter().map(shape).collect::<String>())?;
    }
    write(&options.out, || svg::draw(scene, &runs, &name(&options.out)))?;
    write(&options.html, || html::page(scene, &runs))?;
    write(&options.trace, || trace::json(&runs))
}

/// What the identifiers in a picture begin with, so that several pictures go
/// into one page: the file's name.
fn name(path: &Option<impl AsRef<Path>>) -> String {
    let stem = path.as_ref().and_then(|path| path.as_ref().file_stem());
    let stem = stem.unwrap_or_default().to_string_lossy();
    let plain = |it: char| if it.is_ascii_alphanumeric() { it } else { '_' };
    stem.chars().map(plain).collect()
}

fn write(
    path: &Option<impl AsRef<Path>>,
    text: impl FnOnce() -> String,
) -> Result<(), String> {
    let Some(path) = path.as_ref().map(AsRef::as_ref) else { return Ok(()) };
    fs::write(path, text())
        .map_err(|error| format!("cannot write {path:?}: {error}"))
}

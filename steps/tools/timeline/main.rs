//! Draws a run of any server: what its clients see, and where its threads are.
//!
//!     cargo run --bin timeline -- six-at-once step03 step04 step05

mod answer;
mod axis;
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
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
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
    let (scene, mut runs) = (options.scene, Vec::new());
    for server in &options.servers {
        if io::stderr().is_terminal() {
            complain(&format!("playing {} with {}", scene.name, server.name));
        }
        runs.push(play::play(scene, server)?);
    }
    let notes: BTreeSet<_> = runs.iter().flat_map(|run| &run.note).collect();
    for note in notes {
        complain(note);
    }
    if options.shape {
        let shape = |run: &Run| format!("# {}\n{}", run.server, run.shape);
        print(&runs.iter().map(shape).collect::<String>())?;
    }
    let Options { out, html, trace, .. } = options;
    write(out, || svg::draw(scene, &runs, &name(out)))?;
    write(html, || html::page(scene, &runs))?;
    write(trace, || trace::json(&runs))?;
    let files = [out, html, trace].into_iter().flatten();
    let names = files.map(|file| format!("written: {}\n", file.display()));
    match options.shape {
        true => Ok(()),
        false => print(&names.collect::<String>()),
    }
}

/// What the identifiers in a picture begin with, so that several pictures fit
/// on one page: the file's name.
fn name(path: &Option<PathBuf>) -> String {
    let stem = path.as_ref().and_then(|path| path.file_stem());
    let stem = stem.unwrap_or_default().to_string_lossy();
    let plain = |it: char| if it.is_ascii_alphanumeric() { it } else { '_' };
    stem.chars().map(plain).collect()
}

fn write(
    path: &Option<PathBuf>,
    text: impl FnOnce() -> String,
) -> Result<(), String> {
    let Some(path) = path else { return Ok(()) };
    fs::write(path, text())
        .map_err(|error| format!("cannot write {path:?}: {error}"))
}

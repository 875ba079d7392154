//! `hunt`: a program with a fault to find, from what its tests say.

use crate::build::{self, Server};
use crate::catalogue;
use crate::hunts::{Hunt, hunts};
use crate::place::repository;
use crate::results;
use crate::steps;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub enum Task {
    List,
    Start(Hunt, PathBuf),
    Check(Hunt, PathBuf),
    Answer(Hunt),
}

/// The hunt of that name.
pub fn find(name: &str) -> Result<Hunt, String> {
    let hunt = hunts().into_iter().find(|hunt| name == hunt.name);
    hunt.ok_or_else(|| {
        format!("{name:?} isn't a hunt; `workshop hunt` lists them")
    })
}

/// Does a task. Returns `false` if a fault is still there.
pub fn hunt(task: &Task) -> Result<bool, String> {
    let (text, is_done) = match task {
        Task::List => (list(), true),
        Task::Start(hunt, directory) => (start(hunt, directory)?, true),
        Task::Check(hunt, directory) => check(hunt, directory)?,
        Task::Answer(hunt) => (answer(hunt), true),
    };
    crate::print(&text)?;
    Ok(is_done)
}

/// The names by step, which don't give anything away.
fn list() -> String {
    let hunts = hunts();
    let mut text = format!(
        "{} programs, each a step with one fault in it. To begin:\n\
         cargo run --bin workshop -- hunt NAME ../NAME\n",
        hunts.len()
    );
    for group in hunts.chunk_by(|one, next| one.step == next.step) {
        let names: Vec<_> = group.iter().map(|hunt| hunt.name).collect();
        text += &format!("\n{}: {}", group[0].step, names.join(", "));
    }
    text + "\n"
}

/// Writes the faulty program, and shows what it lacks.
fn start(hunt: &Hunt, directory: &Path) -> Result<String, String> {
    let Hunt { name, step, .. } = hunt;
    write_crate(hunt, directory)?;
    let (row, _) = hunt.fails[0];
    let mut outcomes = try_rows(hunt, directory, Some(row))?;
    let Some(message) = outcomes.remove(row).flatten() else {
        return Err(format!("{name} passes {row}, so it has no fault to find"));
    };
    let directory = steps::in_shell(directory);
    Ok(format!(
        "{message}\n\n\
         {directory} contains {step} with one fault in it. Find it and fix it. \
         Then:\n\
         cargo run --bin workshop -- hunt {name} {directory} --check\n"
    ))
}

/// Asks a hunt's program for what its step has, or only for one row of that.
fn try_rows(
    hunt: &Hunt,
    directory: &Path,
    only: Option<&str>,
) -> Result<results::Outcomes, String> {
    let server = Server::new(&directory.to_string_lossy(), None)?;
    let tests = build::build_tests(hunt.step)?;
    let names = match only {
        Some(row) => catalogue::only(row),
        None => catalogue::all_but_slow_rows(),
    };
    let printed = build::run_tests(&tests, &names, &server, None)?;
    let outcomes = results::outcomes(&printed, "has::");
    match outcomes.is_empty() {
        true => Err(format!("the tests of {} say nothing", hunt.step)),
        false => Ok(outcomes),
    }
}

/// Writes a crate into a directory that doesn't exist yet.
fn write_crate(hunt: &Hunt, directory: &Path) -> Result<(), String> {
    let files = hunt.files()?;
    let write = || {
        fs::create_dir(directory)?;
        let manifest = format!(
            "[package]\nname = \"{}\"\nversion = \"0.1.0\"\n\
             edition = \"2024\"\n\n[workspace]\n",
            hunt.name
        );
        fs::write(directory.join("Cargo.toml"), manifest)?;
        fs::write(directory.join(".gitignore"), "/target\n")?;
        let source = directory.join("src");
        fs::create_dir(&source)?;
        for (name, text) in files {
            fs::write(source.join(name), text)?;
        }
        let pages = directory.join("static");
        fs::create_dir(&pages)?;
        for page in fs::read_dir(repository().join("static"))? {
            let page = page?;
            fs::copy(page.path(), pages.join(page.file_name()))?;
        }
        Ok(())
    };
    write().map_err(|error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => format!(
            "{directory:?} exists, and won't be overwritten; name a new \
             directory, or add --check"
        ),
        _ => format!("cannot write a crate into {directory:?}: {error}"),
    })
}

/// Says whether the program now does all that its step does.
fn check(hunt: &Hunt, directory: &Path) -> Result<(String, bool), String> {
    let Hunt { name, step, .. } = hunt;
    let outcomes = try_rows(hunt, directory, None)?;
    let total = outcomes.len();
    let failed: Vec<_> = outcomes.iter().filter(|it| it.1.is_some()).collect();
    let Some((_, Some(message))) = failed.first() else {
        let text = format!(
            "Found: all {total} tests of {step} pass. The belief behind the \
             fault:\n\
             cargo run --bin workshop -- hunt {name} --answer\n"
        );
        return Ok((text, true));
    };
    let names: Vec<_> = failed.iter().map(|it| it.0.as_str()).collect();
    let text = format!(
        "{message}\n\n\
         Not yet: {} of {total} tests of {step} pass. These fail:\n  {}\n",
        total - failed.len(),
        names.join("\n  ")
    );
    Ok((text, false))
}

/// What the fault is, why people make it, and what removes it.
fn answer(hunt: &Hunt) -> String {
    let Hunt { name, step, file, believed, fact, .. } = hunt;
    let cure = hunt.cure();
    format!(
        "{name}: {step}, {file}\n\nBelieved: {believed}\nBut: {fact}\n\n{cure}"
    )
}

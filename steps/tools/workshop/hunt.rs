//! Bug hunts: a program with a fault to find, by what its tests say.

use crate::hunts::{Hunt, hunts};
use crate::trial;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const HELP: &str = "\
Gives you a program with one fault in it, and says by what you'll know it.

    workshop hunt                      lists the hunts
    workshop hunt NAME DIR             writes the program into a new directory
    workshop hunt NAME DIR --check     says whether the fault is gone
    workshop hunt NAME --answer        tells the fault
";

pub enum Task {
    Help,
    List,
    Start(Hunt, PathBuf),
    Check(Hunt, PathBuf),
    Answer(Hunt),
}

/// Reads what follows `hunt` on the command line.
pub fn parse(
    arguments: impl Iterator<Item = OsString>,
) -> Result<Task, String> {
    let (mut places, mut option) = (Vec::new(), None);
    for argument in arguments {
        match argument.to_str() {
            Some("--help") => return Ok(Task::Help),
            Some("--check" | "--answer") if option.is_none() => {
                option = Some(argument);
            }
            Some(text) if text.starts_with('-') => {
                return Err(format!("{text:?} isn't expected; see --help"));
            }
            _ => places.push(argument),
        }
    }
    let mut places = places.into_iter();
    let Some(name) = places.next() else { return Ok(Task::List) };
    let hunt = hunts().into_iter().find(|hunt| name == hunt.name);
    let hunt = hunt.ok_or_else(|| {
        format!("{name:?} isn't a hunt; `workshop hunt` lists them")
    })?;
    let directory = places.next().map(PathBuf::from);
    if let Some(more) = places.next() {
        return Err(format!("{more:?} is too much: one hunt, one directory"));
    }
    let is = |word| option.as_ref().is_some_and(|option| option == word);
    match directory {
        _ if is("--answer") => Ok(Task::Answer(hunt)),
        Some(directory) if is("--check") => Ok(Task::Check(hunt, directory)),
        Some(directory) => Ok(Task::Start(hunt, directory)),
        None => Err(format!(
            "{} needs a directory, such as ../{}",
            hunt.name, hunt.name
        )),
    }
}

/// Does a task. It fails if a fault is still there.
pub fn run(task: Task) -> Result<ExitCode, String> {
    let (text, is_done) = match task {
        Task::Help => (HELP.to_string(), true),
        Task::List => (list(), true),
        Task::Start(hunt, directory) => (start(&hunt, &directory)?, true),
        Task::Check(hunt, directory) => check(&hunt, &directory)?,
        Task::Answer(hunt) => (answer(&hunt), true),
    };
    let printed = io::stdout().write_all(text.as_bytes());
    printed.map_err(|error| format!("cannot print: {error}"))?;
    Ok(if is_done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
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
    let server = trial::build(directory, name)?;
    let (row, _) = hunt.fails[0];
    let verdict = trial::try_rows(step, &server, Some(row))?;
    let Some((_, message)) = verdict.failed.first() else {
        return Err(format!("{name} passes {row}, so it has no fault to find"));
    };
    let directory = in_shell(directory);
    Ok(format!(
        "{message}\n\n\
         {directory} contains {step} with one fault in it. Find and mend it. \
         Then:\n\
         cargo run --bin workshop -- hunt {name} {directory} --check\n"
    ))
}

/// A path as a shell takes it.
fn in_shell(path: &Path) -> String {
    let path = path.display().to_string();
    let plain = |letter: char| {
        letter.is_ascii_alphanumeric() || "/._-".contains(letter)
    };
    match path.chars().all(plain) {
        true => path,
        false => format!("'{}'", path.replace('\'', "'\\''")),
    }
}

/// Writes a crate into a directory that doesn't exist yet.
fn write_crate(hunt: &Hunt, directory: &Path) -> Result<(), String> {
    let files = hunt.files(&trial::root())?;
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
        for page in fs::read_dir(trial::root().join("static"))? {
            let page = page?;
            fs::copy(page.path(), pages.join(page.file_name()))?;
        }
        Ok(())
    };
    write().map_err(|error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => format!(
            "{directory:?} exists, and nothing is written over it; name a new \
             directory, or add --check"
        ),
        _ => format!("cannot write a crate into {directory:?}: {error}"),
    })
}

/// Says whether the program now does all that its step does.
fn check(hunt: &Hunt, directory: &Path) -> Result<(String, bool), String> {
    let Hunt { name, step, .. } = hunt;
    let server = trial::build(directory, name)?;
    let verdict = trial::try_rows(step, &server, None)?;
    let total = verdict.passed + verdict.failed.len();
    let Some((_, message)) = verdict.failed.first() else {
        let text = format!(
            "Found: all {total} tests of {step} pass. What somebody believes \
             who writes that fault:\n\
             cargo run --bin workshop -- hunt {name} --answer\n"
        );
        return Ok((text, true));
    };
    let failed: Vec<_> = verdict.failed.iter().map(|it| &*it.0).collect();
    let text = format!(
        "{message}\n\n\
         Not yet: {} of {total} tests of {step} pass. These fail:\n  {}\n",
        verdict.passed,
        failed.join("\n  ")
    );
    Ok((text, false))
}

/// What the fault is, why somebody makes it, and what takes it out.
fn answer(hunt: &Hunt) -> String {
    let Hunt { name, step, file, believed, fact, .. } = hunt;
    let cure = hunt.cure();
    format!(
        "{name}: {step}, {file}\n\nBelieved: {believed}\nBut: {fact}\n\n{cure}"
    )
}

//! `start`: writes a crate for a step, or goes on in one.

use crate::cut;
use crate::manifest::Manifest;
use crate::pieces::{self, Holes, Piece};
use crate::place::repository;
use crate::steps::{self, Step};
use crate::wrap::wrapped;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const CARGO: &str = "\
[package]
name = \"my-server\"
version = \"0.1.0\"
edition = \"2024\"

[dependencies]
";

/// Only a crate with holes needs it.
const LINTS: &str = "
# A hole leaves things unused. When you've filled them all, remove these lines.
[lints.rust]
dead_code = \"allow\"
unused_imports = \"allow\"
unused_mut = \"allow\"
unused_variables = \"allow\"
";

const IGNORED: &str = "/target\n";

/// Writes what a step needs into a directory, and says what the reader has to
/// write.
pub fn start(
    step: &Step,
    directory: &Path,
    holes: Holes,
) -> Result<String, String> {
    let today = pieces::of(step.name(), holes);
    let files = files(step, &today)?;
    let title = step.title()?;
    let (name, shown) = (step.name(), steps::in_shell(directory));
    let found = find_manifest(step, directory, &files)?;
    let mut said = match found {
        Some(manifest) if manifest.step != name => {
            let from = manifest.step.clone();
            let added = go_on(step, directory, manifest, files, &today)?;
            format!("{shown} goes on from {from} to {name}, {title:?}\n{added}")
        }
        _ => {
            let manifest = Manifest::default();
            write(step, directory, manifest, &files)?;
            let tasks = tasks("\nWrite the functions with a hole:\n", &today);
            let git = git(directory, &shown);
            format!("{shown} is a crate for {name}, {title:?}\n{tasks}{git}")
        }
    };
    said += &format!(
        "\nThe chapter is {}. To see how far you've got:\n  \
         cargo run --bin workshop -- check {name} {shown}\n",
        step.chapter()
    );
    Ok(said)
}

/// All files of a step's crate, by their paths in it.
fn files(
    step: &Step,
    holes: &[Piece],
) -> Result<BTreeMap<String, String>, String> {
    let mut sources = step.files()?;
    pieces::cut(&mut sources, holes)?;
    let sources = sources.into_iter();
    let mut files: BTreeMap<_, _> =
        sources.map(|(name, text)| (format!("src/{name}"), text)).collect();
    for page in steps::list(&repository().join("static"))? {
        let name = format!("static/{}", steps::file_name(&page));
        files.insert(name, steps::read(&page)?);
    }
    let lints = if holes.is_empty() { "" } else { LINTS };
    let agents = include_str!("agents.md").replace("\r\n", "\n");
    files.insert("Cargo.toml".to_string(), format!("{CARGO}{lints}"));
    files.insert("AGENTS.md".to_string(), agents);
    files.insert(".gitignore".to_string(), IGNORED.to_string());
    Ok(files)
}

/// The manifest of a directory, or `None` if there's nothing in it. It's an
/// error if something in it isn't ours.
fn find_manifest(
    step: &Step,
    directory: &Path,
    files: &BTreeMap<String, String>,
) -> Result<Option<Manifest>, String> {
    if !directory.exists() {
        return Ok(None);
    }
    let Some(manifest) = Manifest::read(directory)? else {
        let Some(first) = steps::list(directory)?.into_iter().next() else {
            return Ok(None);
        };
        return Err(format!(
            "{first:?} isn't the workshop's, so nothing is written there; name \
             a directory that doesn't exist yet"
        ));
    };
    if steps::find(&manifest.step)?.number > step.number {
        return Err(format!(
            "{directory:?} is at {} already; name another directory for {}",
            manifest.step,
            step.name()
        ));
    }
    let is_edited = |file: &&String| {
        directory.join(file).exists() && !manifest.is_unedited(directory, file)
    };
    match files.keys().find(is_edited) {
        Some(file) if manifest.step == step.name() => Err(format!(
            "{:?} has been edited, so nothing is overwritten; name a directory \
             that doesn't exist yet",
            directory.join(file)
        )),
        _ => Ok(Some(manifest)),
    }
}

/// Adds what's new to a crate of an earlier step, and says what's left to do.
fn go_on(
    step: &Step,
    directory: &Path,
    manifest: Manifest,
    mut files: BTreeMap<String, String>,
    holes: &[Piece],
) -> Result<String, String> {
    let mut said = String::new();
    let source = |file: &str| format!("src/{file}");
    let exists = |it: &Piece| directory.join(source(it.file)).exists();
    let all = pieces::of(step.name(), Holes::All);
    let holes: Vec<_> =
        holes.iter().copied().filter(|it| !exists(it)).collect();
    let changes: Vec<_> = all.into_iter().filter(exists).collect();
    let (before, now) = (steps::find(&manifest.step)?.files()?, step.files()?);
    files.retain(|file, text| {
        let path = directory.join(file.as_str());
        let Ok(old) = steps::read(&path) else {
            said += &format!("  new:       {file}\n");
            return true;
        };
        let source = file.strip_prefix("src/");
        let is_given = source.is_some_and(pieces::is_given);
        let differs = source.is_some_and(|it| before.get(it) != now.get(it));
        if !is_given && differs {
            said +=
                &format!("  yours:     {file}, which the chapter changes\n");
        }
        if old == *text || !is_given {
            return false;
        }
        let is_unedited = manifest.is_unedited(directory, file);
        let step = step.path(source.unwrap_or(file));
        said += &match is_unedited {
            true => format!("  replaced:  {file}\n"),
            false => {
                format!("  edited, so it's still yours: {file} (now {step})\n")
            }
        };
        is_unedited
    });
    write(step, directory, manifest, &files)?;
    said += &modules(&files, &now);
    said += &tasks("\nWrite the functions with a hole:\n", &holes);
    said += &tasks("\nIn your own files, add or change:\n", &changes);
    said += &others(step, &before, &now);
    Ok(said)
}

/// What `main.rs` needs for the new modules.
fn modules(
    added: &BTreeMap<String, String>,
    now: &BTreeMap<String, String>,
) -> String {
    let names = added.keys().filter_map(|file| {
        let name = file.strip_prefix("src/")?.strip_suffix(".rs")?;
        let line = format!("mod {name};");
        now["main.rs"].lines().any(|it| it == line).then_some(line)
    });
    match &names.collect::<Vec<_>>()[..] {
        [] => String::new(),
        lines => {
            let lines = wrapped(&lines.join("\n"), 2);
            format!("\nFor what's new, src/main.rs needs:\n{lines}")
        }
    }
}

/// What else changes in the reader's files: functions that aren't pieces.
fn others(
    step: &Step,
    before: &BTreeMap<String, String>,
    now: &BTreeMap<String, String>,
) -> String {
    let pieces = pieces::of(step.name(), Holes::All);
    let mut said = String::new();
    for (file, text) in now.iter().filter(|(file, _)| !pieces::is_given(file)) {
        let Some(old) = before.get(file) else { continue };
        let mut names = cut::functions(text);
        names.retain(|name| {
            let is_it = |it: &Piece| it.file == file && it.function == name;
            !pieces.iter().any(is_it)
                && cut::function(old, name) != cut::function(text, name)
        });
        if !names.is_empty() {
            let names = wrapped(&names.join(", "), 6);
            said += &format!("  in src/{file}\n{names}");
        }
    }
    match said.is_empty() {
        true => said,
        false => format!("\nThe chapter also adds or changes:\n{said}"),
    }
}

/// How to keep a new crate in git, if it isn't in a repository already.
fn git(directory: &Path, shown: &str) -> String {
    let whole = directory.canonicalize().unwrap_or_default();
    match whole.ancestors().any(|it| it.join(".git").exists()) {
        true => String::new(),
        false => format!(
            "\nThe chapters have you commit, and go back to a commit:\n  \
             cd {shown} && git init && git add -A && git commit -m start\n"
        ),
    }
}

/// The pieces, each with what it has to do.
fn tasks(heading: &str, pieces: &[Piece]) -> String {
    let task = |piece: &Piece| {
        let Piece { file, function, task, .. } = piece;
        format!("  {function} in src/{file}\n{}", wrapped(task, 6))
    };
    match pieces {
        [] => String::new(),
        pieces => {
            heading.to_string() + &pieces.iter().map(task).collect::<String>()
        }
    }
}

/// The manifest comes first: if there's no room for the rest, the same command
/// can be given again.
fn write(
    step: &Step,
    directory: &Path,
    mut manifest: Manifest,
    files: &BTreeMap<String, String>,
) -> Result<(), String> {
    for part in ["src", "static"] {
        let path = directory.join(part);
        fs::create_dir_all(&path)
            .map_err(|error| format!("cannot make {path:?}: {error}"))?;
    }
    manifest.step = step.name().to_string();
    for (file, text) in files {
        manifest.add(file, text);
    }
    manifest.write(directory)?;
    for (file, text) in files {
        let path = directory.join(file);
        fs::write(&path, text)
            .map_err(|error| format!("cannot write {path:?}: {error}"))?;
    }
    Ok(())
}

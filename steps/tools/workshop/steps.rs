//! The steps of this repository, and what their chapters say about them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::place::repository;

/// A step, and where it is.
#[derive(Clone)]
pub struct Step {
    pub number: usize,
    /// The name of its directory and its chapter: `step05_thread_pool`.
    pub directory: String,
}

impl Step {
    /// The name of its program: `step05`.
    pub fn name(&self) -> &str {
        &self.directory[.."step00".len()]
    }

    /// Its files by their names, without the lines that only mark what the
    /// book shows.
    pub fn files(&self) -> Result<BTreeMap<String, String>, String> {
        let directory = repository().join("steps").join(&self.directory);
        let mut files = BTreeMap::new();
        for path in list(&directory)? {
            files.insert(file_name(&path), without_anchors(&read(&path)?));
        }
        Ok(files)
    }

    /// Where a file of it is, seen from the repository's root.
    pub fn path(&self, file: &str) -> String {
        format!("steps/{}/{file}", self.directory)
    }

    /// Where its chapter is, seen from the repository's root.
    pub fn chapter(&self) -> String {
        format!("book/src/{}.md", self.directory)
    }

    /// Its chapter's title.
    pub fn title(&self) -> Result<String, String> {
        let chapter = read(&repository().join(self.chapter()))?;
        let title = chapter.lines().next().and_then(|it| it.strip_prefix("# "));
        Ok(title.unwrap_or(self.name()).to_string())
    }

    /// What the chapter promises: the items of its first list.
    pub fn promises(&self) -> Result<Vec<String>, String> {
        let chapter = read(&repository().join(self.chapter()))?;
        let mut items: Vec<String> = Vec::new();
        for line in chapter.lines().skip_while(|it| !it.starts_with("* ")) {
            match (line.strip_prefix("* "), items.last_mut()) {
                (Some(item), _) => items.push(item.to_string()),
                (None, Some(item)) if line.starts_with("  ") => {
                    item.push(' ');
                    item.push_str(line.trim());
                }
                _ => break,
            }
        }
        Ok(items)
    }
}

/// All steps, in their order.
pub fn all() -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    for path in list(&repository().join("steps"))? {
        let directory = file_name(&path);
        let number = directory.strip_prefix("step").and_then(|it| it.get(..2));
        if let Some(number) = number.and_then(|it| it.parse().ok()) {
            steps.push(Step { number, directory });
        }
    }
    Ok(steps)
}

/// The step that a user names: `step05`, `05` or `5`.
pub fn find(name: &str) -> Result<Step, String> {
    let steps = all()?;
    let number = name.strip_prefix("step").unwrap_or(name).parse::<usize>();
    let named = |step: &&Step| number == Ok(step.number);
    steps.iter().find(named).cloned().ok_or_else(|| {
        let name_of = |it: Option<&Step>| it.map_or("", Step::name).to_string();
        let (first, last) = (name_of(steps.first()), name_of(steps.last()));
        format!("no step {name:?}; there are {first} to {last}")
    })
}

/// The step after this one, if there is one.
pub fn next(step: &Step) -> Result<Option<Step>, String> {
    Ok(all()?.into_iter().find(|it| it.number == step.number + 1))
}

/// What's in a directory, sorted by name.
pub fn list(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let cannot = |error| format!("cannot list {directory:?}: {error}");
    let entries = fs::read_dir(directory).map_err(cannot)?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut paths: Vec<_> = paths.collect::<Result<_, _>>().map_err(cannot)?;
    paths.sort();
    Ok(paths)
}

/// The text of a file, with LF at the ends of its lines: git may have made
/// them CR LF.
pub fn read(path: &Path) -> Result<String, String> {
    let text = fs::read_to_string(path);
    let text = text.map_err(|it| format!("cannot read {path:?}: {it}"))?;
    Ok(text.replace("\r\n", "\n"))
}

pub fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// A path as a shell takes it.
pub fn in_shell(path: &Path) -> String {
    let path = path.display().to_string();
    match path.contains(|it: char| it.is_whitespace() || "'\"$".contains(it)) {
        true => format!("'{}'", path.replace('\'', "'\\''")),
        false => path,
    }
}

fn without_anchors(text: &str) -> String {
    let is_code = |line: &&str| !line.trim_start().starts_with("// ANCHOR");
    text.split_inclusive('\n').filter(is_code).collect()
}

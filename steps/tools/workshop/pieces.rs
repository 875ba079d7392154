//! The pieces: the functions of each step that `start` can leave to the reader.

use crate::cut;
use std::collections::BTreeMap;

const TEXT: &str = include_str!("pieces.txt");

/// How much of a step is left to the reader. Each level has the holes of the
/// one before it, too.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub enum Holes {
    None,
    Few,
    Some,
    All,
}

impl Holes {
    pub fn parse(word: &str) -> Option<Holes> {
        match word {
            "none" => Some(Holes::None),
            "few" => Some(Holes::Few),
            "some" => Some(Holes::Some),
            "all" => Some(Holes::All),
            _ => None,
        }
    }
}

/// A function that a chapter has the reader write.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    step: &'static str,
    level: Holes,
    pub file: &'static str,
    /// `run`, or `ThreadPool::execute`.
    pub function: &'static str,
    /// What it has to do.
    pub task: &'static str,
}

/// All pieces of all steps, in the order of the text.
fn all() -> impl Iterator<Item = Piece> {
    let is_content = |it: &&str| !it.is_empty() && !it.starts_with('#');
    let mut lines = TEXT.lines().filter(is_content);
    let mut step = "";
    std::iter::from_fn(move || {
        let mut line = lines.next()?;
        if line.starts_with("step") {
            step = line;
            line = lines.next().expect("a step has pieces");
        }
        let words: Vec<_> = line.split(' ').collect();
        let [level, file, function] = words[..] else {
            panic!("{line:?} isn't LEVEL FILE FUNCTION");
        };
        let level = Holes::parse(level).expect("a level");
        let task = lines.next().expect("a task").trim();
        Some(Piece { step, level, file, function, task })
    })
}

/// The pieces of a step (`step05`) that are holes at this level.
pub fn of(step: &str, holes: Holes) -> Vec<Piece> {
    all().filter(|it| it.step == step && it.level <= holes).collect()
}

/// Whether a file is given to the reader in every step: it has no piece at all.
pub fn is_given(file: &str) -> bool {
    all().all(|piece| piece.file != file)
}

/// Puts holes into the files of a step.
pub fn cut(
    files: &mut BTreeMap<String, String>,
    pieces: &[Piece],
) -> Result<(), String> {
    for piece in pieces {
        let missing =
            || format!("{} has no `{}` to cut out", piece.file, piece.function);
        let text = files.get_mut(piece.file).ok_or_else(missing)?;
        *text =
            cut::hole(text, piece.function, piece.task).ok_or_else(missing)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps;

    #[test]
    fn every_piece_is_a_function_of_its_step() {
        for step in steps::all().unwrap() {
            let mut files = step.files().unwrap();
            let pieces = of(step.name(), Holes::All);
            cut(&mut files, &pieces).unwrap();
            let holes: usize =
                files.values().map(|it| it.matches("todo!(").count()).sum();
            assert_eq!(holes, pieces.len(), "{}", step.name());
            assert!(!of(step.name(), Holes::Few).is_empty(), "{}", step.name());
        }
    }

    #[test]
    fn a_task_fits_into_a_format_string() {
        for piece in all() {
            let is_plain = !piece.task.contains(['"', '\\', '{', '}']);
            assert!(is_plain, "{}: {}", piece.step, piece.task);
            assert!(piece.task.len() <= 90, "{}: {}", piece.step, piece.task);
        }
    }

    /// A step's pieces are what it adds: the text of each differs from the
    /// function of the same name in the step before.
    #[test]
    fn a_piece_is_new_or_changed() {
        let mut before = BTreeMap::new();
        for step in steps::all().unwrap() {
            let now = step.files().unwrap();
            for Piece { file, function, .. } in of(step.name(), Holes::All) {
                let old: Option<&String> = before.get(file);
                let old = old.and_then(|text| cut::function(text, function));
                let new = cut::function(&now[file], function);
                assert_ne!(old, new, "{}: {function}", step.name());
            }
            before = now;
        }
    }
}

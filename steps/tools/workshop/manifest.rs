//! What `start` has written into a crate, so that it never overwrites what
//! somebody else has written.

use crate::steps::read;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

pub const NAME: &str = ".workshop";

const COMMENT: &str = "\
# `workshop start` has written this step's files here. Each has the hash of its
# text, which tells a file that you've edited from one that you haven't.
";

/// The step of a crate, and the hash of each file as it was written.
#[derive(Default)]
pub struct Manifest {
    /// `step05`
    pub step: String,
    hashes: BTreeMap<String, String>,
}

impl Manifest {
    /// Reads the manifest of a directory, if it has one.
    pub fn read(directory: &Path) -> Result<Option<Manifest>, String> {
        let path = directory.join(NAME);
        if !path.exists() {
            return Ok(None);
        }
        let broken = || format!("{path:?} isn't as `start` wrote it");
        let text = read(&path)?;
        let mut lines = text.lines().filter(|it| !it.starts_with('#'));
        let step = lines.next().ok_or_else(broken)?.to_string();
        let entries = lines.map(|line| {
            let (hash, file) = line.split_once(' ')?;
            Some((file.to_string(), hash.to_string()))
        });
        let hashes = entries.collect::<Option<_>>().ok_or_else(broken)?;
        Ok(Some(Manifest { step, hashes }))
    }

    pub fn write(&self, directory: &Path) -> Result<(), String> {
        let mut text = format!("{COMMENT}{}\n", self.step);
        for (file, hash) in &self.hashes {
            text += &format!("{hash} {file}\n");
        }
        let path = directory.join(NAME);
        fs::write(&path, text)
            .map_err(|error| format!("cannot write {path:?}: {error}"))
    }

    pub fn add(&mut self, file: &str, text: &str) {
        self.hashes.insert(file.to_string(), hash(text));
    }

    /// Whether a file is still as it was written.
    pub fn is_unedited(&self, directory: &Path, file: &str) -> bool {
        let text = read(&directory.join(file)).ok();
        text.map(|text| hash(&text)).as_ref() == self.hashes.get(file)
    }
}

/// FNV-1a, which is the same on every machine and in every version of Rust.
fn hash(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

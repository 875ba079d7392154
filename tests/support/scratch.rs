//! A folder for a test to use.

use std::path::PathBuf;
use std::{env, fs, process};

/// Empty at first, and gone when the test is over.
pub struct Scratch(pub PathBuf);

impl Scratch {
    /// Each test has a name of its own.
    pub fn new(name: &str) -> Scratch {
        let folder = format!("{name}-{}", process::id());
        let path = env::temp_dir().join(folder);
        _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

//! `check --watch`: checks again whenever a file is saved.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use crate::check;
use crate::options::Check;
use crate::steps::{file_name, list};

const POLL: Duration = Duration::from_millis(300);

/// Clears a terminal.
const CLEAR: &str = "\x1b[2J\x1b[H";

/// Returns when the step is complete.
pub fn watch(check: &Check) -> Result<bool, String> {
    loop {
        // Before the check, so that a file that's saved meanwhile counts.
        let before = saved(&check.server);
        if io::stdout().is_terminal() {
            crate::print(CLEAR)?;
        }
        match check::check(check) {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(message) => crate::complain(&message),
        }
        crate::print(
            "\nWaiting until you save something (Ctrl-C ends this).\n",
        )?;
        while saved(&check.server) == before {
            thread::sleep(POLL);
        }
    }
}

/// When each file was saved: those of a crate, or those that a command names.
fn saved(server: &str) -> Vec<(PathBuf, Option<SystemTime>)> {
    let mut files = Vec::new();
    let words = server.split(' ').map(Path::new);
    for path in [Path::new(server)].into_iter().chain(words) {
        match path.is_dir() {
            true => walk(path, &mut files),
            false if path.exists() => files.push(path.to_path_buf()),
            false => {}
        }
    }
    let time = |path: &PathBuf| path.metadata().ok()?.modified().ok();
    files.into_iter().map(|path| (path.clone(), time(&path))).collect()
}

fn walk(directory: &Path, files: &mut Vec<PathBuf>) {
    for path in list(directory).unwrap_or_default() {
        let name = file_name(&path);
        match path.is_dir() {
            true if name != "target" && !name.starts_with('.') => {
                walk(&path, files);
            }
            true => {}
            false => files.push(path),
        }
    }
}

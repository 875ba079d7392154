// ANCHOR: find
//! Keeps small files in memory, for a moment.

use crate::files::{self, Found, FoundFile};
use crate::limits::{MAX_CACHED_FILES, REVALIDATE_AFTER};
use crate::response::{Body, Status};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// The file that each path led to, and when we began to look.
type Files = BTreeMap<String, (Instant, FoundFile)>;

static FILES: Mutex<Files> = Mutex::new(Files::new());

/// Finds a file as `files::find` does, or as it did a moment ago. So under load,
/// many requests share one look, and nobody has to tell us what has changed.
pub fn find(root: &Path, path: &str) -> Result<Found, Status> {
    let now = Instant::now();
    if let Some(file) = fresh(path, now) {
        return Ok(Found::File(file));
    }
    let found = files::find(root, path)?;
    let Found::File(file) = &found else { return Ok(found) };
    if let Some(file) = copy(file) {
        keep(path, now, file);
    }
    Ok(found)
}
// ANCHOR_END: find

// ANCHOR: fresh
/// What's kept of a file, if it isn't too old.
fn fresh(path: &str, now: Instant) -> Option<FoundFile> {
    let files = FILES.lock().expect("nothing panics while it's held");
    let (looked, file) = files.get(path)?;
    // Another thread may have looked after `now`. Then the age is zero.
    let age = now.saturating_duration_since(*looked);
    if age < REVALIDATE_AFTER { copy(file) } else { None }
}

fn keep(path: &str, looked: Instant, file: FoundFile) {
    let mut files = FILES.lock().expect("nothing panics while it's held");
    if files.len() >= MAX_CACHED_FILES && !files.contains_key(path) {
        files.clear(); // What's asked for will soon be back.
    }
    files.insert(path.to_string(), (looked, file));
}

/// Another owner of the same bytes, if the file is small.
fn copy(file: &FoundFile) -> Option<FoundFile> {
    let Body::Bytes(bytes) = &file.body else { return None };
    Some(FoundFile {
        body: Body::Bytes(Arc::clone(bytes)),
        media_type: file.media_type,
        validators: file.validators.clone(),
    })
}
// ANCHOR_END: fresh

#[cfg(test)]
mod tests {
    use super::*;
    use std::{env, fs, process};

    /// Finds a small file, and returns its bytes.
    fn bytes(root: &Path, path: &str) -> Arc<[u8]> {
        let found = find(root, path).expect("the file");
        let Found::File(FoundFile { body: Body::Bytes(bytes), .. }) = found
        else {
            panic!("it's a small file")
        };
        bytes
    }

    #[test]
    fn a_file_is_looked_at_once_in_a_moment() {
        let root = env::temp_dir().join(format!("cached-{}", process::id()));
        fs::create_dir_all(&root).expect("a directory");
        for name in ["a", "b"] {
            fs::write(root.join(name), name).expect("a file");
        }
        let is_shared = || {
            let first = bytes(&root, "/a");
            bytes(&root, "/b");
            Arc::ptr_eq(&first, &bytes(&root, "/a"))
        };
        // Once in a while, the moment ends in between.
        let is_shared = (0..20).any(|_| is_shared());
        fs::write(root.join("a"), "new").expect("a file");
        let changed = Instant::now();
        let mut is_new = false;
        while !is_new && changed.elapsed() < 100 * REVALIDATE_AFTER {
            is_new = bytes(&root, "/a")[..] == *b"new";
        }
        fs::remove_dir_all(&root).expect("the directory");
        assert!(is_shared, "each request reads the file");
        assert!(is_new, "it stays old");
    }
}

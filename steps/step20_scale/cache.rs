//! Keeps small files in memory, for a moment.

use crate::files::{self, Found, FoundFile};
use crate::limits::{MAX_CACHED_FILES, REVALIDATE_AFTER};
use crate::response::{Body, Status};
use crate::validators::Validators;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// What was found by each path a moment ago.
static FILES: Mutex<BTreeMap<String, Entry>> = Mutex::new(BTreeMap::new());

struct Entry {
    bytes: Arc<[u8]>,
    media_type: &'static str,
    validators: Validators,
    /// When we began to look at the file.
    looked: Instant,
}

/// Finds a file as `files::find` does, or as it did a moment ago. So under load,
/// many requests share one look, and nothing has to be known about what may have
/// changed since then.
pub fn find(root: &Path, path: &str) -> Result<Found, Status> {
    let looked = Instant::now();
    if let Some(file) = fresh(path, looked) {
        return Ok(Found::File(file));
    }
    let found = files::find(root, path)?;
    let Found::File(file) = &found else { return Ok(found) };
    if let Body::Bytes(bytes) = &file.body {
        let (bytes, validators) = (Arc::clone(bytes), file.validators.clone());
        let media_type = file.media_type;
        keep(path, Entry { bytes, media_type, validators, looked });
    }
    Ok(found)
}

/// What's kept of a file, if it isn't too old.
fn fresh(path: &str, now: Instant) -> Option<FoundFile> {
    let files = FILES.lock().expect("nothing panics while it's held");
    let entry = files.get(path)?;
    // Another thread may have looked later than `now`: that's zero here.
    if now.saturating_duration_since(entry.looked) >= REVALIDATE_AFTER {
        return None;
    }
    Some(FoundFile {
        body: Body::Bytes(Arc::clone(&entry.bytes)),
        media_type: entry.media_type,
        validators: entry.validators.clone(),
    })
}

fn keep(path: &str, entry: Entry) {
    let mut files = FILES.lock().expect("nothing panics while it's held");
    if files.len() >= MAX_CACHED_FILES && !files.contains_key(path) {
        files.clear(); // What's asked for is soon here again.
    }
    files.insert(path.to_string(), entry);
}

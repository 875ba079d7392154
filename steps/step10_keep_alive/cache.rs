//! Small files that were read before and have not changed since.

use crate::files::{Content, FoundFile};
use crate::limits::{CACHE, FRESH, SETTLED};
use std::collections::HashMap;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};
use std::time::Instant;

// ANCHOR: cache
/// What small files hold, so that they need not be opened, read and closed for
/// each request.
#[derive(Default)]
pub struct Cache {
    entries: Mutex<HashMap<PathBuf, Entry>>,
}

struct Entry {
    file: FoundFile,
    version: Version,
    /// When its metadata last said that it has not changed.
    checked: Instant,
}

impl Cache {
    /// The file, if one has looked at it a moment ago.
    pub fn get_fresh(&self, path: &Path) -> Option<FoundFile> {
        let entries = self.lock();
        let entry = entries.get(path)?;
        let is_fresh = entry.checked.elapsed() < FRESH;
        is_fresh.then(|| entry.file.clone())
    }

    /// The file, if `metadata` says now that it is as it was when it was read.
    pub fn get(&self, path: &Path, metadata: &Metadata) -> Option<FoundFile> {
        let mut entries = self.lock();
        let entry = entries.get_mut(path)?;
        if entry.version != version(metadata) {
            return None;
        }
        entry.checked = Instant::now();
        Some(entry.file.clone())
    }

    /// Keeps a small file, if its metadata will tell when it changes.
    pub fn put(&self, path: &Path, file: &FoundFile, metadata: &Metadata) {
        let is_small = matches!(file.content, Content::InMemory(_));
        let age = file.modified.elapsed().unwrap_or_default();
        if !is_small || age <= SETTLED {
            return;
        }
        let (file, version) = (file.clone(), version(metadata));
        let entry = Entry { file, version, checked: Instant::now() };
        let mut entries = self.lock();
        if entries.len() == CACHE {
            entries.clear(); // What is in use is soon read again.
        }
        entries.insert(path.to_path_buf(), entry);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PathBuf, Entry>> {
        self.entries.lock().expect("nothing panics while it is held")
    }
}
// ANCHOR_END: cache

/// What is another as soon as the file is another, or holds something else, or
/// may be read by others than before.
type Version = (u64, u64, i64, i64);

#[cfg(unix)]
fn version(metadata: &Metadata) -> Version {
    use std::os::unix::fs::MetadataExt;
    let (seconds, nanoseconds) = (metadata.ctime(), metadata.ctime_nsec());
    (metadata.dev(), metadata.ino(), seconds, nanoseconds)
}

/// Elsewhere std knows only its length and when it was changed.
#[cfg(not(unix))]
fn version(metadata: &Metadata) -> Version {
    use std::time::SystemTime;
    let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    let since = modified.duration_since(SystemTime::UNIX_EPOCH);
    let since = since.unwrap_or_default();
    let nanoseconds = i64::from(since.subsec_nanos());
    (metadata.len(), since.as_secs(), nanoseconds, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::time::{Duration, SystemTime};

    fn file(age: Duration) -> FoundFile {
        let content = Content::InMemory(Arc::default());
        let modified = SystemTime::now() - age;
        FoundFile { content, modified, media_type: "" }
    }

    #[test]
    fn a_file_that_has_just_changed_is_not_kept() {
        let cache = Cache::default();
        let metadata = std::fs::metadata(".").expect("a folder");
        cache.put(Path::new("new"), &file(Duration::ZERO), &metadata);
        assert!(cache.lock().is_empty());
        cache.put(Path::new("old"), &file(SETTLED * 2), &metadata);
        assert!(cache.lock().contains_key(Path::new("old")));
    }

    #[test]
    fn it_never_holds_more_files_than_its_limit() {
        let cache = Cache::default();
        let metadata = std::fs::metadata(".").expect("a folder");
        for number in 0..3 * CACHE {
            let path = PathBuf::from(number.to_string());
            cache.put(&path, &file(SETTLED * 2), &metadata);
            assert!(cache.lock().len() <= CACHE);
            assert!(cache.lock().contains_key(&path));
        }
    }
}

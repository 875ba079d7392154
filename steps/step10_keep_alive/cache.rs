// ANCHOR: cache
//! Small files that were read before and have not changed since.

use crate::files::{Content, FoundFile};
use crate::limits::{CACHE, FRESH, SETTLED};
use std::collections::HashMap;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};
use std::time::{Instant, SystemTime};

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
        let version = version(metadata);
        let (.., changed) = version;
        let is_small = matches!(file.content, Content::InMemory(_));
        if !is_small || changed.elapsed().unwrap_or_default() <= SETTLED {
            return;
        }
        let (file, checked) = (file.clone(), Instant::now());
        let entry = Entry { file, version, checked };
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

/// What is another as soon as the file is another, or holds something else, or
/// may be read by others than before. When it has changed comes last.
type Version = (u64, u64, SystemTime);

#[cfg(unix)]
fn version(metadata: &Metadata) -> Version {
    use std::{os::unix::fs::MetadataExt, time::Duration};
    let seconds = metadata.ctime().max(0) as u64;
    let since = Duration::new(seconds, metadata.ctime_nsec() as u32);
    (metadata.dev(), metadata.ino(), SystemTime::UNIX_EPOCH + since)
}

/// Elsewhere std knows only its length and when it was changed.
#[cfg(not(unix))]
fn version(metadata: &Metadata) -> Version {
    let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    (metadata.len(), 0, modified)
}
// ANCHOR_END: cache

// ANCHOR: tests
#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::{env, fs, process};

    fn file(content: Content) -> FoundFile {
        let modified = SystemTime::UNIX_EPOCH;
        FoundFile { content, modified, media_type: "" }
    }

    fn small() -> FoundFile {
        file(Content::InMemory(Arc::default()))
    }

    /// Of something that has not changed for a while.
    fn settled() -> Metadata {
        fs::metadata("/").expect("a folder")
    }

    #[test]
    fn a_file_that_has_just_changed_is_not_kept() {
        let cache = Cache::default();
        let path = env::temp_dir().join(format!("cache-{}", process::id()));
        let new = fs::File::create(&path).expect("a folder for files");
        if cfg!(unix) {
            // It may say what it likes, as a copy of an old file does.
            new.set_modified(SystemTime::UNIX_EPOCH).expect("its own");
        }
        let metadata = new.metadata().expect("it is open");
        fs::remove_file(&path).expect("it is there");
        cache.put(&path, &small(), &metadata);
        assert!(cache.lock().is_empty());
        cache.put(&path, &small(), &settled());
        assert!(cache.lock().contains_key(&path));
    }

    #[test]
    fn a_file_that_is_not_in_memory_is_not_kept() {
        let cache = Cache::default();
        let path = env::current_exe().expect("this program");
        let open = fs::File::open(&path).expect("it is there");
        let long = file(Content::File(Arc::new(open), 1));
        cache.put(&path, &long, &settled());
        assert!(cache.get_fresh(&path).is_none());
    }

    #[test]
    fn another_file_is_noticed() {
        let cache = Cache::default();
        let path = Path::new("a");
        cache.put(path, &small(), &settled());
        assert!(cache.get(path, &settled()).is_some());
        let other = fs::metadata(env::temp_dir()).expect("a folder");
        assert!(cache.get(path, &other).is_none());
        assert!(cache.get(Path::new("b"), &settled()).is_none());
    }

    #[test]
    fn a_file_that_changes_has_another_version() {
        let path = env::temp_dir().join(format!("version-{}", process::id()));
        let start = Instant::now();
        fs::write(&path, "one").expect("a folder for files");
        let first = version(&fs::metadata(&path).expect("it is there"));
        loop {
            // Until the clock of the file system has moved on.
            fs::write(&path, "two").expect("the same file");
            let now = version(&fs::metadata(&path).expect("it is there"));
            if now != first {
                break;
            }
            assert!(start.elapsed() < SETTLED, "{now:?} is the same");
        }
        fs::remove_file(&path).expect("it is there");
    }

    #[test]
    fn it_never_holds_more_files_than_its_limit() {
        let cache = Cache::default();
        for number in 0..3 * CACHE {
            let path = PathBuf::from(number.to_string());
            cache.put(&path, &small(), &settled());
            assert!(cache.lock().len() <= CACHE);
            assert!(cache.lock().contains_key(&path));
        }
    }
}
// ANCHOR_END: tests

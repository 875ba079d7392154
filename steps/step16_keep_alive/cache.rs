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

    /// The file, if it still has the version that it had when it was read.
    pub fn get(&self, path: &Path, version: Version) -> Option<FoundFile> {
        let mut entries = self.lock();
        let entry = entries.get_mut(path)?;
        if entry.version != version {
            return None;
        }
        entry.checked = Instant::now();
        Some(entry.file.clone())
    }

    /// Keeps a file that is in memory.
    pub fn put(&self, path: &Path, file: &FoundFile, version: Version) {
        if matches!(file.content, Content::File(..)) {
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

/// Another one as soon as the file is another, or holds something else, or may
/// be read by others than before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Version {
    number: (u64, u64),
    changed: SystemTime,
}

impl Version {
    #[cfg(unix)]
    pub fn of(metadata: &Metadata) -> Version {
        use std::{os::unix::fs::MetadataExt, time::Duration};
        let number = (metadata.dev(), metadata.ino());
        let seconds = metadata.ctime().max(0) as u64;
        let since = Duration::new(seconds, metadata.ctime_nsec() as u32);
        Version { number, changed: SystemTime::UNIX_EPOCH + since }
    }

    /// Elsewhere std knows only its length and when it was written to.
    #[cfg(not(unix))]
    pub fn of(metadata: &Metadata) -> Version {
        let number = (metadata.len(), 0);
        let changed = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        Version { number, changed }
    }

    /// Whether whatever changes from now on makes another version.
    pub fn is_settled(&self) -> bool {
        self.changed.elapsed().is_ok_and(|age| age > SETTLED)
    }
}
// ANCHOR_END: cache

// ANCHOR: tests
#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::{env, fs, process};

    const CHANGED: SystemTime = SystemTime::UNIX_EPOCH;
    const VERSION: Version = Version { number: (1, 2), changed: CHANGED };

    fn file(content: Content) -> FoundFile {
        FoundFile { content, modified: CHANGED, media_type: "" }
    }

    fn small() -> FoundFile {
        file(Content::InMemory(Arc::default()))
    }

    #[test]
    fn a_file_that_is_not_in_memory_is_not_kept() {
        let cache = Cache::default();
        let path = env::current_exe().expect("this program");
        let open = fs::File::open(&path).expect("it is there");
        let long = file(Content::File(Arc::new(open), 1));
        cache.put(&path, &long, VERSION);
        assert!(cache.get(&path, VERSION).is_none());
    }

    #[test]
    fn another_version_is_noticed() {
        let cache = Cache::default();
        let path = Path::new("a");
        cache.put(path, &small(), VERSION);
        assert!(cache.get(path, VERSION).is_some());
        let changed = CHANGED + SETTLED;
        for other in [
            Version { number: (2, 2), ..VERSION },
            Version { changed, ..VERSION },
        ] {
            assert!(cache.get(path, other).is_none());
        }
        assert!(cache.get(Path::new("b"), VERSION).is_none());
    }

    #[test]
    fn it_never_holds_more_files_than_its_limit() {
        let cache = Cache::default();
        for number in 0..3 * CACHE {
            let path = PathBuf::from(number.to_string());
            cache.put(&path, &small(), VERSION);
            assert!(cache.lock().len() <= CACHE);
            assert!(cache.lock().contains_key(&path));
        }
    }

    #[test]
    fn what_has_just_changed_is_not_settled() {
        let now = SystemTime::now();
        for (changed, is_settled) in [
            (now + SETTLED * 100, false),
            (now + SETTLED, false),
            (now - SETTLED * 2, true),
            (CHANGED, true),
        ] {
            let version = Version { changed, ..VERSION };
            assert_eq!(version.is_settled(), is_settled, "{changed:?}");
        }
    }

    #[test]
    fn a_file_has_a_version_for_each_change() {
        let path = env::temp_dir().join(format!("version-{}", process::id()));
        let version = || Version::of(&fs::metadata(&path).expect("a file"));
        let start = SystemTime::now();
        fs::write(&path, "one").expect("a folder for files");
        let first = version();
        assert!(first.changed + SETTLED > start, "{first:?}, {start:?}");
        if cfg!(unix) {
            // It may say what it likes, as a copy of an old file does.
            let file = fs::File::options().write(true).open(&path);
            file.and_then(|it| it.set_modified(CHANGED)).expect("its own");
            assert!(version().changed + SETTLED > start);
        }
        // The clock of the file system moves on in steps.
        while version() == first {
            fs::write(&path, "two").expect("the same file");
            let time = start.elapsed().unwrap_or_default();
            assert!(time < SETTLED * 10, "{first:?} still");
        }
        fs::remove_file(&path).expect("it is there");
    }
}
// ANCHOR_END: tests

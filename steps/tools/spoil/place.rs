//! The site that is asked for: files that may be served, and some that mustn't.

use crate::options::Options;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::{Duration, SystemTime};
use std::{env, io, process};

/// The files that may be served. Except for two, each contains its own path.
pub const FILES: &[&str] = &[
    "a.txt",
    "index.html",
    "404.html",
    "100%.txt",
    "é",
    "docs/b c.txt",
    "docs/index.html",
    "docs/deep/d.txt",
    ".well-known/a",
    "empty",
    "large",
];

/// The directories in which they are. The root has no name.
pub const DIRECTORIES: &[&str] = &["", "docs", "docs/deep", ".well-known"];

const HIDDEN: &[&str] = &[".hidden", "docs/.git/config", "docs/.well-known/a"];

/// More than is kept in memory.
const LARGE: u64 = 66_000;

static ROOT: OnceLock<PathBuf> = OnceLock::new();

/// How the site is served.
pub static OPTIONS: LazyLock<Arc<Options>> = LazyLock::new(|| {
    let root = ROOT.get().expect("main has made it").clone();
    Arc::new(Options { root, demo: false, ..Options::default() })
});

/// The directory around the root. It's removed when this is dropped.
pub struct Place(PathBuf);

impl Place {
    pub fn new() -> io::Result<Place> {
        let name = format!("spoil-{}", process::id());
        let place = Place(env::temp_dir().join(name));
        // A run that was killed may have left it.
        _ = fs::remove_dir_all(&place.0);
        let root = place.0.join("root");
        for name in
            FILES.iter().filter(|name| !["empty", "large"].contains(name))
        {
            write(&root.join(name), name)?;
        }
        write(&root.join("empty"), "")?;
        write(&root.join("large"), &"0123456789".repeat(LARGE as usize / 10))?;
        for name in HIDDEN {
            write(&root.join(name), "hidden")?;
        }
        write(&place.0.join("outside.txt"), "outside")?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::symlink;
            symlink("../outside.txt", root.join("escape"))?;
            symlink("..", root.join("out"))?;
        }
        _ = ROOT.set(root);
        Ok(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

/// Writes a file that is old enough for a strong tag and a date.
fn write(path: &Path, text: &str) -> io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    fs::write(path, text)?;
    let old = SystemTime::now() - Duration::from_secs(3600);
    File::options().write(true).open(path)?.set_modified(old)
}

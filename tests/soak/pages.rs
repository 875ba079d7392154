//! Pages that are replaced all the time. Each version says which one it is, in
//! every line.

use std::fs;
use std::io;
use std::path::Path;
use std::str;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use crate::support::place::repository;
use crate::support::scratch::Scratch;

/// How old a look at a file may be: what the last step promises.
pub const MAX_AGE: Duration = Duration::from_millis(10);

/// A download that's larger than all buffers on its way together.
pub const FILM_LENGTH: u64 = 64 << 20;

/// The directory that's served.
pub struct Site {
    pub root: Scratch,
    /// Small enough to be kept in memory.
    pub small: Page,
    /// Too large for that.
    pub large: Page,
    /// What `/sleep` answers with.
    pub hello: Vec<u8>,
}

impl Site {
    pub fn new() -> io::Result<Site> {
        let root = Scratch::new("soak");
        let hello = fs::read(repository().join("static/hello.html"))?;
        fs::write(root.0.join("hello.html"), &hello)?;
        fs::File::create(root.0.join("film"))?.set_len(FILM_LENGTH)?;
        let small = Page::new("small.txt", 100);
        let large = Page::new("large.txt", 6_000);
        small.replace(&root.0)?;
        large.replace(&root.0)?;
        Ok(Site { root, small, large, hello })
    }
}

pub struct Page {
    pub name: &'static str,
    /// How many lines it has at least.
    lines: u64,
    /// The newest version that a client may see.
    newest: AtomicU64,
    /// The oldest version that a request may be answered with from now on.
    oldest: AtomicU64,
}

fn line(version: u64) -> String {
    format!("version {version:07}\n")
}

impl Page {
    fn new(name: &'static str, lines: u64) -> Page {
        let [newest, oldest] = [0, 0].map(AtomicU64::new);
        Page { name, lines, newest, oldest }
    }

    /// Puts the next version in the place of this one. When it returns, nobody
    /// may be shown this one anymore.
    pub fn replace(&self, root: &Path) -> io::Result<()> {
        let next = self.newest.fetch_add(1, SeqCst) + 1;
        let hidden = root.join(format!(".{}", self.name));
        fs::write(&hidden, line(next).repeat(self.line_count(next)))?;
        fs::rename(hidden, root.join(self.name))?;
        thread::sleep(MAX_AGE);
        self.oldest.store(next, SeqCst);
        Ok(())
    }

    pub fn oldest(&self) -> u64 {
        self.oldest.load(SeqCst)
    }

    /// How often it was replaced.
    pub fn count(&self) -> u64 {
        self.newest.load(SeqCst)
    }

    /// No two versions in a row have the same length.
    fn line_count(&self, version: u64) -> usize {
        (self.lines + version % 8) as usize
    }

    pub fn length(&self, version: u64) -> usize {
        self.line_count(version) * line(version).len()
    }

    /// Which version this is: whole, and no older than `oldest`.
    pub fn version(&self, body: &[u8], oldest: u64) -> Result<u64, String> {
        let mut lines = body.split_inclusive(|byte| *byte == b'\n');
        let first = lines.next().unwrap_or_default();
        if let Some(other) = lines.find(|line| *line != first) {
            let [first, other] = [first, other].map(<[u8]>::escape_ascii);
            return Err(format!("a mixture: \"{first}\" and \"{other}\""));
        }
        let version = str::from_utf8(first).ok().and_then(|first| {
            first.strip_prefix("version ")?.trim_end().parse().ok()
        });
        let Some(version) = version else {
            return Err(format!(
                "no version, but \"{}\"",
                first.escape_ascii()
            ));
        };
        let (length, whole) = (body.len(), self.length(version));
        if length != whole {
            return Err(format!(
                "{length} bytes of version {version}, which has {whole}"
            ));
        }
        self.is_current(version, oldest).map(|()| version)
    }

    /// Whether that version may answer a request that was sent when `oldest`
    /// was the oldest.
    pub fn is_current(&self, version: u64, oldest: u64) -> Result<(), String> {
        if version < oldest {
            return Err(format!(
                "version {version}, though version {oldest} had taken its \
                 place more than {MAX_AGE:?} before the request was sent"
            ));
        }
        if version > self.newest.load(SeqCst) {
            return Err(format!("version {version}, which doesn't exist yet"));
        }
        Ok(())
    }

    /// Whether a version that may be served now has that length.
    pub fn may_have_length(&self, length: usize, oldest: u64) -> bool {
        let mut versions = oldest..=self.newest.load(SeqCst);
        versions.any(|version| self.length(version) == length)
    }
}

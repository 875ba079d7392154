//! Turns a path from a stranger into a file below the root, and never into
//! another.

use crate::cache::{Cache, Version};
use crate::limits::SMALL;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// A folder whose files may be read by anybody.
pub struct Files {
    /// Without symlinks, so that the real path of a file can be held against it.
    root: PathBuf,
    cache: Cache,
}

/// What a path leads to.
pub enum Found {
    File(FoundFile),
    /// A folder, by a path without the final slash.
    Folder,
}

/// A regular file below the root.
#[derive(Clone)]
pub struct FoundFile {
    pub content: Content,
    pub modified: SystemTime,
    pub media_type: &'static str,
}

/// What a file holds.
#[derive(Clone)]
pub enum Content {
    InMemory(Arc<[u8]>),
    /// So many bytes of an open file.
    File(Arc<File>, u64),
}

const BAD_REQUEST: &str = "400 Bad Request";
const NOT_FOUND: &str = "404 Not Found";

/// The longest name in a folder, and the longest path, on Linux, in bytes.
const LONGEST_NAME: usize = 255;
const LONGEST_PATH: usize = 4095;

impl Files {
    /// Fails if the root is no folder that can be reached.
    pub fn new(root: &Path) -> io::Result<Files> {
        let root = root.canonicalize()?;
        fs::read_dir(&root)?;
        Ok(Files { root, cache: Cache::default() })
    }

    /// Finds and opens what `path` names, which begins with a slash. An error
    /// is the status of the answer: 400, 404 or 500.
    pub fn find(&self, path: &str) -> Result<Found, &'static str> {
        let (mut real, is_folder) = self.resolve(path)?;
        if is_folder {
            real.push("index.html");
            if real.parent() == Some(&self.root) && !real.exists() {
                real.set_file_name("hello.html");
            }
        }
        if real.as_os_str().len() > LONGEST_PATH {
            return Err(NOT_FOUND);
        }
        if let Some(file) = self.cache.get_fresh(&real) {
            return Ok(Found::File(file));
        }
        match self.open(&real) {
            Ok(Some(Found::Folder)) if is_folder => Err(NOT_FOUND),
            Ok(Some(found)) => Ok(found),
            Ok(None) => Err(NOT_FOUND),
            Err(error) => match error.kind() {
                io::ErrorKind::NotFound
                | io::ErrorKind::NotADirectory
                | io::ErrorKind::PermissionDenied => Err(NOT_FOUND),
                _ => {
                    _ = writeln!(io::stderr(), "{real:?}: {error}");
                    Err("500 Internal Server Error")
                }
            },
        }
    }

    /// The path below the root, segment by segment, and whether it ends in a
    /// slash.
    fn resolve(&self, path: &str) -> Result<(PathBuf, bool), &'static str> {
        let mut real = self.root.clone();
        let mut segments = path.split('/').skip(1).peekable();
        while let Some(segment) = segments.next() {
            let is_last = segments.peek().is_none();
            let bytes = decode(segment).ok_or(BAD_REQUEST)?;
            let name = String::from_utf8(bytes).map_err(|_| NOT_FOUND)?;
            match &*name {
                "" if is_last => return Ok((real, true)),
                "." => {}
                ".." if real == self.root => return Err(BAD_REQUEST),
                ".." => _ = real.pop(),
                name if is_plain(name) => real.push(name),
                _ => return Err(NOT_FOUND),
            }
        }
        Ok((real, false))
    }

    /// Opens a regular file. `None` is what must not be served: a device, a
    /// pipe, or something that a symlink has led to outside of the root.
    fn open(&self, path: &Path) -> io::Result<Option<Found>> {
        // Looks first, since to open a pipe waits for somebody to write to it.
        let metadata = match fs::metadata(path) {
            Err(_) if path.is_symlink() => return Ok(None), // It leads nowhere.
            metadata => metadata?,
        };
        if let Some(file) = self.cache.get(path, Version::of(&metadata)) {
            return Ok(Some(Found::File(file)));
        }
        let is_file = metadata.is_file();
        if !is_file && !metadata.is_dir() {
            return Ok(None);
        }
        let file = is_file.then(|| File::open(path)).transpose()?;
        // What is open now is held against what the path really leads to.
        let real = path.canonicalize()?;
        let Ok(below) = real.strip_prefix(&self.root) else { return Ok(None) };
        if below.iter().any(is_hidden) {
            return Ok(None);
        }
        let Some(file) = file else { return Ok(Some(Found::Folder)) };
        let metadata = file.metadata()?;
        if !is_same(&fs::symlink_metadata(real)?, &metadata) {
            return Ok(None);
        }
        let version = Version::of(&metadata);
        let is_settled = version.is_settled(); // Before it is read.
        let file = FoundFile {
            content: content(file, metadata.len())?,
            modified: metadata.modified()?,
            media_type: media_type(path),
        };
        if is_settled {
            self.cache.put(path, &file, version);
        }
        Ok(Some(Found::File(file)))
    }
}

/// Reads a small file into memory. Of a long one, only the length is known.
fn content(mut file: File, length: u64) -> io::Result<Content> {
    if length > SMALL {
        return Ok(Content::File(Arc::new(file), length));
    }
    let mut bytes = vec![0; length as usize];
    file.read_exact(&mut bytes)?;
    Ok(Content::InMemory(Arc::from(bytes)))
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// Whether both are of the same file. Where the system has no numbers for its
/// files, they are taken to be.
#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same(_: &Metadata, _: &Metadata) -> bool {
    true
}

/// One segment of a path with its percent escapes decoded (RFC 3986 §2.1), if
/// they are whole and do not hide a NUL.
fn decode(segment: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let [first, others @ ..] = rest {
        rest = others;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, others) = rest.split_at_checked(2)?;
        let digit = |at: usize| char::from(digits[at]).to_digit(16);
        bytes.push((digit(0)? * 16 + digit(1)?) as u8);
        rest = others;
    }
    (!bytes.contains(&0)).then_some(bytes)
}

/// Whether this is the name of one file or folder, and of none that is hidden.
fn is_plain(name: &str) -> bool {
    let mut components = Path::new(name).components();
    let is_one = matches!(components.next(), Some(Component::Normal(it))
        if it == name && components.next().is_none());
    let drive = cfg!(windows) && name.contains([':', '~']);
    let forbidden = drive || name.contains('\\') || is_hidden(name.as_ref());
    is_one && !forbidden && name.len() <= LONGEST_NAME
}

/// The media type of a file, by its extension (RFC 9110 §8.3).
fn media_type(path: &Path) -> &'static str {
    let extension = path.extension().and_then(|it| it.to_str()).unwrap_or("");
    match extension.to_ascii_lowercase().as_str() {
        "html" | "htm" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "txt" | "md" => "text/plain; charset=utf-8",
        "csv" => "text/csv; charset=utf-8",
        "xml" => "text/xml; charset=utf-8",
        "json" | "map" => "application/json",
        "pdf" => "application/pdf",
        "wasm" => "application/wasm",
        "zip" => "application/zip",
        "gz" => "application/gzip",
        "svg" => "image/svg+xml; charset=utf-8",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "ttf" => "font/ttf",
        "otf" => "font/otf",
        "mp3" => "audio/mpeg",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(path: &str) -> Result<String, &'static str> {
        let root = PathBuf::from("/srv");
        let files = Files { root, cache: Cache::default() };
        let (real, is_folder) = files.resolve(path)?;
        let real = real.display().to_string().replace('\\', "/");
        Ok(if is_folder { real + "/" } else { real })
    }

    #[test]
    fn a_path_is_taken_apart_segment_by_segment() {
        for (path, real) in [
            ("/", "/srv/"),
            ("/a", "/srv/a"),
            ("/a/", "/srv/a/"),
            ("/a/b.html", "/srv/a/b.html"),
            ("/a/./b", "/srv/a/b"),
            ("/a/../b", "/srv/b"),
            ("/a/%2E%2e/b", "/srv/b"),
            ("/a%20b/%c3%a9", "/srv/a b/é"),
            ("/%25", "/srv/%"),
            ("/a+b", "/srv/a+b"),
        ] {
            assert_eq!(resolve(path).as_deref(), Ok(real), "{path}");
        }
    }

    #[test]
    fn a_path_that_leads_astray_is_refused() {
        for (path, status) in [
            ("/..", BAD_REQUEST),
            ("/../srv/a", BAD_REQUEST),
            ("/a/../../b", BAD_REQUEST),
            ("/%2e%2E/etc", BAD_REQUEST),
            ("/%", BAD_REQUEST),
            ("/%2", BAD_REQUEST),
            ("/%+1", BAD_REQUEST),
            ("/%0g", BAD_REQUEST),
            ("/a%00.html", BAD_REQUEST),
            ("//etc/passwd", NOT_FOUND),
            ("/a//b", NOT_FOUND),
            ("/%2fetc/passwd", NOT_FOUND),
            ("/a%2f..%2f..", NOT_FOUND),
            ("/a\\b", NOT_FOUND),
            ("/..%5c..", NOT_FOUND),
            ("/.git/config", NOT_FOUND),
            ("/...", NOT_FOUND),
            ("/%ff", NOT_FOUND),
        ] {
            assert_eq!(resolve(path), Err(status), "{path}");
        }
        let long = format!("/{}", "a".repeat(LONGEST_NAME + 1));
        assert_eq!(resolve(&long), Err(NOT_FOUND));
    }
}

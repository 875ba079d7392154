// ANCHOR: imports
//! Turns a path from a stranger into a file below the root, and never into any
//! other.

use crate::media_type::media_type;
use crate::response::{Body, Status};
use crate::same_file::{is_same_file, open_at_once};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Component, Path, PathBuf};
// ANCHOR_END: imports

// ANCHOR: types
/// What a path leads to.
pub enum Found {
    File(FoundFile),
    /// A directory, by a path without the final slash.
    Directory,
}

/// A regular file below the root.
pub struct FoundFile {
    pub body: Body,
    pub media_type: &'static str,
}
// ANCHOR_END: types

// ANCHOR: limits
/// A file of up to this many bytes is read whole and sent together with its
/// head.
const MAX_BUFFERED: u64 = 64 * 1024;

/// How many times we try, in case a file is replaced just as we open it.
const MAX_ATTEMPTS: usize = 8;
// ANCHOR_END: limits

// ANCHOR: find
/// Opens the file below the root that a path names. The error is the status of
/// the response: 400, 404 or 500.
pub fn find(root: &Path, path: &str) -> Result<Found, Status> {
    let (mut relative, is_directory) = resolve(path)?;
    if is_directory {
        let is_root = relative.as_os_str().is_empty();
        relative.push("index.html");
        if is_root && !root.join(&relative).exists() {
            relative.set_file_name("hello.html");
        }
    }
    match open(root, &relative) {
        Ok(Some(Found::Directory)) if is_directory => Err(Status::NOT_FOUND),
        Ok(Some(found)) => Ok(found),
        Ok(None) => Err(Status::NOT_FOUND),
        Err(error) => match error.kind() {
            ErrorKind::NotFound
            | ErrorKind::NotADirectory
            | ErrorKind::PermissionDenied => Err(Status::NOT_FOUND),
            _ => {
                let line = format!("cannot read {relative:?}: {error}\n");
                _ = io::stderr().write_all(line.as_bytes());
                Err(Status::INTERNAL_SERVER_ERROR)
            }
        },
    }
}
// ANCHOR_END: find

// ANCHOR: open
/// Opens a regular file. `None` stands for anything else, such as a named pipe,
/// and for whatever a symlink reaches outside the root.
fn open(root: &Path, relative: &Path) -> io::Result<Option<Found>> {
    // Each time, because a root that's a symlink may be switched.
    let root = root.canonicalize()?;
    let path = root.join(relative);
    // We look first: opening a named pipe would wait for a writer.
    let Ok(metadata) = fs::metadata(&path) else { return Ok(None) };
    if metadata.is_dir() {
        let is_inside = path.canonicalize()?.starts_with(&root);
        return Ok(is_inside.then_some(Found::Directory));
    }
    if !metadata.is_file() {
        return Ok(None);
    }
    for _ in 0..MAX_ATTEMPTS {
        let file = open_at_once(&path)?;
        let metadata = file.metadata()?;
        let real = path.canonicalize()?;
        if !metadata.is_file() || !real.starts_with(&root) {
            return Ok(None);
        }
        // If it was replaced in between, the path says nothing about it.
        if is_same_file(&metadata, &real.symlink_metadata()?) {
            let body = read(file, metadata.len())?;
            let media_type = media_type(&path);
            return Ok(Some(Found::File(FoundFile { body, media_type })));
        }
    }
    Ok(None)
}
// ANCHOR_END: open

// ANCHOR: read
/// Reads a small file. A large one is read when it's sent.
fn read(file: File, length: u64) -> io::Result<Body> {
    if length > MAX_BUFFERED {
        return Ok(Body::File(file, length));
    }
    // It may be shorter by now. Then so is the body.
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    Ok(Body::Bytes(bytes))
}
// ANCHOR_END: read

// ANCHOR: resolve
/// Takes a path apart, segment by segment. Returns the path below the root, and
/// whether it ends in a slash.
fn resolve(path: &str) -> Result<(PathBuf, bool), Status> {
    let mut resolved = PathBuf::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        let is_top = resolved.as_os_str().is_empty();
        let bytes = decode(segment).ok_or(Status::BAD_REQUEST)?;
        let name = String::from_utf8(bytes).map_err(|_| Status::NOT_FOUND)?;
        match name.as_str() {
            "" if is_last => return Ok((resolved, true)),
            "." => {}
            ".." if is_top => return Err(Status::BAD_REQUEST),
            ".." => _ = resolved.pop(),
            ".well-known" if is_top => resolved.push(name), // RFC 8615 §3
            name if is_plain(name) => resolved.push(name),
            _ => return Err(Status::NOT_FOUND),
        }
    }
    Ok((resolved, false))
}
// ANCHOR_END: resolve

// ANCHOR: decode
/// Decodes the percent escapes of a segment (RFC 3986 §2.1). `None` if one is
/// broken, or if there's a NUL.
fn decode(segment: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = segment.as_bytes();
    while let [first, others @ ..] = rest {
        rest = others;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, others) = rest.split_at_checked(2)?;
        let high = char::from(digits[0]).to_digit(16)?;
        let low = char::from(digits[1]).to_digit(16)?;
        bytes.push((high * 16 + low) as u8);
        rest = others;
    }
    (!bytes.contains(&0)).then_some(bytes)
}
// ANCHOR_END: decode

// ANCHOR: is_plain
/// Whether this names one file or directory, and not a hidden one.
fn is_plain(name: &str) -> bool {
    let mut components = Path::new(name).components();
    // A separator would make it several, and a drive letter isn't `Normal`.
    let is_one = matches!(components.next(), Some(Component::Normal(only))
        if only == name && components.next().is_none());
    let is_special = cfg!(windows) && name.contains([':', '~']);
    is_one && !is_special && !name.contains('\\') && !name.starts_with('.')
}
// ANCHOR_END: is_plain

#[cfg(test)]
mod tests {
    use super::*;
    use std::{env, process};

    #[test]
    fn a_file_that_changes_while_it_is_read_is_not_an_error() {
        let path = env::temp_dir().join(format!("changes-{}", process::id()));
        fs::write(&path, "abcd").expect("a file");
        let open = || File::open(&path).expect("the file");
        let files = [open(), open(), open()];
        let writable = File::options().write(true).open(&path);
        fs::remove_file(&path).expect("the file");
        // The length is the one that it had a moment ago.
        let lengths = [(2, "ab"), (4, "abcd"), (8, "abcd")];
        for (file, (length, expected)) in files.into_iter().zip(lengths) {
            let body = read(file, length).expect("what's there now");
            let Body::Bytes(bytes) = body else { panic!("it's small") };
            assert_eq!(
                &bytes[..],
                expected.as_bytes(),
                "once {length} bytes long"
            );
        }
        // Opened for writing alone, it can't be read.
        assert!(read(writable.expect("the file"), 4).is_err());
    }

    #[test]
    fn a_path_is_taken_apart_segment_by_segment() {
        for (path, expected, is_directory) in [
            ("/", "", true),
            ("/a", "a", false),
            ("/a/", "a", true),
            ("/a/b.html", "a/b.html", false),
            ("/a/./b", "a/b", false),
            ("/a/../b", "b", false),
            ("/a/%2E%2e/b", "b", false),
            ("/a%20b/%c3%a9", "a b/é", false),
            ("/%25", "%", false),
            ("/a+b", "a+b", false),
            ("/.well-known/a", ".well-known/a", false),
        ] {
            let expected = Ok((PathBuf::from(expected), is_directory));
            assert_eq!(resolve(path), expected, "{path}");
        }
    }

    #[test]
    fn a_path_that_leads_astray_is_refused() {
        for (path, status) in [
            ("/..", Status::BAD_REQUEST),
            ("/../root/a", Status::BAD_REQUEST),
            ("/a/../../b", Status::BAD_REQUEST),
            ("/%2e%2E/etc", Status::BAD_REQUEST),
            ("/%", Status::BAD_REQUEST),
            ("/%2", Status::BAD_REQUEST),
            ("/%+1", Status::BAD_REQUEST),
            ("/%0g", Status::BAD_REQUEST),
            ("/a%00.html", Status::BAD_REQUEST),
            ("//etc/passwd", Status::NOT_FOUND),
            ("/a//b", Status::NOT_FOUND),
            ("/%2fetc/passwd", Status::NOT_FOUND),
            ("/a%2f..%2f..", Status::NOT_FOUND),
            ("/a\\b", Status::NOT_FOUND),
            ("/..%5c..", Status::NOT_FOUND),
            ("/.git/config", Status::NOT_FOUND),
            ("/a/.well-known", Status::NOT_FOUND),
            ("/...", Status::NOT_FOUND),
            ("/%ff", Status::NOT_FOUND),
        ] {
            assert_eq!(resolve(path), Err(status), "{path}");
        }
    }
}

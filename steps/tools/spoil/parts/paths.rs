//! Paths: they name a file below the root or nothing, and never a hidden one.

use super::{Part, same};
use crate::corpus;
use crate::files::{self, Found};
use crate::place::{DIRECTORIES, FILES, OPTIONS};
use crate::random::Random;
use crate::request::Request;
use crate::response::Body;

pub const PART: Part =
    Part { name: "paths", at_least: 1500, make: corpus::path, check };

fn check(input: &[u8], _: &mut Random) -> Result<(), String> {
    let head = [b"GET ", input, b" HTTP/1.1\r\nHost: a\r\n\r\n"].concat();
    // What isn't a request is tried with the heads.
    let Ok(request) = Request::parse(&head) else { return Ok(()) };
    let found = match files::find(&OPTIONS.root, request.path) {
        Ok(Found::Directory) => Ok("a directory".to_string()),
        Ok(Found::File(file)) => Ok(match &file.body {
            Body::Bytes(bytes) => String::from_utf8_lossy(bytes).to_string(),
            Body::File(..) => "large".to_string(),
        }),
        Err(status) => Err(status.0),
    };
    if cfg!(not(target_os = "linux")) {
        // A name may have several spellings there, so its file is all we know.
        let text = found.unwrap_or_default();
        let is_secret = ["hidden", "outside"].contains(&text.as_str());
        return same("serves what it mustn't", false, is_secret);
    }
    same("what the path leads to", expected(request.path), found)
}

/// What a path leads to by the rules: each file contains its own path.
fn expected(path: &str) -> Result<String, u16> {
    let mut names: Vec<String> = Vec::new();
    let mut segments: Vec<_> = path[1..].split('/').collect();
    // An empty last segment only says that a directory is meant.
    let is_directory = segments.last() == Some(&"");
    if is_directory {
        segments.pop();
    }
    for segment in segments {
        let bytes = unescape(segment).ok_or(400_u16)?;
        let name = String::from_utf8(bytes).map_err(|_| 404_u16)?;
        match name.as_str() {
            ".." => _ = names.pop().ok_or(400_u16)?,
            "." => {}
            ".well-known" if names.is_empty() => names.push(name),
            "" => return Err(404),
            _ if name.starts_with('.') || name.contains(['/', '\\']) => {
                return Err(404);
            }
            _ => names.push(name),
        }
    }
    let name = names.join("/");
    if is_directory {
        let index = if names.is_empty() { "" } else { "/" };
        return file(&format!("{name}{index}index.html"));
    }
    match DIRECTORIES.contains(&name.as_str()) {
        true => Ok("a directory".to_string()),
        false => file(&name),
    }
}

fn file(name: &str) -> Result<String, u16> {
    match name {
        "empty" => Ok(String::new()),
        _ if FILES.contains(&name) => Ok(name.to_string()),
        _ => Err(404),
    }
}

/// A segment without its percent escapes. `None` if one is broken, or a NUL.
fn unescape(segment: &str) -> Option<Vec<u8>> {
    let mut parts = segment.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let digits = part.get(..2)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    (!bytes.contains(&0)).then_some(bytes)
}

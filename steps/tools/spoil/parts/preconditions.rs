//! Preconditions: RFC 9110 §13.2.2, step by step, for a file that we know.

use super::{Part, same};
use crate::random::Random;
use crate::request::Request;
use crate::response::{Response, Status};
use crate::validators::Validators;
use crate::{corpus, date};
use std::str;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub const PART: Part = Part {
    name: "preconditions",
    at_least: 1000,
    make: corpus::preconditions,
    check,
};

/// The file's date, and its text.
const MODIFIED: u64 = 784_111_777;
const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

/// The dates of the corpus that a server must know.
const KNOWN: &[(&str, Option<u64>)] = &[
    (DATE, Some(MODIFIED)),
    ("Sunday, 06-Nov-94 08:49:37 GMT", Some(MODIFIED)),
    ("Sun Nov  6 08:49:37 1994", Some(MODIFIED)),
    ("Sun, 06 Nov 1994 08:49:36 GMT", Some(MODIFIED - 1)),
    ("Sun, 06 Nov 1994 08:49:38 GMT", Some(MODIFIED + 1)),
    ("Thu, 30 Feb 1995 00:00:00 GMT", None),
];

fn check(input: &[u8], _: &mut Random) -> Result<(), String> {
    let old = UNIX_EPOCH + Duration::from_secs(MODIFIED);
    for (modified, is_old) in [(old, true), (SystemTime::now(), false)] {
        let seconds = date::seconds(modified);
        let validators = Validators::new(0xabc, modified);
        let head = validators.add_to(Response::empty(Status::OK)).head();
        let head = String::from_utf8_lossy(&head).to_string();
        let (_, tag) = head.split_once("\r\nETag: ").ok_or("it has no tag")?;
        let tag = tag.split("\r\n").next().unwrap_or_default();
        // A file that has just changed has a date and a tag of its own.
        let text = date::imf_fixdate(modified);
        let input = replace(input, DATE, &text);
        let input = replace(&input, "\"tag\"", opaque(tag));
        let head =
            [b"GET / HTTP/1.1\r\nHost: a\r\n", &*input, b"\r\n"].concat();
        let Ok(request) = Request::parse(&head) else { continue };
        let rules = Rules { request: &request, tag, text, seconds, is_old };
        let found = validators.evaluate(&request).map_or(200, |it| it.0);
        let what = format!("the status for a file with {tag}");
        same(&what, rules.status()?, found)?;
        let found = validators.allow_range(&request);
        let what = format!("whether If-Range is true for a file with {tag}");
        same(&what, rules.allow_range(), found)?;
    }
    Ok(())
}

fn replace(bytes: &[u8], old: &str, new: &str) -> Vec<u8> {
    let mut rest = bytes;
    let mut replaced = Vec::new();
    while let Some(&first) = rest.first() {
        let after = rest.strip_prefix(old.as_bytes());
        replaced.extend_from_slice(after.map_or(&[first], |_| new.as_bytes()));
        rest = after.unwrap_or(&rest[1..]);
    }
    replaced
}

struct Rules<'a> {
    request: &'a Request<'a>,
    tag: &'a str,
    /// Its date as text, and in seconds since 1970 began.
    text: String,
    seconds: u64,
    /// Whether it's old enough for a date. Otherwise it has just changed.
    is_old: bool,
}

impl Rules<'_> {
    fn status(&self) -> Result<u16, String> {
        let unmodified = self.date("If-Unmodified-Since")?;
        let since = self.date("If-Modified-Since")?;
        let is_current = match self.lists("If-Match", true) {
            Some(is_listed) => is_listed,
            None => unmodified.is_none_or(|it| self.seconds <= it),
        };
        let is_known = match self.lists("If-None-Match", false) {
            Some(is_listed) => is_listed,
            None => self.is_old && since == Some(self.seconds),
        };
        Ok(match (is_current, is_known) {
            (false, _) => 412,
            (true, true) => 304,
            (true, false) => 200,
        })
    }

    fn allow_range(&self) -> bool {
        let mut values = self.request.values("If-Range");
        let strong = !self.tag.starts_with('W');
        values.all(|it| {
            (it == self.tag.as_bytes() && strong)
                || (it == self.text.as_bytes() && self.is_old)
        })
    }

    /// The date of a field that comes once, if it's a date.
    fn date(&self, name: &str) -> Result<Option<u64>, String> {
        let values: Vec<_> = self.request.values(name).collect();
        let [value] = values[..] else { return Ok(None) };
        let is_printable = value.iter().all(|it| (b' '..=b'~').contains(it));
        let text = str::from_utf8(value).ok().filter(|_| is_printable);
        let Some(text) = text else { return Ok(None) };
        let found = date::parse(text);
        if let Some((_, known)) = KNOWN.iter().find(|known| known.0 == text) {
            same(&format!("the date {text:?}"), *known, found)?;
        }
        // The server writes a date as it reads it, except for the weekday,
        // which doesn't count, and a leap second.
        let words = |text: &str| {
            let words = text.split_ascii_whitespace().skip(1);
            words.map(|it| it.trim_start_matches('0').to_string()).collect()
        };
        let read: Vec<String> = words(text);
        let again = found.map(|it| UNIX_EPOCH + Duration::from_secs(it));
        if let Some(again) = again.filter(|_| !text.contains(":60 ")) {
            let written = words(&date::imf_fixdate(again));
            if read.len() == written.len() {
                same("a date", read, written)?;
            }
        }
        Ok(found)
    }

    /// Whether the tag is in the field, by the strong comparison or by the weak
    /// one. `None` if the field can't be read or isn't there.
    fn lists(&self, name: &str, strong: bool) -> Option<bool> {
        let values: Vec<_> = self.request.values(name).collect();
        let mut is_listed = (!values.is_empty()).then_some(false);
        for value in values {
            let value = str::from_utf8(value).ok()?;
            for tag in tags(value)? {
                let is_it = match strong {
                    true => tag == self.tag && !tag.starts_with('W'),
                    false => opaque(&tag) == opaque(self.tag),
                };
                is_listed = is_listed.map(|it| it || tag == "*" || is_it);
            }
        }
        is_listed
    }
}

fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

/// The tags of a list, character by character, or a star alone.
fn tags(list: &str) -> Option<Vec<String>> {
    if list == "*" {
        return Some(vec!["*".to_string()]);
    }
    let (mut tags, mut tag) = (Vec::new(), String::new());
    // Whether a comma has come since the last tag, as far as that's needed.
    let mut may_begin = true;
    let is_open = |tag: &str| opaque(tag).starts_with('"');
    for letter in list.chars() {
        match letter {
            '"' if is_open(&tag) => {
                tags.push(std::mem::take(&mut tag) + "\"");
                may_begin = false;
            }
            _ if is_open(&tag) => tag.push(letter),
            ',' | ' ' | '\t' if tag.is_empty() => may_begin |= letter == ',',
            'W' | '/' | '"' if may_begin => {
                tag.push(letter);
                if !["W", "W/", "\"", "W/\""].contains(&tag.as_str()) {
                    return None;
                }
            }
            _ => return None,
        }
    }
    tag.is_empty().then_some(tags)
}

//! Bodies: they end where RFC 9112 says, however they arrive.

use super::{Part, elements, same, values};
use crate::body::BodyReader;
use crate::corpus;
use crate::head::HeadReader;
use crate::limits::{MAX_BODY, MAX_CHUNK_LINE, MAX_SKIPPED_BODY, MAX_TRAILERS};
use crate::pieces;
use crate::random::Random;
use crate::request::Request;
use std::str;

pub const PART: Part =
    Part { name: "bodies", at_least: 1500, make: corpus::body, check };

/// What comes of a body.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Seen {
    /// It ends after this many bytes.
    Ends(usize),
    /// The bytes after these aren't worth reading.
    Unread(usize),
    /// It isn't complete.
    More,
    Refused(u16),
}

fn check(input: &[u8], random: &mut Random) -> Result<(), String> {
    // What isn't a request is tried with the heads.
    let head = HeadReader::default().read(input);
    let Ok(Some(range)) = head else { return Ok(()) };
    let (head, body) = (&input[range.clone()], &input[range.end..]);
    let Ok(request) = Request::parse(head) else { return Ok(()) };
    let read = |ends: &[usize]| read(&request, body, ends);
    let whole = read(&[body.len()]);
    let expected = expected(head, body, request.minor_version)
        .unwrap_or_else(Seen::Refused);
    same("where the body ends", expected, whole)?;
    let cuts = pieces::cuts(body.len(), random);
    pieces::compare(cuts, &whole, read, |seen| format!("{seen:?}"))
}

/// Shows a body to a reader as a connection does: what's taken is gone.
fn read(request: &Request, body: &[u8], ends: &[usize]) -> Seen {
    let mut reader = match BodyReader::new(request) {
        Ok(reader) => reader,
        Err(status) => return Seen::Refused(status.0),
    };
    let mut taken = 0;
    for &end in ends {
        match reader.read(&body[taken..end]) {
            Ok(count) => taken += count,
            Err(status) => return Seen::Refused(status.0),
        }
        if reader.is_done() {
            break;
        }
    }
    match (reader.is_complete(), reader.is_done()) {
        (true, _) => Seen::Ends(taken),
        (false, true) => Seen::Unread(taken),
        (false, false) => Seen::More,
    }
}

/// The same by the rules, or the status with which it's refused.
fn expected(head: &[u8], body: &[u8], minor: u8) -> Result<Seen, u16> {
    let codings = values(head, "transfer-encoding");
    let lengths = values(head, "content-length");
    let expectations = elements(&values(head, "expect"));
    let seen = match (!codings.is_empty(), !lengths.is_empty()) {
        (true, true) => return Err(400),
        (true, false) => {
            let codings = elements(&codings);
            let is_chunked = |it: &&Vec<u8>| *it == b"chunked";
            let count = codings.iter().filter(is_chunked).count();
            let is_last = codings.last().is_some_and(|it| it == b"chunked");
            if minor == 0 || count != 1 || !is_last {
                return Err(400);
            }
            if codings.len() > 1 {
                return Err(501);
            }
            chunks(body)
        }
        (false, true) => {
            let [value] = lengths[..] else { return Err(400) };
            let length = number(value, 10).ok_or(400_u16)?;
            match usize::try_from(length).unwrap_or(usize::MAX) {
                _ if length > MAX_BODY.into() => return Err(413),
                _ if length > MAX_SKIPPED_BODY.into() => Ok(Seen::Unread(0)),
                length if length > body.len() => Ok(Seen::More),
                length => Ok(Seen::Ends(length)),
            }
        }
        (false, false) => Ok(Seen::Ends(0)),
    };
    if expectations.iter().any(|it| it != b"100-continue") {
        return Err(417);
    }
    // The response comes at once, and nobody knows what the client does then.
    let has_body = !codings.is_empty() || seen != Ok(Seen::Ends(0));
    if has_body && !expectations.is_empty() {
        return Ok(Seen::Unread(0));
    }
    seen
}

/// Where chunks end.
fn chunks(body: &[u8]) -> Result<Seen, u16> {
    let (mut at, mut total) = (0, 0);
    loop {
        let Some(line) = line(&body[at..])? else { return Ok(Seen::More) };
        at += line.len() + 2;
        let length = chunk_length(line).ok_or(400_u16)?;
        if length == 0 {
            break;
        }
        total += length;
        if total > MAX_BODY.into() {
            return Err(413);
        }
        if total > MAX_SKIPPED_BODY.into() {
            return Ok(Seen::Unread(at));
        }
        let length = length as usize;
        if body.len() - at < length {
            return Ok(Seen::More);
        }
        at += length;
        match self::line(&body[at..])? {
            None => return Ok(Seen::More),
            Some(b"") => at += 2,
            Some(_) => return Err(400),
        }
    }
    for _ in 0..=MAX_TRAILERS {
        let Some(line) = line(&body[at..])? else { return Ok(Seen::More) };
        at += line.len() + 2;
        if line.is_empty() {
            return Ok(Seen::Ends(at));
        }
        if !is_field(line) {
            return Err(400);
        }
    }
    Err(400)
}

/// What comes before the next CR LF, if it has arrived.
fn line(bytes: &[u8]) -> Result<Option<&[u8]>, u16> {
    let bytes = &bytes[..bytes.len().min(MAX_CHUNK_LINE + 1)];
    match bytes.split(|&byte| byte == b'\n').next() {
        Some(line) if line.len() == bytes.len() => match line.len() {
            ..=MAX_CHUNK_LINE => Ok(None),
            _ => Err(400),
        },
        Some([line @ .., b'\r']) => Ok(Some(line)),
        _ => Err(400),
    }
}

fn chunk_length(line: &[u8]) -> Option<u128> {
    let is_allowed = |it: char| it == '\t' || !it.is_ascii_control();
    let line = str::from_utf8(line).ok()?;
    let mut parts = line.splitn(2, ';');
    let mut digits = parts.next()?;
    if parts.next().is_some() {
        digits = digits.trim_end_matches([' ', '\t']);
    }
    let length = number(digits.as_bytes(), 16)?;
    line.chars().all(is_allowed).then_some(length)
}

fn is_field(line: &[u8]) -> bool {
    let mut parts = line.splitn(2, |&byte| byte == b':');
    let name = parts.next().unwrap_or_default();
    let is_part =
        |it: &u8| it.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(it);
    let is_text = |it: &u8| *it == b'\t' || *it >= b' ' && *it != 0x7f;
    !name.is_empty()
        && name.iter().all(is_part)
        && parts.next().is_some_and(|value| value.iter().all(is_text))
}

/// A number made of digits alone that fits into 64 bits.
fn number(digits: &[u8], radix: u32) -> Option<u128> {
    let mut number = 0_u128;
    for &digit in digits {
        let digit = char::from(digit).to_digit(radix)?;
        number = number * u128::from(radix) + u128::from(digit);
        u64::try_from(number).ok()?;
    }
    (!digits.is_empty()).then_some(number)
}

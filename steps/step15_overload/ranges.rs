// ANCHOR: selection
//! The part of a file that a client asks for (RFC 9110 §14).

use crate::request::Request;
use crate::validators::Validators;
use std::ops::Range;

/// Which bytes of a file to send.
#[derive(Debug, PartialEq)]
pub enum Selection {
    All,
    /// These bytes, and there's at least one. The end is exclusive, as in Rust.
    Part(Range<u64>),
    /// The client asked only for bytes that the file doesn't have.
    Unsatisfiable,
}
// ANCHOR_END: selection

// ANCHOR: select
/// Which bytes of a file of this length a request asks for. A range that we
/// can't read, or don't support, is ignored (RFC 9110 §14.2).
pub fn select(
    request: &Request,
    length: u64,
    validators: &Validators,
) -> Selection {
    // A range has a meaning only for GET, and an empty file has no part.
    let has_parts = request.method == "GET" && length > 0;
    let value = request.value("Range").filter(|_| has_parts);
    let range = value.and_then(|value| parse(value, length));
    match range {
        // If-Range: the end of this version may not fit the beginning of
        // another one (§13.1.5).
        Some(range) if validators.allow_range(request) => range,
        _ => Selection::All,
    }
}
// ANCHOR_END: select

// ANCHOR: parse
/// Parses `bytes=first-last`, `bytes=first-` or `bytes=-count`. Several ranges
/// at once aren't supported.
fn parse(value: &str, length: u64) -> Option<Selection> {
    let (unit, ranges) = value.split_once('=')?;
    let mut ranges =
        ranges.split(',').map(str::trim).filter(|it| !it.is_empty());
    let (first, last) = ranges.next()?.split_once('-')?;
    if !unit.eq_ignore_ascii_case("bytes") || ranges.next().is_some() {
        return None;
    }
    let range = match (first, last) {
        // The last `count` bytes, or all if there are fewer.
        ("", count) => length.saturating_sub(number(count)?)..length,
        (first, "") => number(first)?..length,
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            if first > last {
                return None;
            }
            first..length.min(last.saturating_add(1))
        }
    };
    Some(match range.is_empty() {
        true => Selection::Unsatisfiable,
        false => Selection::Part(range),
    })
}
// ANCHOR_END: parse

// ANCHOR: number
/// A number in digits. One that's too large becomes the largest `u64`.
fn number(digits: &str) -> Option<u64> {
    let valid = digits.bytes().all(|byte| byte.is_ascii_digit());
    let valid = valid && !digits.is_empty();
    valid.then(|| digits.parse().unwrap_or(u64::MAX))
}
// ANCHOR_END: number

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_becomes_a_part_of_the_file() {
        for (value, part) in [
            ("bytes=0-0", 0..1),
            ("bytes=2-4", 2..5),
            ("bytes=2-", 2..10),
            ("bytes=2-99", 2..10),
            ("bytes=2-18446744073709551615", 2..10),
            ("bytes=2-99999999999999999999999", 2..10),
            ("bytes=-3", 7..10),
            ("bytes=-99", 0..10),
            ("BYTES= , 9-9 ,", 9..10),
        ] {
            assert_eq!(
                parse(value, 10),
                Some(Selection::Part(part)),
                "{value}"
            );
        }
    }

    #[test]
    fn a_range_without_a_byte_is_unsatisfiable() {
        for value in [
            "bytes=10-",
            "bytes=10-20",
            "bytes=99999999999999999999999-",
            "bytes=-0",
        ] {
            let parsed = parse(value, 10);
            assert_eq!(parsed, Some(Selection::Unsatisfiable), "{value}");
        }
    }

    #[test]
    fn what_is_not_one_range_of_bytes_is_ignored() {
        for value in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-",
            "bytes=1-a",
            "bytes=4-2",
            "bytes=+1-2",
            "bytes=0 - 1",
            "bytes=0-1,3-4",
            "lines=0-1",
            "bytes 0-1",
            "bytes=--1",
            "bytes=1-2-3",
        ] {
            assert_eq!(parse(value, 10), None, "{value}");
        }
    }
}

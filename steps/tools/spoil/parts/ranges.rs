//! Ranges: a part of a file is never empty and never beyond the end.

use super::{Part, same};
use crate::corpus;
use crate::random::Random;
use crate::ranges::{Selection, select};
use crate::request::Request;
use crate::validators::Validators;
use std::time::UNIX_EPOCH;

pub const PART: Part =
    Part { name: "ranges", at_least: 1500, make: corpus::range, check };

const LENGTHS: &[u64] = &[0, 1, 10, 1 << 63, u64::MAX];

fn check(input: &[u8], _: &mut Random) -> Result<(), String> {
    let validators = Validators::new(1, UNIX_EPOCH);
    for method in ["GET", "HEAD"] {
        let line = format!("{method} / HTTP/1.1\r\nHost: a\r\nRange: ");
        let head = [line.as_bytes(), input, b"\r\n\r\n"].concat();
        let Ok(request) = Request::parse(&head) else { return Ok(()) };
        let value = request.value("Range").filter(|_| method == "GET");
        for &length in LENGTHS {
            let found = select(&request, length, &validators);
            let wanted = value.and_then(|value| wanted(value, length));
            let expected = match wanted {
                None => Selection::All,
                Some((first, end)) if first < end => {
                    Selection::Part(first..end)
                }
                Some(_) => Selection::Unsatisfiable,
            };
            let what = format!("which of {length} bytes {method} asks for");
            same(&what, expected, found)?;
        }
    }
    Ok(())
}

/// The first byte and the end of a single range, if that's what this is.
fn wanted(value: &str, length: u64) -> Option<(u64, u64)> {
    let bytes = value.get(..6).filter(|it| it.eq_ignore_ascii_case("bytes="));
    let mut list = value.get(bytes?.len()..)?.split(',').map(str::trim);
    let ranges: Vec<_> = list.by_ref().filter(|it| !it.is_empty()).collect();
    let [range] = ranges[..] else { return None };
    let (first, last) = range.split_once('-')?;
    let length = u128::from(length);
    let (start, end) = match (number(first), number(last)) {
        (None, Some(count)) if first.is_empty() => {
            (length - count.min(length), length)
        }
        (Some(first), None) if last.is_empty() => (first, length),
        (Some(first), Some(last)) if first <= last => {
            (first, length.min(last + 1))
        }
        _ => return None,
    };
    // An empty file has no part, and 416 wouldn't help.
    let start = start.min(length);
    (length > 0).then_some((start as u64, end as u64))
}

/// A number in digits. Beyond the length of any file, all numbers are alike.
fn number(digits: &str) -> Option<u128> {
    let is_digits = digits.chars().all(|it| it.is_ascii_digit());
    let number = digits.parse().unwrap_or(u128::MAX).min(u64::MAX.into());
    (is_digits && !digits.is_empty()).then_some(number)
}

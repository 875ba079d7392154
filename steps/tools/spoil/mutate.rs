//! Spoils an input: a few small changes, of the kinds that have broken servers.

use crate::limits::{
    MAX_CHUNK_LINE, MAX_FIELDS, MAX_HEAD, MAX_REQUEST_LINE, MAX_TRAILERS,
};
use crate::random::Random;
use std::ops::Range;

/// What means something to a part of the server, or is just not allowed.
const PIECES: &[&[u8]] = &[
    b"\r",
    b"\n",
    b"\r\n",
    b"\r\n\r\n",
    b"\n\n",
    b"\0",
    b" ",
    b"\t",
    b"\x0b",
    b"\x0c",
    b"\x7f",
    b"\x80",
    b"\xff",
    b"\xc3\xa9",
    b"/",
    b".",
    b"..",
    b"/..",
    b"/./",
    b"//",
    b"\\",
    b"%",
    b"%2",
    b"%2f",
    b"%2e",
    b"%5C",
    b"%00",
    b"%c3",
    b"%41",
    b"?",
    b"#",
    b"*",
    b"@",
    b":",
    b";",
    b",",
    b", ",
    b"=",
    b"-",
    b"+",
    b"\"",
    b"W/",
    b"[",
    b"]",
    b"~",
    b"://",
    b"0\r\n\r\n",
];

/// Numbers at the limits, and what some parsers take for numbers.
const NUMBERS: &[&str] = &[
    "0",
    "1",
    "2",
    "9",
    "10",
    "11",
    "007",
    "+1",
    "-1",
    " 1",
    "1 ",
    "0x1",
    "1e3",
    "a",
    "A",
    "65536",
    "65537",
    "1048576",
    "1048577",
    "10000",
    "10001",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "99999999999999999999999",
    "ffffffffffffffff",
    "fffffffffffffff0",
    "10000000000000000",
    "",
];

/// Makes up to four changes, or none: valid input can be split, too. `other` is
/// what it may be spliced with.
pub fn spoil(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    for _ in 0..random.below(5) {
        change(bytes, other, random);
    }
}

fn change(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    if bytes.is_empty() {
        bytes.extend_from_slice(other);
        return;
    }
    let at = random.below(bytes.len());
    let some = at..bytes.len().min(at + 1 + random.below(8));
    match random.below(15) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at] = random.below(256) as u8,
        2 => _ = bytes.drain(some),
        3 => bytes.extend_from_within(some),
        4 => bytes.swap(at, random.below(at + 1)),
        5 | 6 => insert(bytes, at..at, random.pick(PIECES)),
        7 => insert(bytes, at..at + 1, random.pick(PIECES)),
        8 | 9 => replace_number(bytes, at, random.pick(NUMBERS)),
        10 => bytes.truncate(at),
        11 => {
            bytes.truncate(at);
            let rest = random.below(other.len() + 1);
            bytes.extend_from_slice(&other[rest..]);
        }
        12 => {
            let line = line(bytes, at);
            let copy = bytes[line.clone()].to_vec();
            insert(bytes, line.end..line.end, &copy);
        }
        13 => _ = bytes.drain(line(bytes, at)),
        _ => bytes[some].iter_mut().for_each(swap_case),
    }
}

fn insert(bytes: &mut Vec<u8>, at: Range<usize>, piece: &[u8]) {
    bytes.splice(at, piece.iter().copied());
}

/// Puts another number in the place of the next one.
fn replace_number(bytes: &mut Vec<u8>, at: usize, number: &str) {
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let Some(start) = bytes[at..].iter().position(is_digit) else { return };
    let start = at + start;
    let length = bytes[start..].iter().take_while(|it| is_digit(it)).count();
    insert(bytes, start..start + length, number.as_bytes());
}

/// The line around this byte, with its line break.
fn line(bytes: &[u8], at: usize) -> Range<usize> {
    let is_end = |byte: &u8| *byte == b'\n';
    let start = bytes[..at].iter().rposition(is_end).map_or(0, |it| it + 1);
    let end = bytes[at..].iter().position(is_end);
    start..end.map_or(bytes.len(), |it| at + it + 1)
}

fn swap_case(byte: &mut u8) {
    if byte.is_ascii_alphabetic() {
        *byte ^= b' ';
    }
}

/// Makes something exactly as long as it may be, or one less or more: a line,
/// a head, or the list of the fields in it or after the last chunk.
pub fn swell(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(bytes.len());
    let line = line(bytes, at);
    let (limit, length) = random.pick(&[
        (MAX_CHUNK_LINE, line.len() - 1),
        (MAX_REQUEST_LINE, line.len().saturating_sub(2)),
        (MAX_HEAD, bytes.len()),
        (MAX_FIELDS, 1),
        (MAX_TRAILERS, 1),
    ]);
    let missing = (limit - 1 + random.below(3)).saturating_sub(length);
    let (at, piece): (_, &[u8]) = match limit {
        MAX_FIELDS | MAX_TRAILERS => (line.end, b"X:\r\n"),
        _ => (line.start + 1, b"x"),
    };
    insert(bytes, at..at, &piece.repeat(missing));
}

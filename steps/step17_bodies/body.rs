// ANCHOR: types
//! Watches the body of a request arrive. The server has no use for it, but has
//! to find its end, because that's where the next request begins.

use crate::limits::{MAX_BODY, MAX_CHUNK_LINE, MAX_SKIPPED_BODY, MAX_TRAILERS};
use crate::request::{Request, parse_field};
use crate::response::Status;
use std::str;

/// Finds the end of a body in what you show it. It does no I/O.
pub struct BodyReader {
    next: Part,
    is_chunked: bool,
    /// How many bytes of data have been announced.
    length: u64,
}

/// What comes next.
#[derive(PartialEq)]
enum Part {
    /// This many bytes of data.
    Data(u64),
    /// The line before a chunk, with the length of its data.
    ChunkLine,
    /// The line break after the data of a chunk.
    ChunkEnd,
    /// The fields after the last chunk, of which this many have come.
    Trailers(usize),
    /// The next request.
    End,
    /// More than is worth reading: closing the connection costs less.
    Unread,
}
// ANCHOR_END: types

// ANCHOR: new
impl BodyReader {
    /// Says where a body ends (RFC 9112 §6.3), or the status of the response: 400
    /// for what two programs could read in two ways, 413, 417 or 501.
    pub fn new(request: &Request) -> Result<BodyReader, Status> {
        let has = |name| request.values(name).next().is_some();
        let is_chunked = has("Transfer-Encoding");
        let mut reader = BodyReader { next: Part::End, is_chunked, length: 0 };
        match (is_chunked, has("Content-Length")) {
            (true, true) => return Err(Status::BAD_REQUEST),
            (true, false) => reader.next = first_part(request)?,
            (false, true) => {
                let length = request.value("Content-Length").unwrap_or("");
                reader.announce(parse_length(length, 10)?)?;
            }
            (false, false) => {}
        }
        for expectation in request.elements("Expect") {
            if !expectation.eq_ignore_ascii_case(b"100-continue") {
                return Err(Status::EXPECTATION_FAILED);
            }
            // The response comes at once, instead of a `100 Continue`.
            if !reader.is_complete() {
                reader.next = Part::Unread;
            }
        }
        Ok(reader)
    }
    // ANCHOR_END: new

    // ANCHOR: announce
    /// This many bytes of data come next, unless that's too much.
    fn announce(&mut self, length: u64) -> Result<(), Status> {
        self.length = self.length.saturating_add(length);
        self.next = match length {
            0 => Part::End,
            _ if self.length <= MAX_SKIPPED_BODY => Part::Data(length),
            _ if self.length <= MAX_BODY => Part::Unread,
            _ => return Err(Status::CONTENT_TOO_LARGE),
        };
        Ok(())
    }

    /// Whether the whole body has been read.
    pub fn is_complete(&self) -> bool {
        self.next == Part::End
    }

    /// Whether nothing is left to read, or nothing worth reading.
    pub fn is_done(&self) -> bool {
        self.is_complete() || self.next == Part::Unread
    }
    // ANCHOR_END: announce

    // ANCHOR: read
    /// How many of the bytes belong to the body, or a status: 400 or 413.
    pub fn read(&mut self, bytes: &[u8]) -> Result<usize, Status> {
        let mut rest = bytes;
        while !self.is_done() && self.take_part(&mut rest)? {}
        Ok(bytes.len() - rest.len())
    }

    /// Takes what comes next. Returns `false` if not all of it has arrived.
    fn take_part(&mut self, rest: &mut &[u8]) -> Result<bool, Status> {
        if let Part::Data(left) = self.next {
            let count = left.min(rest.len() as u64);
            *rest = &rest[count as usize..];
            self.next = match left - count {
                0 if self.is_chunked => Part::ChunkEnd,
                0 => Part::End,
                left => Part::Data(left),
            };
            return Ok(count == left);
        }
        let Some(line) = take_line(rest)? else { return Ok(false) };
        match self.next {
            Part::ChunkLine => match chunk_length(line)? {
                0 => self.next = Part::Trailers(0),
                length => self.announce(length)?,
            },
            Part::ChunkEnd if line.is_empty() => self.next = Part::ChunkLine,
            Part::Trailers(_) if line.is_empty() => self.next = Part::End,
            Part::Trailers(count) if count < MAX_TRAILERS => {
                parse_field(line).ok_or(Status::BAD_REQUEST)?;
                self.next = Part::Trailers(count + 1);
            }
            _ => return Err(Status::BAD_REQUEST),
        }
        Ok(true)
    }
}
// ANCHOR_END: read

// ANCHOR: first_part
/// What comes first in a body with codings. The last one has to be `chunked`,
/// which tells where the body ends (RFC 9112 §6.1), and HTTP/1.0 has none.
fn first_part(request: &Request) -> Result<Part, Status> {
    let mut codings = request.elements("Transfer-Encoding");
    let index = codings.position(|it| it.eq_ignore_ascii_case(b"chunked"));
    let valid = codings.next().is_none() && request.minor_version > 0;
    match index.filter(|_| valid) {
        Some(0) => Ok(Part::ChunkLine),
        Some(_) => Err(Status::NOT_IMPLEMENTED),
        None => Err(Status::BAD_REQUEST),
    }
}

/// A number made of digits alone. `from_str_radix` would allow a sign, too.
fn parse_length(digits: &str, radix: u32) -> Result<u64, Status> {
    let length = u64::from_str_radix(digits, radix).ok();
    length.filter(|_| !digits.starts_with('+')).ok_or(Status::BAD_REQUEST)
}
// ANCHOR_END: first_part

// ANCHOR: lines
/// The next line, if its end has arrived. That is CR LF, and never LF alone: two
/// programs that disagree about it would disagree about the next request.
fn take_line<'a>(rest: &mut &'a [u8]) -> Result<Option<&'a [u8]>, Status> {
    let end = rest.iter().position(|&byte| byte == b'\n');
    if end.unwrap_or(rest.len()) > MAX_CHUNK_LINE {
        return Err(Status::BAD_REQUEST);
    }
    let Some(end) = end else { return Ok(None) };
    let line = rest[..end].strip_suffix(b"\r").ok_or(Status::BAD_REQUEST)?;
    *rest = &rest[end + 1..];
    Ok(Some(line))
}

/// The length of a chunk, without what may follow a semicolon (RFC 9112 §7.1.1).
fn chunk_length(line: &[u8]) -> Result<u64, Status> {
    let line = str::from_utf8(line).map_err(|_| Status::BAD_REQUEST)?;
    if line.contains(|it: char| it.is_ascii_control() && it != '\t') {
        return Err(Status::BAD_REQUEST);
    }
    match line.split_once(';') {
        Some((digits, _)) => parse_length(digits.trim_ascii_end(), 16),
        None => parse_length(line, 16),
    }
}
// ANCHOR_END: lines

#[cfg(test)]
mod tests {
    use super::*;

    /// What a reader says at the end of these bytes, and how many it has taken,
    /// if they come one by one.
    fn read(fields: &str, body: &str) -> Result<(bool, usize), Status> {
        let head = format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n");
        let request = Request::parse(head.as_bytes()).expect("a head");
        let mut reader = BodyReader::new(&request)?;
        let mut all = BodyReader::new(&request)?;
        let (mut buffer, mut count) = (Vec::new(), 0);
        for byte in body.bytes() {
            buffer.push(byte);
            let taken = reader.read(&buffer)?;
            buffer.drain(..taken);
            count += taken;
        }
        assert_eq!(all.read(body.as_bytes()), Ok(count), "{body:?} at once");
        Ok((reader.is_complete(), count))
    }

    const CHUNKED: &str = "Transfer-Encoding: chunked";

    #[test]
    fn what_follows_a_body_is_left() {
        for (fields, body) in [
            ("X: y", ""),
            ("Content-Length: 0", ""),
            ("Content-Length: 5", "12345"),
            ("transfer-encoding: ,CHUNKED ,", "0\r\n\r\n"),
            (CHUNKED, "5\r\n12345\r\n0\r\n\r\n"),
            (CHUNKED, "00A;a=\"b\"\r\n1234567890\r\n0\r\n\r\n"),
            (CHUNKED, "1 ;a\r\n1\r\n000\r\nA: b\r\nC:\r\n\r\n"),
        ] {
            let sent = format!("{body}next");
            let expected = Ok((true, body.len()));
            assert_eq!(read(fields, &sent), expected, "{fields} {body:?}");
        }
    }

    #[test]
    fn a_body_without_its_end_is_incomplete() {
        for body in ["", "5\r\n12345", "0\r\n"] {
            let outcome = read(CHUNKED, body).map(|(complete, _)| complete);
            assert_eq!(outcome, Ok(false), "{body:?}");
        }
    }

    #[test]
    fn a_malformed_chunk_is_400() {
        for body in [
            "\r\n",
            "5\n12345\r\n0\r\n\r\n",
            "5\r\n12345\n0\r\n\r\n",
            "5\r\n123456\r\n0\r\n\r\n",
            "5 \r\n12345\r\n0\r\n\r\n",
            " 5\r\n12345\r\n0\r\n\r\n",
            "0x5\r\n12345\r\n0\r\n\r\n",
            "+5\r\n12345\r\n0\r\n\r\n",
            "-1\r\n\r\n",
            "5;a\rb\r\n12345\r\n0\r\n\r\n",
            "5\r;a\r\n12345\r\n0\r\n\r\n",
            "5\u{a0};a\r\n12345\r\n0\r\n\r\n",
            "fffffffffffffffff\r\n",
            "0\r\nno field\r\n\r\n",
        ] {
            let outcome = read(CHUNKED, body);
            assert_eq!(outcome, Err(Status::BAD_REQUEST), "{body:?}");
        }
        let line = "1;".to_string() + &"x".repeat(MAX_CHUNK_LINE);
        let trailers =
            "0\r\n".to_string() + &"A: b\r\n".repeat(MAX_TRAILERS + 1);
        for body in [line, trailers] {
            assert_eq!(read(CHUNKED, &body), Err(Status::BAD_REQUEST));
        }
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        for (fields, status) in [
            ("Content-Length: 4\r\nTransfer-Encoding: chunked", 400),
            ("Content-Length: 4\r\nContent-Length: 4", 400),
            ("Content-Length: +4", 400),
            ("Content-Length:", 400),
            ("Content-Length: 99999999999999999999", 400),
            ("Content-Length: 1048577", 413),
            ("Transfer-Encoding:", 400),
            ("Transfer-Encoding: gzip", 400),
            ("Transfer-Encoding: chunked, gzip", 400),
            ("Transfer-Encoding: chunked, chunked", 400),
            ("Transfer-Encoding: gzip, chunked", 501),
            ("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", 501),
            ("Expect: cake", 417),
            ("Expect: 100-continue, cake", 417),
        ] {
            let outcome = read(fields, "").map_err(|status| status.0);
            assert_eq!(outcome, Err(status), "{fields}");
        }
    }

    #[test]
    fn a_long_body_is_not_worth_reading() {
        for (fields, body) in [
            ("Content-Length: 65537", ""),
            (CHUNKED, "10001\r\n"),
            (CHUNKED, "1\r\n1\r\n10000\r\n"),
            ("Expect: 100-continue\r\nContent-Length: 5", ""),
        ] {
            let (fields, body) = (fields, format!("{body}data"));
            let (is_complete, count) = read(fields, &body).expect(fields);
            assert!(!is_complete && count + 4 == body.len(), "{fields}");
        }
        for body in ["ffffffffffffffff\r\n", "1\r\n1\r\nffffffffffffffff\r\n"] {
            assert_eq!(read(CHUNKED, body), Err(Status::CONTENT_TOO_LARGE));
        }
    }
}

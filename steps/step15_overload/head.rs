// ANCHOR: struct
//! Watches a head arrive, and refuses what can't become a request anymore.

use crate::limits::{MAX_EMPTY_LINES, MAX_FIELDS, MAX_HEAD, MAX_REQUEST_LINE};
use crate::request::{RequestLine, is_token_byte, strip_cr};
use crate::response::Status;
use std::ops::Range;

/// Finds the end of a head. It does no I/O: you show it what has arrived, and it
/// says whether that's enough.
#[derive(Default)]
pub struct HeadReader {
    /// Where the head begins, after the empty lines before it.
    start: usize,
    /// How many lines of it are complete.
    lines: usize,
    empty_lines: usize,
    /// Where the line begins that isn't complete yet.
    line_start: usize,
    /// How far that line was searched for its end.
    searched: usize,
}
// ANCHOR_END: struct

// ANCHOR: read
impl HeadReader {
    /// Looks at all the bytes that have arrived so far. Returns where the head
    /// is, or `None` if more bytes are needed. The error is the status of the
    /// response: 400, 414, 431 or 505.
    pub fn read(
        &mut self,
        bytes: &[u8],
    ) -> Result<Option<Range<usize>>, Status> {
        let mut unsearched = bytes[self.searched..].iter();
        while let Some(count) = unsearched.position(|&byte| byte == b'\n') {
            let end = self.searched + count;
            let line = strip_cr(&bytes[self.line_start..end]);
            self.line_start = end + 1;
            self.searched = end + 1;
            if self.searched - self.start > MAX_HEAD {
                return Err(Status::HEADER_FIELDS_TOO_LARGE);
            }
            if self.lines > 0 && line.is_empty() {
                return Ok(Some(self.start..self.searched));
            }
            self.take_line(line)?;
        }
        self.searched = bytes.len();
        self.check_partial_line(&bytes[self.line_start..])?;
        match self.searched - self.start > MAX_HEAD {
            true => Err(Status::HEADER_FIELDS_TOO_LARGE),
            false => Ok(None),
        }
    }
    // ANCHOR_END: read

    // ANCHOR: take_line
    fn take_line(&mut self, line: &[u8]) -> Result<(), Status> {
        if self.lines == 0 {
            // Empty lines before a request do no harm (RFC 9112 §2.2).
            if line.is_empty() && self.empty_lines < MAX_EMPTY_LINES {
                self.empty_lines += 1;
                self.start = self.line_start;
                return Ok(());
            }
            if line.len() > MAX_REQUEST_LINE {
                return Err(Status::URI_TOO_LONG);
            }
            // If it's wrong now, the blank line won't make it right.
            RequestLine::parse(line)?;
        } else if self.lines > MAX_FIELDS {
            return Err(Status::HEADER_FIELDS_TOO_LARGE);
        }
        self.lines += 1;
        Ok(())
    }
    // ANCHOR_END: take_line

    // ANCHOR: check_partial_line
    /// Refuses a request line by its first byte, or when it becomes too long.
    fn check_partial_line(&self, line: &[u8]) -> Result<(), Status> {
        let Some(&first) = line.first() else { return Ok(()) };
        if self.lines > 0 {
            return Ok(());
        }
        if !is_token_byte(first) && first != b'\r' {
            return Err(Status::BAD_REQUEST);
        }
        // It may already have its CR.
        match line.len() > MAX_REQUEST_LINE + 1 {
            true => Err(Status::URI_TOO_LONG),
            false => Ok(()),
        }
    }
}
// ANCHOR_END: check_partial_line

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows the bytes to a reader one by one, until it has seen enough.
    fn read(bytes: &[u8]) -> Result<Option<Range<usize>>, Status> {
        let mut reader = HeadReader::default();
        for end in 1..=bytes.len() {
            match reader.read(&bytes[..end]) {
                Ok(None) => {}
                seen => return seen,
            }
        }
        Ok(None)
    }

    #[test]
    fn the_end_of_a_head_is_found_however_it_arrives() {
        for (bytes, head) in [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", Some(0..27)),
            ("GET / HTTP/1.1\nHost: a\n\nGET", Some(0..24)),
            ("\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n", Some(8..26)),
            ("GET / HTTP/1.1\r\nHost: a\r\n\r", None),
            ("\r", None),
            ("", None),
        ] {
            assert_eq!(read(bytes.as_bytes()), Ok(head.clone()), "{bytes:?}");
            let seen = HeadReader::default().read(bytes.as_bytes());
            assert_eq!(seen, Ok(head), "{bytes:?} at once");
        }
    }

    #[test]
    fn what_cannot_become_a_request_is_refused_early() {
        let long = format!("GET /{}", "a".repeat(MAX_REQUEST_LINE));
        let large = "GET / HTTP/1.1\r\nX: ".to_string() + &"x".repeat(MAX_HEAD);
        let many =
            "GET / HTTP/1.1\r\n".to_string() + &"X:\r\n".repeat(MAX_FIELDS + 1);
        for (bytes, status) in [
            ("\x16", Status::BAD_REQUEST),
            (" ", Status::BAD_REQUEST),
            ("\r\n\r\n\r\n\r\n\r\n", Status::BAD_REQUEST),
            ("GET /\r\n", Status::BAD_REQUEST),
            ("GET / HTTP/2.0\r\n", Status::VERSION_NOT_SUPPORTED),
            (&long, Status::URI_TOO_LONG),
            (&large, Status::HEADER_FIELDS_TOO_LARGE),
            (&many, Status::HEADER_FIELDS_TOO_LARGE),
        ] {
            assert_eq!(read(bytes.as_bytes()), Err(status), "{bytes:?}");
            let whole = format!("{bytes}\r\n\r\n");
            let seen = HeadReader::default().read(whole.as_bytes());
            assert_eq!(seen, Err(status), "{bytes:?} at once");
        }
    }

    #[test]
    fn each_byte_is_searched_once() {
        let mut reader = HeadReader::default();
        let bytes = b"\r\nGET / HTTP/1.1\r\nHost: a";
        for end in 1..=bytes.len() {
            assert_eq!(reader.read(&bytes[..end]), Ok(None));
            assert_eq!(reader.searched, end);
        }
    }

    #[test]
    fn as_much_as_is_allowed_is_read() {
        let line = format!(
            "GET /{} HTTP/1.1\r\n\r\n",
            "a".repeat(MAX_REQUEST_LINE - 14)
        );
        let fields = "X:\r\n".repeat(MAX_FIELDS);
        let fields = format!("GET / HTTP/1.1\r\n{fields}\r\n");
        let head = format!(
            "GET / HTTP/1.1\r\nX:{}\r\n\r\n",
            "x".repeat(MAX_HEAD - 22)
        );
        for bytes in [line, fields, head] {
            // Empty lines before a head don't count.
            for before in ["", "\r\n\r\n\r\n\r\n"] {
                let all = before.len()..before.len() + bytes.len();
                let text = format!("{before}{bytes}");
                assert_eq!(read(text.as_bytes()), Ok(Some(all)), "{text}");
            }
        }
    }
}

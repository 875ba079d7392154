//! Reads what a server answers, and believes none of it.

use std::io::{self, ErrorKind, Read};

use crate::tally::Failure;

/// What matters about an answer: its status, the length of its body, and whether
/// the server closes the connection after it.
#[derive(Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    length: u64,
    pub close: bool,
}

/// Reads an answer to its last byte.
pub fn read_answer(
    mut input: impl Read,
    buffer: &mut [u8],
) -> Result<Answer, Failure> {
    let mut filled = 0;
    let head = loop {
        if let Some(end) = end_of_head(&buffer[..filled]) {
            break end;
        }
        if filled == buffer.len() {
            return Err(Failure::Malformed);
        }
        filled += match read(&mut input, &mut buffer[filled..])? {
            0 if filled == 0 => return Err(Failure::NoAnswer),
            0 => return Err(Failure::CutShort),
            count => count,
        };
    };
    let answer = parse(&buffer[..head]).ok_or(Failure::Malformed)?;
    // More than the whole body: bytes that nobody has asked for.
    let body = (filled - head) as u64;
    let missing = answer.length.checked_sub(body).ok_or(Failure::Malformed)?;
    // `take` ends before the next answer, and reads in pieces of the buffer.
    let mut rest = input.take(missing);
    while rest.limit() > 0 {
        if read(&mut rest, buffer)? == 0 {
            return Err(Failure::CutShort);
        }
    }
    Ok(answer)
}

/// Unix and Windows differ in what they call it.
pub fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// Reads once. A connection that's reset has ended, just like a closed one.
fn read(input: &mut impl Read, buffer: &mut [u8]) -> Result<usize, Failure> {
    loop {
        match input.read(buffer) {
            Ok(count) => return Ok(count),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if is_timeout(&error) => return Err(Failure::Timeout),
            Err(_) => return Ok(0),
        }
    }
}

/// The length of the head, with the blank line that ends it.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let blank = bytes.windows(4).position(|it| it == b"\r\n\r\n")?;
    Some(blank + 4)
}

/// Takes a head apart (RFC 9112 §4, §5); `None` if that cannot be done, or if
/// nothing says where the body ends.
fn parse(head: &[u8]) -> Option<Answer> {
    let head = String::from_utf8_lossy(head);
    let mut lines = head.trim_end().split("\r\n");
    let line = lines.next()?.strip_prefix("HTTP/1.1 ")?;
    let (status, _) = line.split_once(' ').unwrap_or((line, ""));
    let status = number(status).filter(|it| (100..=999).contains(it))? as u16;
    let mut length = None;
    let mut close = false;
    for line in lines {
        let (name, value) = line.split_once(':')?;
        if name.eq_ignore_ascii_case("content-length") {
            let other = length.replace(number(value.trim())?);
            if other.is_some() {
                return None;
            }
        } else if name.eq_ignore_ascii_case("connection") {
            let mut options = value.split(',').map(str::trim);
            close |= options.any(|it| it.eq_ignore_ascii_case("close"));
        }
    }
    // These two never have a body, whatever the fields say (RFC 9112 §6.3).
    let length = if matches!(status, 204 | 304) { 0 } else { length? };
    Some(Answer { status, length, close })
}

/// A number made of digits alone: `parse` accepts a sign, too.
fn number(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads an answer that comes in pieces of at most `size` bytes.
    fn read_in_pieces(bytes: &[u8], size: usize) -> Result<Answer, Failure> {
        struct Pieces<'a>(&'a [u8], usize);
        impl Read for Pieces<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let size = self.1.min(buffer.len());
                self.0.read(&mut buffer[..size])
            }
        }
        read_answer(Pieces(bytes, size), &mut [0; 64])
    }

    /// The same, whatever the pieces.
    fn read_whole(bytes: &[u8]) -> Result<Answer, Failure> {
        let answer = read_in_pieces(bytes, usize::MAX);
        for size in 1..bytes.len() {
            assert_eq!(read_in_pieces(bytes, size), answer, "pieces of {size}");
        }
        answer
    }

    fn answer(
        status: u16,
        length: u64,
        close: bool,
    ) -> Result<Answer, Failure> {
        Ok(Answer { status, length, close })
    }

    #[test]
    fn an_answer_is_read_to_its_last_byte() {
        let found = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        assert_eq!(read_whole(found), answer(200, 5, false));
        let empty = b"HTTP/1.1 301 \r\nX: y\r\ncontent-LENGTH:0\r\n\r\n";
        assert_eq!(read_whole(empty), answer(301, 0, false));
        let mut large = b"HTTP/1.1 200\r\nContent-Length: 999\r\n\r\n".to_vec();
        large.extend([b'x'; 999]);
        assert_eq!(read_whole(&large), answer(200, 999, false));
    }

    #[test]
    fn the_next_answer_is_left_unread() {
        let head = "HTTP/1.1 200 \r\nContent-Length: 99\r\n\r\n";
        let bytes = format!("{head}{:99}HTTP/1.1 204 \r\n\r\n", "");
        let (mut input, buffer) = (bytes.as_bytes(), &mut [0; 64]);
        assert_eq!(read_answer(&mut input, buffer), answer(200, 99, false));
        assert_eq!(read_answer(&mut input, buffer), answer(204, 0, false));
        assert_eq!(read_answer(&mut input, buffer), Err(Failure::NoAnswer));
    }

    #[test]
    fn the_server_may_close_the_connection() {
        for value in ["close", "Close", "x, close", "close ,x"] {
            let head = format!("HTTP/1.1 204 \r\nConnection: {value}\r\n\r\n");
            assert_eq!(read_whole(head.as_bytes()), answer(204, 0, true));
        }
        let head = b"HTTP/1.1 204 \r\nConnection: closed\r\n\r\n";
        assert_eq!(read_whole(head), answer(204, 0, false));
    }

    #[test]
    fn a_304_has_no_body_though_it_tells_the_length_of_one() {
        let head = b"HTTP/1.1 304 \r\nContent-Length: 5\r\n\r\n";
        assert_eq!(read_whole(head), answer(304, 0, false));
    }

    #[test]
    fn an_answer_that_ends_too_early() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        assert_eq!(read_whole(b""), Err(Failure::NoAnswer));
        for end in 1..whole.len() {
            assert_eq!(read_whole(&whole[..end]), Err(Failure::CutShort));
        }
    }

    #[test]
    fn only_http_1_1_with_a_length_is_an_answer() {
        let malformed: [&[u8]; 10] = [
            b"\r\n\r\n",
            b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
            b"HTTP/1.1 +200 OK\r\nContent-Length: 0\r\n\r\n",
            b"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nno field\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n\r\n",
            b"HTTP/1.1 200\r\nContent-Length: -1\r\n\r\n",
            b"HTTP/1.1 200\r\nContent-Length: +1\r\n\r\nx",
            b"HTTP/1.1 200\r\nContent-Length:\r\n\r\n",
            b"HTTP/1.1 200\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
        ];
        for bytes in malformed {
            let found = read_whole(bytes);
            assert_eq!(found, Err(Failure::Malformed), "{bytes:?}");
        }
    }

    #[test]
    fn a_head_larger_than_the_buffer_is_refused() {
        let head = format!("HTTP/1.1 204 \r\nX: {}\r\n\r\n", "x".repeat(64));
        assert_eq!(read_whole(head.as_bytes()), Err(Failure::Malformed));
    }

    #[test]
    fn bytes_after_the_answer_are_refused() {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxx";
        let found = read_in_pieces(bytes, usize::MAX);
        assert_eq!(found, Err(Failure::Malformed));
    }
}

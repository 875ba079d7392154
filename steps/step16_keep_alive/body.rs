// ANCHOR: body
//! The body of a request: nobody wants it, but what follows it has to be found.

use crate::input::{Fault, Input};
use crate::limits::{CHUNK_LINE, DROPPED_BODY, TRAILERS};
use crate::request::field;
use std::{str, time::Instant};

/// How a body is delimited (RFC 9112 §6).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Body {
    None,
    /// So many bytes.
    Length(u64),
    /// In chunks, each with its length before it.
    Chunked,
}

const BAD_REQUEST: &str = "400 Bad Request";

impl Body {
    /// Whether to close the connection is better than to read all of this.
    pub fn is_long(self) -> bool {
        matches!(self, Body::Length(length) if length > DROPPED_BODY)
    }

    /// Reads the body and drops it. `false` if it turns out to be too long.
    pub fn drop(
        self,
        input: &mut Input,
        deadline: Instant,
    ) -> Result<bool, Fault> {
        match self {
            Body::None => Ok(true),
            _ if self.is_long() => Ok(false),
            Body::Length(length) => drop_bytes(input, length, deadline),
            Body::Chunked => drop_chunks(input, deadline),
        }
    }
}

fn drop_bytes(
    input: &mut Input,
    mut left: u64,
    deadline: Instant,
) -> Result<bool, Fault> {
    loop {
        let count = left.min(input.bytes().len() as u64);
        input.consume(count as usize);
        left -= count;
        if left == 0 {
            return Ok(true);
        }
        if input.fill(deadline)? == 0 {
            return Err(BAD_REQUEST.into());
        }
    }
}

/// Drops chunks up to the last one, which is empty, and the fields after it
/// (RFC 9112 §7.1).
fn drop_chunks(input: &mut Input, deadline: Instant) -> Result<bool, Fault> {
    let mut total: u64 = 0;
    loop {
        let line = read_line(input, deadline)?;
        let length = chunk_length(&line).ok_or(BAD_REQUEST)?;
        if length == 0 {
            break;
        }
        total = total.saturating_add(length);
        if total > DROPPED_BODY {
            return Ok(false);
        }
        drop_bytes(input, length, deadline)?;
        if !read_line(input, deadline)?.is_empty() {
            return Err(BAD_REQUEST.into());
        }
    }
    for _ in 0..=TRAILERS {
        let line = read_line(input, deadline)?;
        if line.is_empty() {
            return Ok(true);
        }
        field(&line).ok_or(BAD_REQUEST)?;
    }
    Err(BAD_REQUEST.into())
}

/// The number of bytes in a chunk, in hexadecimal digits; what follows a
/// semicolon is dropped (RFC 9112 §7.1.1).
fn chunk_length(line: &[u8]) -> Option<u64> {
    let line = str::from_utf8(line).ok()?;
    let digits = match line.split_once(';') {
        Some((digits, extension)) => {
            let control = |it: char| it.is_ascii_control() && it != '\t';
            Some(digits.trim_end_matches([' ', '\t']))
                .filter(|_| !extension.contains(control))?
        }
        None => line,
    };
    let valid = digits.bytes().all(|it| it.is_ascii_hexdigit());
    u64::from_str_radix(digits, 16).ok().filter(|_| valid)
}

/// A line without its end, which is CR LF and nothing else: two programs that
/// disagree on where a chunk ends can be played off against each other.
fn read_line(input: &mut Input, deadline: Instant) -> Result<Vec<u8>, Fault> {
    loop {
        let bytes = input.bytes();
        if let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
            let line = bytes[..end].strip_suffix(b"\r").ok_or(BAD_REQUEST)?;
            let line = line.to_vec();
            input.consume(end + 1);
            if end > CHUNK_LINE {
                return Err(BAD_REQUEST.into());
            }
            return Ok(line);
        }
        if bytes.len() > CHUNK_LINE || input.fill(deadline)? == 0 {
            return Err(BAD_REQUEST.into());
        }
    }
}
// ANCHOR_END: body

// ANCHOR: tests
#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::{Shutdown, TcpListener, TcpStream};
    use std::time::Duration;

    /// What comes of a body that a client sends, and what is left after it.
    fn drop(body: Body, sent: &[u8]) -> (Result<bool, &'static str>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let mut client = TcpStream::connect(address).expect("a client");
        client.write_all(sent).expect("it fits into the buffers");
        client.shutdown(Shutdown::Write).expect("connected");
        let (stream, _) = listener.accept().expect("the client");
        let mut input = Input::new(&stream);
        let deadline = Instant::now() + Duration::from_secs(10);
        let dropped = body.drop(&mut input, deadline).map_err(|it| match it {
            Fault::Refused(status) => status,
            Fault::Gone(error) => panic!("{error}"),
        });
        _ = input.fill(deadline);
        let left = String::from_utf8_lossy(input.bytes()).into_owned();
        (dropped, left)
    }

    #[test]
    fn what_follows_a_body_is_left() {
        for (body, sent) in [
            (Body::None, "next"),
            (Body::Length(0), "next"),
            (Body::Length(5), "12345next"),
            (Body::Chunked, "0\r\n\r\nnext"),
            (Body::Chunked, "5\r\n12345\r\n0\r\n\r\nnext"),
            (Body::Chunked, "00A;a=\"b\"\r\n1234567890\r\n0\r\n\r\nnext"),
            (Body::Chunked, "1 ;a\r\n1\r\n000\r\nA: b\r\nC:\r\n\r\nnext"),
        ] {
            let (dropped, left) = drop(body, sent.as_bytes());
            assert_eq!((dropped, &*left), (Ok(true), "next"), "{sent:?}");
        }
    }

    #[test]
    fn a_malformed_body_is_400() {
        for sent in [
            "",
            "\r\n",
            "5\r\n123",
            "5\r\n12345",
            "5\n12345\r\n0\r\n\r\n",
            "5\r\n12345\n0\r\n\r\n",
            "5\r\n123456\r\n0\r\n\r\n",
            "5 \r\n12345\r\n0\r\n\r\n",
            " 5\r\n12345\r\n0\r\n\r\n",
            "0x5\r\n12345\r\n0\r\n\r\n",
            "+5\r\n12345\r\n0\r\n\r\n",
            "-1\r\n\r\n",
            "g\r\n\r\n",
            "5;a\rb\r\n12345\r\n0\r\n\r\n",
            "fffffffffffffffff\r\n",
            "5\r;a\r\n12345\r\n0\r\n\r\n",
            "5\x0b;a\r\n12345\r\n0\r\n\r\n",
            "5\u{a0};a\r\n12345\r\n0\r\n\r\n",
            "0\r\nno field\r\n\r\n",
            "0\r\n",
        ] {
            let (dropped, _) = drop(Body::Chunked, sent.as_bytes());
            assert_eq!(dropped, Err("400 Bad Request"), "{sent:?}");
        }
        let (dropped, _) = drop(Body::Length(5), b"1234");
        assert_eq!(dropped, Err("400 Bad Request"));
    }

    #[test]
    fn a_long_body_is_left_where_it_is() {
        for (body, sent) in [
            (Body::Length(DROPPED_BODY + 1), ""),
            (Body::Chunked, "10001\r\n"),
            (Body::Chunked, "ffffffffffffffff\r\n"),
            (Body::Chunked, "1\r\n1\r\n10000\r\n"),
        ] {
            assert_eq!(drop(body, sent.as_bytes()).0, Ok(false), "{sent:?}");
        }
    }
}
// ANCHOR_END: tests

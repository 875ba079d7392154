//! What a client sends: bytes in a buffer, and a deadline for the whole.

use crate::limits::{HEAD, LINE};
use std::io::{self, ErrorKind, Read};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// The bytes that have come and have not been used yet.
pub struct Input<'a> {
    stream: &'a TcpStream,
    buffer: Vec<u8>,
    filled: usize,
    /// Whether anything has come.
    begun: bool,
}

impl<'a> Input<'a> {
    pub fn new(stream: &'a TcpStream) -> Input<'a> {
        Input { stream, buffer: vec![0; HEAD], filled: 0, begun: false }
    }

    pub fn bytes(&self) -> &[u8] {
        &self.buffer[..self.filled]
    }

    /// Reads up to the blank line that ends the head (RFC 9112 §2.1), and says
    /// how many bytes that are.
    pub fn read_head(&mut self, deadline: Instant) -> Result<usize, Fault> {
        loop {
            self.skip_empty_lines();
            let bytes = self.bytes();
            if line_is_too_long(bytes) {
                return Err("414 URI Too Long".into());
            }
            if let Some(end) = end_of_head(bytes) {
                return Ok(end);
            }
            if bytes.len() == self.buffer.len() {
                return Err("431 Request Header Fields Too Large".into());
            }
            self.fill(deadline)?;
        }
    }

    /// A few empty lines before a request are no harm (RFC 9112 §2.2).
    fn skip_empty_lines(&mut self) {
        for line in [&b"\r\n"[..], b"\n", b"\r\n", b"\n"] {
            if self.bytes().starts_with(line) {
                self.buffer.copy_within(line.len()..self.filled, 0);
                self.filled -= line.len();
            }
        }
    }

    /// Waits for more bytes. Only what has come before the deadline counts, be
    /// it read later.
    fn fill(&mut self, deadline: Instant) -> Result<(), Fault> {
        let mut left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() && self.begun {
            return Err("408 Request Timeout".into());
        }
        left = left.max(Duration::from_millis(1));
        self.stream.set_read_timeout(Some(left))?;
        match self.stream.read(&mut self.buffer[self.filled..]) {
            Ok(0) => {
                Err(io::Error::other("closed before the blank line").into())
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(()),
            Err(error) if is_timeout(&error) && self.begun => {
                Err("408 Request Timeout".into())
            }
            Err(error) if is_timeout(&error) => {
                Err(io::Error::other("silent for too long").into())
            }
            read => {
                self.filled += read?;
                self.begun = true;
                Ok(())
            }
        }
    }
}

/// Why there is no request.
pub enum Fault {
    /// It breaks a rule: the status of the answer.
    Refused(&'static str),
    /// Nobody is left to be answered.
    Gone(io::Error),
}

impl From<&'static str> for Fault {
    fn from(status: &'static str) -> Fault {
        Fault::Refused(status)
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Fault {
        Fault::Gone(error)
    }
}

fn line_is_too_long(bytes: &[u8]) -> bool {
    bytes.iter().take(LINE).all(|&byte| byte != b'\n') && bytes.len() > LINE
}

/// Where the blank line ends, if it is there.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let mut lines = bytes.split_inclusive(|&byte| byte == b'\n');
    let mut end = 0;
    lines.find_map(|line| {
        end += line.len();
        matches!(line, b"\r\n" | b"\n").then_some(end)
    })
}

/// Unix and Windows name it differently.
pub fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

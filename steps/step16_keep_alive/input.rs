//! What a client sends: bytes in a buffer, and a deadline for the whole.

use crate::limits::{FIRST, HEAD, LINE};
use std::io::{self, ErrorKind, Read};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// The bytes that have come and have not been used yet.
pub struct Input<'a> {
    stream: &'a TcpStream,
    buffer: Vec<u8>,
    /// Where in the buffer the bytes begin and end.
    start: usize,
    end: usize,
    /// What the socket was last told, since to tell it costs a system call.
    timeout: Option<Duration>,
}

impl<'a> Input<'a> {
    pub fn new(stream: &'a TcpStream) -> Input<'a> {
        let buffer = vec![0; FIRST];
        Input { stream, buffer, start: 0, end: 0, timeout: None }
    }

    pub fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Forgets bytes that have been used.
    pub fn consume(&mut self, count: usize) {
        self.start += count;
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
            if bytes.len() == HEAD {
                return Err("431 Request Header Fields Too Large".into());
            }
            if self.fill(deadline)? == 0 {
                let fault = "closed before the blank line";
                return Err(io::Error::other(fault).into());
            }
        }
    }

    /// A few empty lines before a request are no harm (RFC 9112 §2.2).
    pub fn skip_empty_lines(&mut self) {
        for line in [&b"\r\n"[..], b"\n", b"\r\n", b"\n"] {
            if self.bytes().starts_with(line) {
                self.consume(line.len());
            }
        }
    }

    /// Waits for more bytes, and returns how many have come: 0 for the end.
    pub fn fill(&mut self, deadline: Instant) -> Result<usize, Fault> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err("408 Request Timeout".into());
        }
        self.set_timeout(left)?;
        match self.read() {
            Err(error) if is_timeout(&error) => {
                Err("408 Request Timeout".into())
            }
            read => Ok(read?),
        }
    }

    /// Reads what is there, or waits for the time that was set last.
    pub fn read(&mut self) -> io::Result<usize> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.end == self.buffer.len() {
            self.buffer.resize(HEAD, 0);
        }
        let count = loop {
            match self.stream.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.end += count;
        Ok(count)
    }

    pub fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        if self.timeout != Some(timeout) {
            self.stream.set_read_timeout(Some(timeout))?;
            self.timeout = Some(timeout);
        }
        Ok(())
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

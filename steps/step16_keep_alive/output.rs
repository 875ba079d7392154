//! What a client gets: bytes at its own pace, but no slower than the limit.

use crate::input::is_timeout;
use crate::limits::PIECE;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

/// How often a write that waits comes back to look at the clock, and is tried
/// again if there is time left. Linux wakes a writer only when a third of the
/// socket's buffer is free, which a slow client needs long for; another try
/// takes any room there is.
const TRIES: u32 = 10;

/// Writes to a client, piece by piece, and gives up if one takes too long.
pub struct Output<'a> {
    stream: &'a TcpStream,
    /// In which a client has to take a piece.
    stall: Duration,
}

impl<'a> Output<'a> {
    pub fn new(
        stream: &'a TcpStream,
        stall: Duration,
    ) -> io::Result<Output<'a>> {
        stream.set_write_timeout(Some(stall / TRIES))?;
        Ok(Output { stream, stall })
    }

    /// Sends one piece.
    pub fn send(&self, mut bytes: &[u8]) -> io::Result<()> {
        let mut stream = self.stream;
        let start = Instant::now();
        while !bytes.is_empty() {
            match stream.write(bytes) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(sent) => bytes = &bytes[sent..],
                Err(error) if may_try_again(&error) => {}
                Err(error) => return Err(error),
            }
            if !bytes.is_empty() && start.elapsed() > self.stall {
                let fault = "the client reads too slowly";
                return Err(io::Error::other(fault));
            }
        }
        Ok(())
    }

    /// Sends the first `length` bytes of a file.
    pub fn send_file(&self, mut file: &File, length: u64) -> io::Result<()> {
        let mut piece = vec![0; PIECE];
        let mut left = length;
        while left > 0 {
            let most = left.min(PIECE as u64) as usize;
            let count = file.read(&mut piece[..most])?;
            if count == 0 {
                return Err(io::Error::other("the file got shorter"));
            }
            self.send(&piece[..count])?;
            left -= count as u64;
        }
        Ok(())
    }
}

fn may_try_again(error: &io::Error) -> bool {
    error.kind() == ErrorKind::Interrupted || is_timeout(error)
}

/// Whether bytes wait to be read. It does not wait for any.
pub fn has_more(stream: &TcpStream) -> bool {
    _ = stream.set_nonblocking(true);
    let has_more = matches!(stream.peek(&mut [0]), Ok(1));
    _ = stream.set_nonblocking(false);
    has_more
}

/// Ends a connection on which more may come, without losing the answer: to
/// close with input unread would destroy what the client has not read yet. So
/// the input is read until `end`, though nobody needs it (RFC 9112 §9.6).
pub fn linger(mut stream: &TcpStream, end: Instant) {
    _ = stream.shutdown(Shutdown::Write);
    let mut dropped = [0; 4 * 1024];
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() || stream.set_read_timeout(Some(left)).is_err() {
            return;
        }
        match stream.read(&mut dropped) {
            Ok(1..) => {}
            Err(error) if may_try_again(&error) => {}
            _ => return,
        }
    }
}

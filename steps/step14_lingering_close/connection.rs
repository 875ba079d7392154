//! One connection: reads a request, and sends the response.

use crate::head::HeadReader;
use crate::limits::{MAX_LINGER, MIN_WAIT, READ_CHUNK};
use crate::options::Options;
use crate::request::Request;
use crate::response::{Response, Status};
use crate::site;
use crate::writer::ResponseWriter;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::ops::Range;
use std::time::{Duration, Instant};

/// Serves one request, whose head has to be complete before the deadline.
pub fn handle(
    stream: &TcpStream,
    deadline: Instant,
    options: &Options,
) -> io::Result<()> {
    stream.set_nonblocking(false)?; // macOS and Windows inherit the mode.
    let mut buffer = Vec::new();
    let head = read_head(stream, &mut buffer, deadline)?;
    let response = match head.and_then(|head| Request::parse(&buffer[head])) {
        Ok(request) => site::respond(&request, options),
        Err(status) => Response::status_page(status),
    };
    // HEAD gets no body (RFC 9110 §9.3.2), not even that of an error.
    let is_head = buffer.trim_ascii_start().starts_with(b"HEAD ");
    send(stream, response, !is_head, options.stall_timeout)?;
    linger(stream, options.linger_timeout);
    Ok(())
}

/// Reads until the head is complete (RFC 9112 §2.1), and returns where in the
/// buffer it is, or the status if it's refused.
fn read_head(
    mut stream: &TcpStream,
    buffer: &mut Vec<u8>,
    deadline: Instant,
) -> io::Result<Result<Range<usize>, Status>> {
    let mut reader = HeadReader::default();
    let mut chunk = [0; READ_CHUNK];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        stream.set_read_timeout(Some(left.max(MIN_WAIT)))?;
        match stream.read(&mut chunk) {
            Ok(0) => {
                return Err(io::Error::other("closed before the blank line"));
            }
            Ok(count) => buffer.extend_from_slice(&chunk[..count]),
            Err(error) if is_retryable(&error) => {}
            Err(error) => return Err(error),
        }
        if let Some(result) = reader.read(buffer).transpose() {
            return Ok(result);
        }
        if Instant::now() >= deadline {
            return match buffer.is_empty() {
                true => Err(io::Error::other("no request in time")),
                false => Ok(Err(Status::REQUEST_TIMEOUT)),
            };
        }
    }
}

/// Sends a response, as long as the client takes each chunk in time.
fn send(
    mut stream: &TcpStream,
    response: Response,
    with_body: bool,
    stall_timeout: Duration,
) -> io::Result<()> {
    let mut writer = ResponseWriter::new(response, with_body);
    // Linux wakes a writer only when a third of the buffer is free, and a slow
    // client takes a long time to free that much. So we try more often.
    stream.set_write_timeout(Some(stall_timeout / 10))?;
    loop {
        let deadline = Instant::now() + stall_timeout;
        while !writer.unsent().is_empty() {
            match stream.write(writer.unsent()) {
                Ok(count) => writer.advance(count),
                Err(error) if is_retryable(&error) => {}
                Err(error) => return Err(error),
            }
            if Instant::now() > deadline && !writer.unsent().is_empty() {
                return Err(io::Error::other("the client reads too slowly"));
            }
        }
        if !writer.next_chunk()? {
            return Ok(());
        }
    }
}

// ANCHOR: linger
/// Closes a connection without losing what's on its way to the client (RFC 9112
/// §9.6). Closing it while input is unread would send RST, so this discards what
/// still arrives until the client closes, is silent, or has had enough time.
fn linger(mut stream: &TcpStream, silence: Duration) {
    // The client sees the end now. If it's gone, the read below will say so.
    _ = stream.shutdown(Shutdown::Write);
    let deadline = Instant::now() + silence * MAX_LINGER;
    let mut discarded = [0; READ_CHUNK];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let wait = Some(left.min(silence));
        if left.is_zero() || stream.set_read_timeout(wait).is_err() {
            return;
        }
        match stream.read(&mut discarded) {
            Ok(1..) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            _ => return, // It has closed, or is silent.
        }
    }
}
// ANCHOR_END: linger

/// Whether a read or a write was only interrupted, or timed out, for which Unix
/// and Windows have different names.
fn is_retryable(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Interrupted | ErrorKind::WouldBlock | ErrorKind::TimedOut
    )
}

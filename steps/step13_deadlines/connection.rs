//! One connection: reads a request, and sends the response.

// ANCHOR: imports
use crate::head::HeadReader;
// ANCHOR: limits
use crate::limits::{MIN_WAIT, READ_CHUNK};
// ANCHOR_END: limits
use crate::options::Options;
use crate::request::Request;
use crate::response::{Response, Status};
use crate::site;
use crate::writer::ResponseWriter;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::ops::Range;
// ANCHOR: time
use std::time::{Duration, Instant};
// ANCHOR_END: time
// ANCHOR_END: imports

// ANCHOR: handle
/// Serves one request, whose head has to be complete before the deadline.
pub fn handle(
    stream: &TcpStream,
    deadline: Instant,
    options: &Options,
) -> io::Result<()> {
    stream.set_nonblocking(false)?; // macOS and Windows inherit the mode.
    let mut buffer = Vec::new();
    let head = read_head(stream, &mut buffer, deadline)?;
    // ANCHOR_END: handle
    let response = match head.and_then(|head| Request::parse(&buffer[head])) {
        Ok(request) => site::respond(&request, options),
        Err(status) => Response::status_page(status),
    };
    // HEAD gets no body (RFC 9110 §9.3.2), not even that of an error.
    let is_head = buffer.trim_ascii_start().starts_with(b"HEAD ");
    // ANCHOR: handle_end
    send(stream, response, !is_head, options.stall_timeout)
    // ANCHOR_END: handle_end
}

// ANCHOR: read_head
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
// ANCHOR_END: read_head

// ANCHOR: send
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
// ANCHOR_END: send

// ANCHOR: is_retryable
/// Whether a read or a write was only interrupted, or timed out, for which Unix
/// and Windows have different names.
fn is_retryable(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Interrupted | ErrorKind::WouldBlock | ErrorKind::TimedOut
    )
}
// ANCHOR_END: is_retryable

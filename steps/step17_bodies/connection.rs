//! One connection: reads a request, and sends the response.

use crate::access_log;
use crate::answer::answer;
use crate::body::BodyReader;
use crate::head::HeadReader;
use crate::limits::{MAX_LINGER, MAX_REQUESTS, MIN_WAIT, READ_CHUNK};
use crate::log::OUTPUT;
use crate::options::Options;
use crate::response::{Response, Status};
use crate::writer::ResponseWriter;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::ops::Range;
use std::time::{Duration, Instant};

/// Serves the requests of a client, one after another. The first byte of the
/// first one has to arrive before the deadline.
pub fn handle(
    stream: &TcpStream,
    mut deadline: Instant,
    options: &Options,
) -> io::Result<()> {
    stream.set_nonblocking(false)?; // macOS and Windows inherit the mode.
    // Otherwise the end of a response would wait until the client has
    // acknowledged its beginning.
    stream.set_nodelay(true)?;
    let (idle_timeout, head_timeout) =
        (options.idle_timeout, options.head_timeout);
    let mut buffer = Vec::new();
    for count in 1..=MAX_REQUESTS {
        let head = read_head(stream, &mut buffer, deadline, head_timeout)?;
        // An idle client has left, or has been idle for too long.
        let Some(head) = head else { return Ok(()) };
        let is_last = count == MAX_REQUESTS;
        if !exchange(stream, &mut buffer, head, is_last, options)? {
            break;
        }
        deadline = Instant::now() + idle_timeout;
    }
    linger(stream, options.linger_timeout);
    Ok(())
}

/// Answers a request, and removes it from the buffer. Returns whether the
/// connection stays open.
fn exchange(
    stream: &TcpStream,
    buffer: &mut Vec<u8>,
    head: Result<Range<usize>, Status>,
    is_last: bool,
    options: &Options,
) -> io::Result<bool> {
    let end = head.as_ref().map_or(buffer.len(), |head| head.end);
    let response =
        match head.and_then(|head| answer(&buffer[head], is_last, options)) {
            Ok(answer) => skip_body(stream, buffer, end, answer, options)?,
            Err(status) => Response::status_page(status),
        };
    // HEAD gets no body (RFC 9110 §9.3.2), not even that of an error.
    let is_head = buffer.trim_ascii_start().starts_with(b"HEAD ");
    let keep_alive = response.keep_alive;
    let status = response.status;
    let length = if is_head { 0 } else { response.body.length() };
    let sent = send(stream, response, !is_head, options.stall_timeout);
    if options.access_log {
        OUTPUT.write(&access_log::entry(stream, buffer, status, length));
    }
    sent?;
    buffer.drain(..end);
    Ok(keep_alive)
}

/// Reads until a head is complete (RFC 9112 §2.1), and returns where in the
/// buffer it is, or the status if it's refused. Returns `None` if no request has
/// begun before the deadline, or before the client has closed.
fn read_head(
    stream: &TcpStream,
    buffer: &mut Vec<u8>,
    mut deadline: Instant,
    head_timeout: Duration,
) -> io::Result<Option<Result<Range<usize>, Status>>> {
    let mut reader = HeadReader::default();
    let mut is_idle = true;
    loop {
        if let Some(result) = reader.read(buffer).transpose() {
            return Ok(Some(result));
        }
        if !is_idle && Instant::now() >= deadline {
            return Ok(Some(Err(Status::REQUEST_TIMEOUT)));
        }
        // Empty lines don't begin a request.
        if is_idle && !buffer.trim_ascii_start().is_empty() {
            is_idle = false;
            deadline = Instant::now() + head_timeout;
        }
        match receive(stream, buffer, deadline) {
            Ok(true) => {}
            Ok(false) if !is_idle => {
                return Ok(Some(Err(Status::REQUEST_TIMEOUT)));
            }
            Err(error) if !is_idle => return Err(error),
            _ => return Ok(None),
        }
    }
}

// ANCHOR: skip_body
/// Skips a body as it arrives. If it's malformed or late, the response says so.
fn skip_body(
    stream: &TcpStream,
    buffer: &mut Vec<u8>,
    start: usize,
    (mut response, mut body): (Response, BodyReader),
    options: &Options,
) -> io::Result<Response> {
    let deadline = Instant::now() + options.body_timeout;
    loop {
        match body.read(&buffer[start..]) {
            Ok(count) => _ = buffer.drain(start..start + count),
            Err(status) => return Ok(Response::status_page(status)),
        }
        if body.is_done() {
            response.keep_alive &= body.is_complete();
            return Ok(response);
        }
        if Instant::now() >= deadline || !receive(stream, buffer, deadline)? {
            return Ok(Response::status_page(Status::REQUEST_TIMEOUT));
        }
    }
}
// ANCHOR_END: skip_body

/// Waits for bytes, and adds them to the buffer. Returns `false` if none came
/// before the deadline.
fn receive(
    mut stream: &TcpStream,
    buffer: &mut Vec<u8>,
    deadline: Instant,
) -> io::Result<bool> {
    let mut chunk = [0; READ_CHUNK];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        stream.set_read_timeout(Some(left.max(MIN_WAIT)))?;
        match stream.read(&mut chunk) {
            Ok(0) => return Err(io::Error::other("closed mid-request")),
            Ok(count) => {
                buffer.extend_from_slice(&chunk[..count]);
                return Ok(true);
            }
            Err(error) if !is_retryable(&error) => return Err(error),
            Err(_) if Instant::now() >= deadline => return Ok(false),
            Err(_) => {}
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

/// Closes a connection without losing what's on its way to the client (RFC 9112
/// §9.6). Closing it while input is unread would send RST, so this discards what
/// still arrives until the client closes, is silent, or has had enough time.
pub fn linger(mut stream: &TcpStream, silence: Duration) {
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

/// Whether a read or a write was only interrupted, or timed out, for which Unix
/// and Windows have different names.
fn is_retryable(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Interrupted | ErrorKind::WouldBlock | ErrorKind::TimedOut
    )
}

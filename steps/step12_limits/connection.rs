// ANCHOR: uses
//! One connection: reads a request, and sends the response.

use crate::head::HeadReader;
use crate::limits::READ_CHUNK;
use crate::options::Options;
use crate::request::Request;
use crate::response::{Body, Response, Status};
use crate::site;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::net::TcpStream;
use std::ops::Range;
// ANCHOR_END: uses

// ANCHOR: handle
/// Serves one request.
pub fn handle(stream: &TcpStream, options: &Options) -> io::Result<()> {
    stream.set_nonblocking(false)?; // macOS and Windows inherit the mode.
    let mut buffer = Vec::new();
    let head = read_head(stream, &mut buffer)?;
    let response = match head.and_then(|head| Request::parse(&buffer[head])) {
        Ok(request) => site::respond(&request, options),
        Err(status) => Response::status_page(status),
    };
    // HEAD gets no body (RFC 9110 §9.3.2), not even that of an error.
    let is_head = buffer.trim_ascii_start().starts_with(b"HEAD ");
    send(stream, response, !is_head)
}
// ANCHOR_END: handle

// ANCHOR: read_head
/// Reads until the head is complete (RFC 9112 §2.1), and returns where in the
/// buffer it is, or the status if it's refused.
fn read_head(
    mut stream: &TcpStream,
    buffer: &mut Vec<u8>,
) -> io::Result<Result<Range<usize>, Status>> {
    let mut reader = HeadReader::default();
    let mut chunk = [0; READ_CHUNK];
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => {
                return Err(io::Error::other("closed before the blank line"));
            }
            Ok(count) => buffer.extend_from_slice(&chunk[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if let Some(result) = reader.read(buffer).transpose() {
            return Ok(result);
        }
    }
}
// ANCHOR_END: read_head

/// Sends a response. A large file passes through a small buffer.
fn send(
    mut stream: &TcpStream,
    response: Response,
    with_body: bool,
) -> io::Result<()> {
    let mut bytes = response.head();
    match response.body {
        Body::Bytes(body) if with_body => {
            bytes.extend_from_slice(&body);
            stream.write_all(&bytes)
        }
        Body::File(mut file, range) if with_body => {
            stream.write_all(&bytes)?;
            file.seek(SeekFrom::Start(range.start))?;
            let length = range.end - range.start;
            // No more than the head has promised, even if the file has grown.
            match io::copy(&mut file.take(length), &mut stream)? {
                sent if sent < length => {
                    Err(io::Error::other("the file became shorter"))
                }
                _ => Ok(()),
            }
        }
        _ => stream.write_all(&bytes),
    }
}

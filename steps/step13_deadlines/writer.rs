//! Hands out a response, chunk by chunk.

use crate::limits::SEND_CHUNK;
use crate::response::{Body, Response};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

/// What's left to send of a response. It never touches the socket: it shows you
/// the bytes to send, and you say how many of them you have sent.
pub struct ResponseWriter {
    chunk: Vec<u8>,
    /// How many bytes of the chunk have been sent.
    sent: usize,
    /// The file that comes after the chunk, and the bytes of it that are left.
    file: Option<(File, Range<u64>)>,
}

impl ResponseWriter {
    /// Begins with the head and a body that's in memory.
    pub fn new(response: Response, with_body: bool) -> ResponseWriter {
        let mut chunk = response.head();
        let mut file = None;
        match response.body {
            Body::Bytes(body) if with_body => chunk.extend_from_slice(&body),
            Body::File(open, range) if with_body => file = Some((open, range)),
            _ => {}
        }
        ResponseWriter { chunk, sent: 0, file }
    }

    /// The bytes of the chunk that are to be sent next.
    pub fn unsent(&self) -> &[u8] {
        &self.chunk[self.sent..]
    }

    /// So many more bytes of the chunk have been sent.
    pub fn advance(&mut self, count: usize) {
        self.sent += count;
    }

    /// Replaces the chunk by the next one, of at most `SEND_CHUNK` bytes.
    /// Returns `false` if there is none.
    pub fn next_chunk(&mut self) -> io::Result<bool> {
        let Some((file, range)) = &mut self.file else { return Ok(false) };
        // No more than the head has promised, even if the file has grown.
        let length = SEND_CHUNK.min(range.end - range.start);
        file.seek(SeekFrom::Start(range.start))?;
        self.chunk.clear();
        self.sent = 0;
        let count = file.take(length).read_to_end(&mut self.chunk)?;
        if (count as u64) < length {
            return Err(io::Error::other("the file became shorter"));
        }
        range.start += length;
        Ok(count > 0)
    }
}

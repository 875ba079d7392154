// ANCHOR: writer
//! Hands out a response, chunk by chunk.

use crate::limits::SEND_CHUNK;
use crate::response::{Body, Response};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

/// What's left to send of a response. It never touches the socket: it shows you
/// the bytes to send, and you tell it how many you have sent.
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
    // ANCHOR_END: writer

    // ANCHOR: unsent
    /// The bytes of the chunk that are to be sent next.
    pub fn unsent(&self) -> &[u8] {
        &self.chunk[self.sent..]
    }

    /// Records that `count` more bytes of the chunk have been sent.
    pub fn advance(&mut self, count: usize) {
        self.sent += count;
    }
    // ANCHOR_END: unsent

    // ANCHOR: next_chunk
    /// Replaces the chunk with the next one, of at most `SEND_CHUNK` bytes.
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
// ANCHOR_END: next_chunk

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::Status;
    use std::{env, fs, process};

    /// A writer for bytes 1 to 4 of a file, whose length then becomes `length`.
    fn writer(name: &str, length: u64) -> ResponseWriter {
        let path = env::temp_dir().join(format!("{name}-{}", process::id()));
        fs::write(&path, "abcdefgh").unwrap();
        let file = File::open(&path).unwrap();
        let writable = File::options().write(true).open(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let mut response = Response::empty(Status::OK);
        response.body = Body::File(file, 1..5);
        let writer = ResponseWriter::new(response, true);
        writable.set_len(length).unwrap();
        writer
    }

    /// Takes all that it hands out, three bytes at a time.
    fn take_all(mut writer: ResponseWriter) -> io::Result<String> {
        let mut all = Vec::new();
        loop {
            while !writer.unsent().is_empty() {
                let bytes = writer.unsent();
                let count = bytes.len().min(3);
                all.extend_from_slice(&bytes[..count]);
                writer.advance(count);
            }
            assert!(all.len() < 1000, "it never ends");
            if !writer.next_chunk()? {
                return Ok(String::from_utf8(all).expect("text"));
            }
        }
    }

    #[test]
    fn a_file_that_has_grown_keeps_its_length() {
        for length in [8, 1_000_000] {
            let all = take_all(writer("grows", length)).expect("the file");
            assert!(all.contains("\r\nContent-Length: 4\r\n"), "{all}");
            assert!(all.ends_with("\r\n\r\nbcde"), "{all}");
        }
    }

    #[test]
    fn a_file_that_has_shrunk_is_an_error() {
        for length in [0, 1, 4] {
            let error = take_all(writer("shrinks", length)).unwrap_err();
            assert_eq!(error.to_string(), "the file became shorter");
        }
    }

    #[test]
    fn a_body_may_be_left_out() {
        let response = Response::status_page(Status::NOT_FOUND);
        let all = take_all(ResponseWriter::new(response, false)).expect("text");
        assert!(all.contains("\r\nContent-Length: 14\r\n"), "{all}");
        assert!(all.ends_with("\r\n\r\n"), "{all}");
    }
}

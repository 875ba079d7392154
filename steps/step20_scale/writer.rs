//! Hands out a response, piece by piece.

use crate::limits::{MAX_SENDFILE, SEND_CHUNK};
use crate::response::{Body, Response};
use std::fs::File;
use std::io;
use std::ops::Range;

// ANCHOR: struct
/// What's left to send of a response. It never touches the socket: it shows you
/// what to send, and you tell it how many bytes you have sent.
pub struct ResponseWriter {
    /// The head, with a body that's in memory.
    bytes: Vec<u8>,
    /// The file that comes after that, and which of its bytes to send.
    file: Option<(File, Range<u64>)>,
    /// How many bytes have been sent.
    sent: u64,
}

/// What is to be sent next.
pub enum Unsent<'a> {
    Bytes(&'a [u8]),
    /// These bytes of a file, at most `MAX_SENDFILE` of them.
    File(&'a File, Range<u64>),
}
// ANCHOR_END: struct

impl ResponseWriter {
    /// Begins with the head and a body that's in memory.
    pub fn new(response: Response, with_body: bool) -> ResponseWriter {
        let mut bytes = response.head();
        let mut file = None;
        match response.body {
            Body::Bytes(body) if with_body => bytes.extend_from_slice(&body),
            Body::File(open, range) if with_body => file = Some((open, range)),
            _ => {}
        }
        ResponseWriter { bytes, file, sent: 0 }
    }

    // ANCHOR: unsent
    /// What is to be sent next, if anything is left.
    pub fn unsent(&self) -> Option<Unsent<'_>> {
        let head = self.bytes.len() as u64;
        if self.sent < head {
            return Some(Unsent::Bytes(&self.bytes[self.sent as usize..]));
        }
        // No more than the head has promised, even if the file has grown.
        let (file, range) = self.file.as_ref()?;
        let start = range.start + self.sent - head;
        // A call that begins at a page's start passes on fewer pages.
        let end = range.end.min((start + 1).next_multiple_of(MAX_SENDFILE));
        (start < end).then_some(Unsent::File(file, start..end))
    }

    /// Records that `count` more bytes have been sent. Returns whether they
    /// complete a chunk. If `count` is 0, the file has become shorter.
    pub fn advance(&mut self, count: usize) -> io::Result<bool> {
        if count == 0 {
            return Err(io::Error::other("the file became shorter"));
        }
        let chunks = self.sent / SEND_CHUNK;
        self.sent += count as u64;
        Ok(self.sent / SEND_CHUNK > chunks)
    }
    // ANCHOR_END: unsent
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::Status;
    use std::io::{Read, Seek, SeekFrom};
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

    #[test]
    fn call_that_sends_a_file_ends_where_a_page_does() {
        let path = env::temp_dir().join(format!("pages-{}", process::id()));
        let file = File::create(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let mut response = Response::empty(Status::OK);
        response.body = Body::File(file, 100..MAX_SENDFILE + 50);
        let mut writer = ResponseWriter::new(response, true);
        writer.advance(writer.bytes.len()).unwrap();
        let mut ranges = Vec::new();
        while let Some(Unsent::File(_, range)) = writer.unsent() {
            ranges.push(range.clone());
            writer.advance((range.end - range.start) as usize).unwrap();
        }
        let (end, last) = (MAX_SENDFILE, MAX_SENDFILE + 50);
        assert_eq!(ranges, [100..end, end..last]);
    }

    /// Takes all that it hands out, a few bytes at a time.
    fn take_all(mut writer: ResponseWriter) -> io::Result<String> {
        let mut all = Vec::new();
        while let Some(unsent) = writer.unsent() {
            let count = match unsent {
                Unsent::Bytes(bytes) => {
                    let count = bytes.len().min(3);
                    all.extend_from_slice(&bytes[..count]);
                    count
                }
                Unsent::File(mut file, range) => {
                    file.seek(SeekFrom::Start(range.start))?;
                    let length = 3.min(range.end - range.start);
                    file.take(length).read_to_end(&mut all)?
                }
            };
            writer.advance(count)?;
            assert!(all.len() < 1000, "it never ends");
        }
        Ok(String::from_utf8(all).expect("text"))
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

//! A response: a status, a body, and the bytes that they become.

use crate::date;
use crate::files::FoundFile;
use crate::limits::PIECE;
use crate::output::Output;
use std::fs::File;
use std::io;
use std::time::SystemTime;

/// What a client gets.
pub struct Response {
    /// The code and its words, as in `200 OK` (RFC 9110 §15).
    status: &'static str,
    /// The lines for the fields that only this response has.
    fields: String,
    body: Body,
}

enum Body {
    Bytes(Vec<u8>),
    /// So many bytes of a file, which need not fit into memory.
    File(File, u64),
}

impl Response {
    /// A response without a body.
    pub fn empty(status: &'static str) -> Response {
        let body = Body::Bytes(Vec::new());
        Response { status, fields: String::new(), body }
    }

    pub fn file(status: &'static str, found: FoundFile) -> Response {
        let body = Body::File(found.file, found.length);
        Response { body, ..Response::empty(status) }
            .with("Content-Type", found.media_type)
    }

    /// The words of the status are all that it says.
    pub fn text(status: &'static str) -> Response {
        let body = Body::Bytes(format!("{status}\n").into_bytes());
        Response { body, ..Response::empty(status) }
            .with("Content-Type", "text/plain; charset=utf-8")
    }

    /// Adds a field.
    pub fn with(mut self, name: &str, value: &str) -> Response {
        add(&mut self.fields, name, value);
        self
    }

    /// Sends the head and, unless it answers HEAD, the body.
    pub fn send(&self, out: &Output, with_body: bool) -> io::Result<()> {
        out.send(&self.to_bytes(with_body))?;
        match &self.body {
            Body::File(file, length) if with_body => {
                out.send_file(file, *length)
            }
            _ => Ok(()),
        }
    }

    /// Whether much of it may be on its way when the last byte has been sent.
    pub fn is_long(&self) -> bool {
        matches!(self.body, Body::File(_, length) if length > PIECE as u64)
    }

    /// The head, and a body that is in memory.
    pub fn to_bytes(&self, with_body: bool) -> Vec<u8> {
        let mut bytes = self.head();
        match &self.body {
            Body::Bytes(body) if with_body => bytes.extend(body),
            _ => {}
        }
        bytes
    }

    fn head(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {}\r\n", self.status);
        add(&mut head, "Date", &date::imf_fixdate(SystemTime::now()));
        head += &self.fields;
        let length = match &self.body {
            Body::Bytes(body) => body.len() as u64,
            Body::File(_, length) => *length,
        };
        // These have no body, and so no length either (RFC 9110 §8.6).
        if !self.status.starts_with("204") && !self.status.starts_with("304") {
            add(&mut head, "Content-Length", &length.to_string());
        }
        // A browser should not guess another media type from the content.
        head += "X-Content-Type-Options: nosniff\r\n";
        head += "Connection: close\r\n\r\n";
        head.into_bytes()
    }
}

/// Adds a field (RFC 9112 §5).
fn add(fields: &mut String, name: &str, value: &str) {
    for part in [name, ": ", value, "\r\n"] {
        fields.push_str(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(response: &Response) -> String {
        String::from_utf8(response.head()).expect("text")
    }

    #[test]
    fn a_body_has_its_length_in_the_head() {
        let head = head(&Response::text("404 Not Found"));
        assert!(head.starts_with("HTTP/1.1 404 Not Found\r\nDate: "));
        assert!(head.contains("\r\nContent-Length: 14\r\n"), "{head}");
        assert!(head.ends_with("\r\n\r\n"), "{head}");
    }

    #[test]
    fn no_content_means_no_length_either() {
        let head =
            head(&Response::empty("204 No Content").with("Allow", "GET"));
        assert!(head.contains("\r\nAllow: GET\r\n"), "{head}");
        assert!(!head.contains("Content-Length"), "{head}");
    }
}

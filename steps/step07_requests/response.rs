//! A response: a status, a body, and the bytes that they become.

use crate::date;
use std::io::{self, Write};
use std::time::SystemTime;

/// What a client gets.
pub struct Response {
    /// The code and its words, as in `200 OK` (RFC 9110 §15).
    status: &'static str,
    /// The lines for the fields that only this response has.
    fields: String,
    body: Vec<u8>,
}

impl Response {
    /// A response without a body.
    pub fn empty(status: &'static str) -> Response {
        Response { status, fields: String::new(), body: Vec::new() }
    }

    pub fn html(status: &'static str, body: Vec<u8>) -> Response {
        Response { body, ..Response::empty(status) }
            .with("Content-Type", "text/html; charset=utf-8")
    }

    /// The words of the status are all that it says.
    pub fn text(status: &'static str) -> Response {
        let body = format!("{status}\n").into_bytes();
        Response { body, ..Response::empty(status) }
            .with("Content-Type", "text/plain; charset=utf-8")
    }

    /// Adds a field.
    pub fn with(mut self, name: &str, value: &str) -> Response {
        add(&mut self.fields, name, value);
        self
    }

    /// Writes the head and, unless it answers HEAD, the body.
    pub fn send(&self, mut out: impl Write, with_body: bool) -> io::Result<()> {
        let mut bytes = self.head();
        if with_body {
            bytes.extend(&self.body);
        }
        out.write_all(&bytes)
    }

    fn head(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {}\r\n", self.status);
        add(&mut head, "Date", &date::imf_fixdate(SystemTime::now()));
        head += &self.fields;
        // A 204 has no body, and so no length either (RFC 9110 §8.6).
        if !self.status.starts_with("204") {
            add(&mut head, "Content-Length", &self.body.len().to_string());
        }
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

    fn sent(response: &Response, with_body: bool) -> String {
        let mut bytes = Vec::new();
        response.send(&mut bytes, with_body).expect("memory takes all");
        String::from_utf8(bytes).expect("text")
    }

    #[test]
    fn the_response_to_head_is_that_to_get_without_the_body() {
        let page = Response::html("200 OK", b"<p>Hi</p>".to_vec());
        let (head, body) = (sent(&page, false), sent(&page, true));
        assert!(head.contains("\r\nContent-Length: 9\r\n"), "{head}");
        assert_eq!(format!("{head}<p>Hi</p>"), body);
    }

    #[test]
    fn no_content_means_no_length_either() {
        let response = Response::empty("204 No Content").with("Allow", "GET");
        let sent = sent(&response, true);
        assert!(sent.starts_with("HTTP/1.1 204 No Content\r\nDate: "));
        assert!(sent.contains("\r\nAllow: GET\r\n"), "{sent}");
        assert!(!sent.contains("Content-Length"), "{sent}");
    }
}

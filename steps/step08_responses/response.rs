// ANCHOR: status
//! A response: a status, header fields and a body.

use crate::date;
use std::{fmt, time::SystemTime};

/// A status code and its reason phrase (RFC 9110 §15).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Status(u16, &'static str);

impl Status {
    pub const OK: Status = Status(200, "OK");
    pub const NO_CONTENT: Status = Status(204, "No Content");
    pub const BAD_REQUEST: Status = Status(400, "Bad Request");
    pub const NOT_FOUND: Status = Status(404, "Not Found");
    pub const METHOD_NOT_ALLOWED: Status = Status(405, "Method Not Allowed");
    pub const NOT_IMPLEMENTED: Status = Status(501, "Not Implemented");
    pub const VERSION_NOT_SUPPORTED: Status =
        Status(505, "HTTP Version Not Supported");
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} {}", self.0, self.1)
    }
}
// ANCHOR_END: status

// ANCHOR: response
/// What a client gets.
pub struct Response {
    status: Status,
    /// The header fields that only some responses have, each with its CR LF.
    fields: String,
    pub body: Vec<u8>,
}

impl Response {
    /// A response without a body.
    pub fn empty(status: Status) -> Response {
        let fields = String::with_capacity(256); // Enough for most.
        Response { status, fields, body: Vec::new() }
    }

    /// A response with a page.
    pub fn html(status: Status, page: Vec<u8>) -> Response {
        Response { body: page, ..Response::empty(status) }
            .with("Content-Type", "text/html; charset=utf-8")
    }
    // ANCHOR_END: response

    // ANCHOR: page
    /// A page that says only what is true for every cause of the status: the
    /// status itself.
    pub fn status_page(status: Status) -> Response {
        let body = format!("{status}\n").into_bytes();
        Response { body, ..Response::empty(status) }
            .with("Content-Type", "text/plain; charset=utf-8")
    }

    /// Adds a header field (RFC 9110 §5).
    pub fn with(mut self, name: &str, value: &str) -> Response {
        self.fields.extend([name, ": ", value, "\r\n"]);
        self
    }
    // ANCHOR_END: page

    // ANCHOR: head
    /// The head, with the blank line that ends it.
    pub fn head(&self) -> Vec<u8> {
        let status = self.status.to_string();
        let date = date::imf_fixdate(SystemTime::now());
        let mut head = String::with_capacity(512);
        head.extend(["HTTP/1.1 ", &status, "\r\nDate: ", &date, "\r\n"]);
        head += &self.fields;
        // A 204 has no body and must not have a length (RFC 9110 §8.6).
        if self.status != Status::NO_CONTENT {
            let length = self.body.len().to_string();
            head.extend(["Content-Length: ", &length, "\r\n"]);
        }
        head += "Connection: close\r\n\r\n";
        head.into_bytes()
    }
}
// ANCHOR_END: head

#[cfg(test)]
mod tests {
    use super::*;

    fn head(response: Response) -> String {
        String::from_utf8(response.head()).expect("text")
    }

    #[test]
    fn a_body_has_its_length_in_the_head() {
        let head = head(Response::status_page(Status::NOT_FOUND));
        assert!(head.starts_with("HTTP/1.1 404 Not Found\r\nDate: "));
        assert!(head.contains("\r\nContent-Length: 14\r\n"), "{head}");
        assert!(head.ends_with("\r\nConnection: close\r\n\r\n"), "{head}");
    }

    #[test]
    fn no_content_means_no_length_either() {
        let response = Response::empty(Status::NO_CONTENT);
        let head = head(response.with("Allow", "GET"));
        assert!(head.contains("\r\nAllow: GET\r\n"), "{head}");
        assert!(!head.contains("Content-Length"), "{head}");
    }
}

//! A response: a status, header fields and a body.

use crate::date;
use crate::files::FoundFile;
use std::{fmt, fs::File, ops::Range, sync::Arc, time::SystemTime};

/// A status code and its reason phrase (RFC 9110 §15).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Status(pub u16, &'static str);

impl Status {
    pub const OK: Status = Status(200, "OK");
    pub const NO_CONTENT: Status = Status(204, "No Content");
    pub const PARTIAL_CONTENT: Status = Status(206, "Partial Content");
    pub const MOVED_PERMANENTLY: Status = Status(301, "Moved Permanently");
    pub const NOT_MODIFIED: Status = Status(304, "Not Modified");
    pub const BAD_REQUEST: Status = Status(400, "Bad Request");
    pub const NOT_FOUND: Status = Status(404, "Not Found");
    pub const METHOD_NOT_ALLOWED: Status = Status(405, "Method Not Allowed");
    pub const REQUEST_TIMEOUT: Status = Status(408, "Request Timeout");
    pub const PRECONDITION_FAILED: Status = Status(412, "Precondition Failed");
    pub const CONTENT_TOO_LARGE: Status = Status(413, "Content Too Large");
    pub const URI_TOO_LONG: Status = Status(414, "URI Too Long");
    pub const RANGE_NOT_SATISFIABLE: Status =
        Status(416, "Range Not Satisfiable");
    pub const EXPECTATION_FAILED: Status = Status(417, "Expectation Failed");
    pub const HEADER_FIELDS_TOO_LARGE: Status =
        Status(431, "Request Header Fields Too Large");
    pub const INTERNAL_SERVER_ERROR: Status =
        Status(500, "Internal Server Error");
    pub const NOT_IMPLEMENTED: Status = Status(501, "Not Implemented");
    pub const SERVICE_UNAVAILABLE: Status = Status(503, "Service Unavailable");
    pub const VERSION_NOT_SUPPORTED: Status =
        Status(505, "HTTP Version Not Supported");
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} {}", self.0, self.1)
    }
}

/// What a client gets.
pub struct Response {
    pub status: Status,
    /// The header fields that only some responses have, each with its CR LF.
    fields: String,
    pub body: Body,
    /// Whether the connection stays open for another request.
    pub keep_alive: bool,
}

/// What follows a head.
pub enum Body {
    Bytes(Arc<[u8]>),
    /// A file and which of its bytes to send. They needn't fit into memory.
    File(File, Range<u64>),
}

impl Body {
    /// The length in bytes.
    pub fn length(&self) -> u64 {
        match self {
            Body::Bytes(bytes) => bytes.len() as u64,
            Body::File(_, range) => range.end - range.start,
        }
    }

    /// Keeps only these bytes, which must all be in the body.
    pub fn part(self, range: Range<u64>) -> Body {
        match self {
            Body::Bytes(bytes) => {
                let range = range.start as usize..range.end as usize;
                Body::Bytes(bytes[range].into())
            }
            Body::File(file, _) => Body::File(file, range),
        }
    }
}

impl Response {
    /// A response without a body.
    pub fn empty(status: Status) -> Response {
        let body = Body::Bytes(Arc::default());
        let fields = String::with_capacity(256); // Enough for most.
        Response { status, fields, body, keep_alive: false }
    }

    /// A response with a file. A client may keep a copy, but has to ask each
    /// time whether it's still good (RFC 9111 §5.2.2.4).
    pub fn file(status: Status, file: FoundFile) -> Response {
        Response { body: file.body, ..Response::empty(status) }
            .with("Content-Type", file.media_type)
            .with("Cache-Control", "no-cache")
    }

    /// A page that says only what is true for every cause of the status: the
    /// status itself.
    pub fn status_page(status: Status) -> Response {
        let body = Body::Bytes(format!("{status}\n").into_bytes().into());
        Response { body, ..Response::empty(status) }
            .with("Content-Type", "text/plain; charset=utf-8")
    }

    /// Adds a header field (RFC 9110 §5).
    pub fn with(mut self, name: &str, value: &str) -> Response {
        self.fields.extend([name, ": ", value, "\r\n"]);
        self
    }

    /// The head, with the blank line that ends it.
    pub fn head(&self) -> Vec<u8> {
        let status = self.status.to_string();
        let date = date::imf_fixdate(SystemTime::now());
        let mut head = String::with_capacity(512);
        head.extend(["HTTP/1.1 ", &status, "\r\nDate: ", &date, "\r\n"]);
        head += &self.fields;
        // A 204 and a 304 have no body, so they get no length (RFC 9110 §8.6).
        if ![Status::NO_CONTENT, Status::NOT_MODIFIED].contains(&self.status) {
            let length = self.body.length().to_string();
            head.extend(["Content-Length: ", &length, "\r\n"]);
        }
        // A browser shouldn't guess another media type from the content.
        head += "X-Content-Type-Options: nosniff\r\n";
        let connection = if self.keep_alive { "keep-alive" } else { "close" };
        head.extend(["Connection: ", connection, "\r\n\r\n"]);
        head.into_bytes()
    }
}

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

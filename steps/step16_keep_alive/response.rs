//! A response: a status, a body, and the bytes that they become.

use crate::date;
use crate::files::{Content, FoundFile};
use crate::output::Output;
use crate::request::After;
use std::io;
use std::sync::Arc;
use std::time::SystemTime;

/// What a client gets.
pub struct Response {
    /// The code and its words, as in `200 OK` (RFC 9110 §15).
    pub status: &'static str,
    /// The lines for the fields that only this response has.
    fields: String,
    body: Content,
}

impl Response {
    /// A response without a body.
    pub fn empty(status: &'static str) -> Response {
        let body = Content::InMemory(Arc::default());
        Response { status, fields: String::new(), body }
    }

    pub fn file(status: &'static str, found: FoundFile) -> Response {
        Response { body: found.content, ..Response::empty(status) }
            .with("Content-Type", found.media_type)
    }

    /// The words of the status are all that it says.
    pub fn text(status: &'static str) -> Response {
        let body = format!("{status}\n").into_bytes();
        let body = Content::InMemory(Arc::from(body));
        Response { body, ..Response::empty(status) }
            .with("Content-Type", "text/plain; charset=utf-8")
    }

    /// Adds a field.
    pub fn with(mut self, name: &str, value: &str) -> Response {
        add(&mut self.fields, name, value);
        self
    }

    /// Sends the head and, unless it answers HEAD, the body.
    pub fn send(
        &self,
        out: &Output,
        with_body: bool,
        after: After,
    ) -> io::Result<()> {
        out.send(&self.to_bytes(with_body, after))?;
        match &self.body {
            Content::File(file, length) if with_body => {
                out.send_file(file, *length)
            }
            _ => Ok(()),
        }
    }

    /// The head, and a body that is in memory.
    pub fn to_bytes(&self, with_body: bool, after: After) -> Vec<u8> {
        let mut bytes = self.head(after);
        match &self.body {
            Content::InMemory(body) if with_body => {
                bytes.extend_from_slice(body);
            }
            _ => {}
        }
        bytes
    }

    /// Whether much of it may be on its way when the last byte has been sent.
    pub fn is_long(&self) -> bool {
        matches!(self.body, Content::File(..))
    }

    /// The length of the body, in bytes.
    pub fn length(&self) -> u64 {
        match &self.body {
            Content::InMemory(body) => body.len() as u64,
            Content::File(_, length) => *length,
        }
    }

    fn head(&self, after: After) -> Vec<u8> {
        let mut head = String::with_capacity(512);
        head += "HTTP/1.1 ";
        head += self.status;
        head += "\r\n";
        add(&mut head, "Date", &date::imf_fixdate(SystemTime::now()));
        head += &self.fields;
        // These have no body, and so no length either (RFC 9110 §8.6).
        if !self.status.starts_with("204") && !self.status.starts_with("304") {
            add(&mut head, "Content-Length", &self.length().to_string());
        }
        // A browser should not guess another media type from the content.
        head += "X-Content-Type-Options: nosniff\r\n";
        head += match after {
            After::Close => "Connection: close\r\n",
            After::SayStay => "Connection: keep-alive\r\n",
            After::Stay => "",
        };
        head += "\r\n";
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
        String::from_utf8(response.head(After::Stay)).expect("text")
    }

    #[test]
    fn a_body_has_its_length_in_the_head() {
        let head = head(&Response::text("404 Not Found"));
        assert!(head.starts_with("HTTP/1.1 404 Not Found\r\nDate: "));
        assert!(head.contains("\r\nContent-Length: 14\r\n"), "{head}");
        assert!(head.ends_with("\r\n\r\n"), "{head}");
    }

    #[test]
    fn what_becomes_of_the_connection_is_said_if_it_has_to_be() {
        let response = Response::empty("204 No Content");
        for (after, line) in [
            (After::Close, "Connection: close"),
            (After::SayStay, "Connection: keep-alive"),
        ] {
            let head = response.head(after);
            let head = String::from_utf8_lossy(&head).into_owned();
            assert!(head.contains(&format!("\r\n{line}\r\n")), "{head}");
        }
        assert!(!head(&response).contains("Connection"));
    }

    #[test]
    fn no_content_means_no_length_either() {
        let head =
            head(&Response::empty("204 No Content").with("Allow", "GET"));
        assert!(head.contains("\r\nAllow: GET\r\n"), "{head}");
        assert!(!head.contains("Content-Length"), "{head}");
    }
}

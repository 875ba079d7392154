//! A response, taken apart, and what is wrong with it.

use reqwest::StatusCode;

use super::program::named_server;
use super::report::{Deviation, Outcome, Symptom, difference};

pub const BODY_LENGTH: &str = "Content-Length is the length of the body in bytes, \
    and of nothing else: `body.len()`, where `body` is what is written after \
    the blank line. (A character can take more than one byte.)";

#[derive(Debug)]
pub struct Response {
    /// What its client had sent before it came.
    pub sent: Vec<u8>,
    pub status: u16,
    pub fields: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    /// Takes a head apart, as strictly as RFC 9112 §4 and §5 define it.
    pub fn parse(head: &[u8]) -> Result<Response, String> {
        let head = std::str::from_utf8(head)
            .map_err(|_| "a head that is not text".to_string())?;
        let mut lines = head.trim_end_matches("\r\n").split("\r\n");
        let line = lines.next().unwrap_or_default();
        let status = line
            .strip_prefix("HTTP/1.1 ")
            .and_then(|rest| rest.get(..3))
            .filter(|_| line.as_bytes().get(12) == Some(&b' '))
            .and_then(|status| status.parse().ok())
            .ok_or(format!("a malformed status line ({line})"))?;
        // What another server says there is up to it.
        if named_server().is_none() && line.get(13..) != phrase(status) {
            return Err(format!("a reason phrase of its own ({line})"));
        }
        let mut fields = Vec::new();
        for line in lines {
            let field = line.split_once(':').filter(|(name, _)| {
                let token = |letter: char| {
                    letter.is_ascii_alphanumeric()
                        || "!#$%&'*+-.^_`|~".contains(letter)
                };
                !name.is_empty() && name.chars().all(token)
            });
            let (name, value) =
                field.ok_or(format!("a malformed field ({line})"))?;
            if value.contains(['\r', '\n']) {
                return Err(format!("a bare CR or LF in the field {name}"));
            }
            fields.push((name.to_lowercase(), value.trim().to_string()));
        }
        Ok(Response { sent: Vec::new(), status, fields, body: Vec::new() })
    }

    /// The value of a field that is there once.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut found = self.fields.iter().filter(|(n, _)| n == name);
        let (_, value) = found.next()?;
        found.next().is_none().then_some(value)
    }

    pub fn content_length(&self) -> Option<usize> {
        self.field("content-length")?.parse().ok()
    }

    /// Reports that something else was expected than this status and these
    /// fields.
    pub fn differs<T>(&self, expected: &str) -> Outcome<T> {
        let mut saw = format!("status {}", self.status);
        for (name, value) in &self.fields {
            saw.push_str(&format!(", {name}: {value}"));
        }
        Err(self.deviation(expected, &saw))
    }

    fn deviation(&self, expected: &str, saw: &str) -> Deviation {
        let sent = self.sent.clone();
        Deviation { sent, ..Deviation::new(Symptom::Differs, expected, saw) }
    }

    /// It has this status.
    pub fn has_status(&self, status: u16) -> Outcome {
        if self.status == status {
            return Ok(());
        }
        self.differs(&format!("status {status}"))
    }

    /// It has this status and this body, which `name` describes to a person.
    pub fn is(&self, status: u16, name: &str, body: &[u8]) -> Outcome {
        let (count, length) = (self.body.len(), body.len());
        if self.status == status && self.body == body {
            return Ok(());
        }
        let expected = format!("status {status} and {name}, {length} bytes");
        if self.status != status {
            return self.differs(&expected);
        }
        let deviation =
            self.deviation(&expected, &difference(body, &self.body));
        // A length that is too small cuts the body off.
        if !body.starts_with(&self.body) {
            return Err(deviation);
        }
        let saw =
            format!("Content-Length says {count}, the body has {length} bytes");
        Err(Deviation { saw, ..deviation.hint(BODY_LENGTH) })
    }
}

/// The reason phrase of a status (RFC 9110 §15).
fn phrase(status: u16) -> Option<&'static str> {
    match status {
        413 => Some("Content Too Large"), // It had another name before.
        _ => StatusCode::from_u16(status).ok()?.canonical_reason(),
    }
}

//! A request's head: bytes from a stranger in, a value or a status out.

use crate::body::Body;
use crate::limits::{BODY, FIELDS};
use std::str;

/// A request that keeps to the rules. It borrows from the bytes of its head.
#[derive(Debug)]
pub struct Request<'a> {
    /// A token, in capitals or not: `GET` is another method than `get`.
    pub method: &'a str,
    /// Begins with a slash, except for `*` (OPTIONS) and a host (CONNECT).
    pub path: &'a str,
    /// What follows the first `?` of the target.
    pub query: &'a str,
    pub body: Body,
    /// How the connection can go on after the answer.
    pub after: After,
    fields: Vec<(&'a str, &'a [u8])>,
}

/// What a client wants of its connection (RFC 9112 §9.3).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum After {
    Close,
    /// It stays open, and nothing need be said about it.
    Stay,
    /// It stays open, which HTTP/1.0 has to be told.
    SayStay,
}

/// The answer to what cannot be understood (RFC 9110 §15.5.1).
const BAD_REQUEST: &str = "400 Bad Request";

const NOT_IMPLEMENTED: &str = "501 Not Implemented";

impl<'a> Request<'a> {
    /// Reads a head, up to and with its blank line. An error is the status of
    /// the answer: 400; 413 for a long body; 417 for an unknown expectation;
    /// 431 for too many fields; 501 for a body in a form unknown here; 505 for
    /// another HTTP than 1.
    pub fn parse(head: &'a [u8]) -> Result<Request<'a>, &'static str> {
        let mut lines = head.split(|&byte| byte == b'\n').map(without_cr);
        let line = lines.next().and_then(text).ok_or(BAD_REQUEST)?;
        let (method, target, version) =
            request_line(line).ok_or(BAD_REQUEST)?;
        let Some(minor) = version.strip_prefix("1.") else {
            return Err("505 HTTP Version Not Supported");
        };
        let mut hosts = 0;
        let mut fields = Vec::new();
        for line in lines.take_while(|line| !line.is_empty()) {
            let (name, value) = field(line).ok_or(BAD_REQUEST)?;
            if name.eq_ignore_ascii_case("Host") {
                hosts += 1;
                text(value).filter(|it| is_host(it)).ok_or(BAD_REQUEST)?;
            }
            fields.push((name, value));
            if fields.len() > FIELDS {
                return Err("431 Request Header Fields Too Large");
            }
        }
        // One Host, which only HTTP/1.0 may leave out (RFC 9112 §3.2).
        if hosts > 1 || (hosts == 0 && minor != "0") {
            return Err(BAD_REQUEST);
        }
        let (path, query) = path(method, target).ok_or(BAD_REQUEST)?;
        let (body, after) = (Body::None, After::Close);
        let mut request = Request { method, path, query, body, after, fields };
        request.body = request.find_body(minor == "0")?;
        request.after = request.find_after(minor == "0")?;
        Ok(request)
    }

    /// How the body is delimited (RFC 9112 §6.3). Where two programs could take
    /// it in two ways, one of them could be made to see a request where the
    /// other sees a body: that is refused (§11.2).
    fn find_body(&self, is_1_0: bool) -> Result<Body, &'static str> {
        let chunked = self.has("Transfer-Encoding");
        match (chunked, self.has("Content-Length")) {
            (false, false) => Ok(Body::None),
            (true, true) => Err(BAD_REQUEST),
            (true, false) if is_1_0 => Err(BAD_REQUEST),
            (true, false) => match self.field("Transfer-Encoding") {
                Some(it) if it.eq_ignore_ascii_case("chunked") => {
                    Ok(Body::Chunked)
                }
                _ => Err(NOT_IMPLEMENTED),
            },
            (false, true) => {
                let length = self.field("Content-Length").ok_or(BAD_REQUEST)?;
                let digits = length.bytes().all(|it| it.is_ascii_digit());
                let length = length.parse().ok().filter(|_| digits);
                match length.ok_or(BAD_REQUEST)? {
                    0 => Ok(Body::None),
                    length if length > BODY => Err("413 Content Too Large"),
                    length => Ok(Body::Length(length)),
                }
            }
        }
    }

    /// Whether the connection is to stay open (RFC 9112 §9.3).
    fn find_after(&self, is_1_0: bool) -> Result<After, &'static str> {
        let expects = self.has("Expect") && !is_1_0;
        let continues = |it: &str| it.eq_ignore_ascii_case("100-continue");
        if expects && !self.field("Expect").is_some_and(continues) {
            return Err("417 Expectation Failed");
        }
        // Who asks whether to send a body gets the answer instead, and may then
        // send it or not (RFC 9110 §10.1.1): nobody can tell what follows.
        let unclear = expects && self.body != Body::None;
        if unclear || self.lists("Connection", "close") {
            return Ok(After::Close);
        }
        match (is_1_0, self.lists("Connection", "keep-alive")) {
            (false, _) => Ok(After::Stay),
            (true, true) => Ok(After::SayStay),
            (true, false) => Ok(After::Close),
        }
    }

    /// Whether a field, which may be there several times, lists a word; case
    /// does not matter (RFC 9110 §5.6.1).
    fn lists(&self, name: &str, word: &str) -> bool {
        let named = |it: &&(&str, _)| it.0.eq_ignore_ascii_case(name);
        self.fields.iter().filter(named).any(|(_, value): &(_, &[u8])| {
            let mut words = value.split(|&byte| byte == b',');
            words
                .any(|it| it.trim_ascii().eq_ignore_ascii_case(word.as_bytes()))
        })
    }

    pub fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|it| it.0.eq_ignore_ascii_case(name))
    }

    /// The value of a field, if it is there once and is printable ASCII. The
    /// case of its name does not matter (RFC 9110 §5.1).
    pub fn field(&self, name: &str) -> Option<&'a str> {
        let fields = self.fields.iter();
        let mut found = fields.filter(|it| it.0.eq_ignore_ascii_case(name));
        let (_, value) = found.next()?;
        text(value).filter(|_| found.next().is_none())
    }
}

/// A line ends in CR LF, or in LF alone (RFC 9112 §2.2).
fn without_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Bytes as text, if all of them are printable ASCII.
fn text(bytes: &[u8]) -> Option<&str> {
    let printable = bytes.iter().all(|byte| matches!(byte, b' '..=b'~'));
    str::from_utf8(bytes).ok().filter(|_| printable)
}

/// The method, the target and the number of the version: `1.1` of `HTTP/1.1`
/// (RFC 9112 §3, §2.3).
fn request_line(line: &str) -> Option<(&str, &str, &str)> {
    let (method, rest) = line.split_once(' ')?;
    let (target, version) = rest.split_once(' ')?;
    let number = version.strip_prefix("HTTP/")?;
    let valid = matches!(number.as_bytes(), [b'0'..=b'9', b'.', b'0'..=b'9']);
    (valid && is_token(method)).then_some((method, target, number))
}

/// The name and the value of a field (RFC 9112 §5). A space before the colon
/// or at the line's begin is no part of a token: both are refused (§5.1, §5.2).
pub fn field(line: &[u8]) -> Option<(&str, &[u8])> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let name = text(&line[..colon]).filter(|name| is_token(name))?;
    let value = &line[colon + 1..];
    let valid = |&byte: &u8| byte == b'\t' || !byte.is_ascii_control();
    value.iter().all(valid).then_some((name, value.trim_ascii()))
}

/// A word of the protocol (RFC 9110 §5.6.2).
fn is_token(word: &str) -> bool {
    let valid = |byte: u8| {
        byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
    };
    !word.is_empty() && word.bytes().all(valid)
}

/// A name or an address, and perhaps a port: `localhost:7878`, `[::1]`
/// (RFC 9110 §7.2, RFC 3986 §3.2).
fn is_host(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port),
        _ => (host, ""),
    };
    let valid = |byte: u8| {
        byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=%".contains(&byte)
    };
    let is_address =
        |byte: u8| byte.is_ascii_hexdigit() || b":.".contains(&byte);
    let named = match name.strip_prefix('[') {
        Some(rest) => rest
            .strip_suffix(']')
            .is_some_and(|it| !it.is_empty() && it.bytes().all(is_address)),
        None => !name.is_empty() && name.bytes().all(valid),
    };
    named && port.len() <= 5 && port.bytes().all(|it| it.is_ascii_digit())
}

/// The path and the query of a target (RFC 9112 §3.2), in one of its forms:
/// `/path`, `http://host/path`, `*` of OPTIONS, `host:port` of CONNECT.
fn path<'a>(method: &str, target: &'a str) -> Option<(&'a str, &'a str)> {
    match method {
        "CONNECT" => return is_host(target).then_some((target, "")),
        "OPTIONS" if target == "*" => return Some((target, "")),
        _ if target.contains('#') => return None,
        _ => {}
    }
    let target = match without_scheme(target) {
        None => Some(target).filter(|it| it.starts_with('/'))?,
        Some(rest) => {
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            let (host, target) = rest.split_at(end);
            Some(target).filter(|_| is_host(host))?
        }
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Some((if path.is_empty() { "/" } else { path }, query))
}

fn without_scheme(target: &str) -> Option<&str> {
    let (scheme, rest) = target.split_once("://")?;
    scheme.eq_ignore_ascii_case("http").then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: [&str; 7] = [
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /a/b?c=d&e HTTP/1.0\r\n\r\n",
        "HEAD /%20 HTTP/1.1\nhost:[::1]:80\nX-Empty:\n\n",
        "OPTIONS * HTTP/1.1\r\nHost: a.example:8080\r\n\r\n",
        "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example\r\n\r\n",
        "POST http://a.example/x HTTP/1.9\r\nHost: b\r\nA: \t1é \r\n\r\n",
        "GET http://a.example?q HTTP/1.1\r\nHost: b\r\nX-1!#: a:b\r\n\r\n",
    ];

    #[test]
    fn a_target_becomes_a_path_and_a_query() {
        let expected = [
            ("GET", "/", ""),
            ("GET", "/a/b", "c=d&e"),
            ("HEAD", "/%20", ""),
            ("OPTIONS", "*", ""),
            ("CONNECT", "a.example:443", ""),
            ("POST", "/x", ""),
            ("GET", "/", "q"),
        ];
        for (head, expected) in VALID.iter().zip(expected) {
            let request = Request::parse(head.as_bytes()).expect(head);
            let Request { method, path, query, .. } = request;
            assert_eq!((method, path, query), expected);
        }
    }

    #[test]
    fn a_field_is_found_by_its_name_if_it_is_there_once() {
        let head = b"GET / HTTP/1.1\r\nHost: a\r\nOne: \t1 \r\nOne-More:\r\n\
            two: 1\r\nTwo: 2\r\nOdd: \xe9\r\n\r\n";
        let request = Request::parse(head).expect("valid");
        assert_eq!(request.field("oNE"), Some("1"));
        assert_eq!(request.field("one-more"), Some(""));
        for name in ["Two", "Three", "Odd"] {
            assert_eq!(request.field(name), None, "{name}");
        }
    }

    fn with(
        fields: &str,
        version: &str,
    ) -> Result<(Body, After), &'static str> {
        let head = format!("POST / HTTP/{version}\r\nHost: a\r\n{fields}\r\n");
        let request = Request::parse(head.as_bytes())?;
        Ok((request.body, request.after))
    }

    #[test]
    fn a_body_is_delimited_in_one_way_or_refused() {
        for (fields, body) in [
            ("", Ok(Body::None)),
            ("Content-Length: 0\r\n", Ok(Body::None)),
            ("Content-Length: 007\r\n", Ok(Body::Length(7))),
            ("content-length: 1048576\r\n", Ok(Body::Length(BODY))),
            ("Content-Length: 1048577\r\n", Err("413 Content Too Large")),
            ("Content-Length:\r\n", Err(BAD_REQUEST)),
            ("Content-Length: +1\r\n", Err(BAD_REQUEST)),
            ("Content-Length: -1\r\n", Err(BAD_REQUEST)),
            ("Content-Length: 1.0\r\n", Err(BAD_REQUEST)),
            ("Content-Length: 0x1\r\n", Err(BAD_REQUEST)),
            ("Content-Length: 1, 1\r\n", Err(BAD_REQUEST)),
            ("Content-Length: 18446744073709551616\r\n", Err(BAD_REQUEST)),
            ("Content-Length: 1\r\nContent-Length: 1\r\n", Err(BAD_REQUEST)),
            ("Transfer-Encoding: Chunked\r\n", Ok(Body::Chunked)),
            ("Transfer-Encoding: gzip\r\n", Err(NOT_IMPLEMENTED)),
            ("Transfer-Encoding: gzip, chunked\r\n", Err(NOT_IMPLEMENTED)),
            ("Transfer-Encoding:\r\n", Err(NOT_IMPLEMENTED)),
            (
                "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n",
                Err(BAD_REQUEST),
            ),
        ] {
            let found = with(fields, "1.1").map(|(body, _)| body);
            assert_eq!(found, body, "{fields}");
        }
        let chunked = with("Transfer-Encoding: chunked\r\n", "1.0");
        assert_eq!(chunked, Err(BAD_REQUEST));
    }

    #[test]
    fn the_connection_goes_on_as_the_client_wishes() {
        for (version, fields, after) in [
            ("1.1", "", After::Stay),
            ("1.1", "Connection: keep-alive\r\n", After::Stay),
            ("1.1", "Connection: a, CLOSE ,b\r\n", After::Close),
            ("1.1", "Connection: a\r\nConnection: close\r\n", After::Close),
            ("1.1", "Connection: closed\r\n", After::Stay),
            ("1.2", "", After::Stay),
            ("1.0", "", After::Close),
            ("1.0", "Connection: Keep-Alive\r\n", After::SayStay),
            ("1.0", "Connection: keep-alive, close\r\n", After::Close),
            ("1.1", "Expect: 100-continue\r\n", After::Stay),
            (
                "1.1",
                "Expect: 100-Continue\r\nContent-Length: 1\r\n",
                After::Close,
            ),
            ("1.0", "Expect: cake\r\n", After::Close),
        ] {
            let found = with(fields, version).map(|(_, after)| after);
            assert_eq!(found, Ok(after), "{version} {fields}");
        }
        let unknown = with("Expect: cake\r\n", "1.1");
        assert_eq!(unknown, Err("417 Expectation Failed"));
    }

    /// What must hold of whatever was understood.
    fn check(head: &[u8]) {
        let Ok(request) = Request::parse(head) else { return };
        let shown = head.escape_ascii();
        assert!(is_token(request.method), "{shown}");
        let named = ["CONNECT", "OPTIONS"].contains(&request.method);
        assert!(named || request.path.starts_with('/'), "{shown}");
        assert!(!request.path.contains([' ', '?']), "{shown}");
        for line in head.split(|&byte| byte == b'\n').map(without_cr) {
            if line.is_empty() {
                return;
            }
            let control = |&byte: &u8| byte != b'\t' && byte.is_ascii_control();
            assert!(!line.iter().any(control), "{shown}");
            assert!(![b' ', b'\t'].contains(&line[0]), "{shown}");
        }
    }

    #[test]
    fn no_prefix_and_no_changed_byte_makes_it_panic() {
        for head in VALID {
            for end in 0..head.len() {
                check(&head.as_bytes()[..end]);
                for byte in 0..=u8::MAX {
                    let mut head = head.as_bytes().to_vec();
                    head[end] = byte;
                    check(&head);
                }
            }
        }
    }

    #[test]
    fn no_random_change_makes_it_panic() {
        // A generator by George Marsaglia (xorshift), so that each run is the
        // same.
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut random = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % below as u64) as usize
        };
        const SPECIAL: &[u8] = b"\r\n\0\t :/?#*%.[]@HTPGET1\x7f\x80\xff";
        for _ in 0..200_000 {
            let mut head = VALID[random(VALID.len())].as_bytes().to_vec();
            for _ in 0..=random(4) {
                let (at, other) = (random(head.len()), random(head.len()));
                match random(5) {
                    0 => head.truncate(at + 1),
                    1 => head.swap(at, other),
                    2 => head[at] = random(256) as u8,
                    3 => head.insert(at, SPECIAL[random(SPECIAL.len())]),
                    _ => head.extend_from_within(at.min(other)..at.max(other)),
                }
            }
            check(&head);
        }
    }
}

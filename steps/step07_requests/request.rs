// ANCHOR: head
//! A request's head: bytes from a stranger in, a value or a status out.

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
}

/// The answer to what cannot be understood (RFC 9110 §15.5.1).
const BAD_REQUEST: &str = "400 Bad Request";
// ANCHOR_END: head

// ANCHOR: parse
impl<'a> Request<'a> {
    /// Reads a head, up to and with its blank line. An error is the status of
    /// the answer: 400, or 505 for another HTTP than 1.
    pub fn parse(head: &'a [u8]) -> Result<Request<'a>, &'static str> {
        let mut lines = head.split(|&byte| byte == b'\n').map(without_cr);
        let line = lines.next().and_then(text).ok_or(BAD_REQUEST)?;
        let (method, target, version) =
            request_line(line).ok_or(BAD_REQUEST)?;
        let Some(minor) = version.strip_prefix("1.") else {
            return Err("505 HTTP Version Not Supported");
        };
        let mut hosts = 0;
        for line in lines.take_while(|line| !line.is_empty()) {
            let (name, value) = field(line).ok_or(BAD_REQUEST)?;
            if name.eq_ignore_ascii_case("Host") {
                hosts += 1;
                text(value).filter(|it| is_host(it)).ok_or(BAD_REQUEST)?;
            }
        }
        // One Host, which only HTTP/1.0 may leave out (RFC 9112 §3.2).
        if hosts > 1 || (hosts == 0 && minor != "0") {
            return Err(BAD_REQUEST);
        }
        let (path, query) = path(method, target).ok_or(BAD_REQUEST)?;
        Ok(Request { method, path, query })
    }
}
// ANCHOR_END: parse

// ANCHOR: text
/// A line ends in CR LF, or in LF alone (RFC 9112 §2.2).
fn without_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Bytes as text, if all of them are printable ASCII.
fn text(bytes: &[u8]) -> Option<&str> {
    let printable = bytes.iter().all(|byte| matches!(byte, b' '..=b'~'));
    str::from_utf8(bytes).ok().filter(|_| printable)
}
// ANCHOR_END: text

// ANCHOR: request_line
/// The method, the target and the number of the version: `1.1` of `HTTP/1.1`
/// (RFC 9112 §3, §2.3).
fn request_line(line: &str) -> Option<(&str, &str, &str)> {
    let (method, rest) = line.split_once(' ')?;
    let (target, version) = rest.split_once(' ')?;
    let number = version.strip_prefix("HTTP/")?;
    let valid = matches!(number.as_bytes(), [b'0'..=b'9', b'.', b'0'..=b'9']);
    (valid && is_token(method)).then_some((method, target, number))
}
// ANCHOR_END: request_line

// ANCHOR: field
/// The name and the value of a field (RFC 9112 §5). A space before the colon
/// or at the line's begin is no part of a token: both are refused (§5.1, §5.2).
fn field(line: &[u8]) -> Option<(&str, &[u8])> {
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
// ANCHOR_END: field

// ANCHOR: host
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
// ANCHOR_END: host

// ANCHOR: path
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
// ANCHOR_END: path

// ANCHOR: valid
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
            let Request { method, path, query } = request;
            assert_eq!((method, path, query), expected);
        }
    }
    // ANCHOR_END: valid

    // ANCHOR: check
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
    // ANCHOR_END: check

    // ANCHOR: changes
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
// ANCHOR_END: changes

//! A request's head: bytes from a stranger in, a request or a status out.

use crate::response::Status;
use std::net::Ipv6Addr;
use std::str;

/// A request that follows the rules. It borrows from the bytes of its head.
#[derive(Debug)]
pub struct Request<'a> {
    /// A token. Case matters: `get` isn't `GET` (RFC 9110 §9.1).
    pub method: &'a str,
    /// Begins with a slash, except in `OPTIONS *` and `CONNECT host:port`.
    pub path: &'a str,
    /// What follows the first `?` of the target.
    pub query: &'a str,
    /// The second digit of the version: 1 for `HTTP/1.1`.
    pub minor_version: u8,
    /// The header fields, each with its name and its value.
    fields: Vec<(&'a str, &'a [u8])>,
}

impl<'a> Request<'a> {
    /// Parses a head, up to its blank line. The error is the status of the
    /// response: 400 or 505.
    pub fn parse(head: &'a [u8]) -> Result<Request<'a>, Status> {
        let mut lines = head.split(|&byte| byte == b'\n').map(strip_cr);
        let line = RequestLine::parse(lines.next().unwrap_or_default())?;
        let mut hosts = 0;
        let mut fields = Vec::new();
        for line in lines.take_while(|line| !line.is_empty()) {
            let (name, value) = parse_field(line).ok_or(Status::BAD_REQUEST)?;
            if name.eq_ignore_ascii_case("Host") {
                let host = printable_ascii(value).ok_or(Status::BAD_REQUEST)?;
                if !is_host(host) {
                    return Err(Status::BAD_REQUEST);
                }
                hosts += 1;
            }
            fields.push((name, value));
        }
        // Exactly one, which only HTTP/1.0 may leave out (RFC 9112 §3.2).
        if hosts > 1 || (hosts == 0 && line.minor_version > 0) {
            return Err(Status::BAD_REQUEST);
        }
        let RequestLine { method, path, query, minor_version } = line;
        Ok(Request { method, path, query, minor_version, fields })
    }

    /// The values of all header fields with this name, ignoring case (RFC 9110
    /// §5.1).
    pub fn values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let named = |field: &&(&str, _)| field.0.eq_ignore_ascii_case(name);
        self.fields.iter().filter(named).map(|field| field.1)
    }

    /// Whether the client may send another request on its connection (RFC 9112
    /// §9.3). HTTP/1.0 has to ask for that.
    pub fn wants_keep_alive(&self) -> bool {
        let has = |option| {
            let mut options = self.elements("Connection");
            options.any(|element| element.eq_ignore_ascii_case(option))
        };
        !has(b"close") && (self.minor_version > 0 || has(b"keep-alive"))
    }

    /// The elements of a list, in all header fields with this name (RFC 9110
    /// §5.6.1).
    pub fn elements(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let split = |value: &'a [u8]| value.split(|&byte| byte == b',');
        let elements = self.values(name).flat_map(split);
        elements.map(<[u8]>::trim_ascii).filter(|element| !element.is_empty())
    }

    /// The value of a header field, if there's exactly one and it's printable.
    pub fn value(&self, name: &str) -> Option<&'a str> {
        let mut values = self.values(name);
        let value = values.next().and_then(printable_ascii)?;
        values.next().is_none().then_some(value)
    }
}

/// The first line of a head (RFC 9112 §3).
pub struct RequestLine<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a str,
    /// The second digit of the version: 1 for `HTTP/1.1`.
    minor_version: u8,
}

impl<'a> RequestLine<'a> {
    /// Parses `method SP target SP version`.
    pub fn parse(line: &'a [u8]) -> Result<RequestLine<'a>, Status> {
        let line = printable_ascii(line).ok_or(Status::BAD_REQUEST)?;
        let (method, rest) = line.split_once(' ').ok_or(Status::BAD_REQUEST)?;
        let (target, version) =
            rest.split_once(' ').ok_or(Status::BAD_REQUEST)?;
        let number =
            version.strip_prefix("HTTP/").ok_or(Status::BAD_REQUEST)?;
        let minor_version = match number.as_bytes() {
            [b'1', b'.', minor @ b'0'..=b'9'] => minor - b'0',
            [b'0'..=b'9', b'.', b'0'..=b'9'] => {
                return Err(Status::VERSION_NOT_SUPPORTED);
            }
            _ => return Err(Status::BAD_REQUEST),
        };
        if !is_token(method) {
            return Err(Status::BAD_REQUEST);
        }
        let (path, query) =
            parse_target(method, target).ok_or(Status::BAD_REQUEST)?;
        Ok(RequestLine { method, path, query, minor_version })
    }
}

/// The path and the query of a target in one of its forms (RFC 9112 §3.2):
/// `/path`, `http://host/path`, `*` for OPTIONS, `host:port` for CONNECT.
fn parse_target<'a>(
    method: &str,
    target: &'a str,
) -> Option<(&'a str, &'a str)> {
    match method {
        "CONNECT" => {
            let (_, port) = target.rsplit_once(':')?;
            let valid = is_host(target) && port.parse::<u16>().is_ok();
            return valid.then_some((target, ""));
        }
        "OPTIONS" if target == "*" => return Some((target, "")),
        _ if target.contains('#') => return None, // A fragment is never sent.
        _ => {}
    }
    let target = match target.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => {
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            let (host, target) = rest.split_at(end);
            if !is_host(host) {
                return None;
            }
            target
        }
        _ if target.starts_with('/') => target,
        _ => return None,
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Some((if path.is_empty() { "/" } else { path }, query))
}

/// The name and the value of a header field (RFC 9112 §5). A token contains no
/// space, so this refuses one before the colon (§5.1) or at the beginning of
/// the line (§5.2).
pub fn parse_field(line: &[u8]) -> Option<(&str, &[u8])> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let name = printable_ascii(&line[..colon])?;
    let value = line[colon + 1..].trim_ascii();
    let is_allowed = |byte: &u8| *byte == b'\t' || !byte.is_ascii_control();
    let valid = is_token(name) && line[colon..].iter().all(is_allowed);
    valid.then_some((name, value))
}

/// Whether this is a name or an address, perhaps with a port: `localhost:7878`,
/// `[::1]` (RFC 9110 §7.2).
fn is_host(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port),
        _ => (host, ""),
    };
    let valid = match name.strip_prefix('[') {
        Some(rest) => rest
            .strip_suffix(']')
            .is_some_and(|address| address.parse::<Ipv6Addr>().is_ok()),
        None => !name.is_empty() && name.bytes().all(is_unreserved),
    };
    valid && port.bytes().all(|byte| byte.is_ascii_digit())
}

/// The characters of a host's name (RFC 3986 §2.3).
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// Whether this is a word of the protocol (RFC 9110 §5.6.2).
fn is_token(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(is_token_byte)
}

pub fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// The bytes as text, if all of them are printable ASCII.
fn printable_ascii(bytes: &[u8]) -> Option<&str> {
    let printable = bytes.iter().all(|byte| matches!(byte, b' '..=b'~'));
    str::from_utf8(bytes).ok().filter(|_| printable)
}

/// A line ends in CR LF, or in LF alone (RFC 9112 §2.2).
pub fn strip_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: [(&str, &str, &str); 7] = [
        ("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "/", ""),
        ("GET /a/b?c=d?e HTTP/1.0\r\n\r\n", "/a/b", "c=d?e"),
        ("HEAD /%20 HTTP/1.1\nhost:[::1]:80\nX-Empty:\n\n", "/%20", ""),
        ("OPTIONS * HTTP/1.1\r\nHost: a.example:8080\r\n\r\n", "*", ""),
        ("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", "a:443", ""),
        ("POST http://a/x HTTP/1.9\r\nHost: b\r\nA: \té \r\n\r\n", "/x", ""),
        ("GET HTTP://a?q HTTP/1.1\r\nX-1!#: a:b\r\nHost: b\r\n\r\n", "/", "q"),
    ];

    #[test]
    fn a_target_becomes_a_path_and_a_query() {
        for (head, path, query) in VALID {
            let request = Request::parse(head.as_bytes()).expect(head);
            assert_eq!((request.path, request.query), (path, query));
        }
    }

    /// Whatever is accepted follows the rules, and nothing makes the parser
    /// panic.
    fn check(head: &[u8]) {
        let Ok(request) = Request::parse(head) else { return };
        let shown = head.escape_ascii();
        let slash = request.path.starts_with('/');
        let without = [b"CONNECT ".as_slice(), b"OPTIONS "];
        let other = without.iter().any(|method| head.starts_with(method));
        assert!(slash || other, "{shown}");
        assert!(!request.path.contains([' ', '?']), "{shown}");
        for line in head.split(|&byte| byte == b'\n').map(strip_cr) {
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
        for (head, ..) in VALID {
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
        // Marsaglia's xorshift: each run makes the same changes.
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut random = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % below as u64) as usize
        };
        const SPECIAL: &[u8] = b"\r\n\0\t :/?#*%.[]@HTPGET1\x7f\x80\xff";
        for _ in 0..200_000 {
            let mut head = VALID[random(VALID.len())].0.as_bytes().to_vec();
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

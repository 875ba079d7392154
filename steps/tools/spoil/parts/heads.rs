//! Heads: where they end, however they arrive, and which of them are requests.
//! The rules are written down again, for a whole head at a time.

use super::{Part, elements, same, values};
use crate::corpus;
use crate::head::HeadReader;
use crate::limits::{MAX_EMPTY_LINES, MAX_FIELDS, MAX_HEAD, MAX_REQUEST_LINE};
use crate::pieces;
use crate::random::Random;
use crate::request::Request;
use crate::response::Status;
use std::net::Ipv6Addr;
use std::ops::Range;
use std::str;

pub const PART: Part =
    Part { name: "heads", at_least: 1000, make: corpus::head, check };

fn check(input: &[u8], random: &mut Random) -> Result<(), String> {
    let read = |ends: &[usize]| {
        let mut reader = HeadReader::default();
        let mut seen = Ok(None);
        for &end in ends {
            seen = reader.read(&input[..end]);
            if seen != Ok(None) {
                break;
            }
        }
        seen
    };
    let whole = read(&[input.len()]);
    let found = whole.clone().map_err(|_| ());
    same("where the head is", head(input), found)?;
    let cuts = pieces::cuts(input.len(), random);
    // What breaks two rules is refused by the one that shows first.
    let breaks_two = input.len() > MAX_REQUEST_LINE
        || !begins_well(&input[empty_lines(input)..]);
    let alike = |ends: &[usize]| {
        read(ends).map_err(|status| (!breaks_two).then_some(status))
    };
    let show = |seen: &_| format!("{seen:?}");
    pieces::compare(cuts, &alike(&[input.len()]), alike, show)?;
    match whole {
        Ok(Some(range)) => check_request(&input[range]),
        _ => Ok(()),
    }
}

/// Where the head is, `None` if it isn't complete, or an error if it breaks a
/// rule.
fn head(input: &[u8]) -> Result<Option<Range<usize>>, ()> {
    let start = empty_lines(input);
    let rest = &input[start..];
    let end = rest.windows(4).position(|it| it == b"\r\n\r\n");
    let head = &rest[..end.map_or(rest.len(), |it| it + 4)];
    let lines: Vec<_> = head.split(|&byte| byte == b'\n').collect();
    let (last, complete) = lines.split_last().expect("there's at least one");
    let line = complete.first().unwrap_or(last);
    let is_partial = complete.is_empty();
    let is_refused = start > 2 * MAX_EMPTY_LINES
        || complete.iter().any(|line| !line.ends_with(b"\r"))
        || head.len() > MAX_HEAD
        || line.len() > MAX_REQUEST_LINE + 1
        || complete.len() > MAX_FIELDS + 1 + if end.is_some() { 1 } else { 0 }
        || is_partial && !begins_well(rest)
        || !is_partial && request_line(&line[..line.len() - 1]).is_err();
    match is_refused {
        true => Err(()),
        false => Ok(end.map(|_| start..start + head.len())),
    }
}

/// How many bytes the empty lines at the beginning take up.
fn empty_lines(input: &[u8]) -> usize {
    2 * input.chunks(2).take_while(|pair| pair == b"\r\n").count()
}

/// Whether a request may begin with the first of these bytes, or an empty line.
fn begins_well(bytes: &[u8]) -> bool {
    bytes.first().is_none_or(|&byte| byte == b'\r' || is_token(&[byte]))
}

/// A complete head becomes the request that the rules make of it.
fn check_request(head: &[u8]) -> Result<(), String> {
    let mut lines = head.split(|&byte| byte == b'\n').map(without_cr);
    let line = request_line(lines.next().unwrap_or_default());
    let fields: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
    let expected = match line {
        Ok(line) if are_valid(&fields, line.3) => {
            Ok((line, keeps_alive(head, line.3)))
        }
        Ok(_) => Err(Status::BAD_REQUEST),
        Err(status) => Err(status),
    };
    let found = Request::parse(head).map(|it| {
        let line = (it.method, it.path, it.query, it.minor_version);
        (line, it.wants_keep_alive())
    });
    same("which request it is, and whether it keeps alive", expected, found)
}

fn without_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The method, the path, the query and the minor version.
type Line<'a> = (&'a str, &'a str, &'a str, u8);

fn request_line(line: &[u8]) -> Result<Line<'_>, Status> {
    let refused = Err(Status::BAD_REQUEST);
    if !line.iter().all(|byte| (b' '..=b'~').contains(byte)) {
        return refused;
    }
    let line = str::from_utf8(line).expect("it's ASCII");
    let words: Vec<_> = line.split(' ').collect();
    let [method, target, version] = words[..] else { return refused };
    let minor = match version.as_bytes() {
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            if *major != b'1' {
                return Err(Status::VERSION_NOT_SUPPORTED);
            }
            minor - b'0'
        }
        _ => return refused,
    };
    match target_of(method, target) {
        Some((path, query)) if is_token(method.as_bytes()) => {
            Ok((method, path, query, minor))
        }
        _ => refused,
    }
}

fn target_of<'a>(method: &str, target: &'a str) -> Option<(&'a str, &'a str)> {
    if method == "CONNECT" {
        // Here, the port is required.
        let (_, port) = target.rsplit_once(':')?;
        let valid = is_host(target) && port.parse::<u16>().is_ok();
        return valid.then_some((target, ""));
    }
    if method == "OPTIONS" && target == "*" {
        return Some(("*", ""));
    }
    let scheme = target.get(..7).unwrap_or_default();
    let mut rest = target;
    if scheme.eq_ignore_ascii_case("http://") {
        let path = target[7..].find(['/', '?']).map(|at| at + 7);
        let (before, after) = target.split_at(path.unwrap_or(target.len()));
        if !is_host(&before[7..]) {
            return None;
        }
        rest = after;
    } else if !target.starts_with('/') {
        return None;
    }
    let at = rest.find('?').unwrap_or(rest.len());
    let (path, query) = rest.split_at(at);
    let path = if path.is_empty() { "/" } else { path };
    (!target.contains('#')).then(|| (path, query.get(1..).unwrap_or("")))
}

/// A name, or an address in brackets, and perhaps a port.
fn is_host(host: &str) -> bool {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, port)) if address.parse::<Ipv6Addr>().is_ok() => {
                ("address", port)
            }
            _ => return false,
        },
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let is_part = |it: char| it.is_ascii_alphanumeric() || "-._~".contains(it);
    let is_name = !name.is_empty() && name.chars().all(is_part);
    let digits = port.strip_prefix(':').unwrap_or("");
    let is_port = port.is_empty() || port.starts_with(':');
    is_name && is_port && digits.chars().all(|it| it.is_ascii_digit())
}

fn is_token(word: &[u8]) -> bool {
    let special = |it: &u8| b"!#$%&'*+-.^_`|~".contains(it);
    let is_part = |it: &u8| it.is_ascii_alphanumeric() || special(it);
    !word.is_empty() && word.iter().all(is_part)
}

/// The name in lowercase, and the value.
fn split(field: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let colon = field.iter().position(|&byte| byte == b':')?;
    let (name, value) = (field[..colon].to_ascii_lowercase(), &field[colon..]);
    let is_text =
        value.iter().all(|&it| it == b'\t' || it >= b' ' && it != 127);
    (is_token(&name) && is_text).then(|| (name, value[1..].trim_ascii()))
}

/// Whether each of them is a field, and the right number of them are `Host`.
fn are_valid(fields: &[&[u8]], minor: u8) -> bool {
    let Some(fields) =
        fields.iter().map(|it| split(it)).collect::<Option<Vec<_>>>()
    else {
        return false;
    };
    let hosts = fields.iter().filter(|(name, _)| name == b"host");
    let hosts: Vec<_> = hosts.map(|(_, host)| str::from_utf8(host)).collect();
    let valid = hosts.iter().all(|host| host.is_ok_and(is_host));
    valid && (hosts.len() == 1 || hosts.is_empty() && minor == 0)
}

/// Whether this version and a head's fields, which are valid, keep a connection
/// open.
fn keeps_alive(head: &[u8], minor: u8) -> bool {
    let options = elements(&values(head, "connection"));
    let has = |option: &[u8]| options.iter().any(|it| it == option);
    !has(b"close") && (minor >= 1 || has(b"keep-alive"))
}

//! What `own-several-ranges` asks for.

use crate::support::DEADLINE;
use crate::support::report::{Deviation, Outcome, difference, shown};
use crate::support::response::Response;
use crate::support::scratch::Scratch;
use crate::support::server::Server;
use std::fs;
use std::ops::Range;

/// The length of a file that isn't read at once.
const LARGE: usize = 200_000;

/// The first bytes of a text that doesn't repeat itself.
fn text(length: usize) -> Vec<u8> {
    let numbers = (0..).flat_map(|it| format!("{it} ").into_bytes());
    numbers.take(length).collect()
}

/// A server of a small file and a large one, that sends up to four ranges.
fn with_files(server: &Server) -> Outcome<(Scratch, Server)> {
    let scratch = Scratch::new("ranges");
    fs::write(scratch.0.join("small.txt"), text(100)).unwrap();
    fs::write(scratch.0.join("large.html"), text(LARGE)).unwrap();
    let root = scratch.0.to_str().unwrap();
    let options = ["--max-ranges", "4", "--root", root];
    let server = server.with_options(&options).map_err(|it| {
        it.hint("look at `options.rs`: it has to take `--max-ranges N`.")
    })?;
    Ok((scratch, server))
}

/// The response to a request for ranges, and nothing comes after it.
fn ask(server: &Server, path: &str, ranges: &str) -> Outcome<Response> {
    let mut client = server.send(format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Range: bytes={ranges}\r\n\r\n"
    ))?;
    let response = client.response(DEADLINE)?;
    client.is_closed(DEADLINE).map_err(|it| {
        it.hint(
            "look at `Content-Length`: it counts the heads of the parts and \
             the lines between them, too, up to the very last byte.",
        )
    })?;
    Ok(response)
}

/// A part of a body, as its own head describes it.
#[derive(Debug, PartialEq)]
struct Part {
    media_type: String,
    content_range: String,
    bytes: Vec<u8>,
}

impl Part {
    fn new(media_type: &str, range: Range<usize>, length: usize) -> Part {
        let (first, last) = (range.start, range.end - 1);
        Part {
            media_type: media_type.to_string(),
            content_range: format!("bytes {first}-{last}/{length}"),
            bytes: text(length)[range].to_vec(),
        }
    }
}

/// The boundary that the media type of a multipart response names.
fn boundary(response: &Response) -> Outcome<String> {
    let media_type = response.field("content-type").unwrap_or("");
    let (name, parameters) = media_type.split_once(';').unwrap_or_default();
    let value = parameters.trim().strip_prefix("boundary=").unwrap_or("");
    let value = value.trim_matches('"');
    let allowed =
        |it: char| it.is_ascii_alphanumeric() || "'()+_,-./:=? ".contains(it);
    let is_valid = (1..=70).contains(&value.len())
        && value.chars().all(allowed)
        && !value.ends_with(' ');
    let is_multipart = name.eq_ignore_ascii_case("multipart/byteranges");
    if response.status == 206
        && is_multipart
        && is_valid
        && response.field("content-range").is_none()
    {
        return Ok(value.to_string());
    }
    let expected = "status 206, Content-Type: multipart/byteranges; \
                    boundary=…, and no Content-Range";
    response.differs(expected).map_err(|it| {
        it.hint(
            "RFC 9110 §15.3.7.2: look at the head of the whole response. Usual \
             causes: it still has the media type or the Content-Range of a \
             single part. (RFC 2046 §5.1.1 says what a boundary may contain.)",
        )
    })
}

/// Takes the body of a multipart response apart (RFC 2046 §5.1.1).
fn parts(response: &Response) -> Outcome<Vec<Part>> {
    let boundary = boundary(response)?;
    split(&response.body, &boundary).or_else(|fault| {
        let expected = format!("parts between lines of --{boundary}");
        let saw = format!("{fault}, in: {}", shown(&response.body));
        response.differs(&expected).map_err(|it| {
            Deviation { saw, ..it }.hint(
                "RFC 9110 §14.6 has an example. Each part is: `--`, the \
                 boundary and a line end; its head; an empty line; its bytes; \
                 a line end. The last boundary has `--` after it as well. \
                 All lines end with \\r\\n.",
            )
        })
    })
}

fn split(body: &[u8], boundary: &str) -> Result<Vec<Part>, String> {
    let mark = format!("\r\n--{boundary}");
    let find = |bytes: &[u8], sought: &str| {
        let mut windows = bytes.windows(sought.len());
        windows.position(|window| window == sought.as_bytes())
    };
    // The first boundary may have nothing before it, not even a line's end.
    let body = [b"\r\n", body].concat();
    let mut rest = match find(&body, &mark) {
        Some(start) => &body[start + mark.len()..],
        None => return Err("no boundary".to_string()),
    };
    let mut parts = Vec::new();
    while let Some(part) = rest.strip_prefix(b"\r\n") {
        let end = find(part, &mark).ok_or("a part without an end")?;
        let (part, after) = part.split_at(end);
        rest = &after[mark.len()..];
        let head = find(part, "\r\n\r\n").ok_or("a part without a head")? + 4;
        let lines = [b"HTTP/1.1 206 \r\n", &part[..head]].concat();
        let fields = Response::parse(&lines)?;
        let field = |name| fields.field(name).unwrap_or("none").to_string();
        parts.push(Part {
            media_type: field("content-type"),
            content_range: field("content-range"),
            bytes: part[head..].to_vec(),
        });
    }
    match rest.strip_prefix(b"--") {
        Some(b"" | b"\r\n") => Ok(parts),
        _ => Err(format!("after a boundary comes {}", shown(rest))),
    }
}

/// The response has these parts, in this order.
fn has_parts(response: &Response, expected: &[Part], hint: &str) -> Outcome {
    let parts = parts(response)?;
    if parts == expected {
        return Ok(());
    }
    let describe = |parts: &[Part]| {
        let parts = parts.iter();
        let all: Vec<_> = parts
            .map(|it| format!("{} of {}", it.content_range, it.media_type))
            .collect();
        all.join(", then ")
    };
    let (mut saw, wanted) = (describe(&parts), describe(expected));
    if saw == wanted {
        for (part, expected) in parts.iter().zip(expected) {
            if part.bytes != expected.bytes {
                let difference = difference(&expected.bytes, &part.bytes);
                saw = format!("in {}: {difference}", part.content_range);
            }
        }
    }
    let differs = response.differs(&wanted);
    differs.map_err(|it| Deviation { saw, ..it }.hint(hint))
}

/// The response has one range, as if no other had been asked for.
fn is_single(response: &Response, range: Range<usize>, hint: &str) -> Outcome {
    let part = Part::new("", range, 100);
    let media_type = response.field("content-type").unwrap_or("");
    let is_single = response.field("content-range")
        == Some(&part.content_range)
        && media_type.starts_with("text/plain");
    if response.status == 206 && !is_single {
        let expected = format!(
            "status 206, Content-Range: {}, and the media type of the file",
            part.content_range
        );
        return response.differs(&expected).map_err(|it| it.hint(hint));
    }
    let name = format!("the bytes of {}", part.content_range);
    response.is(206, &name, &part.bytes).map_err(|it| it.hint(hint))
}

/// The media type of a file, which is that of its parts.
fn media_type(server: &Server, path: &str) -> Outcome<String> {
    let response = server.get(path)?;
    Ok(response.field("content-type").unwrap_or("none").to_string())
}

pub fn several_ranges_come_as_parts(server: &Server) -> Outcome {
    let (_scratch, server) = with_files(server)?;
    let hint = "RFC 9110 §15.3.7.2: look at what describes each part. It has the \
                media type of the file, a Content-Range of its own, and the \
                order is the client's.";
    let small = media_type(&server, "/small.txt")?;
    for (ranges, expected) in [
        ("0-1,8-9", &[0..2, 8..10][..]),
        ("-1, 0-0", &[99..100, 0..1]),
        ("90-, ,30-39,10-19", &[90..100, 30..40, 10..20]),
        ("0-0,300-,50-50,99-200", &[0..1, 50..51, 99..100]),
    ] {
        let expected: Vec<_> = expected
            .iter()
            .map(|range| Part::new(&small, range.clone(), 100))
            .collect();
        let response = ask(&server, "/small.txt", ranges)?;
        has_parts(&response, &expected, hint)?;
    }
    let large = media_type(&server, "/large.html")?;
    let expected = [0..1, 100_000..190_000, 199_999..LARGE]
        .map(|range| Part::new(&large, range, LARGE));
    let response = ask(&server, "/large.html", "0-0,100000-189999,-1")?;
    has_parts(&response, &expected, hint)
}

pub fn boundary_is_in_no_part(server: &Server) -> Outcome {
    let (scratch, server) = with_files(server)?;
    let mut content = text(100);
    for number in 0..3 {
        let file = format!("known-{number}.txt");
        fs::write(scratch.0.join(&file), &content).unwrap();
        let half = content.len() / 2;
        let last = content.len() - 1;
        let ranges = format!("{half}-{last},0-{}", half - 2);
        let response = ask(&server, &format!("/{file}"), &ranges)?;
        let boundary = boundary(&response)?;
        let mark = format!("\r\n--{boundary}");
        let mut windows = content.windows(mark.len());
        if windows.any(|window| window == mark.as_bytes()) {
            let expected = "a boundary that isn't in the file";
            let saw = format!("the boundary {boundary}, which is in it");
            return response.differs(expected).map_err(|it| {
                Deviation { saw, ..it }.hint(
                    "RFC 2046 §5.1: look at how the boundary is chosen. A file \
                     may contain any boundary that its author could know, and \
                     its client would take a piece of it for a part.",
                )
            });
        }
        parts(&response)?;
        // The author of the next file has seen this boundary.
        let known = format!("{mark}\r\n\r\nX{mark}--\r\n");
        content = [known.as_bytes(), &content].concat();
    }
    Ok(())
}

pub fn ranges_that_overlap_or_touch_are_one(server: &Server) -> Outcome {
    let (_scratch, server) = with_files(server)?;
    let hint = "RFC 9110 §15.3.7.2: look at what is left after ranges have been \
                merged, and those that the file doesn't have are dropped. If \
                it's one, it's sent as one. Usual cause: only neighbours in \
                the list are compared.";
    for (ranges, expected) in [
        ("0-4,2-6", 0..7),
        ("2-6,0-4", 0..7),
        ("0-9,2-3", 0..10),
        ("0-1,2-3", 0..4),
        ("0-1,4-5,2-3", 0..6),
        ("5-5,300-400", 5..6),
        ("-5,97-", 95..100),
        ("7-8,7-8", 7..9),
    ] {
        let response = ask(&server, "/small.txt", ranges)?;
        is_single(&response, expected, hint)?;
    }
    let response = ask(&server, "/small.txt", "50-59,8-9,0-3,4-8")?;
    let media_type = media_type(&server, "/small.txt")?;
    let expected =
        [50..60, 0..10].map(|range| Part::new(&media_type, range, 100));
    has_parts(&response, &expected, hint)?;
    let response = ask(&server, "/small.txt", "100-,300-400")?;
    if response.status == 416
        && response.field("content-range") == Some("bytes */100")
    {
        return Ok(());
    }
    let expected = "status 416, Content-Range: bytes */100";
    response.differs(expected).map_err(|it| it.hint(hint))
}

pub fn too_many_ranges_are_ignored(server: &Server) -> Outcome {
    let (_scratch, server) = with_files(server)?;
    ask(&server, "/small.txt", "0-0,2-2,4-4,6-6").and_then(|it| parts(&it))?;
    let hint = "RFC 9110 §14.2: look at where ranges are counted. A field of a \
                few kilobytes can name a thousand of them. Usual cause: they're \
                counted after the merge, and by then they've cost their time.";
    let many = |range: &str| vec![range; 1000].join(",");
    for ranges in ["0-0,2-2,4-4,6-6,8-8", "0-,0-,0-,0-,0-", &many("0-")] {
        let response = ask(&server, "/small.txt", ranges)?;
        response
            .is(200, "the whole file", &text(100))
            .map_err(|it| it.hint(hint))?;
    }
    let hint = "RFC 9110 §14.2: look at a range that can't be read. It makes the \
                whole field invalid, and an invalid field is ignored.";
    for ranges in ["0-0,9-8", "0-0,2", "0-0,a-b"] {
        let response = ask(&server, "/small.txt", ranges)?;
        response
            .is(200, "the whole file", &text(100))
            .map_err(|it| it.hint(hint))?;
    }
    Ok(())
}

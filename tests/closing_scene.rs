//! The book's closing scene: the last step serves the book. Every file of the
//! built book comes as it is and with its media type, and every link in its
//! pages to the book itself leads somewhere. Needs mdbook, and is skipped where
//! that is missing.

#[path = "support/mdbook.rs"]
mod mdbook;

#[path = "support/output.rs"]
mod output;

#[path = "support/place.rs"]
mod place;

#[path = "support/running.rs"]
mod running;

#[path = "support/scratch.rs"]
mod scratch;

use place::binary;
use running::Running;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// What must happen gets this long. Only a fault ever takes that long.
const DEADLINE: Duration = Duration::from_secs(20);

/// The media type that a file of the book must have.
fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap() {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "csv" => "text/csv; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "txt" => "text/plain; charset=utf-8",
        "svg" => "image/svg+xml; charset=utf-8",
        "png" => "image/png",
        "woff2" => "font/woff2",
        // What the pages include, copied as it is.
        "rs" | "diff" => "application/octet-stream",
        _ if path.starts_with("/configs/") => "application/octet-stream",
        other => panic!("a book with files of a new kind: {other} ({path})"),
    }
}

/// A connection that is kept, and opened anew when the server ends it.
struct Client {
    server: SocketAddr,
    kept: Option<BufReader<TcpStream>>,
}

#[derive(Debug, PartialEq)]
struct Answer {
    status: String,
    media_type: String,
    body: Vec<u8>,
}

impl Client {
    fn get(&mut self, path: &str) -> Answer {
        let mut reader = self.kept.take().unwrap_or_else(|| {
            let stream = TcpStream::connect(self.server).unwrap();
            stream.set_nodelay(true).unwrap();
            stream.set_read_timeout(Some(DEADLINE)).unwrap();
            BufReader::new(stream)
        });
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        reader.get_mut().write_all(request.as_bytes()).unwrap();
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let count = reader.read_line(&mut head).unwrap();
            assert!(count > 0, "{path}: {head:?}, and the end");
        }
        let field = |name: &str| {
            let mut fields = head.lines().filter_map(|it| it.split_once(": "));
            let field = fields.find(|(it, _)| it.eq_ignore_ascii_case(name));
            field.map_or("", |(_, value)| value).to_string()
        };
        let mut body = vec![0; field("Content-Length").parse().unwrap()];
        reader.read_exact(&mut body).unwrap();
        if field("Connection") != "close" {
            self.kept = Some(reader);
        }
        let status = head.split(' ').nth(1).unwrap().to_string();
        Answer { status, media_type: field("Content-Type"), body }
    }
}

/// The files below a directory by their paths, as in `/css/print.css`.
fn files(folder: &Path, path: &str, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = format!("{path}/{name}");
        if entry.path().is_dir() {
            files(&entry.path(), &path, found);
        } else {
            found.insert(path, fs::read(entry.path()).unwrap());
        }
    }
}

/// A path as a request writes it: with percent escapes.
fn encoded(path: &str) -> String {
    let bytes = path.bytes().map(|byte| match byte {
        b'/' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    });
    bytes.collect()
}

/// The links of a page, and what else it loads.
fn links(page: &str) -> BTreeSet<String> {
    let mut links = BTreeSet::new();
    for attribute in [" href=\"", " src=\""] {
        for rest in page.split(attribute).skip(1) {
            let link = rest.split('"').next().unwrap();
            links.insert(link.replace("&amp;", "&"));
        }
    }
    links
}

/// Where a browser would follow a link to: path and fragment, or `None` if the
/// link leaves the book.
fn target(page: &str, link: &str) -> Option<(String, String)> {
    let (link, fragment) = link.split_once('#').unwrap_or((link, ""));
    let link = link.split('?').next().unwrap();
    if link.contains(':') || link.starts_with("//") {
        return None;
    }
    let (folder, file) = page.rsplit_once('/').unwrap();
    let path = match link {
        "" => format!("{folder}/{file}"),
        _ if link.starts_with('/') => link.to_string(),
        _ => format!("{folder}/{link}"),
    };
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/').skip(1) {
        match segment {
            "." => {}
            ".." => _ = segments.pop(),
            _ => segments.push(segment),
        }
    }
    Some((format!("/{}", segments.join("/")), fragment.to_string()))
}

#[test]
#[ignore = "in .ci/run"]
fn the_last_step_serves_the_book() {
    let Some(scratch) = mdbook::built("closing-scene") else { return };
    // As the book says it: `step20 --root DIR`.
    let mut server = Command::new(binary("step20"));
    server.arg("--root").arg(&scratch.0).arg("127.0.0.1:0");
    let server = Running::spawn(&mut server).unwrap();
    let mut client = Client { server: server.address().unwrap(), kept: None };
    let mut book = BTreeMap::new();
    files(&scratch.0, "", &mut book);
    assert!(book.len() > 30, "this isn't the book: {:?}", book.keys());
    let mut faults = Vec::new();
    for (path, bytes) in &book {
        let answer = client.get(&encoded(path));
        let right = match path.contains("/.") {
            true => answer.status == "404",
            false => {
                let media_type = media_type(path);
                answer.status == "200"
                    && answer.media_type == media_type
                    && &answer.body == bytes
            }
        };
        if !right {
            let Answer { status, media_type, body } = answer;
            let length = body.len();
            faults.push(format!("{path}: {status}, {media_type}, {length}"));
        }
    }
    let index = client.get("/");
    assert_eq!(Some(&index.body), book.get("/index.html"));

    let mut followed = BTreeMap::new();
    for (path, bytes) in &book {
        if !path.ends_with(".html") {
            continue;
        }
        let page = String::from_utf8_lossy(bytes);
        for link in links(&page) {
            let Some((target, fragment)) = target(path, &link) else {
                continue;
            };
            let answer = followed
                .entry(target)
                .or_insert_with_key(|target| client.get(target));
            let found = fragment.is_empty() || {
                let there = String::from_utf8_lossy(&answer.body);
                there.contains(&format!(" id=\"{fragment}\""))
            };
            if answer.status != "200" || !found {
                faults.push(format!("{path}: {link} leads nowhere"));
            }
        }
    }
    assert!(followed.len() > 20, "pages without links: {:?}", followed.keys());
    let (files, links) = (book.len(), followed.len());
    eprintln!("{files} files served, {links} links followed");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

//! A file is sent again only if it has changed.

use std::fs;

use super::differs;
use super::directory::{Directory, is};
use super::responding::is_hello;
use crate::support::client::get;
use crate::support::report::Outcome;
use crate::support::response::Response;
use crate::support::server::Server;
use crate::support::{DEADLINE, by_hand};

/// A request for `path` with one more field.
fn get_with(server: &Server, path: &str, field: &str) -> Outcome<Response> {
    let request = get(path).replace("Host:", &format!("{field}\r\nHost:"));
    server.ask(request)?.head(DEADLINE)
}

pub fn unchanged_file_is_304(server: &Server) -> Outcome {
    server.by_hand(by_hand::get("/"));
    let response = server.get("/")?;
    is_hello(&response)?;
    let Some(date) = response.field("last-modified") else {
        return response.differs("the field Last-Modified, once");
    };
    for (field, status) in [
        (format!("If-Modified-Since: {date}"), 304),
        ("If-Modified-Since: Fri, 31 Dec 9999 23:59:59 GMT".into(), 304),
        ("If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT".into(), 200),
        ("If-Modified-Since: Sun Nov  6 08:49:37 1994".into(), 200),
        ("If-Modified-Since: Fri Dec 31 23:59:59 9999".into(), 304),
        ("If-Modified-Since: tomorrow".into(), 200),
        (format!("If-Modified-Since: {date}\r\nIf-None-Match: \"a\""), 200),
    ] {
        let response = get_with(server, "/", &field)?;
        let known = response.status == 304;
        let bare = response.field("content-length").is_none()
            && response.field("content-type").is_none()
            && response.field("last-modified") == Some(date);
        if response.status != status || (known && !bare) {
            return response.differs(&format!("{status} for {field}"));
        }
    }
    gets_what_has_changed(server)?;
    // A client that has the old one gets the new one, however short the time
    // between them.
    let directory = Directory::new(&[("a", "old")]);
    let server = directory.served_by(server)?;
    let old = directory.get(&server, "/a")?;
    let date = old.field("last-modified").unwrap_or_default();
    is(&old, 200, "old")?;
    fs::write(directory.site().join("a"), "new").unwrap();
    is(&directory.get(&server, "/a")?, 200, "new")?;
    let tomorrow =
        std::time::SystemTime::now() + std::time::Duration::from_secs(86_400);
    let file = fs::File::options().write(true).open(directory.site().join("a"));
    file.and_then(|file| file.set_modified(tomorrow)).unwrap();
    // A date in the future is sent as the time of the response.
    let response = server.get("/a")?;
    let day = |name| Some(response.field(name)?.get(..16)?.to_string());
    if day("last-modified") != day("date") {
        return response.differs("Last-Modified no later than Date");
    }
    let since = format!("If-Modified-Since: {date}");
    let response = get_with(&server, "/a", &since)?;
    if response.status == 304 {
        return response.differs("200, because the file has changed");
    }
    response.has_status(200)
}

/// A server may keep a file in memory, if it notices when the file changes.
fn gets_what_has_changed(server: &Server) -> Outcome {
    let directory = Directory::new(&[("a", "old")]);
    let path = directory.site().join("a");
    let minutes_ago = |minutes: u64| {
        let age = std::time::Duration::from_secs(minutes * 60);
        let file = fs::File::options().write(true).open(&path);
        let time = std::time::SystemTime::now() - age;
        file.and_then(|file| file.set_modified(time)).unwrap();
    };
    minutes_ago(9);
    let server = directory.served_by(server)?;
    for _ in 0..3 {
        is(&directory.get(&server, "/a")?, 200, "old")?;
    }
    for (text, minutes) in [("new", 8), ("newer", 7), ("", 6), ("last", 5)] {
        fs::write(&path, text).unwrap();
        minutes_ago(minutes);
        let start = std::time::Instant::now();
        while server.get("/a")?.body != text.as_bytes() {
            if start.elapsed() > DEADLINE / 10 {
                let expected =
                    format!("{text:?}, because the file has changed");
                return differs(&expected, "what was in it before");
            }
        }
    }
    Ok(())
}

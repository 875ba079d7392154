//! What there is: a page for each path, and for each error.

use crate::date;
use crate::files::{Files, Found, FoundFile};
use crate::request::Request;
use crate::response::Response;
use std::{io, path::Path, thread, time::Duration, time::SystemTime};

/// A folder of files and, for demonstrations, `/sleep` and `/panic`.
pub struct Site {
    files: Files,
    demo: bool,
}

impl Site {
    /// Fails if the root is no folder that can be read.
    pub fn new(root: &Path, demo: bool) -> io::Result<Site> {
        Ok(Site { files: Files::new(root)?, demo })
    }

    /// What a request gets: by its method (RFC 9110 §9), then by its path.
    pub fn answer(&self, request: &Request) -> Response {
        const ALLOWED: &str = "GET, HEAD, OPTIONS";
        match request.method {
            "GET" | "HEAD" => self.route(request),
            "OPTIONS" => {
                Response::empty("204 No Content").with("Allow", ALLOWED)
            }
            "POST" | "PUT" | "DELETE" | "PATCH" | "CONNECT" | "TRACE" => {
                self.error_page("405 Method Not Allowed").with("Allow", ALLOWED)
            }
            _ => self.error_page("501 Not Implemented"),
        }
    }

    fn route(&self, request: &Request) -> Response {
        match request.path {
            "/sleep" if self.demo => {
                thread::sleep(pause(request.query));
                self.file("/hello.html", request)
            }
            "/panic" if self.demo => panic!("/panic was requested"),
            path => self.file(path, request),
        }
    }

    fn file(&self, path: &str, request: &Request) -> Response {
        match self.files.find(path) {
            Ok(Found::File(it)) if is_known(request, it.modified) => {
                let modified = last_modified(&it);
                let response = Response::empty("304 Not Modified");
                response.with("Last-Modified", &modified)
            }
            Ok(Found::File(it)) => {
                let modified = last_modified(&it);
                Response::file("200 OK", it).with("Last-Modified", &modified)
            }
            Ok(Found::Folder) => {
                let query = match request.query {
                    "" => String::new(),
                    query => format!("?{query}"),
                };
                let location = format!("{path}/{query}");
                Response::text("301 Moved Permanently")
                    .with("Location", &location)
            }
            Err(status) => self.error_page(status),
        }
    }

    /// The file that is named after the status, `/404.html`, or else its words.
    pub fn error_page(&self, status: &'static str) -> Response {
        let (code, _) = status.split_at(3);
        match self.files.find(&format!("/{code}.html")) {
            Ok(Found::File(page)) => Response::file(status, page),
            _ => Response::text(status),
        }
    }
}

/// How long `/sleep` takes: `ms=N` milliseconds, at most 10,000; else 5 seconds.
fn pause(query: &str) -> Duration {
    let asked = query.strip_prefix("ms=").and_then(|ms| ms.parse().ok());
    Duration::from_millis(asked.unwrap_or(5_000).min(10_000))
}

/// When a file was changed. One from the future is told as one of now (RFC 9110
/// §8.8.2.1).
fn last_modified(file: &FoundFile) -> String {
    date::imf_fixdate(file.modified.min(SystemTime::now()))
}

/// Whether the client has the file as it is now: it names a date, to the
/// second, since when it has not changed (RFC 9110 §13.1.3).
fn is_known(request: &Request, modified: SystemTime) -> bool {
    let since = request.field("If-Modified-Since").and_then(date::parse);
    let known = since.is_some_and(|since| date::seconds(modified) <= since);
    // A client that names a version too goes by that, and there is none here.
    known && !request.has("If-None-Match")
}

//! The site: a page for each path, and an answer to each method.

use crate::files::{self, Found, FoundFile};
use crate::options::Options;
use crate::ranges::{self, Selection};
use crate::request::Request;
use crate::response::{Response, Status};
use std::{thread, time::Duration};

const ALLOWED: &str = "GET, HEAD, OPTIONS";

/// Answers a request: by its method (RFC 9110 §9), then by its path.
pub fn respond(request: &Request, options: &Options) -> Response {
    match request.method {
        "GET" | "HEAD" => route(request, options),
        "OPTIONS" => Response::empty(Status::NO_CONTENT).with("Allow", ALLOWED),
        "POST" | "PUT" | "DELETE" | "PATCH" | "CONNECT" | "TRACE" => {
            let response = Response::status_page(Status::METHOD_NOT_ALLOWED);
            response.with("Allow", ALLOWED)
        }
        _ => Response::status_page(Status::NOT_IMPLEMENTED),
    }
}

fn route(request: &Request, options: &Options) -> Response {
    match request.path {
        "/sleep" if options.demo => {
            thread::sleep(pause(request.query));
            serve("/hello.html", request, options)
        }
        "/panic" if options.demo => panic!("/panic was requested"),
        path => serve(path, request, options),
    }
}

/// Answers with the file that a path names.
fn serve(path: &str, request: &Request, options: &Options) -> Response {
    match files::find(&options.root, path) {
        Ok(Found::File(file)) => send_if_needed(request, file),
        Ok(Found::Directory) => {
            let query = match request.query {
                "" => String::new(),
                query => format!("?{query}"),
            };
            Response::status_page(Status::MOVED_PERMANENTLY)
                .with("Location", &format!("{path}/{query}"))
        }
        // The root may have a page of its own for what it doesn't have.
        Err(Status::NOT_FOUND) => match files::find(&options.root, "/404.html")
        {
            Ok(Found::File(page)) => Response::file(Status::NOT_FOUND, page),
            _ => Response::status_page(Status::NOT_FOUND),
        },
        Err(status) => Response::status_page(status),
    }
}

/// Answers with a file, unless a precondition says otherwise.
fn send_if_needed(request: &Request, file: FoundFile) -> Response {
    let validators = file.validators.clone();
    let response = match validators.evaluate(request) {
        None => return send_range(request, file),
        Some(Status::NOT_MODIFIED) => Response::empty(Status::NOT_MODIFIED)
            .with("Cache-Control", "no-cache"),
        Some(status) => return Response::status_page(status),
    };
    validators.add_to(response)
}

/// Answers with a file, or with the part of it that the request asks for.
fn send_range(request: &Request, mut file: FoundFile) -> Response {
    let length = file.body.length();
    let validators = file.validators.clone();
    let response = match ranges::select(request, length, &validators) {
        Selection::All => Response::file(Status::OK, file),
        Selection::Part(range) => {
            let (first, last) = (range.start, range.end - 1);
            file.body = file.body.part(range);
            Response::file(Status::PARTIAL_CONTENT, file).with(
                "Content-Range",
                &format!("bytes {first}-{last}/{length}"),
            )
        }
        Selection::Unsatisfiable => {
            return Response::status_page(Status::RANGE_NOT_SATISFIABLE)
                .with("Content-Range", &format!("bytes */{length}"));
        }
    };
    validators.add_to(response).with("Accept-Ranges", "bytes")
}

/// How long `/sleep` takes: `ms=N` milliseconds, at most 10,000; else 5 seconds.
fn pause(query: &str) -> Duration {
    let asked = query.strip_prefix("ms=").and_then(|ms| ms.parse().ok());
    Duration::from_millis(asked.unwrap_or(5_000).min(10_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_as_long_as_asked_for_up_to_ten_seconds() {
        for (query, expected) in [
            ("", 5_000),
            ("ms=250", 250),
            ("ms=10000", 10_000),
            ("ms=10001", 10_000),
            ("ms=-1", 5_000),
            ("s=1", 5_000),
        ] {
            assert_eq!(pause(query).as_millis(), expected, "{query}");
        }
    }
}

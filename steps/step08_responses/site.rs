// ANCHOR: respond
//! The site: a page for each path, and an answer to each method.

use crate::request::Request;
use crate::response::{Response, Status};
use std::{env, fs, io, thread, time::Duration};

const ALLOWED: &str = "GET, HEAD, OPTIONS";

/// Answers a request: by its method (RFC 9110 §9), then by its path.
pub fn respond(request: &Request) -> io::Result<Response> {
    match request.method {
        "GET" | "HEAD" => route(request),
        "OPTIONS" => {
            Ok(Response::empty(Status::NO_CONTENT).with("Allow", ALLOWED))
        }
        "POST" | "PUT" | "DELETE" | "PATCH" | "CONNECT" | "TRACE" => {
            let response = Response::status_page(Status::METHOD_NOT_ALLOWED);
            Ok(response.with("Allow", ALLOWED))
        }
        _ => Ok(Response::status_page(Status::NOT_IMPLEMENTED)),
    }
}
// ANCHOR_END: respond

// ANCHOR: route
fn route(request: &Request) -> io::Result<Response> {
    let (status, page) = match request.path {
        "/" => (Status::OK, "hello.html"),
        "/sleep" => {
            thread::sleep(pause(request.query));
            (Status::OK, "hello.html")
        }
        "/panic" => panic!("/panic was requested"),
        _ => (Status::NOT_FOUND, "404.html"),
    };
    Ok(Response::html(status, read_page(page)?))
}
// ANCHOR_END: route

/// How long `/sleep` takes: `ms=N` milliseconds, at most 10,000; else 5 seconds.
fn pause(query: &str) -> Duration {
    let asked = query.strip_prefix("ms=").and_then(|ms| ms.parse().ok());
    Duration::from_millis(asked.unwrap_or(5_000).min(10_000))
}

/// Reads a page from the directory `static`, wherever the server was started.
fn read_page(name: &str) -> io::Result<Vec<u8>> {
    // Cargo knows where the package is now. It may have moved since the build.
    let package = env::var("CARGO_MANIFEST_DIR");
    let package = package.as_deref().unwrap_or(env!("CARGO_MANIFEST_DIR"));
    let path = format!("{package}/static/{name}");
    fs::read(&path)
        .map_err(|error| io::Error::other(format!("{path}: {error}")))
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

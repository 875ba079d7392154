//! What there is: a page for each path, and for each error.

use crate::request::Request;
use crate::response::Response;
use std::{env, fs, io, thread, time::Duration};

/// What a request gets: by its method (RFC 9110 §9), then by its path.
pub fn answer(request: &Request) -> io::Result<Response> {
    const ALLOWED: &str = "GET, HEAD";
    match request.method {
        "GET" | "HEAD" => route(request),
        "OPTIONS" => {
            Ok(Response::empty("204 No Content").with("Allow", ALLOWED))
        }
        "POST" | "PUT" | "DELETE" | "PATCH" | "CONNECT" | "TRACE" => {
            Ok(error_page("405 Method Not Allowed").with("Allow", ALLOWED))
        }
        _ => Ok(error_page("501 Not Implemented")),
    }
}

fn route(request: &Request) -> io::Result<Response> {
    match request.path {
        "/" => hello(),
        "/sleep" => {
            thread::sleep(pause(request.query));
            hello()
        }
        "/panic" => panic!("/panic was requested"),
        _ => Ok(error_page("404 Not Found")),
    }
}

/// How long `/sleep` takes: `ms=N` milliseconds, at most 10,000; else 5 seconds.
fn pause(query: &str) -> Duration {
    let asked = query.strip_prefix("ms=").and_then(|ms| ms.parse().ok());
    Duration::from_millis(asked.unwrap_or(5_000).min(10_000))
}

fn hello() -> io::Result<Response> {
    Ok(Response::html("200 OK", read_page("hello.html")?))
}

/// The page that is named after the status, `404.html`, or else its words.
pub fn error_page(status: &'static str) -> Response {
    let (code, _) = status.split_at(3);
    match read_page(&format!("{code}.html")) {
        Ok(page) => Response::html(status, page),
        Err(_) => Response::text(status),
    }
}

/// Reads a page of the directory `static`, wherever the server was started.
fn read_page(name: &str) -> io::Result<Vec<u8>> {
    // Cargo knows where the package is now. It may have moved since the build.
    let package = env::var("CARGO_MANIFEST_DIR");
    let package = package.as_deref().unwrap_or(env!("CARGO_MANIFEST_DIR"));
    let path = format!("{package}/static/{name}");
    fs::read(&path)
        .map_err(|error| io::Error::other(format!("{path}: {error}")))
}

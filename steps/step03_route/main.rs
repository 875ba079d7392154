//! Step 03: reads the request line and answers each path with its own page.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::{env, ffi::OsStr, fs, process, thread, time::Duration};

fn main() -> io::Result<()> {
    let args = env::args_os().skip(1).collect::<Vec<_>>().join(OsStr::new(" "));
    let args = args.to_string_lossy();
    let address = if args.is_empty() { "127.0.0.1:7878" } else { &args };
    let listener = TcpListener::bind(address).unwrap_or_else(|error| {
        let hint = "an address looks like 127.0.0.1:7878";
        _ = writeln!(io::stderr(), "cannot bind {address:?}: {error}; {hint}");
        process::exit(1)
    });
    writeln!(io::stdout(), "listening on http://{}", listener.local_addr()?)?;
    for stream in listener.incoming() {
        if let Err(error) = stream.and_then(handle) {
            _ = writeln!(io::stderr(), "connection failed: {error}");
        }
    }
    Ok(())
}

fn handle(stream: TcpStream) -> io::Result<()> {
    let head = read_head(&stream)?;
    let (status, page) = route(&head);
    respond(stream, status, &read_page(page)?)
}

/// Reads up to the blank line that ends the head (RFC 9112 §2.1).
fn read_head(stream: &TcpStream) -> io::Result<String> {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    while !head.ends_with(b"\n\r\n") && !head.ends_with(b"\n\n") {
        if reader.read_until(b'\n', &mut head)? == 0 {
            return Err(io::Error::other("closed before the blank line"));
        }
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

// ANCHOR: route
/// The status and the page that answer a request.
fn route(head: &str) -> (&'static str, &'static str) {
    let Some(target) = request_target(head) else {
        return ("400 Bad Request", "400.html");
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    match path {
        "/" => ("200 OK", "hello.html"),
        "/sleep" => {
            thread::sleep(pause(query));
            ("200 OK", "hello.html")
        }
        _ => ("404 Not Found", "404.html"),
    }
}
// ANCHOR_END: route

// ANCHOR: request_target
/// The target of a request line `method SP target SP version` (RFC 9112 §3).
fn request_target(head: &str) -> Option<&str> {
    let (method, rest) = head.lines().next()?.split_once(' ')?;
    let (target, version) = rest.split_once(' ')?;
    let number = version.strip_prefix("HTTP/")?.as_bytes();
    let valid = matches!(number, [b'0'..=b'9', b'.', b'0'..=b'9']);
    (valid && !method.is_empty() && !target.is_empty()).then_some(target)
}
// ANCHOR_END: request_target

// ANCHOR: pause
/// How long `/sleep` takes: `ms=N` milliseconds, at most 10,000; else 5 seconds.
fn pause(query: &str) -> Duration {
    let asked = query.strip_prefix("ms=").and_then(|ms| ms.parse().ok());
    Duration::from_millis(asked.unwrap_or(5_000).min(10_000))
}
// ANCHOR_END: pause

/// Reads a page from the directory `static`, wherever the server was started.
fn read_page(name: &str) -> io::Result<Vec<u8>> {
    // Cargo knows where the package is now. It may have moved since the build.
    let package = env::var("CARGO_MANIFEST_DIR");
    let package = package.as_deref().unwrap_or(env!("CARGO_MANIFEST_DIR"));
    let path = format!("{package}/static/{name}");
    fs::read(&path)
        .map_err(|error| io::Error::other(format!("{path}: {error}")))
}

fn respond(mut stream: TcpStream, status: &str, body: &[u8]) -> io::Result<()> {
    let head = format!(
        "HTTP/1.1 {status}\r\n\
         Content-Type: text/html; charset=utf-8\r\n\
         Content-Length: {}\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)
}

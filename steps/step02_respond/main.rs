//! Step 02: answers every request with the same page.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::{env, ffi::OsStr, fs, process};

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

// ANCHOR: handle
fn handle(stream: TcpStream) -> io::Result<()> {
    read_head(&stream)?;
    respond(stream, "200 OK", &read_page("hello.html")?)
}
// ANCHOR_END: handle

// ANCHOR: read_head
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
// ANCHOR_END: read_head

// ANCHOR: read_page
/// Reads a page from the directory `static`, wherever the server was started.
fn read_page(name: &str) -> io::Result<Vec<u8>> {
    // Cargo knows where the package is now. It may have moved since the build.
    let package = env::var("CARGO_MANIFEST_DIR");
    let package = package.as_deref().unwrap_or(env!("CARGO_MANIFEST_DIR"));
    let path = format!("{package}/static/{name}");
    fs::read(&path)
        .map_err(|error| io::Error::other(format!("{path}: {error}")))
}
// ANCHOR_END: read_page

// ANCHOR: respond
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
// ANCHOR_END: respond

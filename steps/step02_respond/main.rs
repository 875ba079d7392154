//! Step 02: answers every request with the same page.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::{env, ffi::OsStr, fs, process::ExitCode};

fn main() -> ExitCode {
    let mut arguments: Vec<_> = env::args_os().skip(1).collect();
    if arguments.is_empty() {
        arguments.push("127.0.0.1:7878".into());
    }
    // More than one argument is no address either: all of them are refused.
    let address = arguments.join(OsStr::new(" "));
    if let Err(error) = serve(&address.to_string_lossy()) {
        _ = writeln!(io::stderr(), "cannot serve on {address:?}: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn serve(address: &str) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    let address = listener.local_addr()?;
    writeln!(io::stdout(), "listening on http://{address}")?;
    for stream in listener.incoming() {
        if let Err(error) = stream.and_then(handle) {
            _ = writeln!(io::stderr(), "connection failed: {error}");
        }
    }
    Ok(())
}

fn handle(stream: TcpStream) -> io::Result<()> {
    read_head(&stream)?;
    respond(stream, "200 OK", &read_page("hello.html")?)
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

/// Reads a page of the folder `static`, wherever the server was started.
fn read_page(name: &str) -> io::Result<Vec<u8>> {
    let path = format!("{}/static/{name}", env!("CARGO_MANIFEST_DIR"));
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

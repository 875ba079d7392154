//! Step 02: answers every request with the same page.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::{env, ffi::OsStr, fs, process::ExitCode};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/static/hello.html");

fn main() -> ExitCode {
    let mut arguments: Vec<_> = env::args_os().skip(1).collect();
    if arguments.is_empty() {
        arguments.push("127.0.0.1:7878".into());
    }
    let address = arguments.join(OsStr::new(" "));
    if let Err(error) = serve(&address.to_string_lossy()) {
        eprintln!("cannot serve on {address:?}: {error}");
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

fn handle(mut stream: TcpStream) -> io::Result<()> {
    read_head(&stream)?;
    let body = fs::read(PAGE)
        .map_err(|error| io::Error::other(format!("{PAGE}: {error}")))?;
    let head = format!(
        "HTTP/1.1 200 OK\r\n\
         Content-Type: text/html; charset=utf-8\r\n\
         Content-Length: {}\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(&body)
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

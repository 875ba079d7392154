//! Step 06: stops when asked to, but first answers everybody who is there.

mod signal;
mod thread_pool;

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::{env, ffi::OsStr, fs, process::ExitCode, thread, time::Duration};
use thread_pool::ThreadPool;

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
    let (door, spare) = (listener.try_clone()?, listener.try_clone()?);
    signal::on_stop(|| report(stop_accepting(door, spare)))?;
    let pool = ThreadPool::new(4)?;
    let address = listener.local_addr()?;
    writeln!(io::stdout(), "listening on http://{address}")?;
    for stream in listener.incoming() {
        match stream {
            Ok(stream) => pool.execute(|| report(handle(stream))),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) => report(Err(error)),
        }
    }
    drop(listener); // From here on, newcomers are refused.
    drop(pool); // Waits until every job has run.
    Ok(())
}

/// Ends the accept loop: `accept` still hands out everybody who has connected,
/// but then fails with `WouldBlock` instead of waiting for more.
fn stop_accepting(door: TcpListener, spare: TcpListener) -> io::Result<()> {
    door.set_nonblocking(true)?;
    let address = door.local_addr()?;
    drop(door); // To connect takes an open file, and this may be the last.
    // An `accept` that waits already is woken only by a connection: this one,
    // which a worker then finds empty. If it is refused, the loop has ended.
    let localhost = ("localhost", address.port());
    _ = TcpStream::connect(address).or_else(|_| TcpStream::connect(localhost));
    drop(spare); // The connection, once accepted, takes another.
    Ok(())
}

/// Tells what went wrong with a connection, if anything did.
fn report(result: io::Result<()>) {
    if let Err(error) = result {
        // In one piece, since other threads may write at the same time.
        let line = format!("connection failed: {error}\n");
        _ = io::stderr().write_all(line.as_bytes());
    }
}

fn handle(stream: TcpStream) -> io::Result<()> {
    stream.set_nonblocking(false)?; // macOS and Windows copy the listener's.
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
        "/panic" => panic!("/panic was requested"),
        _ => ("404 Not Found", "404.html"),
    }
}

/// The target of a request line `method SP target SP version` (RFC 9112 §3).
fn request_target(head: &str) -> Option<&str> {
    let (method, rest) = head.lines().next()?.split_once(' ')?;
    let (target, version) = rest.split_once(' ')?;
    let number = version.strip_prefix("HTTP/")?.as_bytes();
    let valid = matches!(number, [b'0'..=b'9', b'.', b'0'..=b'9']);
    (valid && !method.is_empty() && !target.is_empty()).then_some(target)
}

/// How long `/sleep` takes: `ms=N` milliseconds, at most 10,000; else 5 seconds.
fn pause(query: &str) -> Duration {
    let asked = query.strip_prefix("ms=").and_then(|ms| ms.parse().ok());
    Duration::from_millis(asked.unwrap_or(5_000).min(10_000))
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

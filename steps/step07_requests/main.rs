//! Step 07: trusts no byte. A head becomes a request, or it is refused.

mod request;
mod signal;
mod thread_pool;

use request::Request;
use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::{env, ffi::OsStr, fs, process, thread, time::Duration};
use thread_pool::ThreadPool;

fn main() -> io::Result<()> {
    let args = env::args_os().skip(1).collect::<Vec<_>>().join(OsStr::new(" "));
    let args = args.to_string_lossy();
    let address = if args.is_empty() { "127.0.0.1:7878" } else { &args };
    let listener = TcpListener::bind(address).unwrap_or_else(|error| {
        let hint = "an address looks like 127.0.0.1:7878";
        _ = writeln!(io::stderr(), "cannot bind {address:?}: {error}; {hint}");
        process::exit(1)
    });
    let address = listener.local_addr()?;
    signal::on_stop(move || stop(address))?;
    let pool = ThreadPool::new(4)?;
    writeln!(io::stdout(), "listening on http://{address}")?;
    for stream in listener.incoming() {
        if STOPPING.load(Ordering::SeqCst) {
            // From now on `accept` serves the backlog, but no longer waits.
            listener.set_nonblocking(true)?;
        }
        match stream {
            Ok(stream) => pool.execute(|| log_error(handle(stream))),
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => log_error(Err(error)),
        }
    }
    drop(listener); // From now on, new connections are refused.
    _ = writeln!(io::stdout(), "waiting for the workers");
    drop(pool); // Waits until the workers have run every job.
    Ok(())
}

/// Set once the server has been asked to stop.
static STOPPING: AtomicBool = AtomicBool::new(false);

/// Tells the accept loop to stop, and wakes it: a sleeping `accept` returns only
/// when a connection comes, so this makes one. A worker will find it empty.
fn stop(mut address: SocketAddr) {
    // `SeqCst`: a loop that has accepted the connection also sees the flag.
    STOPPING.store(true, Ordering::SeqCst);
    if address.ip().is_unspecified() {
        // Not every system lets us connect to a wildcard address.
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    match TcpStream::connect(address) {
        // Refused: the loop has seen the flag and closed the listener already.
        Err(error) if error.kind() != ErrorKind::ConnectionRefused => {
            let line = format!("cannot wake the listener: {error}\n");
            _ = io::stderr().write_all(line.as_bytes());
        }
        _ => {}
    }
}

/// Reports a connection that failed. The others go on.
fn log_error(result: io::Result<()>) {
    if let Err(error) = result {
        // One write, because other threads may write at the same time.
        let line = format!("connection failed: {error}\n");
        _ = io::stderr().write_all(line.as_bytes());
    }
}

// ANCHOR: handle
fn handle(stream: TcpStream) -> io::Result<()> {
    stream.set_nonblocking(false)?; // macOS and Windows inherit the mode.
    let head = read_head(&stream)?;
    let (status, page) = match Request::parse(&head) {
        Ok(request) => route(&request),
        Err(status) => (status, "400.html"),
    };
    respond(stream, status, &read_page(page)?)
}
// ANCHOR_END: handle

// ANCHOR: read_head
/// Reads up to the blank line that ends the head (RFC 9112 §2.1). Up to four
/// empty lines before it are skipped (§2.2).
fn read_head(stream: &TcpStream) -> io::Result<Vec<u8>> {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    let mut empty_lines = 0;
    while !head.ends_with(b"\n\r\n") && !head.ends_with(b"\n\n") {
        if reader.read_until(b'\n', &mut head)? == 0 {
            return Err(io::Error::other("closed before the blank line"));
        }
        if empty_lines < 4 && (head == b"\r\n" || head == b"\n") {
            empty_lines += 1;
            head.clear();
        }
    }
    Ok(head)
}
// ANCHOR_END: read_head

// ANCHOR: route
/// The status and the page that answer a request.
fn route(request: &Request) -> (&'static str, &'static str) {
    match request.path {
        "/" => ("200 OK", "hello.html"),
        "/sleep" => {
            thread::sleep(pause(request.query));
            ("200 OK", "hello.html")
        }
        "/panic" => panic!("/panic was requested"),
        _ => ("404 Not Found", "404.html"),
    }
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

//! Step 06: on Ctrl-C, answers every client that has connected, then exits.

mod signal;
mod thread_pool;

use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::{env, ffi::OsStr, fs, process, thread, time::Duration};
use thread_pool::ThreadPool;

// ANCHOR: main
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
    drop(pool); // Waits until the workers have run every job.
    Ok(())
}
// ANCHOR_END: main

// ANCHOR: stop
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
// ANCHOR_END: stop

/// Reports a connection that failed. The others go on.
fn log_error(result: io::Result<()>) {
    if let Err(error) = result {
        // One write, because other threads may write at the same time.
        let line = format!("connection failed: {error}\n");
        _ = io::stderr().write_all(line.as_bytes());
    }
}

fn handle(stream: TcpStream) -> io::Result<()> {
    stream.set_nonblocking(false)?; // macOS and Windows inherit the mode.
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

//! Step 10: sends a file only if the client doesn't have it yet.

mod date;
mod files;
mod media_type;
mod options;
mod request;
mod response;
mod same_file;
mod signal;
mod site;
mod thread_pool;
mod validators;

use options::Options;
use request::Request;
use response::{Body, Response};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use thread_pool::ThreadPool;

fn main() -> io::Result<()> {
    let options = Arc::new(Options::from_args());
    let address = &options.address;
    let listener = TcpListener::bind(address).unwrap_or_else(|error| {
        let hint = "an address looks like 127.0.0.1:7878";
        _ = writeln!(io::stderr(), "cannot bind {address:?}: {error}; {hint}");
        process::exit(1)
    });
    let address = listener.local_addr()?;
    signal::on_stop(move || stop(address))?;
    let pool = ThreadPool::new(options.workers)?;
    options::announce(address);
    for stream in listener.incoming() {
        if STOPPING.load(Ordering::SeqCst) {
            // From now on `accept` serves the backlog, but no longer waits.
            listener.set_nonblocking(true)?;
        }
        match stream {
            Ok(stream) => {
                let options = Arc::clone(&options);
                pool.execute(move || log_error(handle(stream, &options)));
            }
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

fn handle(stream: TcpStream, options: &Options) -> io::Result<()> {
    stream.set_nonblocking(false)?; // macOS and Windows inherit the mode.
    let head = read_head(&stream)?;
    let response = match Request::parse(&head) {
        Ok(request) => site::respond(&request, options),
        Err(status) => Response::status_page(status),
    };
    // HEAD gets no body (RFC 9110 §9.3.2), not even that of an error.
    send(stream, response, !head.starts_with(b"HEAD "))
}

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

/// Sends a response. A large file passes through a small buffer.
fn send(
    mut stream: TcpStream,
    response: Response,
    with_body: bool,
) -> io::Result<()> {
    let mut bytes = response.head();
    match response.body {
        Body::Bytes(body) if with_body => {
            bytes.extend_from_slice(&body);
            stream.write_all(&bytes)
        }
        Body::File(file, length) if with_body => {
            stream.write_all(&bytes)?;
            // No more than the head has promised, even if the file has grown.
            match io::copy(&mut file.take(length), &mut stream)? {
                sent if sent < length => {
                    Err(io::Error::other("the file became shorter"))
                }
                _ => Ok(()),
            }
        }
        _ => stream.write_all(&bytes),
    }
}

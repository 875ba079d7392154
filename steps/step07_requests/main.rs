//! Step 07: believes nothing. What comes is a request or it is refused.

mod date;
mod request;
mod response;
mod signal;
mod site;
mod thread_pool;

use request::Request;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::{env, ffi::OsStr, process::ExitCode};
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
    _ = writeln!(io::stdout(), "waiting for the workers");
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
    let response = match Request::parse(&head) {
        Ok(request) => site::answer(&request)?,
        Err(status) => site::error_page(status),
    };
    // Who asks for HEAD gets no body (RFC 9110 §9.3.2), be it a refusal.
    response.send(stream, !head.starts_with(b"HEAD "))
}

/// Reads up to the blank line that ends the head (RFC 9112 §2.1). A few empty
/// lines before the request are skipped (§2.2).
fn read_head(stream: &TcpStream) -> io::Result<Vec<u8>> {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    let mut skipped = 0;
    while !head.ends_with(b"\n\r\n") && !head.ends_with(b"\n\n") {
        if reader.read_until(b'\n', &mut head)? == 0 {
            return Err(io::Error::other("closed before the blank line"));
        }
        if skipped < 4 && (head == b"\r\n" || head == b"\n") {
            head.clear();
            skipped += 1;
        }
    }
    Ok(head)
}

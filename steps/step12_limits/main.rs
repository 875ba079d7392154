//! Step 12: reads only so much, and refuses what can't become a request.

mod connection;
mod date;
mod files;
mod head;
mod limits;
mod media_type;
mod options;
mod ranges;
mod request;
mod response;
mod same_file;
mod signal;
mod site;
mod thread_pool;
mod validators;

use connection::handle;
use options::Options;
use std::io::{self, ErrorKind, Write};
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
                pool.execute(move || log_error(handle(&stream, &options)));
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

//! Step 17: finds the end of each body, so no part of it passes for a request.

mod access_log;
mod answer;
mod body;
mod connection;
mod date;
mod files;
mod head;
mod limits;
mod log;
mod media_type;
mod options;
mod overload;
mod ranges;
mod request;
mod response;
mod same_file;
mod signal;
mod site;
mod thread_pool;
mod validators;
mod writer;

use connection::handle;
use limits::MAX_REJECTED;
use log::{ERRORS, OUTPUT};
use options::Options;
use overload::{back_off, is_clients_fault, reject_overloaded};
use std::io::{self, ErrorKind, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use std::{mem, process};
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
    log::start()?;
    let pool = ThreadPool::new(options.workers, options.queue)?;
    let linger_pool = ThreadPool::new(1, MAX_REJECTED)?;
    let mut reported = None;
    options::announce(address);
    for stream in listener.incoming() {
        if STOPPING.load(Ordering::SeqCst) {
            // From now on `accept` serves the backlog, but no longer waits.
            listener.set_nonblocking(true)?;
        }
        match stream {
            Ok(stream) => {
                let stream = Arc::new(stream);
                let client = Arc::clone(&stream);
                let options = Arc::clone(&options);
                let silence = options.linger_timeout;
                // The time in the queue counts, too.
                let deadline = Instant::now() + options.idle_timeout;
                let has_room = pool.execute(move || {
                    log_error(handle(&stream, deadline, &options));
                });
                if !has_room {
                    log_error(reject_overloaded(client, &linger_pool, silence));
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) if is_clients_fault(&error) => log_error(Err(error)),
            Err(error) => back_off(&error, &mut reported),
        }
    }
    drop(listener); // From now on, new connections are refused.
    OUTPUT.write("waiting for the workers");
    drop(pool); // Waits until the workers have run every job.
    mem::forget(linger_pool); // Rejected clients don't delay the end.
    log::flush();
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
            ERRORS.write(&format!("cannot wake the listener: {error}"));
        }
        _ => {}
    }
}

/// Reports a connection that failed. The others go on.
fn log_error(result: io::Result<()>) {
    if let Err(error) = result {
        ERRORS.write(&format!("connection failed: {error}"));
    }
}

// ANCHOR: map
//! Step 18: makes a connection a value, so that no client can hold a worker.
//!
//! How a connection moves: `main` accepts it, makes it a `Connection`, and puts
//! that into the queue. A worker of `thread_pool` takes it out, and calls
//! `connection::advance`. That does what can be done without waiting: `head` and
//! `body` find the ends of what arrives, `answer` turns a head into a response
//! (with `request`, `site`, `files`, `validators` and `ranges`), and `writer` cuts
//! that into chunks. Then `enqueue` puts the connection back, unless it's done.
//!
//! The threads, and where each may block:
//! * the main thread: in `accept`, and at the end until the workers have ended;
//! * the workers: on an empty queue, on a file and in `/sleep`, never on a socket;
//! * the `signal` thread: until a signal comes, and while it wakes `accept`;
//! * the two `log` threads: on an output that's full.
// ANCHOR_END: map

mod access_log;
mod answer;
mod body;
mod connection;
mod date;
mod descriptors;
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

// ANCHOR: imports
use connection::{Connection, Next};
use limits::MAX_REJECTED;
use log::{ERRORS, OUTPUT};
use options::Options;
use overload::{back_off, is_clients_fault};
use std::io::{self, ErrorKind, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use thread_pool::{Queue, ThreadPool};
// ANCHOR_END: imports

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
    // ANCHOR: pool
    let pool = ThreadPool::new(options.workers)?;
    let queue = pool.queue();
    // ANCHOR_END: pool
    let mut reported = None;
    options::announce(address);
    // ANCHOR: loop
    for stream in listener.incoming() {
        if STOPPING.load(Ordering::SeqCst) {
            // From now on `accept` serves the backlog, but no longer waits.
            listener.set_nonblocking(true)?;
        }
        match stream {
            Ok(stream) => match Connection::new(stream, &options) {
                Ok(connection) => admit(connection, &queue, &options),
                Err(error) => log_error(&error),
            },
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) if is_clients_fault(&error) => log_error(&error),
            Err(error) => back_off(&error, &mut reported),
        }
    }
    drop(listener); // From now on, new connections are refused.
    OUTPUT.write("waiting for the workers");
    drop(queue);
    drop(pool); // Waits until no job has a `queue`: no connection is left.
    log::flush();
    Ok(())
}
// ANCHOR_END: loop

// ANCHOR: enqueue
/// Serves a client, or tells it that there's no room.
fn admit(connection: Connection, queue: &Queue, options: &Arc<Options>) {
    // Each connection has a clone of the options.
    let open = Arc::strong_count(options) - 1;
    if open <= options.connections {
        enqueue(connection, queue);
    } else if open <= options.connections + MAX_REJECTED {
        enqueue(connection.reject(), queue);
    }
}

/// Puts a connection at the end of the queue, again and again until it's done.
fn enqueue(connection: Connection, queue: &Queue) {
    let again = queue.clone();
    queue.execute(move || match connection.advance() {
        Ok(Next::Wait(connection) | Next::Again(connection)) => {
            enqueue(connection, &again);
        }
        Ok(Next::Done) => {}
        Err(error) => log_error(&error),
    });
}
// ANCHOR_END: enqueue

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

// ANCHOR: log_error
/// Reports a connection that failed. The others go on.
fn log_error(error: &io::Error) {
    ERRORS.write(&format!("connection failed: {error}"));
}
// ANCHOR_END: log_error

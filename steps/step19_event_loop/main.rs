//! Step 19: lets connections rest in one loop, because waiting isn't work.
//!
//! How a connection moves: `event_loop` accepts it, and owns it while it rests. In
//! `poller`, the loop waits for a client, a deadline or the `waker`. Then it queues
//! what's ready or late. A worker of `thread_pool` takes a connection, and calls
//! `connection::advance`. That does what can be done without waiting: `head` and
//! `body` find the ends of what arrives, `answer` turns a head into a response
//! (with `request`, `site`, `files`, `validators` and `ranges`), and `writer` cuts
//! that into chunks. Then a channel brings it back, and the loop wakes up.
//!
//! The threads, and where each may block:
//! * the main thread: in `poller::wait`, for all sockets at once;
//! * the workers: on an empty queue, on a file and in `/sleep`, never on a socket;
//! * the `signal` thread: until a signal comes;
//! * the two `log` threads: on an output that's full.

mod access_log;
mod answer;
mod body;
mod connection;
mod date;
mod descriptors;
mod event_loop;
mod files;
mod head;
mod limits;
mod log;
mod media_type;
mod options;
mod overload;
mod poller;
mod ranges;
mod request;
mod response;
mod same_file;
mod signal;
mod site;
mod thread_pool;
mod validators;
mod waker;
mod writer;

// ANCHOR: imports
use event_loop::EventLoop;
use log::ERRORS;
use options::Options;
use std::io::{self, Write};
use std::net::TcpListener;
use std::process;
use std::sync::{Arc, OnceLock};
use std::time::Instant;
use waker::Waker;
// ANCHOR_END: imports

// ANCHOR: main
fn main() -> io::Result<()> {
    let options = Arc::new(Options::from_args());
    let address = &options.address;
    let listener = TcpListener::bind(address).unwrap_or_else(|error| {
        let hint = "an address looks like 127.0.0.1:7878";
        _ = writeln!(io::stderr(), "cannot bind {address:?}: {error}; {hint}");
        process::exit(1)
    });
    let address = listener.local_addr()?;
    let waker = Arc::new(Waker::new()?);
    let loop_waker = Arc::clone(&waker);
    signal::on_stop(move || {
        _ = STOPPED.set(Instant::now());
        waker.wake();
    })?;
    log::start()?;
    let mut event_loop = EventLoop::new(listener, options, loop_waker)?;
    options::announce(address);
    let cut_off = event_loop.run()?;
    if cut_off > 0 {
        ERRORS.write(&format!("responses cut off: {cut_off}"));
        log::flush();
        process::exit(1) // The workers may be busy for who knows how long.
    }
    log::flush();
    Ok(())
}

/// When the server was asked to stop.
static STOPPED: OnceLock<Instant> = OnceLock::new();
// ANCHOR_END: main

// ANCHOR: reject
//! What to do when there's no room for another connection, or no descriptor.

use crate::connection::linger;
use crate::limits::{ACCEPT_PAUSE, REPORT_EVERY};
use crate::log::ERRORS;
use crate::response::{Response, Status};
use crate::thread_pool::ThreadPool;
use crate::writer::ResponseWriter;
use std::io::{self, ErrorKind, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// Tells a client that the queue is full (RFC 9110 §15.6.4). The accept loop
/// calls this, so it never waits: another pool closes the connection.
pub fn reject_overloaded(
    stream: Arc<TcpStream>,
    linger_pool: &ThreadPool,
    silence: Duration,
) -> io::Result<()> {
    let response = Response::status_page(Status::SERVICE_UNAVAILABLE)
        .with("Retry-After", "1");
    // It fits into the send buffer of a new connection, which is empty.
    stream.set_nonblocking(true)?;
    (&*stream).write_all(ResponseWriter::new(response, true).unsent())?;
    stream.shutdown(Shutdown::Write)?;
    stream.set_nonblocking(false)?;
    // If there are too many of them, this one is closed at once.
    _ = linger_pool.execute(move || linger(&stream, silence));
    Ok(())
}
// ANCHOR_END: reject

// ANCHOR: fault
/// Whether `accept` has failed because of one client or its network, so that the
/// next client may be fine (accept(2), "Error handling").
pub fn is_clients_fault(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::HostUnreachable
            | ErrorKind::Interrupted
            | ErrorKind::NetworkDown
            | ErrorKind::NetworkUnreachable
            | ErrorKind::PermissionDenied
            | ErrorKind::Unsupported
    )
}
// ANCHOR_END: fault

// ANCHOR: back_off
/// Waits a moment, because descriptors or memory have run out and `accept`
/// would fail again at once. Reports that from time to time.
pub fn back_off(error: &io::Error, reported: &mut Option<Instant>) {
    if reported.is_none_or(|time| time.elapsed() >= REPORT_EVERY) {
        *reported = Some(Instant::now());
        ERRORS.write(&format!("cannot accept connections: {error}"));
    }
    thread::sleep(ACCEPT_PAUSE);
}
// ANCHOR_END: back_off

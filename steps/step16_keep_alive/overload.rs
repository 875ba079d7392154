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

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::sync::mpsc;

    #[cfg(target_os = "linux")]
    #[test]
    fn accept_fails_because_of_a_client_or_because_something_is_missing() {
        for (name, number, is_clients) in [
            ("EPERM", 1, true),
            ("EOPNOTSUPP", 95, true),
            ("ENETDOWN", 100, true),
            ("ENETUNREACH", 101, true),
            ("ECONNABORTED", 103, true),
            ("EHOSTUNREACH", 113, true),
            ("ENOMEM", 12, false),
            ("ENFILE", 23, false),
            ("EMFILE", 24, false),
            ("ENOBUFS", 105, false),
        ] {
            let error = io::Error::from_raw_os_error(number);
            assert_eq!(is_clients_fault(&error), is_clients, "{name}");
        }
    }

    #[test]
    fn what_is_missing_is_reported_once_and_waited_for() {
        let error = io::Error::from(ErrorKind::OutOfMemory);
        let mut reported = None;
        let start = Instant::now();
        back_off(&error, &mut reported);
        let first = reported.expect("the first failure is reported");
        assert!(start.elapsed() >= Duration::from_millis(10), "it spins");
        back_off(&error, &mut reported);
        let both = start.elapsed();
        assert!(both < Duration::from_secs(2), "new clients wait for {both:?}");
        assert_eq!(
            reported,
            Some(first),
            "within a second, one report is enough"
        );
        reported = first.checked_sub(REPORT_EVERY);
        back_off(&error, &mut reported);
        assert!(reported > Some(first), "a second later, it's reported again");
    }

    #[test]
    fn a_client_without_room_for_the_response_is_not_waited_for() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let _client = TcpStream::connect(address).expect("the listener");
        let (stream, _) = listener.accept().expect("the client");
        // A client that doesn't read: soon there's no room for more.
        let moment = Some(Duration::from_millis(200));
        stream.set_write_timeout(moment).expect("a socket");
        while (&stream).write(&[0; 65_536]).is_ok() {}
        stream.set_write_timeout(None).expect("a socket");
        let (done, is_done) = mpsc::channel();
        thread::spawn(move || {
            let pool = ThreadPool::new(1, 1).expect("a thread");
            let silence = Duration::from_millis(1);
            let result = reject_overloaded(Arc::new(stream), &pool, silence);
            _ = done.send(result.map_err(|error| error.kind()));
        });
        let result = is_done.recv_timeout(Duration::from_secs(10));
        let expected = Ok(Err(ErrorKind::WouldBlock));
        assert_eq!(result, expected, "the accept loop waits for a client");
    }
}

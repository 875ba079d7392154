// ANCHOR: head
//! What to do about an `accept` that has failed.

use crate::limits::{ACCEPT_PAUSE, REPORT_EVERY};
use crate::log::ERRORS;
use std::io::{self, ErrorKind};
use std::thread;
use std::time::Instant;
// ANCHOR_END: head

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

/// Waits a moment, because descriptors or memory have run out and `accept`
/// would fail again at once. Reports that from time to time.
pub fn back_off(error: &io::Error, reported: &mut Option<Instant>) {
    if reported.is_none_or(|time| time.elapsed() >= REPORT_EVERY) {
        *reported = Some(Instant::now());
        ERRORS.write(&format!("cannot accept connections: {error}"));
    }
    thread::sleep(ACCEPT_PAUSE);
}

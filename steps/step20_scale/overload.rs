//! What to do about an `accept` that has failed.

use crate::limits::REPORT_EVERY;
use crate::log::ERRORS;
use std::io::{self, ErrorKind};
use std::time::Instant;

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

// ANCHOR: report
/// Reports from time to time that descriptors or memory are missing.
pub fn report(error: &io::Error, reported: &mut Option<Instant>) {
    if reported.is_none_or(|time| time.elapsed() >= REPORT_EVERY) {
        *reported = Some(Instant::now());
        ERRORS.write(&format!("cannot accept connections: {error}"));
    }
}

/// Reports a connection that failed. The others go on.
pub fn log_error(error: &io::Error) {
    ERRORS.write(&format!("connection failed: {error}"));
}
// ANCHOR_END: report

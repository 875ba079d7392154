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
/// Reports from time to time that descriptors or memory have run out.
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

#[cfg(test)]
mod tests {
    use super::*;

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
    fn what_is_missing_is_reported_once_a_second() {
        let error = io::Error::from(ErrorKind::OutOfMemory);
        let mut reported = None;
        report(&error, &mut reported);
        let first = reported.expect("the first failure is reported");
        report(&error, &mut reported);
        assert_eq!(
            reported,
            Some(first),
            "within a second, one report is enough"
        );
        reported = first.checked_sub(REPORT_EVERY);
        report(&error, &mut reported);
        assert!(reported > Some(first), "a second later, it's reported again");
    }
}

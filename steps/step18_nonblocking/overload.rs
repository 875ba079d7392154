//! What to do about an `accept` that has failed.

use crate::limits::{ACCEPT_PAUSE, REPORT_EVERY};
use crate::log::ERRORS;
use std::io::{self, ErrorKind};
use std::thread;
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

/// Waits a moment, because descriptors or memory have run out and `accept`
/// would fail again at once. Reports that from time to time.
pub fn back_off(error: &io::Error, reported: &mut Option<Instant>) {
    if reported.is_none_or(|time| time.elapsed() >= REPORT_EVERY) {
        *reported = Some(Instant::now());
        ERRORS.write(&format!("cannot accept connections: {error}"));
    }
    thread::sleep(ACCEPT_PAUSE);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

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
}

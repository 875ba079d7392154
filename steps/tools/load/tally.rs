//! What has become of the requests.

use std::collections::BTreeMap;
use std::fmt;

use crate::client::TIMEOUT;
use crate::histogram::Histogram;

/// Why a request was not answered as it should be.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Failure {
    /// There is no connection, and this is the operating system's reason.
    Connect(String),
    /// The connection ended before a byte of the answer.
    NoAnswer,
    /// The connection ended in the middle of the answer.
    CutShort,
    Timeout,
    /// A client waited from the beginning to the end.
    Unserved,
    /// Not an HTTP/1.1 answer, or one without a `Content-Length`.
    Malformed,
    /// A valid answer, with a status that is neither 2xx nor 3xx.
    Status(u16),
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Failure::Connect(cause) => write!(out, "cannot connect: {cause}"),
            Failure::NoAnswer => write!(out, "closed without an answer"),
            Failure::CutShort => write!(out, "closed mid-answer"),
            Failure::Timeout => {
                write!(out, "no whole answer in {} s", TIMEOUT.as_secs())
            }
            Failure::Unserved => write!(out, "no answer by the end"),
            Failure::Malformed => {
                write!(out, "not HTTP/1.1 with a Content-Length")
            }
            Failure::Status(status) => write!(out, "status {status}"),
        }
    }
}

/// What has become of the requests. A failure costs memory only the first time
/// that it happens.
pub struct Tally {
    pub latencies: Histogram,
    pub failures: BTreeMap<Failure, u64>,
}

impl Tally {
    pub fn new() -> Tally {
        Tally { latencies: Histogram::new(), failures: BTreeMap::new() }
    }

    pub fn is_empty(&self) -> bool {
        self.latencies.total() == 0 && self.failures.is_empty()
    }

    pub fn fail(&mut self, failure: Failure) {
        *self.failures.entry(failure).or_default() += 1;
    }

    pub fn merge(&mut self, other: Tally) {
        self.latencies.merge(&other.latencies);
        for (failure, count) in other.failures {
            *self.failures.entry(failure).or_default() += count;
        }
    }
}

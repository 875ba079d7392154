//! How much a client may send, how fast it has to take the response, and how
//! much may wait.

use std::time::Duration;

/// A request line, in bytes. At least 8,000 should be allowed (RFC 9112 §3).
pub const MAX_REQUEST_LINE: usize = 8 * 1024;

/// A whole head, in bytes: room for many cookies.
pub const MAX_HEAD: usize = 16 * 1024;

/// The header fields of a head. A browser sends about 20.
pub const MAX_FIELDS: usize = 100;

/// Empty lines before a request (RFC 9112 §2.2).
pub const MAX_EMPTY_LINES: usize = 4;

/// What's read from a client at a time, in bytes: a whole head, because when a
/// head's deadline has passed, there's only one more read.
pub const READ_CHUNK: usize = MAX_HEAD;

/// What's read from a file and sent at a time, in bytes. A client has to take
/// this much before its deadline. Then it gets a new one.
pub const SEND_CHUNK: u64 = 32 * 1024;

/// The shortest time to wait for bytes. It's enough to read what has already
/// arrived, and it isn't zero, which std refuses.
pub const MIN_WAIT: Duration = Duration::from_millis(1);

/// A lingering close may take this many times the silence that ends it.
pub const MAX_LINGER: u32 = 15;

// ANCHOR: overload
/// How many lines may wait to be written to an output.
pub const MAX_LINES: usize = 1024;

/// How long the server waits at shutdown for lines that aren't written yet.
pub const MAX_FLUSH: Duration = Duration::from_secs(1);

/// How many rejected clients' connections may wait to be closed gently.
pub const MAX_REJECTED: usize = 64;

/// How long to wait when `accept` fails because descriptors or memory have run
/// out: long enough not to spin, and too short to be noticed.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// The shortest time between two reports of that failure.
pub const REPORT_EVERY: Duration = Duration::from_secs(1);
// ANCHOR_END: overload

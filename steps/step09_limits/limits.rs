//! How much of the server one client may take, and for how long.

use std::time::Duration;

/// A request line, in bytes. Browsers stop at some 2,000 to 8,000, too.
pub const LINE: usize = 8 * 1024;

/// A whole head, in bytes: room for many cookies. Each worker may need it.
pub const HEAD: usize = 16 * 1024;

/// The fields of a head. A browser sends about 20.
pub const FIELDS: usize = 100;

/// What is read of a file and sent at a time, in bytes: enough to make the
/// system calls cheap beside the copying, and little for a worker to hold. A
/// client has to take as much within `Limits::stall`: so a response of any
/// length gets through, but not at the pace of one who wants to keep a worker.
pub const PIECE: usize = 64 * 1024;

/// How long what still arrives is read after the answer.
pub const LINGER: Duration = Duration::from_secs(2);

/// Between two attempts to accept while the system has no room: long enough
/// not to spin, and too short to be noticed.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// Refused connections that may wait to be closed.
pub const FAREWELLS: usize = 64;

/// The limits that somebody who runs the server may want to set.
#[derive(Clone, Copy)]
pub struct Limits {
    /// For a whole head, from the moment at which the client is accepted.
    pub head: Duration,
    /// In which a client has to take `PIECE` bytes of a response.
    pub stall: Duration,
}

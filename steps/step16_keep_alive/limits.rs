//! How much of the server one client may take, and for how long.

use std::time::Duration;

/// A request line, in bytes. Browsers stop at some 2,000 to 8,000, too.
pub const LINE: usize = 8 * 1024;

/// A whole head, in bytes: room for many cookies. Each worker may need it.
pub const HEAD: usize = 16 * 1024;

/// The room for a head at first, in bytes. Most heads are far shorter.
pub const FIRST: usize = 2 * 1024;

/// The fields of a head. A browser sends about 20.
pub const FIELDS: usize = 100;

/// A body that is dropped for the sake of the next request, in bytes. To close
/// the connection is cheaper than to read more.
pub const DROPPED_BODY: u64 = 64 * 1024;

/// A line before a chunk, in bytes: its length takes 16 of them at most.
pub const CHUNK_LINE: usize = 1024;

/// The fields after a body in chunks. Hardly anybody sends one.
pub const TRAILERS: usize = 16;

/// The longest body that may be announced, in bytes. Nothing here wants one.
pub const BODY: u64 = 1024 * 1024;

/// Requests on one connection, after which it is closed: whatever has gone
/// wrong with it does not last for ever.
pub const REQUESTS: usize = 1_000;

/// How long one who has just connected may take to send the first byte before
/// it counts as idle.
pub const GRACE: Duration = Duration::from_millis(20);

/// How long a request that is on its way holds up the end of the server.
pub const HALF_RECEIVED: Duration = Duration::from_secs(2);

/// A file up to this length, in bytes, is kept in memory and sent in one piece
/// with its head. To open a longer one costs little beside sending it.
pub const SMALL: u64 = 16 * 1024;

/// The files kept in memory. All together take 4 MiB at most.
pub const CACHE: usize = 256;

/// A file that has changed within this time may change again without bearing
/// another time: the clocks of file systems are coarse, two seconds at worst.
pub const SETTLED: Duration = Duration::from_secs(3);

/// How long a file is taken to be unchanged without a look at it. That is less
/// than the network takes, yet spares a busy server most of its looks.
pub const FRESH: Duration = Duration::from_millis(1);

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
    /// Without a byte of the next request.
    pub idle: Duration,
    /// For a whole head, from its first byte on.
    pub head: Duration,
    /// For a whole body, from the end of the head on.
    pub body: Duration,
    /// In which a client has to take `PIECE` bytes of a response.
    pub stall: Duration,
}

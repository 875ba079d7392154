//! How much a client may send.

/// A request line, in bytes. At least 8,000 should be allowed (RFC 9112 §3).
pub const MAX_REQUEST_LINE: usize = 8 * 1024;

/// A whole head, in bytes: room for many cookies.
pub const MAX_HEAD: usize = 16 * 1024;

/// The header fields of a head. A browser sends about 20.
pub const MAX_FIELDS: usize = 100;

/// Empty lines before a request (RFC 9112 §2.2).
pub const MAX_EMPTY_LINES: usize = 4;

/// What's read from a client at a time, in bytes. Most heads are shorter.
pub const READ_CHUNK: usize = 4 * 1024;

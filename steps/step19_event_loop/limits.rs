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

/// The longest body that a request may announce, in bytes.
pub const MAX_BODY: u64 = 1024 * 1024;

/// The longest body that is skipped to keep a connection, in bytes.
pub const MAX_SKIPPED_BODY: u64 = 64 * 1024;

/// The line before the data of a chunk, in bytes.
pub const MAX_CHUNK_LINE: usize = 1024;

/// The fields after the last chunk. Hardly any client sends them.
pub const MAX_TRAILERS: usize = 16;

/// The requests on one connection. Then it's closed, so that whatever may have
/// gone wrong on it doesn't last forever.
pub const MAX_REQUESTS: usize = 1_000;

/// What's read from a client at a time, in bytes.
pub const READ_CHUNK: usize = 4 * 1024;

/// How long an idle client may hold up the shutdown: it may be about to ask.
pub const MAX_IDLE: Duration = Duration::from_millis(100);

/// How long a request that has begun may hold up the shutdown.
pub const MAX_UNFINISHED: Duration = Duration::from_secs(2);

/// How long the event loop waits at most, if there's no deadline.
pub const MAX_WAIT: Duration = Duration::from_secs(3600);

/// How many steps a connection may take before others have their turn: enough
/// for four requests at least.
pub const MAX_STEPS: usize = 32;

/// What's read from a file and sent at a time, in bytes. A client has to take
/// this much before its deadline. Then it gets a new one.
pub const SEND_CHUNK: u64 = 32 * 1024;

/// How long the server waits at shutdown between two looks at its logs.
pub const MIN_WAIT: Duration = Duration::from_millis(1);

/// A lingering close may take this many times the silence that ends it.
pub const MAX_LINGER: u32 = 15;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Connection;
    use crate::options::Options;
    use std::fs::{self, File};
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::Arc;
    use std::{env, process};

    /// How many bytes a client of a large file is sent in its first turn.
    fn first_turn() -> u64 {
        let name = format!("a-turn-of-step19-{}", process::id());
        let root = env::temp_dir().join(name);
        fs::create_dir_all(&root).expect("a directory");
        let large = File::create(root.join("large")).expect("a file");
        large.set_len(64 * 1024 * 1024).expect("no error");
        let options = Options { root: root.clone(), ..Options::default() };
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut client = TcpStream::connect(address).expect("the listener");
        let request = b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n";
        client.write_all(request).expect("a connection");
        let (stream, _) = listener.accept().expect("the client");
        let connection =
            Connection::new(stream, &Arc::new(options)).expect("a socket");
        drop(connection.advance().expect("a turn"));
        let mut arrived = Vec::new();
        client.read_to_end(&mut arrived).expect("what was sent");
        fs::remove_dir_all(&root).expect("our directory");
        arrived.len() as u64
    }

    #[test]
    fn a_download_leaves_turns_to_others() {
        let sent = first_turn();
        assert!(sent > SEND_CHUNK, "it sent {sent} bytes in a turn");
        assert!(sent < 2 * SEND_CHUNK, "it sent {sent} bytes in a turn");
    }
}

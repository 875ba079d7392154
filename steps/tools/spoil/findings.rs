//! What spoilt input has found. From then on, each of these is tried first.

use crate::limits::MAX_REQUEST_LINE;

/// A part's name, and an input for it.
pub fn findings() -> Vec<(&'static str, Vec<u8>)> {
    let long = "x".repeat(MAX_REQUEST_LINE);
    let finding = |part, input: &str| (part, input.as_bytes().to_vec());
    vec![
        // Two rules are broken, and the status says which one was seen first:
        // 400 if only the first byte has arrived, otherwise 505.
        finding("heads", "]GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
        // The same for 414 and 400, and for 414 and 431.
        finding("heads", &format!("GET /{long} HTTP/1.1\nHost: a\r\n\r\n")),
        finding("heads", &format!("GET /{long}{long} HTTP/1.1\r\n\r\n")),
        // If it arrives in one piece, the 400 has no body, because HEAD gets
        // none. After the first byte alone, nobody knows that it's HEAD.
        finding("connections", "\tHEAD / HTTP/1.1\r\nHost: a\r\n\r\n"),
        // It can't be satisfied (416), although the first byte is after the
        // last: to the server, both are the largest number that it knows.
        finding("ranges", "bytes=18446744073709551616-18446744073709551615"),
    ]
}

//! One line on standard output for each response, in Common Log Format.

use crate::date;
use std::io::{self, Write};
use std::time::SystemTime;

/// The first line of a request, in which nothing is left that could pass for
/// the end of a line or of a quotation.
pub fn first_line(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&byte| byte == b'\n');
    let line = &bytes[..end.unwrap_or(bytes.len())];
    line.strip_suffix(b"\r").unwrap_or(line).escape_ascii().to_string()
}

/// Tells who has asked for what and what came of it; `length` is that of the
/// body, in bytes. If nobody takes the output, so be it.
pub fn write(peer: &str, line: &str, status: &str, length: u64) {
    let time = date::common_log(SystemTime::now());
    let (code, _) = status.split_at(3);
    let entry = format!("{peer} - - [{time}] \"{line}\" {code} {length}\n");
    _ = io::stdout().write_all(entry.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_cannot_forge_another() {
        let line =
            first_line(b"GET /\"\x1b[31m\x7f\xff\rx HTTP/1.1\r\nHost: a");
        assert_eq!(line, r#"GET /\"\x1b[31m\x7f\xff\rx HTTP/1.1"#);
        assert_eq!(first_line(b""), "");
    }
}

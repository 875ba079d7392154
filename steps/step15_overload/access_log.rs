//! One line for each response, in the Common Log Format.

use crate::date;
use crate::request::strip_cr;
use crate::response::Status;
use std::net::TcpStream;
use std::time::SystemTime;

/// Says which client has sent what, the status of the response, and the length
/// of its body, even if the client left before the end. The first line of what
/// it has sent is escaped, so a client can't forge an entry.
pub fn entry(
    stream: &TcpStream,
    sent: &[u8],
    status: Status,
    length: u64,
) -> String {
    let peer = match stream.peer_addr() {
        Ok(address) => address.ip().to_string(),
        Err(_) => "-".to_string(), // It's already gone.
    };
    let time = date::common_log(SystemTime::now());
    let line = first_line(sent);
    let code = status.0;
    format!("{peer} - - [{time}] \"{line}\" {code} {length}")
}

fn first_line(sent: &[u8]) -> String {
    let mut lines = sent.trim_ascii_start().split(|&byte| byte == b'\n');
    let line = lines.next().unwrap_or_default();
    strip_cr(line).escape_ascii().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_cannot_forge_another() {
        let sent = b"\r\nGET /\"\x1b[31m\x7f\xff\rx HTTP/1.1\r\nHost: a";
        let expected = r#"GET /\"\x1b[31m\x7f\xff\rx HTTP/1.1"#;
        assert_eq!(first_line(sent), expected);
        assert_eq!(first_line(b""), "");
    }
}

//! What a client has to know about an answer.

/// The status, if the first line of an answer is there.
pub fn status(answer: &[u8]) -> Option<String> {
    let line = answer.split(|byte| *byte == b'\n').next()?;
    let line = String::from_utf8_lossy(line).into_owned();
    let status = line.strip_prefix("HTTP/")?.split(' ').nth(1)?.trim_end();
    let is_valid =
        status.len() == 3 && status.bytes().all(|it| it.is_ascii_digit());
    is_valid.then(|| status.to_string())
}

/// Whether all of an answer is there, according to its `Content-Length`. An
/// answer without one ends with the connection.
pub fn is_whole(answer: &[u8]) -> bool {
    let end = answer.windows(4).position(|it| it == b"\r\n\r\n");
    let Some(end) = end else { return false };
    let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
    let length = head.lines().find_map(|line| {
        line.strip_prefix("content-length:")?.trim().parse::<usize>().ok()
    });
    length.is_some_and(|length| answer.len() - (end + 4) >= length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_a_status() {
        let known = |text: &str| status(text.as_bytes());
        assert_eq!(known("HTTP/1.1 200 OK\r\n"), Some("200".into()));
        assert_eq!(known("HTTP/1.0 503\r\n\r\n"), Some("503".into()));
        for text in ["", "HTTP/1.1", "HTTP/1.1 2 OK", "SSH-2.0 200 OK\n"] {
            assert_eq!(known(text), None, "{text}");
        }
    }

    #[test]
    fn an_answer_is_whole_with_the_last_byte_of_its_body() {
        let whole = b"HTTP/1.1 200 OK\r\ncontent-LENGTH: 2\r\n\r\nhi";
        for end in 0..whole.len() {
            assert!(!is_whole(&whole[..end]), "{end}");
        }
        assert!(is_whole(whole));
        assert!(!is_whole(b"HTTP/1.1 200 OK\r\n\r\nup to the end"));
    }
}

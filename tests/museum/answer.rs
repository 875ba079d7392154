//! All that a server answers to some bytes, until it closes or falls silent.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::DEADLINE;
use crate::support::report::{Deviation, Outcome, Symptom, shown};
use crate::support::server::Server;

/// A server that has answered, and is silent for that long, has no more to say.
const SILENCE: Duration = Duration::from_secs(1);

/// What any client may ask.
pub const PLAIN: &str =
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

pub struct Answer {
    sent: Vec<u8>,
    pub bytes: Vec<u8>,
    /// The status of each response.
    pub statuses: Vec<u16>,
    /// Whether the connection has ended.
    pub is_closed: bool,
    /// Whether not even all bytes could be sent, before anything was read.
    pub is_reset: bool,
}

impl Answer {
    /// Sends these bytes, and meanwhile reads what comes back.
    pub fn to(server: &Server, sent: impl AsRef<[u8]>) -> Outcome<Answer> {
        Answer::exchange(server, sent.as_ref(), false)
    }

    /// Sends these bytes, or as many as the server takes, and only then reads.
    pub fn after(server: &Server, sent: impl AsRef<[u8]>) -> Outcome<Answer> {
        Answer::exchange(server, sent.as_ref(), true)
    }

    fn exchange(
        server: &Server,
        sent: &[u8],
        is_sent_first: bool,
    ) -> Outcome<Answer> {
        let sent = sent.to_vec();
        let connected = TcpStream::connect(server.address);
        let mut stream = connected.map_err(|it| broken(&it.to_string()))?;
        // A server may refuse, and close, before it has read everything.
        let mut writer = stream.try_clone().expect("a descriptor");
        let request = sent.clone();
        _ = writer.set_write_timeout(Some(DEADLINE));
        let writing = thread::spawn(move || writer.write_all(&request));
        let is_reset =
            is_sent_first && writing.join().expect("no panic").is_err();
        let (mut bytes, mut is_closed) = (Vec::new(), false);
        let mut chunk = [0; 65536];
        let (start, mut last) = (Instant::now(), Instant::now());
        while !is_closed && start.elapsed() < DEADLINE {
            _ = stream.set_read_timeout(Some(SILENCE));
            match stream.read(&mut chunk) {
                Ok(0) => is_closed = true,
                Ok(count) => bytes.extend_from_slice(&chunk[..count]),
                Err(it) if it.kind() == ErrorKind::Interrupted => continue,
                Err(it) if is_timeout(it.kind()) => {
                    if !bytes.is_empty() || last.elapsed() > 3 * SILENCE {
                        break;
                    }
                    continue;
                }
                Err(_) => is_closed = true,
            }
            last = Instant::now();
        }
        let statuses = statuses(&bytes);
        Ok(Answer { sent, bytes, statuses, is_closed, is_reset })
    }

    /// Fails: that's what should have come, and where to look for the fault.
    pub fn differs(&self, expected: &str, hint: &str) -> Outcome {
        let after = if self.is_closed { "the end" } else { "silence" };
        let saw = format!(
            "statuses {:?}, and then {after}: {}",
            self.statuses,
            shown(&self.bytes)
        );
        let mut deviation =
            Deviation::new(Symptom::Differs, expected, &saw).hint(hint);
        deviation.sent = self.sent.clone();
        Err(deviation)
    }

    /// At most one response came, and then the end of the connection.
    pub fn is_the_last(&self, hint: &str) -> Outcome {
        if self.statuses.len() <= 1 && self.is_closed {
            return Ok(());
        }
        let expected = "one response at most, and the end of the connection";
        self.differs(expected, hint)
    }

    /// The same, and the response isn't one to a request that was understood.
    pub fn is_a_refusal(&self, hint: &str) -> Outcome {
        self.is_the_last(hint)?;
        if self.statuses.iter().all(|status| *status >= 400) {
            return Ok(());
        }
        self.differs("an error, and the end of the connection", hint)
    }

    /// Whatever came: the next client is answered.
    pub fn server_goes_on(&self, server: &Server) -> Outcome {
        let next = Answer::to(server, PLAIN)?;
        if !next.statuses.is_empty() {
            return Ok(());
        }
        self.differs(
            "an answer to the next client, too",
            "look at what the server does with such a request, and what it has \
             printed. It may have ended.",
        )
    }

    /// The value of a field of the first response.
    pub fn field(&self, name: &str) -> Option<String> {
        let text = String::from_utf8_lossy(&self.bytes);
        let head = text.split("\r\n\r\n").next().unwrap_or("");
        let mut fields = head.lines().filter_map(|it| it.split_once(':'));
        let field = fields.find(|it| it.0.eq_ignore_ascii_case(name));
        field.map(|it| it.1.trim().to_string())
    }

    /// What follows the first response's head.
    pub fn body(&self) -> &[u8] {
        let end = self.bytes.windows(4).position(|it| it == b"\r\n\r\n");
        end.map_or(&[], |end| &self.bytes[end + 4..])
    }
}

fn is_timeout(kind: ErrorKind) -> bool {
    [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&kind)
}

fn broken(error: &str) -> Deviation {
    Deviation::new(Symptom::Broken, "a server that can be connected to", error)
}

/// The status of each response among these bytes. No page here contains a
/// status line.
fn statuses(bytes: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.split("HTTP/1.").skip(1);
    let statuses = lines.filter_map(|it| it.get(2..5)?.parse().ok());
    statuses.collect()
}

#[test]
fn each_response_is_seen() {
    let two = b"HTTP/1.1 200 OK\r\n\r\nbodyHTTP/1.0 404 Not Found\r\n\r\n";
    assert_eq!(statuses(two), [200, 404]);
    assert!(statuses(b"<h1>no head</h1>").is_empty());
}

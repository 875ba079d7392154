//! A client that sends and receives bytes, and can be slow on purpose.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::DEADLINE;
use super::report::{Deviation, Outcome, Symptom, shown};

/// A whole request for `path`.
pub fn get(path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )
}

pub struct Client {
    stream: TcpStream,
    sent: Vec<u8>,
    received: Vec<u8>,
}

impl Client {
    pub fn connect(address: SocketAddr) -> Outcome<Client> {
        let stream = TcpStream::connect_timeout(&address, DEADLINE);
        let prepared = stream.and_then(|stream| {
            stream.set_nodelay(true)?;
            stream.set_write_timeout(Some(DEADLINE))?;
            Ok(stream)
        });
        match prepared {
            Ok(stream) => {
                Ok(Client { stream, sent: Vec::new(), received: Vec::new() })
            }
            Err(error) => Err(Deviation::new(
                Symptom::Broken,
                &format!("a connection to {address}"),
                &error.to_string(),
            )),
        }
    }

    /// Sends bytes. The server may well have closed the connection.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> Outcome {
        let bytes = bytes.as_ref();
        self.sent.extend(bytes);
        self.stream.write_all(bytes).map_err(|error| {
            let saw = format!("an error while sending: {error}");
            self.deviation(Symptom::Resets, "that all can be sent", &saw)
        })
    }

    /// Sends the rest of the request that `Server::hold` began.
    pub fn finish(&mut self) -> Outcome {
        self.send("Connection: close\r\n\r\n")
    }

    /// Says that nothing more will be sent.
    pub fn stop_sending(&mut self) -> Outcome {
        self.stream.shutdown(Shutdown::Write).map_err(|error| {
            let saw = error.to_string();
            self.deviation(Symptom::Resets, "an open connection", &saw)
        })
    }

    /// Nothing comes for that long.
    pub fn is_not_answered(&mut self, time: Duration, why: &str) -> Outcome {
        match self.receive(Instant::now() + time) {
            Err(deviation) if deviation.symptom == Symptom::Hangs => Ok(()),
            Err(deviation) => Err(deviation.expected(why)),
            Ok(0) => Err(self.deviation(
                Symptom::Closes,
                why,
                "the end of the connection",
            )),
            Ok(_) => {
                let saw = shown(&self.received);
                Err(self.deviation(Symptom::Differs, why, &saw))
            }
        }
    }

    /// The response, if it is whole before that much time has passed.
    pub fn response(&mut self, time: Duration) -> Outcome<Response> {
        let deadline = Instant::now() + time;
        let mut response = self.head(time)?;
        let Some(length) = response.content_length() else {
            let saw = format!("{:?}", response.fields);
            let expected = "one Content-Length, a number";
            return Err(self.deviation(Symptom::Differs, expected, &saw));
        };
        while self.received.len() < length {
            self.receive_more(deadline)?;
        }
        response.body = self.received.drain(..length).collect();
        Ok(response)
    }

    /// The head of a response; what follows it is not taken.
    pub fn head(&mut self, time: Duration) -> Outcome<Response> {
        let deadline = Instant::now() + time;
        let end = loop {
            let end = self.received.windows(4).position(|w| w == b"\r\n\r\n");
            if let Some(end) = end {
                break end + 4;
            }
            self.receive_more(deadline)?;
        };
        match Response::parse(&self.received[..end]) {
            Ok(response) => {
                self.received.drain(..end);
                Ok(response)
            }
            Err(fault) => {
                let saw = format!("{fault}: {}", shown(&self.received));
                let expected = "a status line and fields, all valid";
                Err(self.deviation(Symptom::Differs, expected, &saw))
            }
        }
    }

    /// Takes at most that many bytes, once some are there, and says how many
    /// they were.
    #[cfg(target_os = "linux")]
    pub fn take(&mut self, most: usize) -> Outcome<u64> {
        let before = std::mem::take(&mut self.received).len();
        let mut buffer = vec![0; most];
        _ = self.stream.set_read_timeout(Some(DEADLINE));
        let read = loop {
            match self.stream.read(&mut buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        match read {
            Ok(count @ 1..) => Ok((before + count) as u64),
            other => {
                let saw = format!("{other:?}");
                let expected = "more bytes of a response";
                Err(self.deviation(Symptom::Differs, expected, &saw))
            }
        }
    }

    /// Takes all bytes up to the connection's end, and says how many they were.
    #[cfg(target_os = "linux")]
    pub fn drain(&mut self) -> u64 {
        let mut all = 0;
        while let Ok(count) = self.take(1 << 20) {
            all += count;
        }
        all
    }

    /// The server ends the connection, with no byte before that.
    pub fn is_closed(&mut self, time: Duration) -> Outcome {
        let deadline = Instant::now() + time;
        let count = self.receive(deadline).or_else(|deviation| {
            let closed = deviation.symptom == Symptom::Closes;
            if closed { Ok(0) } else { Err(deviation) }
        })?;
        if count == 0 && self.received.is_empty() {
            return Ok(());
        }
        let saw = shown(&self.received);
        let expected = "the end of the connection, and no byte before it";
        Err(self.deviation(Symptom::Differs, expected, &saw))
    }

    /// The server is done with this connection: it ends it, whether or not an
    /// answer comes first.
    pub fn is_attended(&mut self, time: Duration) -> Outcome {
        let deadline = Instant::now() + time;
        loop {
            match self.receive(deadline) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(it) if it.symptom == Symptom::Closes => return Ok(()),
                Err(deviation) => {
                    let expected = "an answer or the end of the connection";
                    return Err(deviation.expected(expected));
                }
            }
        }
    }

    fn receive_more(&mut self, deadline: Instant) -> Outcome {
        if self.receive(deadline)? > 0 {
            return Ok(());
        }
        let expected = "a whole response";
        if self.received.is_empty() {
            let saw = "the end of the connection, without a byte";
            return Err(self.deviation(Symptom::Closes, expected, saw));
        }
        let saw = format!("only a part: {}", shown(&self.received));
        Err(self.deviation(Symptom::Differs, expected, &saw))
    }

    /// Receives what is there; 0 for the connection's end.
    fn receive(&mut self, deadline: Instant) -> Outcome<usize> {
        let mut buffer = [0; 16 * 1024];
        let received = loop {
            let time = deadline.saturating_duration_since(Instant::now());
            let time = time.max(Duration::from_millis(1));
            // macOS refuses this once both sides are closed; nothing waits then.
            _ = self.stream.set_read_timeout(Some(time));
            match self.stream.read(&mut buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                received => break received,
            }
        };
        match received {
            Ok(count) => {
                self.received.extend(&buffer[..count]);
                Ok(count)
            }
            Err(error) => {
                let waited = [ErrorKind::WouldBlock, ErrorKind::TimedOut];
                let hangs = waited.contains(&error.kind());
                let part = match self.received.is_empty() {
                    true => "no byte".to_string(),
                    false => format!("only {}", shown(&self.received)),
                };
                let (symptom, saw) = match hangs {
                    true => (Symptom::Hangs, format!("{part} in time")),
                    false => (Symptom::Closes, format!("{part}, and: {error}")),
                };
                Err(self.deviation(symptom, "a response", &saw))
            }
        }
    }

    pub fn deviation(
        &self,
        symptom: Symptom,
        expected: &str,
        saw: &str,
    ) -> Deviation {
        let sent = self.sent.clone();
        Deviation { sent, ..Deviation::new(symptom, expected, saw) }
    }
}

#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub fields: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    /// Takes a head apart, as strictly as RFC 9112 §4 and §5 write it.
    fn parse(head: &[u8]) -> Result<Response, String> {
        let head = std::str::from_utf8(head)
            .map_err(|_| "a head that is not text".to_string())?;
        let mut lines = head.trim_end_matches("\r\n").split("\r\n");
        let line = lines.next().unwrap_or_default();
        let status = line
            .strip_prefix("HTTP/1.1 ")
            .and_then(|rest| rest.get(..3))
            .filter(|_| line.as_bytes().get(12) == Some(&b' '))
            .and_then(|status| status.parse().ok())
            .ok_or(format!("a malformed status line ({line})"))?;
        let mut fields = Vec::new();
        for line in lines {
            let field = line.split_once(':').filter(|(name, _)| {
                let token = |letter: char| {
                    letter.is_ascii_alphanumeric()
                        || "!#$%&'*+-.^_`|~".contains(letter)
                };
                !name.is_empty() && name.chars().all(token)
            });
            let (name, value) =
                field.ok_or(format!("a malformed field ({line})"))?;
            if value.contains(['\r', '\n']) {
                return Err(format!("a bare CR or LF in the field {name}"));
            }
            fields.push((name.to_lowercase(), value.trim().to_string()));
        }
        Ok(Response { status, fields, body: Vec::new() })
    }

    /// The value of a field that is there once.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut found = self.fields.iter().filter(|(n, _)| n == name);
        let (_, value) = found.next()?;
        found.next().is_none().then_some(value)
    }

    fn content_length(&self) -> Option<usize> {
        self.field("content-length")?.parse().ok()
    }
}

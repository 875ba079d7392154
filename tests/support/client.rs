//! A client that sends and receives bytes, and can be slow on purpose.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::DEADLINE;
use super::report::{Deviation, Outcome, Symptom, shown};
use super::response::{BODY_LENGTH, Response};

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
        Client::prepare(stream, address)
    }

    /// A client whose kernel keeps little of what it hasn't taken yet.
    #[cfg(target_os = "linux")]
    pub fn with_small_buffer(address: SocketAddr) -> Outcome<Client> {
        let stream = super::linux::connect_with_small_buffer(address.port());
        Client::prepare(stream, address)
    }

    fn prepare(
        stream: io::Result<TcpStream>,
        address: SocketAddr,
    ) -> Outcome<Client> {
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

    /// Its own address, as the server sees it.
    #[allow(dead_code)] // Only exercises ask for it.
    pub fn address(&self) -> SocketAddr {
        self.stream.local_addr().expect("a connection")
    }

    /// Sends bytes. The server may well have closed the connection.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> Outcome {
        let bytes = bytes.as_ref();
        self.sent.extend(bytes);
        self.stream.write_all(bytes).map_err(|error| {
            let saw = format!("an error while sending: {error}");
            self.deviation(Symptom::Resets, "all of it to be read", &saw)
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
        match self.receive(&Wait::new(time)) {
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
        let wait = Wait::new(time);
        let mut response = self.head(time)?;
        let Some(length) = response.content_length() else {
            return response
                .differs("Content-Length once, with a number")
                .map_err(|it| it.hint(BODY_LENGTH));
        };
        while self.received.len() < length {
            let end = match self.receive(&wait) {
                Ok(0) => "the connection ended",
                Err(it) if it.symptom == Symptom::Hangs => "nothing followed",
                result => {
                    result?;
                    continue;
                }
            };
            return Err(self.is_too_short(length, end));
        }
        response.body = self.received.drain(..length).collect();
        Ok(response)
    }

    /// The next bytes of a body, once that many are there.
    pub fn part_of_body(&mut self, count: usize) -> Outcome<Vec<u8>> {
        let wait = Wait::new(DEADLINE);
        while self.received.len() < count {
            if self.receive(&wait)? == 0 {
                return Err(self.is_too_short(count, "the connection ended"));
            }
        }
        Ok(self.received.drain(..count).collect())
    }

    /// A body that has fewer bytes than its head says.
    fn is_too_short(&self, length: usize, end: &str) -> Deviation {
        let symptom = match end {
            "nothing followed" => Symptom::Hangs,
            _ => Symptom::Differs,
        };
        let count = self.received.len();
        let expected = format!("{length} bytes of body");
        let saw = format!(
            "Content-Length says {length}, the body has {count} bytes: {end}"
        );
        self.deviation(symptom, &expected, &saw).hint(BODY_LENGTH)
    }

    /// The head of a response; what follows it isn't taken.
    pub fn head(&mut self, time: Duration) -> Outcome<Response> {
        let wait = Wait::new(time);
        let end = loop {
            let end = self.received.windows(4).position(|w| w == b"\r\n\r\n");
            if let Some(end) = end {
                break end + 4;
            }
            match self.receive(&wait) {
                Ok(1..) => {}
                Ok(0) if self.received.is_empty() => {
                    let saw = "the end of the connection, without a byte";
                    let expected = self.what_is_awaited();
                    let closes = Symptom::Closes;
                    return Err(self.deviation(closes, &expected, saw));
                }
                Err(it) if it.symptom == Symptom::Closes => return Err(it),
                Err(it) if self.received.is_empty() => return Err(it),
                _ => return Err(self.has_no_head()),
            }
        };
        match Response::parse(&self.received[..end]) {
            Ok(mut response) => {
                self.received.drain(..end);
                response.sent = self.sent.clone();
                Ok(response)
            }
            Err(fault) => {
                let saw = format!("{fault}, in: {}", shown(&self.received));
                let expected = "a status line and header fields, all valid";
                let hint = "look at where the head is written. It begins like \
                            `HTTP/1.1 200 OK`, with a status and its phrase \
                            (RFC 9110 §15). Each line ends with \\r\\n, and an \
                            empty line ends the head.";
                Err(self.deviation(Symptom::Differs, expected, &saw).hint(hint))
            }
        }
    }

    /// Bytes came, but the blank line that ends a head wasn't among them.
    fn has_no_head(&self) -> Deviation {
        // The body may have lines of its own.
        let mut lines = self.received.split_inclusive(|byte| *byte == b'\n');
        let bare = lines.next().is_some_and(|line| !line.ends_with(b"\r\n"));
        let hint = match bare {
            true => {
                "the lines of this head end with \\n alone. In HTTP they end \
                 with \\r\\n, including the blank line."
            }
            false => {
                "look at where the head is written. Usual cause: the last \
                 header field is followed by one \\r\\n instead of two."
            }
        };
        let expected = "a head: lines that end with \\r\\n, and a blank line";
        let saw = format!("no blank line in {}", shown(&self.received));
        self.deviation(Symptom::Differs, expected, &saw).hint(hint)
    }

    /// Takes at most that many bytes, once some are there, and says how many
    /// there were.
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

    /// Takes all bytes up to the connection's end, and says how many there were.
    #[cfg(target_os = "linux")]
    pub fn drain(&mut self) -> u64 {
        let mut all = 0;
        while let Ok(count) = self.take(1 << 20) {
            all += count;
        }
        all
    }

    /// The server ends the connection, and sends no byte before that.
    pub fn is_closed(&mut self, time: Duration) -> Outcome {
        let expected = "the end of the connection, and no byte before it";
        let count = match self.receive(&Wait::new(time)) {
            Err(it) if it.symptom == Symptom::Closes => 0,
            received => received.map_err(|it| it.expected(expected))?,
        };
        if count == 0 && self.received.is_empty() {
            return Ok(());
        }
        let saw = shown(&self.received);
        Err(self.deviation(Symptom::Differs, expected, &saw))
    }

    /// The server is done with this connection: it ends it, whether or not a
    /// response comes first.
    pub fn is_attended(&mut self, time: Duration) -> Outcome {
        let wait = Wait::new(time);
        loop {
            match self.receive(&wait) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(it) if it.symptom == Symptom::Closes => return Ok(()),
                Err(deviation) => {
                    let expected = format!(
                        "{}, or the end of the connection",
                        deviation.expected
                    );
                    return Err(deviation.expected(&expected));
                }
            }
        }
    }

    /// Receives what is there; 0 for the connection's end.
    fn receive(&mut self, wait: &Wait) -> Outcome<usize> {
        let mut buffer = [0; 16 * 1024];
        let received = loop {
            let left = wait.end.saturating_duration_since(Instant::now());
            let left = left.max(Duration::from_millis(1));
            // macOS refuses this once both sides are closed; nothing waits then.
            _ = self.stream.set_read_timeout(Some(left));
            match self.stream.read(&mut buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                received => break received,
            }
        };
        let error = match received {
            Ok(count) => {
                self.received.extend(&buffer[..count]);
                return Ok(count);
            }
            Err(error) => error,
        };
        let part = match self.received.is_empty() {
            true => "no byte".to_string(),
            false => format!("only {}", shown(&self.received)),
        };
        let late = [ErrorKind::WouldBlock, ErrorKind::TimedOut];
        let (symptom, saw) = match late.contains(&error.kind()) {
            true => (Symptom::Hangs, format!("{part} within {:?}", wait.time)),
            false => (Symptom::Closes, format!("{part}, and: {error}")),
        };
        Err(self.deviation(symptom, &self.what_is_awaited(), &saw))
    }

    /// `the response to GET /sleep?ms=400`, as far as a request has been sent.
    fn what_is_awaited(&self) -> String {
        let line = self.sent.split(|byte| b"\r\n".contains(byte)).next();
        let line = line.unwrap_or_default().escape_ascii().to_string();
        let line = line.trim_end_matches(" HTTP/1.1");
        match line {
            "" => "a response".to_string(),
            _ if line.len() > 80 => "the response to this request".to_string(),
            _ => format!("the response to {line}"),
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

/// Where a wait began and ends.
struct Wait {
    time: Duration,
    end: Instant,
}

impl Wait {
    fn new(time: Duration) -> Wait {
        Wait { time, end: Instant::now() + time }
    }
}

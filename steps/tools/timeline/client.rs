//! One client, in a thread of its own, which notes what happens to it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use crate::launch::TIMEOUT;
use crate::record::{Lane, State};
use crate::scene::Act;

/// How often a client looks whether it's told to go on. (What the server sends
/// wakes it at once.)
const TICK: Duration = Duration::from_millis(20);

/// The pause between two bytes of a client that drips.
const DRIP: Duration = Duration::from_millis(200);

/// How long a client waits for the server to close the connection, when it has
/// the whole answer and has asked for that.
const GRACE: Duration = Duration::from_millis(200);

/// A client that is on its way, as the others see it.
pub struct Client {
    notes: Arc<Mutex<Notes>>,
    /// Tells it to go on. When this is dropped, it gives up.
    cue: Sender<()>,
    /// It waits for a cue at some point.
    pub holds_back: bool,
    /// It stays until it's told to leave.
    pub stays: bool,
}

/// What a client notes.
pub struct Notes {
    pub lane: Lane,
    /// It has sent what it sends at first, or can't.
    pub is_ready: bool,
    /// How it ended, and the status of its answer.
    pub end: Option<End>,
}

#[derive(Clone, PartialEq)]
pub struct End {
    pub status: Option<String>,
    pub how: &'static str,
}

impl End {
    pub fn words(&self) -> String {
        let status = self.status.as_deref().unwrap_or("no answer");
        format!("{status}, {}", self.how)
    }
}

const CLOSED_BY_SERVER: &str = "closed by the server";
const CLOSED_BY_CLIENT: &str = "closed by the client";
const GIVES_UP: &str = "gives up";

impl Client {
    pub fn start(
        label: &str,
        act: Act,
        address: SocketAddr,
        start: Instant,
    ) -> io::Result<Client> {
        let lane = Lane::new(label.to_string());
        let notes = Notes { lane, is_ready: false, end: None };
        let notes = Arc::new(Mutex::new(notes));
        let (cue, cues) = mpsc::channel();
        let holds_back = matches!(act, Act::Hold | Act::Silence);
        let stays = matches!(act, Act::Silence | Act::Stay);
        let client = Client { notes: notes.clone(), cue, holds_back, stays };
        thread::Builder::new().spawn(move || {
            Visit { act, address, start, notes, cues }.run();
        })?;
        Ok(client)
    }

    pub fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().expect("no client panics")
    }

    pub fn go_on(&mut self) {
        self.holds_back = false;
        // It may have ended by itself.
        _ = self.cue.send(());
    }

    /// What came of it. A client that still waits gives up now.
    pub fn lane(self, now: Duration) -> Lane {
        let mut lane = self.notes().lane.clone();
        if self.notes().end.is_none() {
            lane.extend(now);
            lane.end = GIVES_UP.to_string();
        }
        lane
    }
}

/// The client's own side.
struct Visit {
    act: Act,
    address: SocketAddr,
    start: Instant,
    notes: Arc<Mutex<Notes>>,
    cues: Receiver<()>,
}

impl Visit {
    fn note(&self, change: impl FnOnce(&mut Notes, Duration)) {
        let now = self.start.elapsed();
        change(&mut self.notes.lock().expect("no client panics"), now);
    }

    fn enter(&self, state: State) {
        self.note(|notes, now| notes.lane.enter(state, now));
    }

    fn run(self) {
        self.enter(State::Connecting);
        let end = match TcpStream::connect_timeout(&self.address, TIMEOUT) {
            Ok(stream) => self.converse(stream),
            Err(error) => End { status: None, how: name(&error) },
        };
        self.note(|notes, now| {
            notes.lane.extend(now);
            let status = end.status.as_deref();
            let how = match end.how {
                CLOSED_BY_SERVER => "no answer",
                CLOSED_BY_CLIENT => "leaves",
                how => how,
            };
            notes.lane.end = status.unwrap_or(how).to_string();
            notes.end = Some(end);
            notes.is_ready = true;
        });
    }

    fn converse(&self, mut stream: TcpStream) -> End {
        let (path, connection) = match self.act {
            Act::Ask(path) => (path, "close"),
            Act::Stay => ("/", "keep-alive"),
            _ => ("/", "close"),
        };
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: {connection}\r\n\r\n",
            self.address
        );
        let (now, mut later) = match self.act {
            Act::Ask(_) | Act::Stay => {
                request.as_bytes().split_at(request.len())
            }
            Act::Hold => request.as_bytes().split_at(request.len() / 2),
            Act::Silence | Act::Drip => request.as_bytes().split_at(0),
        };
        // What can't be sent anymore shows when the answer is read.
        _ = stream.write_all(now);
        self.enter(match self.act {
            Act::Ask(_) | Act::Stay => State::WaitingForAnswer,
            Act::Hold | Act::Drip => State::SendingSlowly,
            Act::Silence => State::Silent,
        });
        self.note(|notes, _| notes.is_ready = true);
        _ = stream.set_read_timeout(Some(TICK));
        let mut answer = Vec::new();
        let mut since = Instant::now();
        let mut next_drip = since;
        loop {
            let was_whole = is_whole(&answer);
            let heard = self.listen(&mut stream, &mut answer);
            if !was_whole && is_whole(&answer) {
                since = Instant::now();
            }
            let status = status(&answer);
            if let Some(how) = heard {
                // A server may also reset what it has answered.
                let how =
                    if is_whole(&answer) { CLOSED_BY_SERVER } else { how };
                return End { status, how };
            }
            let stays = matches!(self.act, Act::Stay);
            if is_whole(&answer) && !stays && since.elapsed() > GRACE {
                return End { status, how: CLOSED_BY_CLIENT };
            }
            let is_told = match self.cues.try_recv() {
                Ok(()) => true,
                Err(TryRecvError::Empty) => false,
                Err(TryRecvError::Disconnected) => {
                    return End { status, how: GIVES_UP };
                }
            };
            match self.act {
                Act::Hold if is_told => {
                    _ = stream.write_all(later);
                    self.enter(State::WaitingForAnswer);
                }
                Act::Silence | Act::Stay if is_told => {
                    return End { status, how: CLOSED_BY_CLIENT };
                }
                Act::Drip
                    if answer.is_empty() && next_drip.elapsed() > DRIP =>
                {
                    next_drip = Instant::now();
                    // Not the last byte, so the request is never whole.
                    let Some((byte, rest)) = later.split_first() else {
                        continue;
                    };
                    _ = stream.write_all(&[*byte]);
                    later = if rest.len() > 1 { rest } else { b"xx" };
                }
                _ => {}
            }
        }
    }

    /// Reads what is there, for a moment. Returns how the connection has ended,
    /// if it has.
    fn listen(
        &self,
        stream: &mut TcpStream,
        answer: &mut Vec<u8>,
    ) -> Option<&'static str> {
        let mut buffer = [0; 8192];
        match stream.read(&mut buffer) {
            Ok(0) => Some(CLOSED_BY_SERVER),
            Ok(count) => {
                if answer.is_empty() {
                    self.enter(State::Receiving);
                }
                answer.extend(&buffer[..count]);
                if is_whole(answer) && matches!(self.act, Act::Stay) {
                    self.enter(State::Idle);
                }
                None
            }
            Err(error) => match error.kind() {
                // Unix and Windows differ in what they call it.
                ErrorKind::WouldBlock
                | ErrorKind::TimedOut
                | ErrorKind::Interrupted => None,
                _ => Some(name(&error)),
            },
        }
    }
}

fn name(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::ConnectionRefused => "refused",
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => "reset",
        ErrorKind::TimedOut | ErrorKind::WouldBlock => "no connection",
        _ => "an error",
    }
}

/// The status, if the first line of an answer is there.
fn status(answer: &[u8]) -> Option<String> {
    let line = answer.split(|byte| *byte == b'\n').next()?;
    let line = String::from_utf8_lossy(line).into_owned();
    let status = line.strip_prefix("HTTP/")?.split(' ').nth(1)?.trim_end();
    let is_valid =
        status.len() == 3 && status.bytes().all(|it| it.is_ascii_digit());
    is_valid.then(|| status.to_string())
}

/// Whether an answer is there to its last byte, as far as its `Content-Length`
/// tells. One that has none ends with the connection.
fn is_whole(answer: &[u8]) -> bool {
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

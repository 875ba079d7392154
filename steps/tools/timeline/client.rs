//! One client, in a thread of its own, which notes what happens to it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use std::{mem, thread};

use crate::answer::{is_whole, status};
use crate::launch::TIMEOUT;
use crate::record::{Lane, State};
use crate::scene::Act;

/// How often a client checks whether it's told to go on. (What the server sends
/// wakes it at once.)
const TICK: Duration = Duration::from_millis(20);

/// The pause between two bytes of a client that drips.
const DRIP: Duration = Duration::from_millis(200);

/// How long a client waits for the server to close the connection, once it has
/// the whole answer, if it has asked for a close.
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
    /// It has sent what it sends first, or it can't.
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

    /// For a picture. That the server closes goes without saying.
    fn label(&self) -> String {
        let how = match self.how {
            CLOSED_BY_SERVER if self.status.is_none() => "no answer",
            CLOSED_BY_SERVER => "",
            CLOSED_BY_CLIENT => "leaves",
            how => how,
        };
        let parts = [self.status.as_deref().unwrap_or_default(), how];
        parts.join(" ").trim().to_string()
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
            notes.lane.end = end.label();
            notes.end = Some(end);
            notes.is_ready = true;
        });
    }

    fn converse(&self, mut stream: TcpStream) -> End {
        let request = self.request();
        let (now, later) = request.as_bytes().split_at(match self.act {
            Act::Ask(_) | Act::Stay => request.len(),
            Act::Hold => request.len() / 2,
            Act::Silence | Act::Drip => 0,
        });
        // What can't be sent anymore shows when the answer is read.
        _ = stream.write_all(now);
        self.enter(match self.act {
            Act::Ask(_) | Act::Stay => State::WaitingForAnswer,
            Act::Hold | Act::Drip => State::SendingSlowly,
            Act::Silence => State::Silent,
        });
        self.note(|notes, _| notes.is_ready = true);
        _ = stream.set_read_timeout(Some(TICK));
        let now = Instant::now();
        let (answer, is_told, changed) = (Vec::new(), false, now);
        let mut talk = Talk { stream, later, answer, is_told, changed };
        loop {
            if let Some(how) = self.turn(&mut talk) {
                return End { status: status(&talk.answer), how };
            }
        }
    }

    fn request(&self) -> String {
        let (path, connection) = match self.act {
            Act::Ask(path) => (path, "close"),
            Act::Stay => ("/", "keep-alive"),
            _ => ("/", "close"),
        };
        let address = self.address;
        format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\n\
             Connection: {connection}\r\n\r\n"
        )
    }

    /// Reads for a moment, and does what has become due. Returns how the
    /// connection has ended, if it has.
    fn turn(&self, talk: &mut Talk) -> Option<&'static str> {
        let was_whole = is_whole(&talk.answer);
        let end = self.listen(talk);
        let is_whole = is_whole(&talk.answer);
        if end.is_some() {
            // A server may also reset a connection after its answer.
            return if is_whole { Some(CLOSED_BY_SERVER) } else { end };
        }
        if is_whole && !was_whole {
            talk.changed = Instant::now();
        }
        match self.cues.try_recv() {
            Ok(()) => talk.is_told = true,
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => return Some(GIVES_UP),
        }
        let leaves = match self.act {
            Act::Silence => talk.is_told,
            Act::Stay => talk.is_told && is_whole,
            _ => is_whole && talk.changed.elapsed() > GRACE,
        };
        if leaves {
            return Some(CLOSED_BY_CLIENT);
        }
        match self.act {
            Act::Hold if talk.is_told && !talk.later.is_empty() => {
                _ = talk.stream.write_all(mem::take(&mut talk.later));
                self.enter(State::WaitingForAnswer);
            }
            Act::Drip
                if talk.answer.is_empty() && talk.changed.elapsed() > DRIP =>
            {
                talk.drip();
            }
            _ => {}
        }
        None
    }

    /// Reads what is there, for a moment. Returns how the connection has ended,
    /// if it has.
    fn listen(&self, talk: &mut Talk) -> Option<&'static str> {
        let mut buffer = [0; 8192];
        match talk.stream.read(&mut buffer) {
            Ok(0) => Some(CLOSED_BY_SERVER),
            Ok(count) => {
                if talk.answer.is_empty() {
                    self.enter(State::Receiving);
                }
                talk.answer.extend(&buffer[..count]);
                if is_whole(&talk.answer) && matches!(self.act, Act::Stay) {
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

/// A connection, while it is there.
struct Talk<'a> {
    stream: TcpStream,
    /// The part of the request that's held back.
    later: &'a [u8],
    answer: Vec<u8>,
    is_told: bool,
    /// When it last sent a byte, or had the whole answer.
    changed: Instant,
}

impl Talk<'_> {
    /// Sends a byte, but never the blank line that would end the request.
    fn drip(&mut self) {
        self.changed = Instant::now();
        let (byte, later) = match self.later {
            [byte, later @ ..] if *byte != b'\r' => (*byte, later),
            _ => (b'1', self.later),
        };
        _ = self.stream.write_all(&[byte]);
        self.later = later;
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

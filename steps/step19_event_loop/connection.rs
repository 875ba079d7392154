//! A connection as a value: what has arrived on it, and what happens next.

use crate::STOPPED;
use crate::access_log;
use crate::answer::answer;
use crate::body::BodyReader;
use crate::head::HeadReader;
use crate::limits::{
    MAX_IDLE, MAX_LINGER, MAX_REQUESTS, MAX_STEPS, MAX_UNFINISHED, READ_CHUNK,
    SEND_CHUNK,
};
use crate::log::OUTPUT;
use crate::options::Options;
use crate::poller::{Entry, Interest};
use crate::response::{Response, Status};
use crate::writer::ResponseWriter;
use std::io::{self, ErrorKind, Read, Write};
use std::mem;
use std::net::{Shutdown, TcpStream};
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

/// A client's connection. A worker has it, or it rests in the event loop.
pub struct Connection {
    stream: TcpStream,
    /// What has arrived and hasn't been used yet.
    buffer: Vec<u8>,
    state: State,
    /// By when the client must have done what we're waiting for.
    pub deadline: Instant,
    /// How many requests have been answered.
    count: usize,
    options: Arc<Options>,
}

/// What happens next.
enum State {
    /// Waits for a request. Empty lines don't begin one.
    Idle,
    ReadingHead(HeadReader),
    /// Discards the body, which begins at this index. The response comes after it.
    SkippingBody(BodyReader, usize, Response),
    /// Whether the connection stays open after that.
    Sending(ResponseWriter, bool),
    /// Discards what still arrives, until this time at the latest.
    Lingering(Instant),
}

/// What comes next for a connection after a worker's turn.
pub enum Next {
    /// It waits for the client.
    Wait(Connection),
    /// It could go on, but others have their turn first.
    Again(Connection),
    Done,
}

/// What has come of an attempt to go on.
enum Step {
    GoOn(State),
    Again(State),
    Wait(State),
    Close,
}

impl Connection {
    pub fn new(
        stream: TcpStream,
        options: &Arc<Options>,
    ) -> io::Result<Connection> {
        stream.set_nonblocking(true)?;
        // Or a response's end would wait for an ACK of its beginning.
        stream.set_nodelay(true)?;
        Ok(Connection {
            stream,
            buffer: Vec::new(),
            state: State::Idle,
            deadline: Instant::now() + options.idle_timeout,
            count: 0,
            options: Arc::clone(options),
        })
    }

    /// Tells a client that there's no room for it (RFC 9110 §15.6.4).
    pub fn reject(mut self) -> Connection {
        let response = Response::status_page(Status::SERVICE_UNAVAILABLE);
        self.state = self.send(response.with("Retry-After", "1"), 0);
        self
    }

    /// Does what can be done without waiting, and says what comes next.
    pub fn advance(mut self) -> io::Result<Next> {
        for _ in 0..MAX_STEPS {
            let state = mem::replace(&mut self.state, State::Idle);
            let mut step = self.step(state)?;
            if let Step::Wait(state) = step {
                if Instant::now() < self.deadline {
                    self.state = state;
                    return Ok(Next::Wait(self));
                }
                step = self.give_up(state)?;
            }
            match step {
                Step::GoOn(state) | Step::Wait(state) => self.state = state,
                Step::Again(state) => {
                    return Ok(Next::Again(Connection { state, ..self }));
                }
                Step::Close => return Ok(Next::Done),
            }
        }
        Ok(Next::Again(self))
    }

    /// What the event loop is to wait for.
    pub fn entry(&self) -> Entry {
        let interest = match self.state {
            State::Sending(..) => Interest::Write,
            _ => Interest::Read,
        };
        Entry::new(&self.stream, interest)
    }

    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle)
    }

    /// Whether closing it now would cut off a response. Half a request has none.
    pub fn owes_response(&self) -> bool {
        matches!(self.state, State::Sending(..))
    }

    /// Tries to do what happens next.
    fn step(&mut self, state: State) -> io::Result<Step> {
        Ok(Step::GoOn(match state {
            State::Idle => {
                let head = || HeadReader::default().read(&self.buffer);
                if self.buffer.trim_ascii().is_empty() && head() == Ok(None) {
                    // An idle client may leave however it likes.
                    return self.receive(State::Idle).or(Ok(Step::Close));
                }
                self.deadline = Instant::now() + self.options.head_timeout;
                State::ReadingHead(HeadReader::default())
            }
            State::ReadingHead(mut reader) => {
                match reader.read(&self.buffer).transpose() {
                    Some(head) => self.answer(head),
                    None => return self.receive(State::ReadingHead(reader)),
                }
            }
            State::SkippingBody(mut body, start, mut response) => {
                match body.read(&self.buffer[start..]) {
                    Ok(count) => _ = self.buffer.drain(start..start + count),
                    Err(status) => return Ok(Step::GoOn(self.refuse(status))),
                }
                if !body.is_done() {
                    let state = State::SkippingBody(body, start, response);
                    return self.receive(state);
                }
                response.keep_alive &= body.is_complete();
                self.send(response, start)
            }
            State::Sending(writer, keep) => return self.write(writer, keep),
            State::Lingering(end) => {
                let now = Instant::now();
                match unless_blocked(self.stream.read(&mut [0; READ_CHUNK])) {
                    Ok(None) => return Ok(Step::Wait(State::Lingering(end))),
                    Ok(Some(1..)) if now < end => {}
                    _ => return Ok(Step::Close),
                }
                self.deadline = end.min(now + self.options.linger_timeout);
                State::Lingering(end)
            }
        }))
    }

    /// Reads what has arrived.
    fn receive(&mut self, state: State) -> io::Result<Step> {
        let mut chunk = [0; READ_CHUNK];
        match unless_blocked(self.stream.read(&mut chunk))? {
            None => Ok(Step::Wait(state)),
            Some(0) => Err(io::Error::other("closed mid-request")),
            Some(count) => {
                self.buffer.extend_from_slice(&chunk[..count]);
                Ok(Step::GoOn(state))
            }
        }
    }

    /// Answers a request, whose body may not have arrived yet.
    fn answer(&mut self, head: Result<Range<usize>, Status>) -> State {
        self.count += 1;
        let end = head.as_ref().map_or(0, |head| head.end);
        match head.and_then(|head| answer(&self.buffer[head], &self.options)) {
            Ok((mut response, body)) => {
                response.keep_alive &= self.count < MAX_REQUESTS;
                self.deadline = Instant::now() + self.options.body_timeout;
                State::SkippingBody(body, end, response)
            }
            Err(status) => self.refuse(status),
        }
    }

    fn refuse(&mut self, status: Status) -> State {
        self.send(Response::status_page(status), 0)
    }

    /// Begins to send a response. The head of its request ends at this index.
    fn send(&mut self, response: Response, head_end: usize) -> State {
        // HEAD gets no body (RFC 9110 §9.3.2), not even that of an error.
        let is_head = self.buffer.trim_ascii_start().starts_with(b"HEAD ");
        let (keep_alive, status) = (response.keep_alive, response.status);
        let length = if is_head { 0 } else { response.body.length() };
        if self.options.access_log {
            let (stream, sent) = (&self.stream, &self.buffer);
            OUTPUT.write(&access_log::entry(stream, sent, status, length));
        }
        self.buffer.drain(..head_end);
        self.deadline = Instant::now() + self.options.stall_timeout;
        State::Sending(ResponseWriter::new(response, !is_head), keep_alive)
    }

    /// Sends as much as the client takes now.
    fn write(
        &mut self,
        mut writer: ResponseWriter,
        keep_alive: bool,
    ) -> io::Result<Step> {
        if writer.unsent().is_empty() && !writer.next_chunk()? {
            return Ok(Step::GoOn(self.finish(keep_alive)));
        }
        let sent = unless_blocked(self.stream.write(writer.unsent()))?;
        writer.advance(sent.unwrap_or(0));
        if writer.unsent().is_empty() {
            self.deadline = Instant::now() + self.options.stall_timeout;
        }
        let state = State::Sending(writer, keep_alive);
        match sent {
            Some(count) if (count as u64) < SEND_CHUNK => Ok(Step::GoOn(state)),
            Some(_) => Ok(Step::Again(state)), // A whole chunk ends the turn.
            None => Ok(Step::Wait(state)),
        }
    }

    /// Decides how the connection goes on after a response.
    fn finish(&mut self, keep_alive: bool) -> State {
        if keep_alive {
            self.deadline = Instant::now() + self.options.idle_timeout;
            return State::Idle;
        }
        // Closing both sides now could destroy the response on its way (RFC 9112
        // §9.6). If the client is gone, the next read says so.
        _ = self.stream.shutdown(Shutdown::Write);
        let silence = self.options.linger_timeout;
        self.deadline = Instant::now() + silence;
        State::Lingering(Instant::now() + silence * MAX_LINGER)
    }

    /// Leaves a client little time to ask or to finish once the server stops.
    pub fn shorten_deadline(&mut self) {
        let Some(&stopped) = STOPPED.get() else { return };
        self.deadline = match self.state {
            State::Idle => self.deadline.min(stopped + MAX_IDLE),
            State::Sending(..) => self.deadline,
            _ => self.deadline.min(stopped + MAX_UNFINISHED),
        };
    }

    /// Decides what becomes of a client that's late.
    fn give_up(&mut self, state: State) -> io::Result<Step> {
        match state {
            State::Idle | State::Lingering(_) => Ok(Step::Close),
            State::Sending(..) => {
                Err(io::Error::other("the client reads too slowly"))
            }
            State::ReadingHead(_) | State::SkippingBody(..) => {
                Ok(Step::GoOn(self.refuse(Status::REQUEST_TIMEOUT)))
            }
        }
    }
}

/// What was read or written, or `None` if the socket would have us wait.
fn unless_blocked(result: io::Result<usize>) -> io::Result<Option<usize>> {
    match result {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        result => result.map(Some),
    }
}

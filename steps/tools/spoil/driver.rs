//! Drives the protocol without a socket: what arrives and what's sent are bytes
//! in memory, cut in any way. Each function does what its namesake does in
//! `connection.rs`, without deadlines. The part `sockets` compares the two.

use crate::answer::answer;
use crate::body::BodyReader;
use crate::head::HeadReader;
use crate::limits::MAX_REQUESTS;
use crate::options::Options;
use crate::random::Random;
use crate::response::{Response, Status};
use crate::writer::{ResponseWriter, Unsent};
use std::io::{self, Read, Seek, SeekFrom};
use std::mem;
use std::ops::Range;

/// What has come of an input.
#[derive(Default, PartialEq)]
pub struct Outcome {
    pub answers: Vec<Answer>,
    /// Whether the connection is closed.
    pub is_closed: bool,
}

/// A response.
#[derive(PartialEq)]
pub struct Answer {
    pub bytes: Vec<u8>,
    pub status: u16,
    /// Where in the input the next request begins, unless this one is refused.
    pub end: Option<usize>,
}

/// A connection, without its socket.
struct Connection<'a> {
    buffer: Vec<u8>,
    state: State,
    /// How many bytes of the buffer have been used so far.
    consumed: usize,
    outcome: Outcome,
    options: &'a Options,
    random: Random,
}

enum State {
    Idle,
    ReadingHead(HeadReader),
    SkippingBody(BodyReader, usize, Response),
    Closed,
}

/// Gives a connection an input, in pieces that end at `ends`, and takes what it
/// sends in pieces of random lengths.
pub fn run(
    input: &[u8],
    ends: &[usize],
    options: &Options,
    random: Random,
) -> io::Result<Outcome> {
    let (buffer, consumed) = (Vec::new(), 0);
    let (outcome, state) = (Outcome::default(), State::Idle);
    let mut connection =
        Connection { buffer, state, consumed, outcome, options, random };
    let mut start = 0;
    for &end in ends {
        connection.buffer.extend_from_slice(&input[start..end]);
        start = end;
        while connection.step()? {}
    }
    let is_closed = matches!(connection.state, State::Closed);
    Ok(Outcome { is_closed, ..connection.outcome })
}

impl Connection<'_> {
    /// Does what happens next. Returns `false` if that takes more input.
    fn step(&mut self) -> io::Result<bool> {
        self.state = match mem::replace(&mut self.state, State::Closed) {
            State::Idle => {
                let head = || HeadReader::default().read(&self.buffer);
                if self.buffer.trim_ascii().is_empty() && head() == Ok(None) {
                    self.state = State::Idle;
                    return Ok(false);
                }
                State::ReadingHead(HeadReader::default())
            }
            State::ReadingHead(mut reader) => {
                match reader.read(&self.buffer).transpose() {
                    Some(head) => self.answer(head)?,
                    None => {
                        self.state = State::ReadingHead(reader);
                        return Ok(false);
                    }
                }
            }
            State::SkippingBody(mut body, start, mut response) => {
                match body.read(&self.buffer[start..]) {
                    Ok(count) => {
                        self.buffer.drain(start..start + count);
                        self.consumed += count;
                    }
                    Err(status) => {
                        self.state = self.refuse(status)?;
                        return Ok(true);
                    }
                }
                if !body.is_done() {
                    self.state = State::SkippingBody(body, start, response);
                    return Ok(false);
                }
                response.keep_alive &= body.is_complete();
                self.send(response, start, false)?
            }
            State::Closed => return Ok(false),
        };
        Ok(true)
    }

    fn answer(
        &mut self,
        head: Result<Range<usize>, Status>,
    ) -> io::Result<State> {
        let end = head.as_ref().map_or(0, |head| head.end);
        match head.and_then(|head| answer(&self.buffer[head], self.options)) {
            Ok((mut response, body)) => {
                let count = self.outcome.answers.len() + 1;
                response.keep_alive &= count < MAX_REQUESTS;
                Ok(State::SkippingBody(body, end, response))
            }
            Err(status) => self.refuse(status),
        }
    }

    fn refuse(&mut self, status: Status) -> io::Result<State> {
        self.send(Response::status_page(status), 0, true)
    }

    /// Sends a whole response, and decides how the connection goes on.
    fn send(
        &mut self,
        response: Response,
        head_end: usize,
        is_refusal: bool,
    ) -> io::Result<State> {
        let is_head = self.buffer.trim_ascii_start().starts_with(b"HEAD ");
        let (keep_alive, status) = (response.keep_alive, response.status.0);
        self.buffer.drain(..head_end);
        self.consumed += head_end;
        let writer = ResponseWriter::new(response, !is_head);
        let bytes = write(writer, &mut self.random)?;
        let end = (!is_refusal).then_some(self.consumed);
        let answer = Answer { bytes, status, end };
        self.outcome.answers.push(answer);
        Ok(if keep_alive { State::Idle } else { State::Closed })
    }
}

/// Takes from a writer what it has, a little at a time.
fn write(
    mut writer: ResponseWriter,
    random: &mut Random,
) -> io::Result<Vec<u8>> {
    let mut sent = Vec::new();
    while let Some(unsent) = writer.unsent() {
        let mut room = [1, 7, 100, 40_000][random.below(4)];
        match unsent {
            Unsent::Bytes(bytes) => {
                room = room.min(bytes.len());
                sent.extend_from_slice(&bytes[..room]);
            }
            Unsent::File(mut file, range) => {
                file.seek(SeekFrom::Start(range.start))?;
                // A few bytes at a time would take too long.
                let length = (range.end - range.start).min(room as u64 * 1000);
                room = file.take(length).read_to_end(&mut sent)?;
            }
        }
        writer.advance(room)?;
    }
    Ok(sent)
}

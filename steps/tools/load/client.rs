//! One client: sends a request, waits for the whole answer, and sends the next
//! at once, or when it is due.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::answer::{is_timeout, read_answer};
use crate::tally::{Failure, Tally};

/// A request that takes longer is abandoned.
pub const TIMEOUT: Duration = Duration::from_secs(5);

/// The pause after a failure. A server that refuses would otherwise be asked
/// again at once, forever, by clients that keep every processor busy.
const PAUSE: Duration = Duration::from_millis(10);

/// Room for the head of an answer, and for a piece of its body at a time.
const BUFFER: usize = 16 * 1024;

pub struct Client<'a> {
    address: SocketAddr,
    request: &'a [u8],
    keep_alive: bool,
    /// From the last request, if the server keeps it open.
    connection: Option<TcpStream>,
    buffer: Vec<u8>,
}

impl Client<'_> {
    /// A client that sends `request` again and again: on one connection, or
    /// without `keep_alive` on a new one each time.
    pub fn new(
        address: SocketAddr,
        request: &[u8],
        keep_alive: bool,
    ) -> Client<'_> {
        let buffer = vec![0; BUFFER];
        Client { address, request, keep_alive, connection: None, buffer }
    }

    /// Works until `end`, and counts each good answer in `answered` as well. A
    /// request that is under way at the end counts as if it had not been sent,
    /// unless it is the first: otherwise, the figures of a server that attends to
    /// a few clients and lets all others wait would look too good.
    pub fn run(mut self, end: Instant, answered: &AtomicU64) -> Tally {
        let mut tally = Tally::new();
        loop {
            let start = Instant::now();
            let result = self.request(end.min(start + TIMEOUT));
            if Instant::now() >= end {
                if tally.is_empty() {
                    tally.fail(Failure::Unserved);
                }
                return tally;
            }
            match result {
                Ok(last_byte) => {
                    tally.latencies.add(last_byte - start);
                    // Relaxed: it's only shown, and nothing else depends on it.
                    answered.fetch_add(1, Ordering::Relaxed);
                }
                Err(failure) => {
                    if !matches!(failure, Failure::Status(_)) {
                        thread::sleep(PAUSE);
                    }
                    tally.fail(failure);
                }
            }
        }
    }

    /// Sends the first request when it is `due`, and one after each `interval`
    /// from then on, until `end`. A request that is due while the one before is
    /// still on its way is sent late, and its time counts all the same from when
    /// it was due: a real client would not have waited for another one's answer.
    pub fn run_at_rate(
        mut self,
        mut due: Instant,
        interval: Duration,
        end: Instant,
        answered: &AtomicU64,
    ) -> Tally {
        let mut tally = Tally::new();
        while due < end {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            match self.request(due + TIMEOUT) {
                Ok(last_byte) => {
                    tally.latencies.add(last_byte - due);
                    // Relaxed: it's only shown, and nothing else depends on it.
                    answered.fetch_add(1, Ordering::Relaxed);
                }
                Err(failure) => tally.fail(failure),
            }
            due += interval;
        }
        tally
    }

    /// One request, on the connection that is there or on a new one. Returns the
    /// time at which the last byte of the answer came.
    fn request(&mut self, deadline: Instant) -> Result<Instant, Failure> {
        // It may have waited too long for the one before.
        if Instant::now() >= deadline {
            return Err(Failure::Timeout);
        }
        if let Some(stream) = self.connection.take() {
            // A server may close an idle connection at any time, even while a
            // request is on its way to it. Neither side is at fault: the request
            // is sent once more (RFC 9112 §9.3.1).
            match self.exchange(stream, deadline) {
                Err(Failure::NoAnswer) => {}
                result => return result,
            }
        }
        let time = deadline.saturating_duration_since(Instant::now());
        let stream = TcpStream::connect_timeout(&self.address, time)
            .map_err(|error| Failure::Connect(error.to_string()))?;
        self.exchange(stream, deadline)
    }

    /// Sends the request, reads the answer, and keeps the connection if both
    /// sides want that.
    fn exchange(
        &mut self,
        mut stream: TcpStream,
        deadline: Instant,
    ) -> Result<Instant, Failure> {
        stream.write_all(self.request).map_err(|_| Failure::NoAnswer)?;
        let mut input = Timed { stream: &stream, deadline };
        let answer = read_answer(&mut input, &mut self.buffer)?;
        let last_byte = Instant::now();
        if answer.close {
            // The side that closes first has to remember the connection for a while.
            // If that is the client, some systems run out of ports for it.
            input.deadline = last_byte + PAUSE;
            _ = input.read(&mut self.buffer);
        } else if self.keep_alive {
            self.connection = Some(stream);
        }
        match answer.status {
            200..=399 => Ok(last_byte),
            status => Err(Failure::Status(status)),
        }
    }
}

/// A connection from which nothing is read after a deadline. The timeout of the
/// operating system covers a single `read`, and a slow server may cause any number
/// of those.
struct Timed<'a> {
    stream: &'a TcpStream,
    deadline: Instant,
}

impl Read for Timed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let now = Instant::now();
            let time = self.deadline.saturating_duration_since(now);
            if time.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            // macOS refuses this once both sides are closed; nothing waits then.
            _ = self.stream.set_read_timeout(Some(time));
            match self.stream.read(buffer) {
                // The timeout may come a little early: its clock is coarse.
                Err(error) if is_timeout(&error) => {}
                result => return result,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn the_deadline_holds_though_a_byte_comes_now_and_then() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stream = TcpStream::connect(address).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        let deadline = Instant::now() + Duration::from_millis(100);
        let slow = thread::spawn(move || {
            while server.write_all(b"H").is_ok() {
                thread::sleep(Duration::from_millis(30));
            }
        });
        let input = Timed { stream: &stream, deadline };
        let answer = read_answer(input, &mut [0; 1024]);
        assert_eq!(answer, Err(Failure::Timeout));
        assert!(Instant::now() >= deadline);
        drop(stream);
        slow.join().unwrap();
    }
}

//! The loop in which connections rest, and their way to a worker and back.

use crate::STOPPED;
use crate::connection::{Connection, Next};
use crate::limits::{ACCEPT_PAUSE, MAX_REJECTED, MAX_WAIT, SCAN_EVERY};
use crate::log::OUTPUT;
use crate::options::Options;
use crate::overload::{is_clients_fault, log_error, report};
use crate::poller::{Interest, Poller};
use crate::thread_pool::{Job, ThreadPool};
use crate::waker::Waker;
use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::mem;
use std::net::{TcpListener, TcpStream};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Instant;

// ANCHOR: tokens
/// The tokens that don't belong to a connection.
const WAKER: u64 = 0;
const LISTENER: u64 = 1;
// ANCHOR_END: tokens

/// Owns the listener and all connections that rest, and waits for all at once.
pub struct EventLoop {
    pool: ThreadPool,
    options: Arc<Options>,
    waker: Arc<Waker>,
    /// `None` once the server is stopping.
    listener: Option<TcpListener>,
    // ANCHOR: fields
    /// When a failure of `accept` was reported.
    reported: Option<Instant>,
    poller: Poller,
    /// The connections that rest, by their tokens. No token is used twice. The
    /// boxes keep the table small, because it's copied when it grows.
    resting: HashMap<u64, Box<Connection>>,
    last_token: u64,
    /// When to look at all deadlines.
    scan_at: Instant,
    // ANCHOR_END: fields
    /// What the workers get before the loop waits again.
    jobs: Vec<Job>,
    /// Brings a connection back from its worker.
    sender: Sender<Next>,
    receiver: Receiver<Next>,
    /// How many connections there are, here and with the workers.
    open: usize,
}

impl EventLoop {
    pub fn new(
        listener: TcpListener,
        options: Arc<Options>,
        waker: Arc<Waker>,
    ) -> io::Result<EventLoop> {
        listener.set_nonblocking(true)?;
        // ANCHOR: poller
        let mut poller = Poller::new()?;
        poller.watch(waker.receiver(), WAKER)?;
        poller.arm(&listener, LISTENER, Interest::Read)?;
        // ANCHOR_END: poller
        let (sender, receiver) = mpsc::channel();
        Ok(EventLoop {
            pool: ThreadPool::new(options.workers)?,
            options,
            waker,
            listener: Some(listener),
            reported: None,
            poller,
            resting: HashMap::new(),
            last_token: LISTENER,
            scan_at: Instant::now(),
            jobs: Vec::new(),
            sender,
            receiver,
            open: 0,
        })
    }

    /// Serves until the server is asked to stop, and then until all responses
    /// have been sent or the drain is over. Returns how many were cut off.
    pub fn run(&mut self) -> io::Result<usize> {
        while STOPPED.get().is_none() {
            self.turn(Instant::now() + MAX_WAIT)?;
        }
        self.accept()?; // The clients in the backlog are connected already.
        self.listener = None; // From now on, new connections are refused.
        OUTPUT.write("waiting for the workers");
        // ANCHOR: stop
        for connection in self.resting.values_mut() {
            connection.shorten_deadline();
        }
        self.scan_at = Instant::now();
        // ANCHOR_END: stop
        let end = Instant::now() + self.options.drain_timeout;
        while self.open > 0 && Instant::now() < end {
            self.turn(end)?;
        }
        let resting = self.resting.values();
        Ok(self.open - resting.filter(|it| !it.owes_response()).count())
    }

    // ANCHOR: turn
    /// Waits for something to do, but no longer than `until`, and does it.
    fn turn(&mut self, until: Instant) -> io::Result<()> {
        self.pool.execute_all(mem::take(&mut self.jobs));
        let until = until.min(self.scan_at);
        let left = until.saturating_duration_since(Instant::now());
        for token in self.poller.wait(left)? {
            match token {
                WAKER => self.take_back(),
                LISTENER => self.accept()?,
                token => self.take(token),
            }
        }
        if Instant::now() >= self.scan_at {
            self.scan();
            self.accept()?; // In case it failed the last time.
        }
        Ok(())
    }
    // ANCHOR_END: turn

    // ANCHOR: take_back
    /// Takes what the workers have sent.
    fn take_back(&mut self) {
        // In this order: what a worker sends after the waker was cleared wakes
        // the loop again.
        self.waker.clear();
        while let Ok(next) = self.receiver.try_recv() {
            match next {
                Next::Wait(connection) => self.rest(connection),
                Next::Again(connection) => self.execute(connection),
                Next::Done => self.open -= 1,
            }
        }
    }
    // ANCHOR_END: take_back

    // ANCHOR: rest
    /// Keeps a connection until it's ready or its deadline has passed.
    fn rest(&mut self, mut connection: Connection) {
        connection.shorten_deadline();
        let (token, interest) = (connection.token, connection.interest());
        if let Err(error) = self.poller.arm(&connection.stream, token, interest)
        {
            self.open -= 1;
            return log_error(&error);
        }
        self.scan_at = self.scan_at.min(connection.deadline);
        self.resting.insert(token, Box::new(connection));
    }
    // ANCHOR_END: rest

    // ANCHOR: scan
    /// Takes the connections that are late. That's slow, so it's done rarely.
    fn scan(&mut self) {
        let now = Instant::now();
        let all = self.resting.values();
        let late = all.filter(|connection| connection.deadline <= now);
        for token in late.map(|late| late.token).collect::<Vec<_>>() {
            self.take(token);
        }
        let deadlines = self.resting.values().map(|resting| resting.deadline);
        let earliest = deadlines.min().unwrap_or(now + MAX_WAIT);
        self.scan_at = earliest.max(now + SCAN_EVERY);
    }
    // ANCHOR_END: scan

    // ANCHOR: take
    /// Gives a connection that has rested to a worker.
    fn take(&mut self, token: u64) {
        // If it's gone, an event and its deadline came at the same time.
        if let Some(connection) = self.resting.remove(&token) {
            self.poller.disarm(token);
            self.execute(*connection);
        }
    }
    // ANCHOR_END: take

    // ANCHOR: accept
    /// Accepts all clients that are waiting.
    fn accept(&mut self) -> io::Result<()> {
        loop {
            let Some(listener) = &self.listener else { return Ok(()) };
            match listener.accept() {
                Ok((stream, _)) => self.admit(stream),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return self.poller.arm(listener, LISTENER, Interest::Read);
                }
                Err(error) if is_clients_fault(&error) => log_error(&error),
                Err(error) => {
                    self.scan_at = Instant::now() + ACCEPT_PAUSE;
                    report(&error, &mut self.reported);
                    return Ok(());
                }
            }
        }
    }
    // ANCHOR_END: accept

    /// Serves a client, or tells it that there's no room.
    fn admit(&mut self, stream: TcpStream) {
        let limit = self.options.connections;
        let has_room = self.open < limit || self.close_idle();
        self.last_token += 1;
        match Connection::new(stream, self.last_token, &self.options) {
            Ok(connection) if has_room => self.execute(connection),
            Ok(connection) if self.open < limit + MAX_REJECTED => {
                self.execute(connection.reject());
            }
            Ok(_) => return, // There are too many even to be rejected.
            Err(error) => return log_error(&error),
        }
        self.open += 1;
    }

    // ANCHOR: close_idle
    /// Closes the connection that has been idle longest. `false` if none is.
    fn close_idle(&mut self) -> bool {
        let all = self.resting.values_mut();
        let idle = all.filter(|connection| connection.is_idle());
        let longest = idle.min_by_key(|connection| connection.deadline);
        let Some(connection) = longest else { return false };
        // Its next request may just have arrived, so a worker has a last look.
        connection.deadline = Instant::now();
        let token = connection.token;
        self.take(token);
        true
    }
    // ANCHOR_END: close_idle

    /// Has a worker do what can be done on a connection.
    fn execute(&mut self, connection: Connection) {
        let (sender, waker) = (self.sender.clone(), Arc::clone(&self.waker));
        self.jobs.push(Box::new(move || {
            let advance = AssertUnwindSafe(|| connection.advance());
            // A panic costs this connection, and no other.
            let next = panic::catch_unwind(advance).unwrap_or(Ok(Next::Done));
            let next = next.unwrap_or_else(|error| {
                log_error(&error);
                Next::Done
            });
            _ = sender.send(next); // At the end, nobody waits for it anymore.
            waker.wake();
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// A client, and the server's end of its connection.
    fn connected() -> (TcpStream, Connection) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let client = TcpStream::connect(address).expect("the listener");
        let (stream, _) = listener.accept().expect("the client");
        let options = Arc::new(Options::default());
        (client, Connection::new(stream, 2, &options).expect("a socket"))
    }

    #[test]
    fn the_end_of_a_response_waits_for_no_acknowledgement() {
        let (_client, connection) = connected();
        assert!(connection.stream.nodelay().expect("a socket"));
    }

    #[test]
    fn a_client_that_is_idle_when_the_server_stops_has_a_moment() {
        let (_client, mut connection) = connected();
        let deadline = connection.deadline;
        connection.shorten_deadline();
        assert_eq!(connection.deadline, deadline, "nobody has said stop");
        let stopped = *STOPPED.get_or_init(Instant::now);
        connection.shorten_deadline();
        let left = connection.deadline.saturating_duration_since(stopped);
        assert!(!left.is_zero(), "a request that's on its way is lost");
        assert!(left < Duration::from_secs(1), "the shutdown waits: {left:?}");
    }

    #[test]
    fn there_is_a_limit_to_rejected_connections() {
        let options = Options { connections: 1, ..Options::default() };
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let waker = Arc::new(Waker::new().expect("two sockets"));
        let new = EventLoop::new(listener, Arc::new(options), waker);
        let mut event_loop = new.expect("an event loop");
        event_loop.open = MAX_REJECTED;
        (0..2).for_each(|_| event_loop.admit(connected().1.stream));
        assert_eq!(event_loop.open, 1 + MAX_REJECTED);
    }
}

//! The loop in which connections rest, and the way from there to a worker and
//! back.

use crate::STOPPED;
use crate::connection::{Connection, Next};
use crate::limits::{ACCEPT_PAUSE, MAX_REJECTED, MAX_WAIT, SCAN_EVERY};
use crate::log::OUTPUT;
use crate::options::Options;
use crate::overload::{is_clients_fault, log_error, report};
use crate::poller::{Interest, Poller};
use crate::thread_pool::ThreadPool;
use crate::waker::Waker;
use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::net::{TcpListener, TcpStream};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Instant;

/// The tokens of what isn't a connection.
const WAKER: u64 = 0;
const LISTENER: u64 = 1;

/// Owns the listener and all connections that can't proceed. It never waits,
/// except for all of them at once.
pub struct EventLoop {
    pool: ThreadPool,
    options: Arc<Options>,
    waker: Arc<Waker>,
    /// `None` once the server is stopping.
    listener: Option<TcpListener>,
    /// When to try `accept` again, if it has failed, and when that was reported.
    accept_at: Option<Instant>,
    reported: Option<Instant>,
    poller: Poller,
    /// The connections that rest, by their tokens. No token is used twice.
    resting: HashMap<u64, Connection>,
    last_token: u64,
    /// When to look at the deadlines.
    scan_at: Instant,
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
        let mut poller = Poller::new()?;
        poller.watch(waker.receiver(), WAKER)?;
        poller.arm(&listener, LISTENER, Interest::Read, true)?;
        let (sender, receiver) = mpsc::channel();
        Ok(EventLoop {
            pool: ThreadPool::new(options.workers)?,
            options,
            waker,
            listener: Some(listener),
            accept_at: None,
            reported: None,
            poller,
            resting: HashMap::new(),
            last_token: LISTENER,
            scan_at: Instant::now(),
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
        // A connection that's idle closes now. Others have less time left.
        for token in self.resting.keys().copied().collect::<Vec<_>>() {
            self.take(token);
        }
        let end = Instant::now() + self.options.drain_timeout;
        while self.open > 0 && Instant::now() < end {
            self.turn(end)?;
        }
        let owes = |connection: &&Connection| !connection.owes_response();
        Ok(self.open - self.resting.values().filter(owes).count())
    }

    /// Waits for something to do, until that time at the latest, and does it.
    fn turn(&mut self, until: Instant) -> io::Result<()> {
        let until = until.min(self.scan_at);
        let until = self.accept_at.map_or(until, |time| until.min(time));
        let left = until.saturating_duration_since(Instant::now());
        for token in self.poller.wait(left)? {
            match token {
                LISTENER => self.accept()?,
                WAKER => self.take_back(),
                token => self.take(token),
            }
        }
        if self.accept_at.is_some_and(|time| Instant::now() >= time) {
            self.accept()?;
        }
        if Instant::now() >= self.scan_at {
            self.scan();
        }
        Ok(())
    }

    /// Takes what the workers have sent.
    fn take_back(&mut self) {
        // In this order: what's sent after this wakes the loop once more.
        self.waker.clear();
        while let Ok(next) = self.receiver.try_recv() {
            match next {
                Next::Wait(connection) => self.rest(connection),
                Next::Again(connection) => self.execute(connection),
                Next::Done => self.open -= 1,
            }
        }
    }

    /// Keeps a connection until it's ready or its deadline has passed.
    fn rest(&mut self, mut connection: Connection) {
        let is_first = connection.token.is_none();
        let token = *connection.token.get_or_insert_with(|| {
            self.last_token += 1;
            self.last_token
        });
        let interest = connection.interest();
        let stream = &connection.stream;
        match self.poller.arm(stream, token, interest, is_first) {
            Ok(()) => {
                self.scan_at = self.scan_at.min(connection.deadline);
                self.resting.insert(token, connection);
            }
            Err(error) => {
                self.open -= 1;
                log_error(&error);
            }
        }
    }

    /// Looks at all deadlines, but not too often: with many connections, that's
    /// the only work which grows with their number.
    fn scan(&mut self) {
        let now = Instant::now();
        let resting = self.resting.iter();
        let late = resting.filter(|(_, connection)| connection.deadline <= now);
        let late: Vec<u64> = late.map(|(token, _)| *token).collect();
        for token in late {
            self.take(token);
        }
        let deadlines = self.resting.values().map(|resting| resting.deadline);
        let earliest = deadlines.min().unwrap_or(now + MAX_WAIT);
        self.scan_at = earliest.max(now + SCAN_EVERY);
    }

    /// Gives a connection that has rested to a worker.
    fn take(&mut self, token: u64) {
        // If there's none, an event and a deadline have come together.
        if let Some(connection) = self.resting.remove(&token) {
            self.poller.disarm(token);
            self.execute(connection);
        }
    }

    /// Accepts all clients that are waiting for it.
    fn accept(&mut self) -> io::Result<()> {
        loop {
            let Some(listener) = &self.listener else { return Ok(()) };
            match listener.accept() {
                Ok((stream, _)) => self.admit(stream),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.accept_at = None;
                    let read = Interest::Read;
                    return self.poller.arm(listener, LISTENER, read, false);
                }
                Err(error) if is_clients_fault(&error) => log_error(&error),
                Err(error) => {
                    report(&error, &mut self.reported);
                    self.accept_at = Some(Instant::now() + ACCEPT_PAUSE);
                    return Ok(());
                }
            }
        }
    }

    /// Serves a client, or tells it that there's no room.
    fn admit(&mut self, stream: TcpStream) {
        let limit = self.options.connections;
        let has_room = self.open < limit || self.close_idle();
        match Connection::new(stream, &self.options) {
            Ok(connection) if has_room => self.execute(connection),
            Ok(connection) if self.open < limit + MAX_REJECTED => {
                self.execute(connection.reject());
            }
            Ok(_) => return, // There are too many even to be rejected.
            Err(error) => return log_error(&error),
        }
        self.open += 1;
    }

    /// Closes the connection that has been idle for the longest time. Returns
    /// `false` if none is idle.
    fn close_idle(&mut self) -> bool {
        let idle = self.resting.values_mut().filter(|it| it.is_idle());
        let longest = idle.min_by_key(|connection| connection.deadline);
        let Some(connection) = longest else { return false };
        // Its next request may just have arrived, so a worker has a last look.
        connection.deadline = Instant::now();
        let token = connection.token.expect("it rests");
        self.take(token);
        true
    }

    /// Has a worker do what can be done on a connection.
    fn execute(&self, connection: Connection) {
        let (sender, waker) = (self.sender.clone(), Arc::clone(&self.waker));
        self.pool.execute(move || {
            let advance = AssertUnwindSafe(|| connection.advance());
            // A panic costs this connection, and no other.
            let next = panic::catch_unwind(advance).unwrap_or(Ok(Next::Done));
            let next = next.unwrap_or_else(|error| {
                log_error(&error);
                Next::Done
            });
            _ = sender.send(next); // At the end, nobody waits for it anymore.
            waker.wake();
        });
    }
}

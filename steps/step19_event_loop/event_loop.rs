// ANCHOR: imports
//! The loop in which connections rest, and their way to a worker and back.

use crate::STOPPED;
use crate::connection::{Connection, Next};
use crate::limits::{ACCEPT_PAUSE, MAX_REJECTED, MAX_WAIT};
use crate::log::OUTPUT;
use crate::options::Options;
use crate::overload::{is_clients_fault, log_error, report};
use crate::poller::{self, Entry, Interest};
use crate::thread_pool::ThreadPool;
use crate::waker::Waker;
use std::io::{self, ErrorKind};
use std::net::{TcpListener, TcpStream};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Instant;
// ANCHOR_END: imports

// ANCHOR: struct
/// Owns the listener and all connections that rest, and waits for all at once.
pub struct EventLoop {
    pool: ThreadPool,
    options: Arc<Options>,
    waker: Arc<Waker>,
    /// `None` once the server is stopping.
    listener: Option<TcpListener>,
    /// When `accept` may be tried again, and when its failure was reported.
    accept_at: Instant,
    reported: Option<Instant>,
    resting: Vec<Connection>,
    /// Brings a connection back from its worker.
    sender: Sender<Next>,
    receiver: Receiver<Next>,
    /// How many connections there are, here and with the workers.
    open: usize,
}
// ANCHOR_END: struct

// ANCHOR: new
impl EventLoop {
    pub fn new(
        listener: TcpListener,
        options: Arc<Options>,
        waker: Arc<Waker>,
    ) -> io::Result<EventLoop> {
        listener.set_nonblocking(true)?;
        let (sender, receiver) = mpsc::channel();
        Ok(EventLoop {
            pool: ThreadPool::new(options.workers)?,
            options,
            waker,
            listener: Some(listener),
            accept_at: Instant::now(),
            reported: None,
            resting: Vec::new(),
            sender,
            receiver,
            open: 0,
        })
    }
    // ANCHOR_END: new

    // ANCHOR: run
    /// Serves until the server is asked to stop, and then until all responses
    /// have been sent or the drain is over. Returns how many were cut off.
    pub fn run(&mut self) -> io::Result<usize> {
        while STOPPED.get().is_none() {
            self.turn(Instant::now() + MAX_WAIT)?;
        }
        self.accept(); // The clients in the backlog are connected already.
        self.listener = None; // From now on, new connections are refused.
        OUTPUT.write("waiting for the workers");
        let end = Instant::now() + self.options.drain_timeout;
        while self.open > 0 && Instant::now() < end {
            self.turn(end)?;
        }
        let resting = self.resting.iter();
        Ok(self.open - resting.filter(|it| !it.owes_response()).count())
    }
    // ANCHOR_END: run

    // ANCHOR: turn
    /// Waits for something to do, but no longer than `until`, and does it.
    fn turn(&mut self, until: Instant) -> io::Result<()> {
        let has_newcomers = self.wait(until)?;
        // In this order: what a worker sends after the waker was cleared wakes
        // the loop again.
        self.waker.clear();
        while let Ok(next) = self.receiver.try_recv() {
            match next {
                Next::Wait(connection) => self.resting.push(connection),
                Next::Again(connection) => self.execute(connection),
                Next::Done => self.open -= 1,
            }
        }
        if has_newcomers {
            self.accept();
        }
        Ok(())
    }
    // ANCHOR_END: turn

    // ANCHOR: wait
    /// Waits for a client, a worker or a deadline. Gives the connections that
    /// can proceed to the workers, and returns whether there are newcomers.
    fn wait(&mut self, mut until: Instant) -> io::Result<bool> {
        let mut entries = Vec::with_capacity(self.resting.len() + 2);
        for connection in &mut self.resting {
            connection.shorten_deadline();
            entries.push(connection.entry());
            until = until.min(connection.deadline);
        }
        entries.push(Entry::new(self.waker.receiver(), Interest::Read));
        let now = Instant::now();
        match &self.listener {
            Some(_) if now < self.accept_at => {
                until = until.min(self.accept_at)
            }
            Some(listener) => {
                entries.push(Entry::new(listener, Interest::Read))
            }
            None => {}
        }
        poller::wait(&mut entries, until.saturating_duration_since(now))?;
        let now = Instant::now();
        // Backwards, because the last one takes the place of what's removed.
        for index in (0..self.resting.len()).rev() {
            let is_late = self.resting[index].deadline <= now;
            if is_late || entries[index].is_ready() {
                let connection = self.resting.swap_remove(index);
                self.execute(connection);
            }
        }
        Ok(entries.last().is_some_and(Entry::is_ready))
    }
    // ANCHOR_END: wait

    // ANCHOR: accept
    /// Accepts all clients that are waiting.
    fn accept(&mut self) {
        while Instant::now() >= self.accept_at {
            let Some(listener) = &self.listener else { return };
            match listener.accept() {
                Ok((stream, _)) => self.admit(stream),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if is_clients_fault(&error) => log_error(&error),
                Err(error) => {
                    self.accept_at = Instant::now() + ACCEPT_PAUSE;
                    report(&error, &mut self.reported);
                }
            }
        }
    }
    // ANCHOR_END: accept

    // ANCHOR: admit
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

    /// Closes the connection that has been idle longest. `false` if none is.
    fn close_idle(&mut self) -> bool {
        let all = self.resting.iter().enumerate();
        let idle = all.filter(|(_, connection)| connection.is_idle());
        let longest = idle.min_by_key(|(_, connection)| connection.deadline);
        let Some((index, _)) = longest else { return false };
        let mut connection = self.resting.swap_remove(index);
        // Its next request may just have arrived, so a worker has a last look.
        connection.deadline = Instant::now();
        self.execute(connection);
        true
    }
    // ANCHOR_END: admit

    // ANCHOR: execute
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
// ANCHOR_END: execute

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// A client, and the server's end of its connection.
    fn connected() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let client = TcpStream::connect(address).expect("the listener");
        (client, listener.accept().expect("the client").0)
    }

    #[test]
    fn a_client_that_is_idle_when_the_server_stops_has_a_moment() {
        let (_client, stream) = connected();
        let options = Arc::new(Options::default());
        let mut connection =
            Connection::new(stream, &options).expect("a socket");
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
        (0..2).for_each(|_| event_loop.admit(connected().1));
        assert_eq!(event_loop.open, 1 + MAX_REJECTED);
    }
}

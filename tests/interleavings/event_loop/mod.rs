//! Step 20's loop, its workers and the waker. Of the pool, only what `pool`
//! shows is left here: each job runs once, on the next free worker.

pub mod code;
mod orders;
mod others;

use crate::program::Flow::{self, Next, Skip, Wait};
use std::mem;

/// Their threads come first, so that a worker's number is its thread's.
const WORKERS: usize = 2;
const CLIENTS: usize = 2;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Token {
    Waker,
    Client(usize),
}

/// How a connection comes back from its worker.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Back {
    Wait(usize),
    Again(usize),
    Done,
}

#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Server {
    /// Of each client: the requests that haven't been read yet.
    unread: [usize; CLIENTS],
    answered: [usize; CLIENTS],
    // What the poller watches, and whether the waker's socket has a byte.
    armed: [bool; CLIENTS],
    bytes: usize,
    is_pending: bool,
    has_stopped: bool,
    // The pool's queue, and the way back.
    queue: Vec<usize>,
    channel: Vec<Back>,
    // The loop's variables.
    resting: [bool; CLIENTS],
    /// Whose deadline was shortened.
    late: [bool; CLIENTS],
    is_scan_due: bool,
    jobs: Vec<usize>,
    events: Vec<Token>,
    token: Option<Token>,
    taken_back: Option<Back>,
    open: usize,
    has_ended: bool,
    // The workers'.
    job: [Option<usize>; WORKERS],
    back: [Option<Back>; WORKERS],
}

impl Server {
    /// All clients are connected, and their connections rest.
    fn at_rest() -> Server {
        Server {
            armed: [true; CLIENTS],
            resting: [true; CLIENTS],
            open: CLIENTS,
            ..Server::default()
        }
    }

    fn unless_stopped(&mut self, _: usize) -> Flow {
        if self.has_stopped { Skip } else { Next }
    }

    fn while_open(&mut self, _: usize) -> Flow {
        if self.open > 0 { Next } else { Skip }
    }

    fn hurry_all(&mut self, _: usize) -> Flow {
        self.late = self.resting;
        Next
    }

    fn scan_soon(&mut self, _: usize) -> Flow {
        self.is_scan_due = true;
        Next
    }

    fn end(&mut self, _: usize) -> Flow {
        self.has_ended = true;
        Next
    }

    fn hand_over(&mut self, _: usize) -> Flow {
        self.queue.append(&mut self.jobs);
        Next
    }

    /// Returns what's ready, each client's event only once. Also returns when
    /// it's time to look at the deadlines.
    fn wait(&mut self, _: usize) -> Flow {
        if self.bytes > 0 {
            self.events.push(Token::Waker);
        }
        for client in 0..CLIENTS {
            if self.unread[client] > 0 && mem::take(&mut self.armed[client]) {
                self.events.push(Token::Client(client));
            }
        }
        if self.events.is_empty() && !self.is_scan_due { Wait } else { Next }
    }

    fn next_event(&mut self, _: usize) -> Flow {
        let is_empty = self.events.is_empty();
        self.token = (!is_empty).then(|| self.events.remove(0));
        if is_empty { Skip } else { Next }
    }

    fn if_waker(&mut self, _: usize) -> Flow {
        if self.token == Some(Token::Waker) { Next } else { Skip }
    }

    fn if_client(&mut self, me: usize) -> Flow {
        match self.token.take() {
            Some(Token::Client(client)) => self.take(client, me),
            _ => Skip,
        }
    }

    fn take(&mut self, client: usize, _: usize) -> Flow {
        if mem::take(&mut self.resting[client]) {
            self.armed[client] = false;
            self.jobs.push(client);
        }
        Next
    }

    fn if_scan_due(&mut self, _: usize) -> Flow {
        if mem::take(&mut self.is_scan_due) { Next } else { Skip }
    }

    fn scan(&mut self, me: usize) -> Flow {
        for client in 0..CLIENTS {
            if self.late[client] {
                self.take(client, me);
            }
        }
        Next
    }

    fn read_bytes(&mut self, _: usize) -> Flow {
        self.bytes = 0;
        Next
    }

    fn clear_pending(&mut self, _: usize) -> Flow {
        self.is_pending = false;
        Next
    }

    fn try_receive(&mut self, _: usize) -> Flow {
        let is_empty = self.channel.is_empty();
        self.taken_back = (!is_empty).then(|| self.channel.remove(0));
        if is_empty { Skip } else { Next }
    }

    fn if_wait(&mut self, _: usize) -> Flow {
        if matches!(self.taken_back, Some(Back::Wait(_))) { Next } else { Skip }
    }

    /// The connection that came back.
    fn client(&self) -> usize {
        match self.taken_back {
            Some(Back::Wait(client)) => client,
            _ => unreachable!("only a connection that waits gets here"),
        }
    }

    fn hurry(&mut self, _: usize) -> Flow {
        let client = self.client();
        self.late[client] = self.has_stopped;
        Next
    }

    fn arm(&mut self, _: usize) -> Flow {
        let client = self.client();
        self.armed[client] = true;
        Skip
    }

    fn scan_for_it(&mut self, _: usize) -> Flow {
        self.is_scan_due |= self.late[self.client()];
        Next
    }

    fn rest(&mut self, _: usize) -> Flow {
        let client = self.client();
        self.resting[client] = true;
        self.taken_back = None;
        Next
    }

    fn if_again(&mut self, _: usize) -> Flow {
        let Some(Back::Again(client)) = self.taken_back else { return Skip };
        self.taken_back = None;
        self.jobs.push(client);
        Next
    }

    fn if_done(&mut self, _: usize) -> Flow {
        if self.taken_back.take_if(|it| *it == Back::Done).is_some() {
            self.open -= 1;
        }
        Next
    }
}

//! What the other threads do: the workers, the clients and the signal.

use super::{Back, Server};
use crate::program::Flow::{self, Next, Skip, Wait};
use std::mem;

impl Server {
    pub fn request_0(&mut self, _: usize) -> Flow {
        self.unread[0] += 1;
        Next
    }

    pub fn request_1(&mut self, _: usize) -> Flow {
        self.unread[1] += 1;
        Next
    }

    pub fn stop(&mut self, _: usize) -> Flow {
        self.has_stopped = true;
        Next
    }

    pub fn next_job(&mut self, me: usize) -> Flow {
        if self.queue.is_empty() {
            return Wait;
        }
        self.job[me] = Some(self.queue.remove(0));
        Next
    }

    /// Answers one request.
    pub fn advance(&mut self, me: usize) -> Flow {
        let client = self.job[me].take().expect("a job");
        if self.unread[client] > 0 {
            self.unread[client] -= 1;
            self.answered[client] += 1;
        }
        self.back[me] = Some(match self.unread[client] {
            0 if self.late[client] => Back::Done,
            0 => Back::Wait(client),
            _ => Back::Again(client),
        });
        Next
    }

    pub fn send(&mut self, me: usize) -> Flow {
        self.channel.extend(self.back[me].take());
        Next
    }

    pub fn set_pending(&mut self, _: usize) -> Flow {
        if mem::replace(&mut self.is_pending, true) { Skip } else { Next }
    }

    /// Like `load`, without a change.
    pub fn load_pending(&mut self, _: usize) -> Flow {
        if self.is_pending { Skip } else { Next }
    }

    pub fn write_byte(&mut self, _: usize) -> Flow {
        self.is_pending = true; // In case it was only looked at.
        self.bytes += 1;
        Next
    }
}

//! The pools of steps 05 and 06: a channel of jobs, whose receiver the workers
//! share behind a lock.

mod orders;

use crate::program::Flow::{self, Next, Return, Skip, Wait};

/// Their threads come first, so that a worker's number is its thread's.
const WORKERS: usize = 2;

#[derive(Clone, Default, PartialEq, Eq, Hash)]
struct Pool {
    is_locked: bool,
    jobs: Vec<usize>,
    is_closed: bool,
    // Main's variables.
    sent: usize,
    to_join: usize,
    // The workers'.
    message: [Option<usize>; WORKERS],
    runs: [Option<usize>; WORKERS],
    has_ended: [bool; WORKERS],
    // What's asked about.
    done: Vec<usize>,
    has_failed: bool,
}

impl Pool {
    fn send(&mut self, _: usize) -> Flow {
        self.has_failed |= self.has_ended == [true; WORKERS];
        self.jobs.push(self.sent);
        self.sent += 1;
        Next
    }

    fn send_or_report(&mut self, me: usize) -> Flow {
        if self.has_ended == [true; WORKERS] {
            return Next;
        }
        self.send(me);
        Skip
    }

    fn close(&mut self, _: usize) -> Flow {
        self.is_closed = true;
        Next
    }

    fn has_worker(&mut self, _: usize) -> Flow {
        self.to_join += 1;
        if self.to_join > WORKERS { Skip } else { Next }
    }

    fn join(&mut self, _: usize) -> Flow {
        if self.has_ended[self.to_join - 1] { Next } else { Wait }
    }

    fn lock(&mut self, _: usize) -> Flow {
        if self.is_locked {
            return Wait;
        }
        self.is_locked = true;
        Next
    }

    fn receive(&mut self, me: usize) -> Flow {
        if self.jobs.is_empty() && !self.is_closed {
            return Wait;
        }
        let has_job = !self.jobs.is_empty();
        self.message[me] = has_job.then(|| self.jobs.remove(0));
        Next
    }

    fn unlock(&mut self, _: usize) -> Flow {
        self.is_locked = false;
        Next
    }

    fn unless_job(&mut self, me: usize) -> Flow {
        self.has_ended[me] = self.message[me].is_none();
        if self.has_ended[me] { Return } else { Next }
    }

    fn start(&mut self, me: usize) -> Flow {
        self.runs[me] = self.message[me].take();
        Next
    }

    fn finish(&mut self, me: usize) -> Flow {
        self.done.extend(self.runs[me].take());
        self.done.sort();
        Next
    }

    /// The first two jobs panic, and their workers don't catch it.
    fn finish_or_die(&mut self, me: usize) -> Flow {
        self.has_ended[me] = self.runs[me] < Some(2);
        self.finish(me);
        if self.has_ended[me] { Return } else { Next }
    }
}

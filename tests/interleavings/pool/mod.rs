//! Step 20's pool: a queue of jobs and a list of the workers that sleep.

use crate::program::Flow::{self, Next, Return, Skip, Wait};
use std::mem;

pub mod code;
mod orders;

/// Their threads come first, so that a worker's number is its thread's.
const WORKERS: usize = 2;
const JOBS: usize = 3;

/// What the threads share, and what each has in its variables.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Pool {
    is_locked: bool,
    jobs: Vec<usize>,
    idle: Vec<usize>,
    is_closed: bool,
    others_wait: bool,
    /// Whether a worker's next `park` returns at once.
    unparked: [bool; WORKERS],
    // Main's variables.
    arriving: Vec<usize>,
    others: usize,
    woken: Vec<usize>,
    to_join: usize,
    // The workers'.
    job: [Option<usize>; WORKERS],
    runs: [Option<usize>; WORKERS],
    has_ended: [bool; WORKERS],
    // What's asked about.
    begun: Vec<usize>,
    done: Vec<usize>,
    woke: usize,
}

impl Pool {
    fn lock(&mut self, _: usize) -> Flow {
        if self.is_locked {
            return Wait;
        }
        self.is_locked = true;
        Next
    }

    fn unlock(&mut self, _: usize) -> Flow {
        self.is_locked = false;
        Next
    }

    fn count_others(&mut self, _: usize) -> Flow {
        self.others = self.idle.len().saturating_sub(self.arriving.len());
        Next
    }

    fn take_woken(&mut self, _: usize) -> Flow {
        // No other thread of step 20 can have shortened the list.
        let others = mem::take(&mut self.others).min(self.idle.len());
        self.woken = self.idle.split_off(others);
        Next
    }

    fn take_all(&mut self, _: usize) -> Flow {
        self.others = 0;
        self.woken = mem::take(&mut self.idle);
        Next
    }

    fn push_jobs(&mut self, _: usize) -> Flow {
        self.jobs.append(&mut self.arriving);
        Next
    }

    fn say_others_wait(&mut self, _: usize) -> Flow {
        self.others_wait = self.jobs.len() > self.woken.len();
        Next
    }

    fn has_woken(&mut self, _: usize) -> Flow {
        if self.woken.is_empty() { Skip } else { Next }
    }

    fn unpark_woken(&mut self, _: usize) -> Flow {
        self.unparked[self.woken.remove(0)] = true;
        self.woke += 1;
        Next
    }

    fn close(&mut self, _: usize) -> Flow {
        self.is_closed = true;
        Next
    }

    fn has_worker(&mut self, _: usize) -> Flow {
        self.to_join += 1;
        if self.to_join > WORKERS { Skip } else { Next }
    }

    fn unpark_worker(&mut self, _: usize) -> Flow {
        self.unparked[self.to_join - 1] = true;
        Next
    }

    fn join(&mut self, _: usize) -> Flow {
        if self.has_ended[self.to_join - 1] { Next } else { Wait }
    }

    fn unlist(&mut self, me: usize) -> Flow {
        self.idle.retain(|worker| *worker != me);
        Next
    }

    fn pop(&mut self, me: usize) -> Flow {
        if self.jobs.is_empty() {
            return Skip;
        }
        self.job[me] = Some(self.jobs.remove(0));
        self.begun.extend(self.job[me]);
        Next
    }

    fn pop_last(&mut self, me: usize) -> Flow {
        let last = self.jobs.len().saturating_sub(1);
        self.jobs.rotate_right(last.min(1));
        self.pop(me)
    }

    fn leave(&mut self, _: usize) -> Flow {
        self.is_locked = false;
        Return
    }

    fn leave_locked(&mut self, _: usize) -> Flow {
        Return
    }

    fn check_closed(&mut self, _: usize) -> Flow {
        if self.is_closed { Next } else { Skip }
    }

    fn list(&mut self, me: usize) -> Flow {
        self.idle.push(me);
        Next
    }

    fn park(&mut self, me: usize) -> Flow {
        if mem::take(&mut self.unparked[me]) { Next } else { Wait }
    }

    fn has_job(&mut self, me: usize) -> Flow {
        self.has_ended[me] = self.job[me].is_none();
        if self.has_ended[me] { Skip } else { Next }
    }

    fn start(&mut self, me: usize) -> Flow {
        self.runs[me] = self.job[me].take();
        Next
    }

    fn finish(&mut self, me: usize) -> Flow {
        self.done.extend(self.runs[me].take());
        self.done.sort();
        Next
    }

    /// Like a client that takes all that it's sent: the first two jobs end only
    /// if others wait.
    fn finish_for_others(&mut self, me: usize) -> Flow {
        if self.runs[me] < Some(2) && !self.others_wait {
            return Wait;
        }
        self.finish(me)
    }

    fn first_arrives(&mut self, _: usize) -> Flow {
        self.arriving = vec![0];
        Next
    }

    fn two_arrive(&mut self, _: usize) -> Flow {
        self.arriving = vec![1, 2];
        Next
    }

    fn wake_up(&mut self, _: usize) -> Flow {
        self.unparked[0] = true;
        Next
    }

    /// A job waits beside a worker that sleeps and isn't about to be woken.
    fn sleeps_beside_a_job(&self) -> bool {
        let awake = (0..WORKERS)
            .filter(|it| !self.idle.contains(it) && self.runs[*it].is_none());
        let sleep = self.idle.iter().any(|it| !self.unparked[*it]);
        !self.is_locked && sleep && self.jobs.len() > awake.count()
    }

    fn is_listed_twice(&self) -> bool {
        self.idle.len() == WORKERS && self.idle[0] == self.idle[1]
    }
}

// ANCHOR: members
//! Everybody who is connected: who is served, who is idle, and who has to go.

use crate::input::is_timeout;
use crate::limits::HALF_RECEIVED;
use crate::output::has_more;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// The connections that were accepted and have not ended.
pub struct Crowd {
    members: Mutex<Members>,
    /// Tells, at the end, that somebody has left.
    departure: Condvar,
}

struct Members {
    /// By the order in which they have come.
    all: BTreeMap<u64, Member>,
    next_id: u64,
    /// How many can be served at once: as many as there are workers, and none
    /// when the server is to end.
    room: usize,
}

struct Member {
    stream: Arc<TcpStream>,
    phase: Phase,
}

/// What a connection is at.
#[derive(Clone, Copy, PartialEq)]
pub enum Phase {
    /// In the queue, until a worker is free, and a moment longer.
    Waiting,
    /// Nothing is to be done for it since then, and nothing more has come.
    Idle(Instant),
    /// A request has begun to come.
    Receiving,
    /// A request is being answered.
    Answering,
    /// It was idle and has been asked to leave.
    Leaving,
}
// ANCHOR_END: members

// ANCHOR: crowd
impl Crowd {
    pub fn new(workers: usize) -> Crowd {
        let all = BTreeMap::new();
        let members = Members { all, next_id: 0, room: workers };
        Crowd { members: Mutex::new(members), departure: Condvar::new() }
    }

    /// Adds a connection, which stays a member until its guest is dropped.
    pub fn enter(self: &Arc<Crowd>, stream: TcpStream) -> Guest {
        let stream = Arc::new(stream);
        let mut members = self.lock();
        let id = members.next_id;
        members.next_id += 1;
        let phase = Phase::Waiting;
        members.all.insert(id, Member { stream: Arc::clone(&stream), phase });
        members.make_room();
        Guest { crowd: Arc::clone(self), id, stream, entered: Instant::now() }
    }

    /// How many can be served at once may turn out to be fewer.
    pub fn set_room(&self, room: usize) {
        let mut members = self.lock();
        members.room = room;
        members.make_room();
    }

    /// How many connections there are.
    pub fn len(&self) -> usize {
        self.lock().all.len()
    }

    /// Makes room where it is not workers that are missing, but open files.
    pub fn dismiss_one(&self) {
        self.lock().dismiss_one();
    }

    /// Waits until all have left: the idle at once, those who have not sent a
    /// whole request within two seconds, and everybody within `bound`. Returns
    /// how many responses had to be cut off.
    pub fn drain(&self, bound: Duration) -> usize {
        let end = Instant::now() + bound;
        self.set_room(0);
        self.wait_until(end.min(Instant::now() + HALF_RECEIVED));
        for member in self.lock().all.values() {
            if member.phase == Phase::Receiving {
                _ = member.stream.shutdown(Shutdown::Read);
            }
        }
        self.wait_until(end);
        self.cut()
    }

    /// Ends all connections, and says to how many a response was due.
    fn cut(&self) -> usize {
        let members = self.lock();
        let due = members.all.values().filter(|member| {
            let due = match member.phase {
                Phase::Waiting => has_more(&member.stream),
                phase => phase == Phase::Answering,
            };
            _ = member.stream.shutdown(Shutdown::Both);
            due
        });
        due.count()
    }

    /// Waits until nobody is left, or until then.
    fn wait_until(&self, end: Instant) {
        let time = end.saturating_duration_since(Instant::now());
        let some_left = |members: &mut Members| !members.all.is_empty();
        let members =
            self.departure.wait_timeout_while(self.lock(), time, some_left);
        drop(members.expect(INTACT));
    }

    fn lock(&self) -> MutexGuard<'_, Members> {
        self.members.lock().expect(INTACT)
    }
}

/// Why the lock cannot be poisoned.
const INTACT: &str = "nothing panics while it is held";
// ANCHOR_END: crowd

// ANCHOR: dismiss
impl Members {
    fn is_crowded(&self) -> bool {
        let stays = |member: &&Member| member.phase != Phase::Leaving;
        let all = &self.all;
        all.len() > self.room && all.values().filter(stays).count() > self.room
    }

    /// As long as more are here than can be served, asks who has been idle
    /// longest to leave.
    fn make_room(&mut self) {
        while self.is_crowded() && self.dismiss_one() {}
    }

    /// Asks who has been idle longest to leave, if anybody is.
    fn dismiss_one(&mut self) -> bool {
        let idle = self.all.values_mut().filter_map(|it| match it.phase {
            Phase::Idle(since) => Some((since, it)),
            _ => None,
        });
        let Some((_, member)) = idle.min_by_key(|(since, _)| *since) else {
            return false;
        };
        if has_more(&member.stream) {
            // Its worker has not noticed yet.
            member.phase = Phase::Receiving;
        } else {
            // Its worker wakes up, as if the client had closed.
            _ = member.stream.shutdown(Shutdown::Read);
            member.phase = Phase::Leaving;
        }
        true
    }
}
// ANCHOR_END: dismiss

// ANCHOR: guest
/// A connection in the crowd. When it is dropped, somebody has left.
pub struct Guest {
    crowd: Arc<Crowd>,
    id: u64,
    pub stream: Arc<TcpStream>,
    pub entered: Instant,
}

impl Guest {
    /// Tells the crowd what the connection is at. If it is idle, it may be
    /// asked to leave at once.
    pub fn is_at(&self, phase: Phase) {
        let mut members = self.crowd.lock();
        let member = members.all.get_mut(&self.id);
        member.expect("it is there until the drop").phase = phase;
        members.make_room();
    }

    /// Waits until the first byte of a request is there, and leaves it there.
    /// `false`: the client has closed, or was idle until `end`, or has to leave.
    pub fn wait_for_byte(&self, end: Instant) -> bool {
        self.is_at(Phase::Idle(Instant::now()));
        loop {
            match self.stream.peek(&mut [0]) {
                Ok(0) => return false,
                Ok(_) => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // That it came back early may be due to `has_more`.
                Err(error) if is_timeout(&error) && Instant::now() < end => {}
                Err(_) => return false,
            }
        }
        self.is_at(Phase::Receiving);
        true
    }

    /// Whether the connection can stay open after the answer.
    pub fn may_stay(&self) -> bool {
        !self.crowd.lock().is_crowded()
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut members = self.crowd.lock();
        members.all.remove(&self.id);
        if members.room == 0 {
            self.crowd.departure.notify_all();
        }
    }
}
// ANCHOR_END: guest

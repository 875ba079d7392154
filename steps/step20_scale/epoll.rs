//! Waits with `epoll`, at a cost that doesn't grow with the number of sockets.
#![cfg(any(target_os = "linux", target_os = "android"))]

use crate::poller::{AsSocket, Interest, in_ms, socket};
use std::io;
use std::os::fd::{FromRawFd, OwnedFd};
use std::time::Duration;

/// The most events that one wait returns.
const MAX_EVENTS: usize = 256;

const EPOLL_CLOEXEC: i32 = 0o2_000_000;
const EPOLL_CTL_ADD: i32 = 1;
const EPOLL_CTL_MOD: i32 = 3;
const EPOLLIN: u32 = 1;
const EPOLLOUT: u32 = 4;
const EPOLLONESHOT: u32 = 1 << 30;

/// The C type `struct epoll_event`, which has no padding on x86-64.
#[cfg_attr(target_arch = "x86_64", repr(C, packed))]
#[cfg_attr(not(target_arch = "x86_64"), repr(C))]
#[derive(Clone, Copy)]
pub struct Event {
    events: u32,
    token: u64,
}

unsafe extern "C" {
    fn epoll_create1(flags: i32) -> i32;
    fn epoll_ctl(
        epoll: i32,
        operation: i32,
        socket: i32,
        event: *mut Event,
    ) -> i32;
    fn epoll_wait(epoll: i32, events: *mut Event, count: i32, ms: i32) -> i32;
}

pub struct Poller {
    epoll: OwnedFd,
    events: [Event; MAX_EVENTS],
}

impl Poller {
    pub fn new() -> io::Result<Poller> {
        // SAFETY: it takes no pointer.
        let descriptor = unsafe { epoll_create1(EPOLL_CLOEXEC) };
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor is open, and nobody else has it.
        let epoll = unsafe { OwnedFd::from_raw_fd(descriptor) };
        let events = [Event { events: 0, token: 0 }; MAX_EVENTS];
        Ok(Poller { epoll, events })
    }

    /// Reports the token each time that there's something to read.
    pub fn watch(
        &mut self,
        source: &impl AsSocket,
        token: u64,
    ) -> io::Result<()> {
        self.control(EPOLL_CTL_ADD, source, EPOLLIN, token)
    }

    /// Reports the token once, until it's armed again.
    pub fn arm(
        &mut self,
        source: &impl AsSocket,
        token: u64,
        interest: Interest,
    ) -> io::Result<()> {
        let events = match interest {
            Interest::Read => EPOLLIN | EPOLLONESHOT,
            Interest::Write => EPOLLOUT | EPOLLONESHOT,
        };
        match self.control(EPOLL_CTL_MOD, source, events, token) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.control(EPOLL_CTL_ADD, source, events, token)
            }
            result => result,
        }
    }

    /// Forgets a token that was armed and won't be waited for. `epoll` may
    /// still report it. Then the token leads nowhere.
    pub fn disarm(&mut self, _token: u64) {}

    /// Waits until something is ready, or until the time is up. It may
    /// return earlier. Errors and hang-ups count as ready: the next read or
    /// write will say more.
    pub fn wait(&mut self, timeout: Duration) -> io::Result<Vec<u64>> {
        let (epoll, count) = (self.epoll.as_raw_fd(), MAX_EVENTS as i32);
        let events = self.events.as_mut_ptr();
        // SAFETY: `events` has room for `count` of them.
        let found = unsafe { epoll_wait(epoll, events, count, in_ms(timeout)) };
        let error = io::Error::last_os_error();
        if found < 0 && error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
        let found = &self.events[..found.max(0) as usize];
        Ok(found.iter().map(|event| event.token).collect())
    }

    fn control(
        &self,
        operation: i32,
        source: &impl AsSocket,
        events: u32,
        token: u64,
    ) -> io::Result<()> {
        let mut event = Event { events, token };
        let (epoll, socket) = (self.epoll.as_raw_fd(), socket(source));
        // SAFETY: both descriptors are open, and `event` may be read.
        match unsafe { epoll_ctl(epoll, operation, socket, &mut event) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

//! Waits with `poll`, as in step 19. Compiled for the tests on Linux, too, so that
//! it's tried there.
#![cfg(any(test, not(any(target_os = "linux", target_os = "android"))))]

use crate::poller::{AsSocket, Interest, Socket, in_ms, socket};
use std::io;
use std::time::Duration;

#[cfg(unix)]
mod system {
    pub const READ: i16 = 1; // POLLIN
    pub const WRITE: i16 = 4; // POLLOUT
    /// The C type `nfds_t`.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub type Count = std::ffi::c_ulong;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pub type Count = std::ffi::c_uint;
    unsafe extern "C" {
        pub fn poll(entries: *mut super::Entry, count: Count, ms: i32) -> i32;
    }
}

#[cfg(windows)]
mod system {
    pub const READ: i16 = 0x0100; // POLLRDNORM
    pub const WRITE: i16 = 0x0010; // POLLWRNORM
    pub type Count = u32;
    #[link(name = "ws2_32")]
    unsafe extern "system" {
        #[link_name = "WSAPoll"]
        pub fn poll(entries: *mut super::Entry, count: Count, ms: i32) -> i32;
    }
}

/// The C type `struct pollfd`.
#[repr(C)]
pub struct Entry {
    socket: Socket,
    events: i16,
    returned: i16,
}

#[derive(Default)]
pub struct Poller {
    entries: Vec<Entry>,
    /// The token of each entry, and whether it stays after an event.
    tokens: Vec<(u64, bool)>,
}

impl Poller {
    pub fn new() -> io::Result<Poller> {
        Ok(Poller::default())
    }

    pub fn watch(
        &mut self,
        source: &impl AsSocket,
        token: u64,
    ) -> io::Result<()> {
        self.add(socket(source), system::READ, (token, true));
        Ok(())
    }

    pub fn arm(
        &mut self,
        source: &impl AsSocket,
        token: u64,
        interest: Interest,
    ) -> io::Result<()> {
        let events = match interest {
            Interest::Read => system::READ,
            Interest::Write => system::WRITE,
        };
        self.disarm(token); // Or it would be listed twice.
        self.add(socket(source), events, (token, false));
        Ok(())
    }

    pub fn disarm(&mut self, token: u64) {
        let found = self.tokens.iter().position(|it| *it == (token, false));
        if let Some(index) = found {
            self.entries.swap_remove(index);
            self.tokens.swap_remove(index);
        }
    }

    pub fn wait(&mut self, timeout: Duration) -> io::Result<Vec<u64>> {
        let count = self.entries.len() as system::Count;
        let entries = self.entries.as_mut_ptr();
        // SAFETY: there are `count` entries, which may be written to.
        let found = unsafe { system::poll(entries, count, in_ms(timeout)) };
        let error = io::Error::last_os_error();
        if found < 0 && error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
        let mut ready = Vec::new();
        for index in (0..self.entries.len()).rev() {
            let (token, stays) = self.tokens[index];
            if std::mem::take(&mut self.entries[index].returned) != 0 {
                ready.push(token);
                if !stays {
                    self.entries.swap_remove(index);
                    self.tokens.swap_remove(index);
                }
            }
        }
        Ok(ready)
    }

    fn add(&mut self, socket: Socket, events: i16, token: (u64, bool)) {
        self.entries.push(Entry { socket, events, returned: 0 });
        self.tokens.push(token);
    }
}

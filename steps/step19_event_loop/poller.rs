//! Waits for several sockets at once. This takes unsafe code, because std has no
//! call for that.

use std::io;
use std::time::Duration;

#[cfg(unix)]
use std::os::fd::{AsRawFd as AsSocket, RawFd as Socket};
#[cfg(windows)]
use std::os::windows::io::{AsRawSocket as AsSocket, RawSocket as Socket};

/// A socket that's connected to another one in this process.
#[cfg(unix)]
pub type Local = std::os::unix::net::UnixStream;
#[cfg(not(unix))]
pub type Local = std::net::TcpStream;

/// What a connection waits for.
#[derive(Clone, Copy)]
pub enum Interest {
    /// Something to read.
    Read,
    /// Room to write.
    Write,
}

/// A socket to wait for: the C type `struct pollfd`.
#[repr(C)]
pub struct Entry {
    socket: Socket,
    events: i16,
    returned: i16,
}

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

impl Entry {
    pub fn new(socket: &impl AsSocket, interest: Interest) -> Entry {
        #[cfg(unix)]
        let socket = socket.as_raw_fd();
        #[cfg(windows)]
        let socket = socket.as_raw_socket();
        let events = match interest {
            Interest::Read => system::READ,
            Interest::Write => system::WRITE,
        };
        Entry { socket, events, returned: 0 }
    }

    /// Whether the wait is over for this one. Errors and hang-ups count: the next
    /// read or write will say more.
    pub fn is_ready(&self) -> bool {
        self.returned != 0
    }
}

/// Waits until one of the sockets is ready, or until the time is up. It may
/// return earlier.
pub fn wait(entries: &mut [Entry], timeout: Duration) -> io::Result<()> {
    // Rounded up, because zero wouldn't wait at all.
    let ms = timeout.as_micros().div_ceil(1000).min(i32::MAX as u128) as i32;
    let count = entries.len() as system::Count;
    // SAFETY: `entries` is an array of `count` elements that may be written to.
    let found = unsafe { system::poll(entries.as_mut_ptr(), count, ms) };
    let error = io::Error::last_os_error();
    if found < 0 && error.kind() != io::ErrorKind::Interrupted {
        return Err(error);
    }
    Ok(())
}

/// Two connected sockets.
#[cfg(unix)]
pub fn pair() -> io::Result<(Local, Local)> {
    Local::pair()
}

/// Two ends of a connection to ourselves. Another program may connect before we
/// do, so this checks who it is.
#[cfg(not(unix))]
pub fn pair() -> io::Result<(Local, Local)> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let sender = Local::connect(listener.local_addr()?)?;
    let (receiver, peer) = listener.accept()?;
    match peer == sender.local_addr()? {
        true => Ok((sender, receiver)),
        false => Err(io::Error::other("a stranger has connected")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};
    use std::time::Instant;

    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let client = TcpStream::connect(address).expect("the listener");
        (client, listener.accept().expect("the client").0)
    }

    #[test]
    fn only_what_is_ready_is_ready() {
        let (mut client, server) = pair();
        let (_silent, other) = pair();
        let wait = || {
            let mut entries = [
                Entry::new(&server, Interest::Read),
                Entry::new(&other, Interest::Read),
                Entry::new(&other, Interest::Write),
            ];
            super::wait(&mut entries, Duration::from_secs(10)).expect("poll");
            entries.map(|entry| entry.is_ready())
        };
        assert_eq!(wait(), [false, false, true]);
        client.write_all(b"a").expect("room for a byte");
        while !wait()[0] {}
        assert_eq!(wait(), [true, false, true]);
        drop(client);
        assert_eq!(wait(), [true, false, true]);
    }

    #[test]
    fn a_wait_ends_in_time() {
        let (_client, server) = pair();
        let mut entries = [Entry::new(&server, Interest::Read)];
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(20) {
            wait(&mut entries, Duration::from_millis(30)).expect("poll");
        }
        assert!(!entries[0].is_ready());
    }
}

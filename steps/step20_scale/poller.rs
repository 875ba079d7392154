//! Waits for many sockets at once: with `epoll` on Linux, at a cost that doesn't
//! grow with their number, and elsewhere with `poll`. This takes unsafe code,
//! because std has no calls for that.

use std::io;
use std::time::Duration;

#[cfg(unix)]
pub use std::os::fd::{AsRawFd as AsSocket, RawFd as Socket};
#[cfg(windows)]
pub use std::os::windows::io::{AsRawSocket as AsSocket, RawSocket as Socket};

#[cfg(any(target_os = "linux", target_os = "android"))]
pub use crate::epoll::Poller;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub use crate::poll::Poller;

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

/// Rounded up, because zero wouldn't wait at all.
pub fn in_ms(timeout: Duration) -> i32 {
    timeout.as_micros().div_ceil(1000).min(i32::MAX as u128) as i32
}

#[cfg(unix)]
pub fn socket(of: &impl AsSocket) -> Socket {
    of.as_raw_fd()
}

#[cfg(windows)]
pub fn socket(of: &impl AsSocket) -> Socket {
    of.as_raw_socket()
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

    fn connected() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let client = TcpStream::connect(address).expect("the listener");
        (client, listener.accept().expect("the client").0)
    }

    /// The same for both pollers, which have no type in common.
    macro_rules! check {
        ($poller:ty) => {{
            const LONG: Duration = Duration::from_secs(10);
            const SHORT: Duration = Duration::from_millis(20);
            let mut poller = <$poller>::new().expect("a poller");
            let (mut client, server) = connected();
            let (_silent, other) = connected();
            poller.watch(&other, 1).expect("room");
            poller.arm(&server, 2, Interest::Read).expect("room");
            assert_eq!(poller.wait(SHORT).expect("a wait"), []);
            client.write_all(b"a").expect("room for a byte");
            assert_eq!(poller.wait(LONG).expect("a wait"), [2]);
            // Once only, until it's armed again.
            assert_eq!(poller.wait(SHORT).expect("a wait"), []);
            poller.arm(&server, 2, Interest::Read).expect("room");
            assert_eq!(poller.wait(LONG).expect("a wait"), [2]);
            for _ in 0..2 {
                poller.arm(&server, 2, Interest::Write).expect("room");
            }
            assert_eq!(poller.wait(LONG).expect("a wait"), [2]);
            // What's watched is reported again and again.
            drop(_silent);
            for _ in 0..2 {
                assert_eq!(poller.wait(LONG).expect("a wait"), [1]);
            }
        }};
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[test]
    fn epoll_reports_what_is_ready() {
        check!(crate::epoll::Poller);
        let size = if cfg!(target_arch = "x86_64") { 12 } else { 16 };
        assert_eq!(size_of::<crate::epoll::Event>(), size);
    }

    #[test]
    fn poll_reports_what_is_ready() {
        check!(crate::poll::Poller);
        let mut poller = crate::poll::Poller::new().expect("a poller");
        let (_client, server) = connected();
        poller.arm(&server, 1, Interest::Write).expect("room");
        poller.disarm(1);
        let ready = poller.wait(Duration::from_millis(1)).expect("a wait");
        assert_eq!(ready, []);
    }
}

//! Sends a part of a file without copying it into the program: with `sendfile` on
//! Linux, which takes unsafe code, because std has no call for it.

use std::fs::File;
use std::io;
use std::net::TcpStream;
use std::ops::Range;

/// Sends as much of the range as there's room for, and returns how many bytes
/// that is. Zero means that the file ends before the range begins.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn sendfile(
    stream: &TcpStream,
    file: &File,
    range: Range<u64>,
) -> io::Result<usize> {
    use std::os::fd::AsRawFd;
    unsafe extern "C" {
        #[cfg_attr(target_pointer_width = "32", link_name = "sendfile64")]
        fn sendfile(
            output: i32,
            input: i32,
            offset: *mut i64,
            count: usize,
        ) -> isize;
    }
    let mut offset = range.start as i64;
    let count = (range.end - range.start).min(1 << 30) as usize;
    let (output, input) = (stream.as_raw_fd(), file.as_raw_fd());
    // SAFETY: both descriptors are open, and `offset` may be written to.
    let sent = unsafe { sendfile(output, input, &mut offset, count) };
    match sent {
        0.. => Ok(sent as usize),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Elsewhere, the bytes go through the program. What the socket has no room for
/// is read again.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn sendfile(
    mut stream: &TcpStream,
    mut file: &File,
    range: Range<u64>,
) -> io::Result<usize> {
    use std::io::{Read, Seek, SeekFrom, Write};
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(range.start))?;
    file.take(range.end - range.start).read_to_end(&mut bytes)?;
    match bytes.is_empty() {
        true => Ok(0),
        false => stream.write(&bytes),
    }
}

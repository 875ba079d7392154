//! Opens files without waiting, and tells whether two descriptions are of the
//! same file.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

/// Opens a file for reading. If it's a named pipe, this doesn't wait until a
/// program opens it for writing.
#[cfg(unix)]
pub fn open_at_once(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    const LINUX: bool = cfg!(any(target_os = "linux", target_os = "android"));
    const O_NONBLOCK: i32 = if LINUX { 0o4000 } else { 4 };
    File::options().read(true).custom_flags(O_NONBLOCK).open(path)
}

/// Elsewhere, a directory contains no pipes.
#[cfg(not(unix))]
pub fn open_at_once(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Whether both describe the same file. On Unix, a file has a number that no
/// other file in its file system has.
#[cfg(unix)]
pub fn is_same_file(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Elsewhere std doesn't know the number, so we can't tell.
#[cfg(not(unix))]
pub fn is_same_file(_: &Metadata, _: &Metadata) -> bool {
    true
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;
    use std::{env, fs, process, thread};

    #[test]
    fn a_named_pipe_is_opened_without_a_writer() {
        let pipe = env::temp_dir().join(format!("pipe-{}", process::id()));
        let made = process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.is_ok_and(|status| status.success()), "mkfifo");
        let (done, is_done) = mpsc::channel();
        let path = pipe.clone();
        thread::spawn(move || _ = done.send(open_at_once(&path).is_ok()));
        let opened = is_done.recv_timeout(Duration::from_secs(10));
        fs::remove_file(&pipe).expect("the pipe");
        assert_eq!(opened, Ok(true), "it waits for a writer: O_NONBLOCK");
    }
}

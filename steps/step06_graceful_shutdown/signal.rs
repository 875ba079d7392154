//! Tells the program when to stop. On Unix this takes unsafe code, because std
//! has no signals. On other systems, standard input is used instead.

use std::{io, process, thread};

// ANCHOR: on_stop
/// Runs `stop` at the first request to stop. The second one ends the process with
/// status 128 + the signal's number. Call this before any thread is started,
/// because a new thread inherits which signals are blocked.
pub fn on_stop(stop: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let mut requests = stop_requests();
    thread::Builder::new().spawn(move || {
        requests.next();
        stop();
        if let Some(signal) = requests.next() {
            process::exit(128 + signal);
        }
    })?;
    Ok(())
}
// ANCHOR_END: on_stop

/// Blocks SIGINT (Ctrl-C) and SIGTERM; each `next` waits for one of them.
#[cfg(unix)]
fn stop_requests() -> impl Iterator<Item = i32> {
    const SIGINT: i32 = 2;
    const SIGTERM: i32 = 15;
    const LINUX: bool = cfg!(any(target_os = "linux", target_os = "android"));
    const SIG_BLOCK: i32 = if LINUX { 0 } else { 1 };
    /// Room for any system's `sigset_t`; 128 bytes on Linux, 4 on macOS.
    type Set = [u64; 16];
    unsafe extern "C" {
        fn sigemptyset(set: *mut Set) -> i32;
        fn sigaddset(set: *mut Set, signal: i32) -> i32;
        fn pthread_sigmask(how: i32, set: *const Set, old: *mut Set) -> i32;
        fn sigwait(set: *const Set, signal: *mut i32) -> i32;
    }
    let mut set: Set = [0; 16];
    // SAFETY: `set` is large enough to be written to, and filled before it is
    // read; the third argument of `pthread_sigmask` may be null.
    unsafe {
        sigemptyset(&mut set);
        sigaddset(&mut set, SIGINT);
        sigaddset(&mut set, SIGTERM);
        pthread_sigmask(SIG_BLOCK, &set, std::ptr::null_mut());
    }
    std::iter::from_fn(move || {
        let mut signal = 0;
        // SAFETY: `set` is filled, and `signal` may be written to.
        while unsafe { sigwait(&set, &mut signal) } != 0 {}
        Some(signal)
    })
}

/// On other systems, the line `quit` or the end of standard input is a request.
#[cfg(not(unix))]
fn stop_requests() -> impl Iterator<Item = i32> {
    quits(io::BufReader::new(io::stdin()))
}

#[cfg(any(not(unix), test))]
fn quits(input: impl io::BufRead) -> impl Iterator<Item = i32> {
    let lines = input.lines().map_while(Result::ok);
    lines.filter(|line| line.trim() == "quit").map(|_| 2)
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_a_line_quit_asks_to_stop() {
        let input = "hello\nquit\n quit \r\nquit now\n";
        let requests: Vec<i32> = super::quits(input.as_bytes()).collect();
        assert_eq!(requests, [2, 2]);
    }
}

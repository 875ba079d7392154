//! A program that runs for as long as a test needs it, and no longer.

use std::io;
use std::net::SocketAddr;
use std::ops::{Deref, DerefMut};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::output::Output;

/// A server gets this long to announce itself.
const DEADLINE: Duration = Duration::from_secs(10);

const PORT_0: &str = "port 0 asks for any free port, so print the address that \
     the listener has: `local_addr`, or Python's `getsockname`.";

const OTHER_LINE: &str =
    "print exactly that, with the IP address and port, before anything else.";

const ENDED: &str = "look at its standard error. The server ended before it \
     printed anything. Usual causes: it couldn't read its argument, an address \
     and port in one word, or it couldn't listen there.";

const SILENT: &str = "the server is running. Usual cause: the line waits in a \
     buffer, because standard output isn't a terminal here. Flush it, as with \
     Python's `print(…, flush=True)`. (Or this machine is very busy. Then try \
     again.)";

/// A process that ends when this is dropped.
pub struct Running {
    process: Child,
    pub stdout: Output,
    pub stderr: Output,
}

impl Running {
    pub fn spawn(command: &mut Command) -> io::Result<Running> {
        // Standard input stays open, because on Windows its end stops a server.
        command.stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        #[cfg(unix)]
        prepare(command, SIGKILL);
        let mut process = command.spawn()?;
        let stdout = process.stdout.take().expect("it's piped");
        let stderr = process.stderr.take().expect("it's piped");
        Ok(Running {
            process,
            stdout: Output::collect(stdout),
            stderr: Output::collect(stderr),
        })
    }

    /// The address that it announces on the first line of standard output, or
    /// what it says instead, and what may be the cause.
    pub fn address(&self) -> Result<SocketAddr, (String, &'static str)> {
        self.stdout.wait(DEADLINE, |lines| !lines.is_empty());
        let first = self.stdout.lines().into_iter().next();
        let line = first.as_deref().unwrap_or_default();
        let address = line.strip_prefix("listening on http://");
        let address = address.and_then(|it| it.parse::<SocketAddr>().ok());
        let hint = match address {
            Some(address) if address.port() != 0 => return Ok(address),
            Some(_) => PORT_0,
            None if first.is_some() => OTHER_LINE,
            None if self.stdout.wait_for_end(Duration::ZERO) => ENDED,
            None => SILENT,
        };
        let mut saw = match first {
            Some(line) => format!("{line:?}"),
            None if hint == SILENT => format!("nothing within {DEADLINE:?}"),
            None => "nothing".to_string(),
        };
        if hint == ENDED {
            self.stderr.wait_for_end(DEADLINE);
        }
        let errors = self.stderr.lines();
        if !errors.is_empty() {
            saw += ", and on standard error:";
        }
        for line in &errors[errors.len().saturating_sub(8)..] {
            saw += &format!("\n    | {line}");
        }
        Err((saw, hint))
    }
}

impl Deref for Running {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.process
    }
}

impl DerefMut for Running {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.process
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

#[cfg(unix)]
const SIGKILL: i32 = 9;

/// Has a child heed SIGINT and SIGHUP, and on Linux also end with us.
///
/// Someone who starts the tests in the background may have them ignore SIGINT, or
/// with `nohup` SIGHUP, and a child would inherit that. If the tests are
/// interrupted, nothing is dropped, and their children would run on. Linux then
/// sends them the signal `end`, strictly speaking when the *thread* that started
/// them ends. That's the thread of a test, and its servers end with it anyway.
#[cfg(unix)]
pub fn prepare(command: &mut Command, end: i32) {
    use std::os::unix::process::CommandExt;
    const SIGHUP: i32 = 1;
    const SIGINT: i32 = 2;
    const SIG_DFL: usize = 0;
    #[cfg(target_os = "linux")]
    const PR_SET_PDEATHSIG: i32 = 1;
    unsafe extern "C" {
        fn signal(number: i32, handler: usize) -> usize;
        #[cfg(target_os = "linux")]
        fn prctl(option: i32, ...) -> i32;
    }
    let prepare = move || {
        // SAFETY: SIG_DFL is a handler that any signal may have.
        unsafe { signal(SIGINT, SIG_DFL) };
        // SAFETY: the same.
        unsafe { signal(SIGHUP, SIG_DFL) };
        // SAFETY: this option takes the number of a signal, as a long.
        #[cfg(target_os = "linux")]
        unsafe {
            prctl(PR_SET_PDEATHSIG, end as usize)
        };
        #[cfg(not(target_os = "linux"))]
        let _ = end;
        Ok(())
    };
    // SAFETY: `prepare` calls nothing but two functions that are allowed between
    // fork and exec.
    unsafe { command.pre_exec(prepare) };
}

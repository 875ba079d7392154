//! Starts a server, tells it to stop, and sees when it has ended.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::launch::{self, Process, TIMEOUT};
use crate::options::{Place, Server};

const POLL: Duration = Duration::from_millis(10);

pub struct Running {
    pub address: SocketAddr,
    process: Process,
}

/// Builds the named binaries of this package.
pub fn build(servers: &[Server]) -> Result<(), String> {
    let ours = servers.iter().filter_map(|server| match server.place {
        Place::Package => server.command.first().map(String::as_str),
        _ => None,
    });
    launch::build(ours)
}

/// Starts a server, and returns when it takes connections.
pub fn start(server: &Server) -> Result<Running, String> {
    let (program, arguments) =
        server.command.split_first().expect("no command is empty");
    let mut command = match server.place {
        Place::Package => Command::new(launch::beside_this_program(program)?),
        _ => Command::new(program),
    };
    // The end of its input would stop some servers.
    command.stdin(Stdio::piped()).stderr(Stdio::piped());
    let spawn = |command: &mut Command| {
        let process = command.spawn().map(Process);
        process.map_err(|error| format!("cannot start {program:?}: {error}"))
    };
    if server.place == Place::AnyCommand {
        let address = free_address()?;
        let port = address.port().to_string();
        command.args(arguments.iter().map(|it| it.replace("{port}", &port)));
        let mut process = spawn(command.stdout(Stdio::null()))?;
        let stderr = process.0.stderr.take().expect("stderr is piped");
        let complaint = launch::first_line(stderr)
            .map_err(|error| format!("cannot start a thread: {error}"))?;
        wait_for_connection(&mut process, address, &server.name)
            .map_err(|error| format!("{error}{}", launch::cause(&complaint)))?;
        return Ok(Running { address, process });
    }
    command.args(arguments).arg("127.0.0.1:0").stdout(Stdio::piped());
    let mut process = spawn(&mut command)?;
    let address = launch::announced_address(&mut process, &server.name)?;
    Ok(Running { address, process })
}

/// A port that is free at this moment. Another program may take it before the
/// server does, and then the server says so.
fn free_address() -> Result<SocketAddr, String> {
    let listener = TcpListener::bind("127.0.0.1:0");
    let address = listener.and_then(|listener| listener.local_addr());
    address.map_err(|error| format!("no port is free: {error}"))
}

fn wait_for_connection(
    process: &mut Process,
    address: SocketAddr,
    name: &str,
) -> Result<(), String> {
    let start = Instant::now();
    while start.elapsed() < TIMEOUT {
        if TcpStream::connect_timeout(&address, TIMEOUT).is_ok() {
            return Ok(());
        }
        if let Ok(Some(status)) = process.0.try_wait() {
            return Err(format!(
                "{name:?} ended before it listened on {address}: {status}"
            ));
        }
        thread::sleep(POLL);
    }
    Err(format!(
        "{name:?} doesn't listen on {address} within {} s; it should, on the \
         {{port}} that its command gets",
        TIMEOUT.as_secs()
    ))
}

impl Running {
    pub fn id(&self) -> u32 {
        self.process.0.id()
    }

    /// How the server has ended, if it has.
    pub fn end(&mut self) -> Option<String> {
        self.process.0.try_wait().ok()?.map(describe)
    }

    /// Asks the server to stop.
    pub fn terminate(&self) -> Result<(), String> {
        kill("-TERM", &[self.id()])
    }

    /// Ends the server, and the processes that it has started, if they don't do
    /// so by themselves when they're asked to.
    pub fn stop(mut self, children: &[u32]) {
        if self.end().is_none() && self.terminate().is_ok() {
            let start = Instant::now();
            while self.end().is_none() && start.elapsed() < 30 * POLL {
                thread::sleep(POLL);
            }
        }
        if !children.is_empty() {
            _ = kill("-KILL", children);
        }
    }
}

/// std can only kill, and not ask.
fn kill(signal: &str, processes: &[u32]) -> Result<(), String> {
    if !cfg!(unix) {
        return Err("only Unix has the signal that stops a server".to_string());
    }
    let numbers = processes.iter().map(u32::to_string);
    let mut command = Command::new("kill");
    let run = command.arg(signal).args(numbers).stderr(Stdio::null()).status();
    match run {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err("the server can't be sent a signal".to_string()),
        Err(error) => Err(format!("cannot run \"kill\": {error}")),
    }
}

#[cfg(unix)]
fn describe(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exits with {code}"),
        (_, Some(15)) => "killed by SIGTERM".to_string(),
        (_, signal) => format!("killed by signal {}", signal.unwrap_or(0)),
    }
}

#[cfg(not(unix))]
fn describe(status: ExitStatus) -> String {
    format!("ends: {status}")
}

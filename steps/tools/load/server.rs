//! Builds, starts and ends the servers that get the load.

use std::io::{self, BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::{env, thread};

use crate::client::TIMEOUT;
use crate::place::{self, Place, Server};

/// A server that is ready. Where `load` has started it, it ends when this is
/// dropped, and so on every way out. (Ctrl-C ends both: a terminal sends it to
/// all that it runs.)
pub struct Running {
    pub address: SocketAddr,
    _process: Option<Process>,
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// Builds what is named of this package. `cargo run --bin load` builds nothing
/// but `load`, and an old binary would be measured in place of the new code.
pub fn build(servers: &[Server]) -> Result<(), String> {
    let ours = servers.iter().filter(|it| it.place == Place::Package);
    let binaries: Vec<_> =
        ours.map(|it| format!("--bin={}", it.binary())).collect();
    if binaries.is_empty() {
        return Ok(());
    }
    // Cargo says by this variable which cargo it is.
    let cargo = env::var_os("CARGO").unwrap_or("cargo".into());
    let mut command = Command::new(&cargo);
    command.args(["build", "--quiet", "--color=never", "--manifest-path"]);
    // The checkout may have been renamed after it was built.
    let package = env::var_os("CARGO_MANIFEST_DIR");
    let package = package.unwrap_or(env!("CARGO_MANIFEST_DIR").into());
    command.arg(Path::new(&package).join("Cargo.toml"));
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    let run = command.args(&binaries).stdin(Stdio::null()).output();
    let run = run.map_err(|error| format!("cannot run {cargo:?}: {error}"))?;
    if run.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&run.stderr);
    let cause = said.lines().find(|line| line.starts_with("error"));
    let (binaries, cause) = (binaries.join(" "), cause.unwrap_or("no reason"));
    Err(format!("`cargo build {binaries}` fails: {cause}"))
}

/// Starts a server, or makes sure that it is there.
pub fn start(server: &Server) -> Result<Running, String> {
    let mut arguments: Vec<&str> = Vec::new();
    let program = match &server.place {
        Place::Address(address) => {
            TcpStream::connect_timeout(address, TIMEOUT).map_err(|error| {
                format!("cannot reach {}: {error}", server.name)
            })?;
            return Ok(Running { address: *address, _process: None });
        }
        Place::Program(path) => path.clone(),
        Place::Package => {
            arguments.extend(server.words().skip(1));
            beside_this_program(server.binary())?
        }
    };
    let mut process = Command::new(&program)
        .args(arguments)
        .arg("127.0.0.1:0")
        .stdin(Stdio::piped()) // Its end would stop some servers.
        .stdout(Stdio::piped())
        .stderr(Stdio::null()) // Each client that leaves is worth a line there.
        .spawn()
        .map(Process)
        .map_err(|error| format!("cannot start {program:?}: {error}"))?;
    let stdout = process.0.stdout.take().expect("stdout is piped");
    let line = first_line(stdout).map_err(|error| {
        format!("cannot tell whether {:?} has started: {error}", server.name)
    })?;
    let address = announced(&line)
        .map_err(|error| format!("{:?} {error}", server.name))?;
    Ok(Running { address, _process: Some(process) })
}

/// The address in the first line that a server prints.
fn announced(line: &str) -> Result<SocketAddr, String> {
    let line = line.trim_end();
    match line.strip_prefix("listening on http://") {
        Some(address) => place::address(address)
            .map_err(|error| format!("listens elsewhere: {error}")),
        None if line.is_empty() => Err(format!("{EXPECTED}nothing")),
        None => Err(format!("{EXPECTED}{line:?}")),
    }
}

const EXPECTED: &str =
    "should print `listening on http://ADDRESS` first, but prints ";

fn beside_this_program(name: &str) -> Result<PathBuf, String> {
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    let this = env::current_exe()
        .map_err(|error| format!("cannot tell where {file} is: {error}"))?;
    Ok(this.with_file_name(file))
}

/// The first line of a program's output, or as much of one as is there when the
/// output ends or time is up. The rest of the output is read and thrown away: a
/// program that prints into a full pipe would stop.
fn first_line(stdout: ChildStdout) -> io::Result<String> {
    let (sender, line) = mpsc::channel();
    thread::Builder::new().spawn(move || {
        let mut output = BufReader::new(stdout);
        let mut line = Vec::new();
        // A line forever would fill the memory.
        _ = output.by_ref().take(200).read_until(b'\n', &mut line);
        _ = sender.send(String::from_utf8_lossy(&line).into_owned());
        _ = io::copy(&mut output, &mut io::sink());
    })?;
    Ok(line.recv_timeout(TIMEOUT).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_announces_its_address() {
        let address = "127.0.0.1:80".parse().unwrap();
        let lines = [
            "listening on http://127.0.0.1:80\n",
            "listening on http://127.0.0.1:80\r\n",
            "listening on http://localhost:80/",
        ];
        for line in lines {
            assert_eq!(announced(line), Ok(address), "{line:?}");
        }
    }

    #[test]
    fn other_output_is_not_an_announcement() {
        let cases = [
            ("", "prints nothing"),
            ("\n", "prints nothing"),
            ("hello\n", "prints \"hello\""),
            ("listening on 127.0.0.1:80\n", "prints \"listening on 127."),
            ("listening on http://x\n", "listens elsewhere: \"x\" isn't"),
            ("listening on http://0.0.0.0:80", "listens elsewhere: \"0.0.0"),
        ];
        for (line, expected) in cases {
            let error = announced(line).expect_err(line);
            assert!(error.contains(expected), "{error}");
        }
    }
}

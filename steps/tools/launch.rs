//! What the tools share: how they build and start the servers that they look
//! at.

use std::io::{self, BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;
use std::{env, thread};

/// How long a server may take to start.
pub const TIMEOUT: Duration = Duration::from_secs(5);

/// How long it may take before a program's output can be read, on a busy
/// machine.
const MOMENT: Duration = Duration::from_secs(2);

/// A server that a tool has started. It ends when this is dropped, so it ends
/// whichever way the tool does. (A terminal sends Ctrl-C to both.)
pub struct Process(pub Child);

impl Drop for Process {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// Builds the named binaries of this package. `cargo run --bin load` builds
/// nothing but `load`, and an old binary would run in place of the new code.
pub fn build<'a>(
    binaries: impl Iterator<Item = &'a str>,
) -> Result<(), String> {
    let binaries: Vec<_> = binaries.map(|it| format!("--bin={it}")).collect();
    if binaries.is_empty() {
        return Ok(());
    }
    // Cargo sets this variable to its own path.
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

pub fn beside_this_program(name: &str) -> Result<PathBuf, String> {
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    let this = env::current_exe()
        .map_err(|error| format!("cannot tell where {file} is: {error}"))?;
    Ok(this.with_file_name(file))
}

/// Waits for the first line that a server prints, and returns its address.
pub fn announced_address(
    process: &mut Process,
    name: &str,
) -> Result<SocketAddr, String> {
    let unknown =
        |error| format!("cannot tell whether {name:?} has started: {error}");
    let stdout = process.0.stdout.take().expect("stdout is piped");
    let complaint = process.0.stderr.take().map(first_line);
    let complaint = complaint.transpose().map_err(unknown)?;
    let line = first_line(stdout).map_err(unknown)?;
    let line = line.recv_timeout(TIMEOUT).unwrap_or_default();
    announced(&line).map_err(|error| {
        let cause = complaint.map(|it| cause(&it)).unwrap_or_default();
        format!("{name:?} {error}{cause}")
    })
}

/// What a program that doesn't start has said on standard error.
pub fn cause(complaint: &Receiver<String>) -> String {
    let line = complaint.recv_timeout(MOMENT).unwrap_or_default();
    match line.trim() {
        "" => String::new(),
        line => format!("; it says {line:?}"),
    }
}

/// The address in the first line that a server prints.
fn announced(line: &str) -> Result<SocketAddr, String> {
    let line = line.trim_end();
    match line.strip_prefix("listening on http://") {
        Some(found) => address(found)
            .map_err(|error| format!("listens elsewhere: {error}")),
        None if line.is_empty() => Err(format!("{EXPECTED}nothing")),
        None => Err(format!("{EXPECTED}{line:?}")),
    }
}

const EXPECTED: &str =
    "should print `listening on http://ADDRESS` first, but prints ";

/// The address of a server on this machine. Nobody else has asked to be tried.
pub fn address(name: &str) -> Result<SocketAddr, String> {
    let address = name.strip_prefix("http://").unwrap_or(name);
    let address = address.strip_suffix('/').unwrap_or(address);
    let address = match address.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => address.to_string(),
    };
    let found: SocketAddr = address.parse().map_err(|_| {
        format!("{name:?} isn't an address and port, such as 127.0.0.1:8080")
    })?;
    if found.ip().to_canonical().is_loopback() {
        return Ok(found);
    }
    Err(format!(
        "{name:?} is not this machine's 127.0.0.1; others aren't tried"
    ))
}

/// Sends the first line of a program's output, or as much of it as there is when
/// the output ends. The rest of the output is read and thrown away: a program
/// that prints into a full pipe would stop.
pub fn first_line(
    output: impl Read + Send + 'static,
) -> io::Result<Receiver<String>> {
    let (sender, line) = mpsc::channel();
    thread::Builder::new().spawn(move || {
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        // A line without an end would fill the memory.
        _ = output.by_ref().take(200).read_until(b'\n', &mut line);
        _ = sender.send(String::from_utf8_lossy(&line).into_owned());
        _ = io::copy(&mut output, &mut io::sink());
    })?;
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_tried() {
        for name in ["192.0.2.1:80", "[2001:db8::1]:80", "0.0.0.0:80"] {
            let error = address(name).expect_err(name);
            assert!(error.contains("this machine"), "{error}");
        }
        assert!(address("[::ffff:127.0.0.1]:80").is_ok());
        assert!(address("127.1.2.3:80").is_ok());
        for name in ["example.com:80", "https://127.0.0.1:80", "127.0.0.1:"] {
            let error = address(name).expect_err(name);
            assert!(error.contains("an address"), "{error}");
        }
    }

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
    fn what_is_no_announcement_is_told() {
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

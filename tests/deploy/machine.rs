//! What a test needs of this machine: programs, ports, and the book's files.

use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use crate::place::repository;

/// What must happen gets this long. Only a fault ever takes that long.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// The ports that the book's files name: two copies, the balancer, and TLS.
pub const PORTS: [&str; 4] = ["7881", "7882", "8080", "8443"];

/// A file as the book prints it.
pub fn config(name: &str) -> String {
    let path = repository().join("book/src/configs").join(name);
    fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A program, if it is here. An ordinary user's PATH may lack the last two.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    let mut files = env::split_paths(&path).chain(more).map(|it| it.join(name));
    let found = files.find(|it| it.is_file());
    if found.is_none() {
        eprintln!("skipped: this needs {name}, which is not here");
    }
    found
}

/// Waits until it is so.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < DEADLINE, "not in time: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A port that is free, and none of those that the system gives away: a copy
/// that is started again finds its own still free.
pub fn free_port() -> u16 {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    loop {
        let number = TAKEN.fetch_add(1, Ordering::Relaxed);
        let start = (process::id() % 600) as u16 * 32;
        let port = 10_000 + (start + number) % 20_000;
        // Connecting, because a process that is being started may hold a
        // listener of ours for longer than we do.
        if TcpStream::connect(address(port)).is_err() {
            return port;
        }
    }
}

pub fn free_ports() -> [u16; 4] {
    [(); 4].map(|()| free_port())
}

pub fn address(port: u16) -> SocketAddr {
    ([127, 0, 0, 1], port).into()
}

/// A text with these ports in place of the book's.
pub fn with_ports(text: &str, ports: &[u16; 4]) -> String {
    let mut text = text.to_string();
    for (old, new) in PORTS.iter().zip(ports) {
        text = text.replace(old, &new.to_string());
    }
    text
}

pub fn send_signal(name: &str, process: &Child) {
    let kill = format!("kill -{name} {}", process.id());
    Command::new("sh").args(["-c", &kill]).status().unwrap();
}

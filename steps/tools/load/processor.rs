//! How much processor time a server has used, which only Linux reports.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// The unit in which `/proc` counts, on any machine today (`man 5 proc_pid_stat`).
const TICK: Duration = Duration::from_millis(10);

/// The processes of a server: those that have its listener open. In nginx, that
/// is the master and each worker.
pub struct Processes(Vec<PathBuf>);

impl Processes {
    /// There are none if there is no `/proc`, or if we may not look at them.
    pub fn find(address: SocketAddr) -> Processes {
        let listeners = listeners(address).unwrap_or_default();
        let processes = entries("/proc".into()).filter(|process| {
            let name = process.file_name().unwrap_or_default();
            let is_process = name.as_encoded_bytes()[0].is_ascii_digit();
            is_process
                && entries(process.join("fd"))
                    .filter_map(|file| fs::read_link(file).ok())
                    .any(|file| listeners.contains(&file))
        });
        Processes(processes.collect())
    }

    /// What they have used since they started.
    pub fn time(&self) -> Option<Duration> {
        let ticks = self.0.iter().map(|process| {
            let stat = fs::read_to_string(process.join("stat")).ok()?;
            ticks(&stat)
        });
        let ticks = ticks.sum::<Option<u32>>()?;
        (!self.0.is_empty()).then_some(TICK * ticks)
    }
}

fn entries(directory: PathBuf) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.path())
}

/// What a link in `/proc/PID/fd` points to if it is a listener at this address.
fn listeners(address: SocketAddr) -> Option<Vec<PathBuf>> {
    let IpAddr::V4(ip) = address.ip() else {
        return None;
    };
    // The address in the processor's byte order, and then the port.
    let ip = u32::from_ne_bytes(ip.octets());
    let local = [ip, 0].map(|ip| format!("{ip:08X}:{:04X}", address.port()));
    let table = fs::read_to_string("/proc/net/tcp").ok()?;
    let rows = table.lines().skip(1).filter_map(|line| {
        let cells: Vec<&str> = line.split_whitespace().collect();
        let listens = *cells.get(3)? == "0A"; // TCP_LISTEN
        let here = listens && local.iter().any(|it| it == cells[1]);
        let inode = cells.get(9).filter(|_| here)?;
        Some(format!("socket:[{inode}]").into())
    });
    Some(rows.collect())
}

/// The time in the program and in the kernel, from `/proc/PID/stat`. The name of
/// the program comes before it, in brackets, and may contain any character.
fn ticks(stat: &str) -> Option<u32> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut times = rest.split_whitespace().skip(11);
    let mut time = || times.next()?.parse::<u32>().ok();
    Some(time()? + time()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_any_name() {
        let stat = "1 (a) b 9) S 1 1 1 0 -1 4 5 0 7 0 30 12 0 0 20 0 4 0 99";
        assert_eq!(ticks(stat), Some(42));
        assert_eq!(ticks("1 (a) S 1"), None);
        assert_eq!(ticks(""), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_listener_leads_to_the_process_that_works() {
        use std::net::TcpListener;
        use std::time::Instant;
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Processes::find(listener.local_addr().unwrap());
        let name = std::process::id().to_string();
        assert_eq!(server.0, [PathBuf::from("/proc").join(name)]);
        let before = server.time().expect("our own process");
        let start = Instant::now();
        while server.time() <= Some(before + 5 * TICK) {
            assert!(start.elapsed().as_secs() < 20, "time stands still");
        }
        drop(listener);
    }

    #[test]
    fn without_a_listener_there_is_no_time() {
        let nobody = Processes::find("127.0.0.9:1".parse().unwrap());
        assert_eq!(nobody.time(), None);
        let other = Processes::find("[::1]:1".parse().unwrap());
        assert_eq!(other.time(), None);
    }
}

//! What Linux says about a server, in `/proc`.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::net::TcpStream;
use std::os::fd::FromRawFd;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

use super::report::{Deviation, Outcome, Symptom};
use super::server::{Server, broken, wait_until};

impl Server {
    /// The number of the process.
    pub fn id(&self) -> u32 {
        self.process.borrow().id()
    }

    /// How many threads the process has.
    pub fn threads(&self) -> Outcome<usize> {
        let id = self.id();
        let tasks = fs::read_dir(format!("/proc/{id}/task"));
        tasks.map(Iterator::count).map_err(broken)
    }

    /// Waits until all connections are accepted.
    pub fn has_accepted_all(&self) -> Outcome {
        // For a listening socket (0A), the second number is its backlog.
        let port = format!(":{:04X} 00000000:0000 0A ", self.address.port());
        let is_empty = || {
            // Listening sockets come first. All others can be thousands, so
            // the table isn't read to its end.
            let table = fs::File::open("/proc/net/tcp").map_err(broken)?;
            let mut lines = BufReader::new(table).lines().map_while(Result::ok);
            let listener = lines.find(|line| line.contains(&port));
            let listener = listener.unwrap_or_default();
            let queues = listener.split_once(&port).map_or("", |it| it.1);
            Ok(queues.split([':', ' ']).nth(1) == Some("00000000"))
        };
        if wait_until(is_empty)? {
            return Ok(());
        }
        let expected = "all connections to be accepted";
        Err(Deviation::new(Symptom::Hangs, expected, "a backlog"))
    }

    /// The most memory that the process has had so far, in KiB.
    pub fn peak_memory(&self) -> Outcome<usize> {
        let id = self.id();
        let status = fs::read_to_string(format!("/proc/{id}/status"));
        let status = status.map_err(broken)?;
        let peak = status.lines().find_map(|it| it.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|it| it.trim().strip_suffix(" kB"));
        Ok(peak.and_then(|it| it.parse().ok()).unwrap_or(usize::MAX))
    }

    /// The processor time that the process has used so far.
    pub fn processor_time(&self) -> Outcome<Duration> {
        let id = self.id();
        let stat = fs::read_to_string(format!("/proc/{id}/stat"));
        let stat = stat.map_err(broken)?;
        // After the name come its state and ten numbers, then two times.
        let fields = stat.rsplit_once(')').map_or("", |it| it.1);
        let times = fields.split_whitespace().skip(11).take(2);
        let ticks = times.filter_map(|it| it.parse::<u64>().ok()).sum::<u64>();
        Ok(Duration::from_millis(ticks * 10))
    }

    /// The time for which its threads have run so far, exactly.
    pub fn run_time(&self) -> Outcome<Duration> {
        let id = self.id();
        let tasks = fs::read_dir(format!("/proc/{id}/task"));
        let times = tasks.map_err(broken)?.flatten().map(|task| {
            let stat = fs::read_to_string(task.path().join("schedstat"));
            let stat = stat.unwrap_or_default();
            let first = stat.split(' ').next().unwrap_or_default();
            first.parse::<u64>().unwrap_or_default()
        });
        Ok(Duration::from_nanos(times.sum()))
    }

    /// Waits until the process has no more than that many open files.
    pub fn has_closed_all_but(&self, count: usize) -> Outcome {
        if wait_until(|| Ok(self.open_files(usize::MAX)? <= count))? {
            return Ok(());
        }
        let saw = format!("{} of them", self.open_files(usize::MAX)?);
        let expected = format!("at most {count} open files");
        Err(Deviation::new(Symptom::Differs, &expected, &saw))
    }

    /// Opens for reading what the process has open under that number.
    pub fn descriptor(&self, number: usize) -> Outcome<fs::File> {
        let id = self.id();
        fs::File::open(format!("/proc/{id}/fd/{number}")).map_err(broken)
    }

    /// How many of the numbers below `most` are taken by open files. The system
    /// limits those numbers, and a process may inherit a file with a higher one.
    pub fn open_files(&self, most: usize) -> Outcome<usize> {
        let id = self.id();
        let files = fs::read_dir(format!("/proc/{id}/fd"));
        let numbers = files.map_err(broken)?.flatten().filter_map(|file| {
            file.file_name().to_str()?.parse::<usize>().ok()
        });
        Ok(numbers.filter(|number| *number < most).count())
    }

    /// Waits until all of these numbers but some are taken.
    pub fn has_files_left(&self, most: usize, left: usize) -> Outcome {
        if wait_until(|| Ok(self.open_files(most)? == most - left))? {
            return Ok(());
        }
        let expected = format!("{left} of {most} file descriptors left");
        let saw = format!("{} are taken", self.open_files(most)?);
        Err(Deviation::new(Symptom::Broken, &expected, &saw))
    }

    /// Waits until every thread sleeps at the same moment. One that's in a loop
    /// never does, even when other programs take all processors: a thread that
    /// has run for half a second meanwhile is in one.
    pub fn all_threads_sleep(&self) -> Outcome<bool> {
        let id = self.id();
        let most = self.processor_time()? + Duration::from_millis(500);
        let mut sleep = false;
        wait_until(|| {
            let tasks = fs::read_dir(format!("/proc/{id}/task"));
            let mut stats = tasks.map_err(broken)?.flatten().map(|task| {
                fs::read_to_string(task.path().join("stat")).unwrap_or_default()
            });
            sleep = stats.all(|stat| stat.contains(") S "));
            Ok(sleep || self.processor_time()? > most)
        })?;
        Ok(sleep)
    }

    /// Takes its address away from a server that has a network of its own.
    pub fn lose_address(&self) -> Outcome {
        let id = self.id().to_string();
        let enter = ["-t", &id, "-U", "-n", "--preserve-credentials"];
        let mut nsenter = Command::new("nsenter");
        let down = ["ip", "link", "set", "lo", "down"];
        let status = nsenter.args(enter).args(down).status();
        if status.as_ref().is_ok_and(|status| status.success()) {
            return Ok(());
        }
        let saw = format!("nsenter: {status:?}");
        Err(Deviation::new(Symptom::Broken, "a network that goes down", &saw))
    }

    /// Waits until the main thread sleeps, for example in `accept`.
    pub fn main_thread_sleeps(&self) -> Outcome {
        let id = self.id();
        let sleeps = || {
            let stat = fs::read_to_string(format!("/proc/{id}/stat"));
            // Its state is what follows its name: S for sleeping.
            Ok(stat.map_err(broken)?.contains(") S "))
        };
        if wait_until(sleeps)? {
            return Ok(());
        }
        let expected = "the main thread to wait for a connection";
        Err(Deviation::new(Symptom::Broken, expected, "it runs on"))
    }
}

/// Lets this process, and those that it starts, have that many open files.
pub fn allow_open_files(count: u64) {
    const RLIMIT_NOFILE: i32 = 7;
    unsafe extern "C" {
        fn getrlimit(resource: i32, limits: *mut [u64; 2]) -> i32;
        fn setrlimit(resource: i32, limits: *const [u64; 2]) -> i32;
    }
    let mut limits = [0; 2];
    // SAFETY: both take two numbers of 64 bits: the limit, and its own limit.
    unsafe {
        getrlimit(RLIMIT_NOFILE, &mut limits);
        limits[0] = limits[0].max(count.min(limits[1]));
        setrlimit(RLIMIT_NOFILE, &limits);
    }
}

/// Takes root's right to read and to write everything from a program that is
/// to be started. What it may do is then up to each file, as for other users.
pub fn respect_rights(command: &mut Command) {
    const PR_CAPBSET_DROP: i32 = 24;
    const CAP_DAC_OVERRIDE: u64 = 1;
    const CAP_DAC_READ_SEARCH: u64 = 2;
    unsafe extern "C" {
        fn prctl(option: i32, ...) -> i32;
    }
    let drop_both = || {
        for capability in [CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH] {
            // SAFETY: this option takes a number. It fails for an ordinary
            // user, but such a user doesn't have those rights anyway.
            unsafe { prctl(PR_CAPBSET_DROP, capability) };
        }
        Ok(())
    };
    // SAFETY: between fork and exec, only a system call is made.
    unsafe { command.pre_exec(drop_both) };
}

/// Connects with a small receive buffer: what the client doesn't read soon, the
/// server can't send. It has to be small before the first byte comes.
pub fn connect_with_small_buffer(port: u16) -> io::Result<TcpStream> {
    const AF_INET: u16 = 2;
    const SOCK_STREAM: i32 = 1;
    const SOL_SOCKET: i32 = 1;
    const SO_RCVBUF: i32 = 8;
    const BYTES: i32 = 4096;
    #[repr(C)]
    struct Address(u16, [u8; 2], [u8; 4], [u8; 8]);
    unsafe extern "C" {
        fn socket(domain: i32, kind: i32, protocol: i32) -> i32;
        fn setsockopt(
            socket: i32,
            level: i32,
            name: i32,
            value: *const i32,
            length: u32,
        ) -> i32;
        fn connect(socket: i32, address: *const Address, length: u32) -> i32;
    }
    let address = Address(AF_INET, port.to_be_bytes(), [127, 0, 0, 1], [0; 8]);
    // SAFETY: the new socket is owned by the stream alone, the value is an `int`
    // of four bytes, and the address is a `sockaddr_in` of sixteen.
    unsafe {
        let socket = socket(AF_INET.into(), SOCK_STREAM, 0);
        if socket < 0 {
            return Err(io::Error::last_os_error());
        }
        let stream = TcpStream::from_raw_fd(socket);
        if setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &BYTES, 4) != 0
            || connect(socket, &address, 16) != 0
        {
            return Err(io::Error::last_os_error());
        }
        Ok(stream)
    }
}

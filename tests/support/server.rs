//! A running server: this repository's, or the one that `SERVER` names.

use std::cell::{Cell, RefCell};
#[cfg(unix)]
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;
use std::{env, fmt};

use super::client::{Client, Response, get};
use super::output::Output;
use super::report::{Deviation, Outcome, Symptom};
use super::{DEADLINE, SHORT_WAIT};

/// What `SERVER` names, if anything: somebody's own server, or another step.
pub fn named_server() -> Option<String> {
    env::var("SERVER").ok().filter(|name| !name.is_empty())
}

/// A program that can be started as a server.
#[derive(Clone)]
pub struct Program {
    path: PathBuf,
    /// Whether it is a step of this repository.
    pub is_ours: bool,
}

impl Program {
    /// The step's binary, or what `SERVER` names instead: a step (`step04`) or
    /// the path of any executable, seen from the repository's root.
    pub fn under_test(step: &str) -> Program {
        let binaries = Path::new(env!("CARGO_BIN_EXE_step01")).parent();
        let binary = |name: &str| {
            let file = format!("{name}{}", env::consts::EXE_SUFFIX);
            // A path may lead anywhere: only a bare name is one of ours.
            let bare = !name.is_empty() && !name.contains(['/', '\\']);
            let path = binaries.filter(|_| bare)?.join(file);
            path.is_file().then_some(path)
        };
        let named = named_server().unwrap_or(step.to_string());
        match binary(&named) {
            Some(path) => Program { path, is_ours: true },
            None => {
                let path = Path::new(&named).canonicalize();
                let path = path.unwrap_or(named.into());
                Program { path, is_ours: false }
            }
        }
    }

    /// A command that starts it elsewhere than here, if it is ours: pages must
    /// be found from any folder. Somebody else's starts in this one.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        if self.is_ours {
            command.current_dir(env::temp_dir());
        }
        command
    }
}

impl fmt::Display for Program {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self.path.file_stem() {
            Some(name) if self.is_ours => {
                write!(out, "{}", name.to_string_lossy())
            }
            _ => write!(out, "{}", self.path.display()),
        }
    }
}

pub struct Server {
    pub program: Program,
    pub address: SocketAddr,
    pub stdout: Output,
    pub stderr: Output,
    process: RefCell<Child>,
    absent: Option<Symptom>,
    by_hand: Cell<&'static str>,
    ended: Cell<Option<ExitStatus>>,
}

impl Server {
    /// Starts the program and waits for its listening line. `absent` is the
    /// symptom by which it is known to lack the behaviour that is tested.
    pub fn start(program: Program, absent: Option<Symptom>) -> Outcome<Server> {
        let mut command = program.command();
        command.arg("127.0.0.1:0");
        Server::run(program, command, absent)
    }

    /// A second server of the same program, at an address of that host.
    pub fn start_at(&self, host: &str) -> Outcome<Server> {
        let mut command = self.program.command();
        command.arg(format!("{host}:0"));
        Server::run(self.program.clone(), command, self.absent)
    }

    /// A second server of the same program, with these options if it takes
    /// them; else as it is.
    pub fn configured(&self, options: &[&str]) -> Outcome<Server> {
        let mut command = self.program.command();
        command.args(options).arg("127.0.0.1:0");
        Server::run(self.program.clone(), command, self.absent)
            .or_else(|_| Server::start(self.program.clone(), self.absent))
    }

    /// The same, with deadlines that let a test not wait for long, as far as
    /// it has any.
    pub fn impatient(&self, options: &[&str]) -> Outcome<Server> {
        let some = ["--head-seconds", "0.3", "--stall-seconds", "0.3"];
        let more = ["--idle-seconds", "0.3", "--body-seconds", "0.3"];
        let all = [options, &some, &more].concat();
        let fewer = [options, &some].concat();
        for options in [&all[..], &fewer, options] {
            let mut command = self.program.command();
            command.args(options).arg("127.0.0.1:0");
            let program = self.program.clone();
            if let Ok(server) = Server::run(program, command, self.absent) {
                return Ok(server);
            }
        }
        Server::start(self.program.clone(), self.absent)
    }

    /// A second server of the same program, which serves that folder.
    pub fn serving(&self, root: &Path) -> Outcome<Server> {
        let mut command = self.program.command();
        command.arg("127.0.0.1:0").arg("--root").arg(root);
        Server::run(self.program.clone(), command, self.absent).map_err(|it| {
            let expected = "a server that takes --root DIR";
            Deviation { symptom: Symptom::Differs, ..it }.expected(expected)
        })
    }

    /// A second server of the same program, which cannot have more open files
    /// than that, with these options if it takes them; else as it is.
    #[cfg(target_os = "linux")]
    pub fn start_with_open_files(
        &self,
        most: usize,
        options: &[&str],
    ) -> Outcome<Server> {
        let limit = format!("ulimit -n {most}");
        self.start_within(&limit, options)
            .or_else(|_| self.start_within(&limit, &[]))
    }

    /// A second server of the same program, started after that shell command.
    #[cfg(target_os = "linux")]
    pub fn start_within(
        &self,
        limit: &str,
        options: &[&str],
    ) -> Outcome<Server> {
        let own = self.program.command();
        let mut command = Command::new("sh");
        let script = format!("{limit} && exec \"$0\" 127.0.0.1:0 \"$@\"");
        command.args(["-c", &script]).arg(own.get_program()).args(options);
        if let Some(folder) = own.get_current_dir() {
            command.current_dir(folder);
        }
        Server::run(self.program.clone(), command, self.absent)
    }

    fn run(
        program: Program,
        mut command: Command,
        absent: Option<Symptom>,
    ) -> Outcome<Server> {
        let (process, stdout, stderr) = spawn(&mut command)?;
        let server = |address| Server {
            program,
            address,
            stdout: stdout.clone(),
            stderr: stderr.clone(),
            process: RefCell::new(process),
            absent,
            by_hand: Cell::new(""),
            ended: Cell::new(None),
        };
        stdout.wait(DEADLINE, |lines| !lines.is_empty());
        let first = stdout.lines().into_iter().next().unwrap_or_default();
        let address = first.strip_prefix("listening on http://");
        match address.and_then(|address| address.parse().ok()) {
            Some(address) => Ok(server(address)),
            None => {
                let server = server(([0, 0, 0, 0], 0).into());
                let expected =
                    "`listening on http://ADDRESS` as the first line printed";
                let saw = format!("{first:?}{server}");
                Err(Deviation::new(Symptom::Broken, expected, &saw))
            }
        }
    }

    /// Starts the program once more, at an address that it cannot have, and
    /// waits until it has ended.
    pub fn fails_at(&self, address: &str) -> Outcome<(ExitStatus, String)> {
        let mut command = self.program.command();
        let (mut process, stdout, stderr) = spawn(command.arg(address))?;
        let ended =
            stdout.wait_for_end(DEADLINE) && stderr.wait_for_end(DEADLINE);
        if !ended {
            _ = process.kill();
        }
        let status = process.wait().map_err(broken)?;
        if ended && stdout.lines().is_empty() {
            return Ok((status, stderr.lines().join("\n")));
        }
        let expected = format!("an end, since it cannot listen on {address}");
        let saw = match ended {
            true => format!("on standard output: {:?}", stdout.lines()),
            false => format!("it still ran after {DEADLINE:?}"),
        };
        Err(Deviation::new(Symptom::Differs, &expected, &saw))
    }

    /// Says how a learner sees the same by hand. `ADDRESS` stands for the
    /// address of the server.
    pub fn by_hand(&self, commands: &'static str) {
        self.by_hand.set(commands);
    }

    /// How long to wait for what must happen.
    pub fn patience(&self) -> Duration {
        match self.absent {
            Some(Symptom::Hangs) => SHORT_WAIT,
            _ => DEADLINE,
        }
    }

    /// How long to watch for what must not happen.
    pub fn vigilance(&self) -> Duration {
        match self.absent {
            None | Some(Symptom::Hangs) => SHORT_WAIT,
            _ => DEADLINE,
        }
    }

    pub fn connect(&self) -> Outcome<Client> {
        Client::connect(self.address)
    }

    /// A client that has sent these bytes.
    pub fn send(&self, bytes: impl AsRef<[u8]>) -> Outcome<Client> {
        let mut client = self.connect()?;
        client.send(bytes)?;
        Ok(client)
    }

    /// A client that has sent a request for `/` but for its last lines.
    pub fn hold(&self) -> Outcome<Client> {
        self.send("GET / HTTP/1.1\r\nHost: localhost\r\n")
    }

    /// The response to a request that nothing is in the way of.
    pub fn get(&self, path: &str) -> Outcome<Response> {
        self.send(get(path))?.response(DEADLINE)
    }

    /// How many threads the process has.
    #[cfg(target_os = "linux")]
    pub fn threads(&self) -> Outcome<usize> {
        let id = self.process.borrow().id();
        let tasks = std::fs::read_dir(format!("/proc/{id}/task"));
        tasks.map(Iterator::count).map_err(broken)
    }

    /// Waits until all who have connected are accepted.
    #[cfg(target_os = "linux")]
    pub fn has_accepted_all(&self) -> Outcome {
        // Of a listening socket (0A), the second number is its backlog.
        let port = format!(":{:04X} 00000000:0000 0A ", self.address.port());
        let start = std::time::Instant::now();
        while start.elapsed() < DEADLINE {
            let table = std::fs::read_to_string("/proc/net/tcp");
            let table = table.map_err(broken)?;
            let listener = table.lines().find_map(|it| it.split_once(&port));
            let queues = listener.map_or("", |(_, queues)| queues);
            if queues.split([':', ' ']).nth(1) == Some("00000000") {
                return Ok(());
            }
            std::thread::yield_now();
        }
        let expected = "that everybody is accepted";
        Err(Deviation::new(Symptom::Hangs, expected, "a backlog"))
    }

    /// The most memory that the process has had so far, in KiB.
    #[cfg(target_os = "linux")]
    pub fn peak_memory(&self) -> Outcome<usize> {
        let id = self.process.borrow().id();
        let status = std::fs::read_to_string(format!("/proc/{id}/status"));
        let status = status.map_err(broken)?;
        let peak = status.lines().find_map(|it| it.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|it| it.trim().strip_suffix(" kB"));
        Ok(peak.and_then(|it| it.parse().ok()).unwrap_or(usize::MAX))
    }

    /// How many of the numbers below `most` are taken by open files. The system
    /// limits those numbers, and a process may inherit a file with a higher one.
    #[cfg(target_os = "linux")]
    pub fn open_files(&self, most: usize) -> Outcome<usize> {
        let id = self.process.borrow().id();
        let files = std::fs::read_dir(format!("/proc/{id}/fd"));
        let numbers = files.map_err(broken)?.flatten().filter_map(|file| {
            file.file_name().to_str()?.parse::<usize>().ok()
        });
        Ok(numbers.filter(|number| *number < most).count())
    }

    /// Waits until all of these numbers but some are taken.
    #[cfg(target_os = "linux")]
    pub fn has_files_left(&self, most: usize, left: usize) -> Outcome {
        let start = std::time::Instant::now();
        while self.open_files(most)? != most - left {
            if start.elapsed() > DEADLINE {
                let expected = format!("{left} of {most} open files left");
                let saw = format!("{} are taken", self.open_files(most)?);
                return Err(Deviation::new(Symptom::Broken, &expected, &saw));
            }
            std::thread::yield_now();
        }
        Ok(())
    }

    /// Sends the process a signal: `TERM`, `INT`, `STOP` or `CONT`.
    #[cfg(unix)]
    pub fn signal(&self, name: &str) -> Outcome {
        let id = self.process.borrow().id();
        let kill = format!("kill -{name} {id}");
        let sent = Command::new("sh").args(["-c", &kill]).status();
        sent.map(drop).map_err(broken)
    }

    /// Waits until nobody listens at the server's address any more.
    #[cfg(unix)]
    pub fn refuses_connections(&self) -> Outcome {
        let start = std::time::Instant::now();
        while start.elapsed() < DEADLINE {
            // One who is neither let in nor refused stands in a full backlog.
            let time = SHORT_WAIT;
            match std::net::TcpStream::connect_timeout(&self.address, time) {
                Ok(_) => std::thread::yield_now(),
                Err(error) if error.kind() == ErrorKind::TimedOut => {}
                Err(_) => return Ok(()),
            }
        }
        let expected = "that a new connection is refused";
        Err(Deviation::new(Symptom::Hangs, expected, "it is accepted"))
    }

    /// Waits for the process to end.
    pub fn exit(&self) -> Outcome<ExitStatus> {
        if !self.stdout.wait_for_end(DEADLINE) {
            let expected = "that the process ends";
            let saw = format!("it still ran after {DEADLINE:?}");
            return Err(Deviation::new(Symptom::Hangs, expected, &saw));
        }
        let status = self.process.borrow_mut().wait().map_err(broken)?;
        self.ended.set(Some(status));
        Ok(status)
    }

    /// Ends the process, so that nothing more can be printed.
    pub fn kill(&self) -> Outcome {
        let killed = self.process.borrow_mut().kill();
        self.exit()?;
        killed.map_err(broken)
    }

    /// The server runs, and has panicked only where it was asked to.
    pub fn is_well(&self) -> Outcome {
        let errors = self.stderr.lines();
        for (line, next) in errors.iter().zip(errors.iter().skip(1)) {
            if line.contains("panicked at") && !next.contains("/panic") {
                let saw = format!("{line} {next}");
                let expected = "no panic, whatever a client sends";
                return Err(Deviation::new(Symptom::Broken, expected, &saw));
            }
        }
        let running = self.process.borrow_mut().try_wait().map_err(broken)?;
        match running.filter(|_| self.ended.get().is_none()) {
            None => Ok(()),
            Some(status) => {
                let expected = "a server that goes on";
                let saw = format!("it ended with {status}");
                Err(Deviation::new(Symptom::Dies, expected, &saw))
            }
        }
    }
}

/// What a failure tells beside the deviation itself.
impl fmt::Display for Server {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let address = "127.0.0.1:7878";
        let commands = self.by_hand.get().replace("ADDRESS", address);
        if !commands.is_empty() {
            let start = match self.program.is_ours {
                true => format!("cargo run --bin {}", self.program),
                false => format!("{} {address}", self.program),
            };
            writeln!(out, "  by hand:   {start}")?;
            for line in commands.lines() {
                writeln!(out, "             {line}")?;
            }
        }
        let lines = self.stderr.lines();
        if !lines.is_empty() {
            writeln!(out, "  the server's standard error:")?;
            for line in lines.iter().take(12) {
                writeln!(out, "    | {line}")?;
            }
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.process.borrow_mut().kill();
        _ = self.process.borrow_mut().wait();
    }
}

fn spawn(command: &mut Command) -> Outcome<(Child, Output, Output)> {
    // Standard input stays open: where there are no signals, its end stops a
    // server.
    command.stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    #[cfg(unix)]
    listen_to_ctrl_c(command);
    let mut process = command.spawn().map_err(|error| {
        let program = command.get_program().to_string_lossy();
        let saw = format!("{program}: {error}");
        Deviation::new(Symptom::Broken, "a program that can be started", &saw)
    })?;
    let stdout = process.stdout.take().map(Output::collect);
    let stderr = process.stderr.take().map(Output::collect);
    Ok((process, stdout.expect("piped"), stderr.expect("piped")))
}

/// Lets this process, and those that it starts, have that many open files.
#[cfg(target_os = "linux")]
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

/// Whoever starts the tests in the background may have them ignore SIGINT, and
/// a process that they start would take that over.
#[cfg(unix)]
fn listen_to_ctrl_c(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    const SIGINT: i32 = 2;
    const SIG_DFL: usize = 0;
    unsafe extern "C" {
        fn signal(number: i32, handler: usize) -> usize;
    }
    let reset = || {
        // SAFETY: SIG_DFL is a handler that any signal may have, and `signal`
        // may be called between fork and exec.
        unsafe { signal(SIGINT, SIG_DFL) };
        Ok(())
    };
    // SAFETY: `reset` calls nothing but `signal`.
    unsafe { command.pre_exec(reset) };
}

fn broken(error: std::io::Error) -> Deviation {
    Deviation::new(Symptom::Broken, "a working system", &error.to_string())
}

//! A running server: this repository's, or the one that `SERVER` names.

use std::cell::{Cell, RefCell};
use std::fmt;
#[cfg(unix)]
use std::io::ErrorKind;
use std::net::SocketAddr;
#[cfg(unix)]
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::rc::Rc;
#[cfg(unix)]
use std::thread;
use std::time::Duration;
#[cfg(unix)]
use std::time::Instant;

use super::by_hand;
use super::client::{Client, get};
use super::notes::{self, Notes};
use super::output::Output;
use super::program::Program;
use super::report::{Deviation, Outcome, Symptom};
use super::response::Response;
use super::running::Running;
use super::{DEADLINE, SHORT_WAIT};

pub struct Server {
    pub program: Program,
    pub address: SocketAddr,
    pub stdout: Output,
    pub stderr: Output,
    pub(super) process: RefCell<Running>,
    absent: Option<Symptom>,
    notes: Rc<Notes>,
    ended: Cell<Option<ExitStatus>>,
}

impl Server {
    /// Starts the program and waits for its listening line. `absent` is the
    /// symptom by which it is known to lack the behaviour that is tested.
    pub fn start(program: Program, absent: Option<Symptom>) -> Outcome<Server> {
        let mut command = program.command();
        command.arg("127.0.0.1:0");
        Server::run(program, command, absent, Rc::default())
    }

    /// Runs a second server of the same program.
    fn run_too(&self, command: Command) -> Outcome<Server> {
        let notes = Rc::clone(&self.notes);
        Server::run(self.program.clone(), command, self.absent, notes)
    }

    /// A second server of the same program, at an address of that host.
    pub fn start_at(&self, host: &str) -> Outcome<Server> {
        self.with_options_at(&format!("{host}:0"), &[])
    }

    /// A second server of the same program, with these options. Fails if it
    /// doesn't take them.
    pub fn with_options(&self, options: &[&str]) -> Outcome<Server> {
        self.with_options_at("127.0.0.1:0", options)
    }

    /// The same, at that address.
    pub fn with_options_at(
        &self,
        address: &str,
        options: &[&str],
    ) -> Outcome<Server> {
        let mut command = self.program.command();
        command.args(options).arg(address);
        self.run_too(command)
    }

    /// A second server of the same program, with these options if it takes
    /// them, or otherwise as it is.
    pub fn configured(&self, options: &[&str]) -> Outcome<Server> {
        self.with_options(options).or_else(|_| self.start_at("127.0.0.1"))
    }

    /// The same, with short deadlines, as far as it has any. They aren't
    /// shorter, because on a busy machine, a client may need some tenths of a
    /// second between its `connect` and its first byte.
    pub fn impatient(&self, options: &[&str]) -> Outcome<Server> {
        let some = ["--head-seconds", "1", "--stall-seconds", "1"];
        let more = ["--idle-seconds", "1", "--body-seconds", "1"];
        let all = [options, &some, &more].concat();
        let fewer = [options, &some].concat();
        self.with_options(&all)
            .or_else(|_| self.with_options(&fewer))
            .or_else(|_| self.configured(options))
    }

    /// A second server of the same program, which serves that directory.
    pub fn serving(&self, root: &Path) -> Outcome<Server> {
        self.serves(root, self.program.command())
    }

    /// The same. If it's run by root, it can't read what its rights forbid.
    #[cfg(target_os = "linux")]
    pub fn serving_by_rights(&self, root: &Path) -> Outcome<Server> {
        let mut command = self.program.command();
        super::linux::respect_rights(&mut command);
        self.serves(root, command)
    }

    fn serves(&self, root: &Path, mut command: Command) -> Outcome<Server> {
        command.arg("127.0.0.1:0").arg("--root").arg(root);
        self.run_too(command).map_err(|it| {
            let expected = "a server that takes --root DIR";
            Deviation { symptom: Symptom::Differs, ..it }.expected(expected)
        })
    }

    /// A second server of the same program, which cannot have more open files
    /// than that, with these options if it takes them, or otherwise as it is.
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
    #[cfg(unix)]
    pub fn start_within(
        &self,
        limit: &str,
        options: &[&str],
    ) -> Outcome<Server> {
        let script = format!("{limit} && exec \"$0\" 127.0.0.1:0 \"$@\"");
        let mut command = self.program.command_of("sh".as_ref());
        command.args(["-c", &script]).arg(&self.program.path).args(options);
        self.run_too(command)
    }

    fn run(
        program: Program,
        mut command: Command,
        absent: Option<Symptom>,
        notes: Rc<Notes>,
    ) -> Outcome<Server> {
        let process = spawn(&mut command)?;
        let announced = process.address();
        let arguments: Vec<_> =
            command.get_args().map(|it| it.to_string_lossy()).collect();
        let arguments = match &arguments[..] {
            // By the shell, after a command that comes first.
            [option, script, ..] if option == "-c" => {
                format!("after {}", script.split(" && ").next().unwrap_or(""))
            }
            arguments => arguments.join(" "),
        };
        let expected = format!(
            "`listening on http://ADDRESS` as the first line that {program} \
             {arguments} prints"
        );
        let server = |address| Server {
            program,
            address,
            stdout: process.stdout.clone(),
            stderr: process.stderr.clone(),
            process: RefCell::new(process),
            absent,
            notes,
            ended: Cell::new(None),
        };
        match announced {
            Ok(address) => {
                let server = server(address);
                let errors = (arguments, server.stderr.clone());
                server.notes.errors.borrow_mut().push(errors);
                Ok(server)
            }
            Err((saw, hint)) => {
                Err(Deviation::new(Symptom::Broken, &expected, &saw).hint(hint))
            }
        }
    }

    /// Starts the program once more, at an address that it cannot have, and
    /// waits until it has ended.
    pub fn fails_at(&self, address: &str) -> Outcome<(ExitStatus, String)> {
        let mut command = self.program.command();
        let mut process = spawn(command.arg(address))?;
        let (stdout, stderr) = (process.stdout.clone(), process.stderr.clone());
        let ended =
            stdout.wait_for_end(DEADLINE) && stderr.wait_for_end(DEADLINE);
        if !ended {
            _ = process.kill();
        }
        let status = process.wait().map_err(broken)?;
        if ended && stdout.lines().is_empty() {
            return Ok((status, stderr.lines().join("\n")));
        }
        let expected = format!("an end, because it can't listen on {address}");
        let saw = match ended {
            true => format!("on standard output: {:?}", stdout.lines()),
            false => format!("it still ran after {DEADLINE:?}"),
        };
        Err(Deviation::new(Symptom::Differs, &expected, &saw))
    }

    /// Says how a learner sees the same by hand, in a shell with curl. `ADDRESS`
    /// stands for the server's address, and `PORT` for its last part. The program
    /// is started before and stopped after these commands, unless they do so
    /// themselves: `SERVER` stands for it.
    pub fn by_hand(&self, commands: impl Into<String>) {
        self.notes.by_hand.replace(commands.into());
    }

    /// What was said to be done by hand, with this program and address.
    pub fn commands(&self, program: &str, address: &str) -> String {
        self.notes.commands(program, address)
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

    /// A client that has sent this request, as can be tried by hand.
    pub fn ask(&self, request: impl AsRef<[u8]>) -> Outcome<Client> {
        self.by_hand(by_hand::raw(&request));
        self.send(request)
    }

    /// A client that has sent a request for `/`, except for its last lines.
    pub fn hold(&self) -> Outcome<Client> {
        self.send("GET / HTTP/1.1\r\nHost: localhost\r\n")
    }

    /// The response to a request that nothing is in the way of.
    pub fn get(&self, path: &str) -> Outcome<Response> {
        self.send(get(path))?.response(DEADLINE)
    }

    /// Sends the process a signal: `TERM`, `INT`, `STOP` or `CONT`.
    #[cfg(unix)]
    pub fn signal(&self, name: &str) -> Outcome {
        let id = self.process.borrow().id();
        let kill = format!("kill -{name} {id}");
        let sent = Command::new("sh").args(["-c", &kill]).status();
        sent.map(drop).map_err(broken)
    }

    /// Waits until the server has stopped listening.
    #[cfg(unix)]
    pub fn refuses_connections(&self) -> Outcome {
        let is_refused = || {
            // A client that is neither let in nor refused is in a full backlog.
            match TcpStream::connect_timeout(&self.address, SHORT_WAIT) {
                Ok(_) => Ok(false),
                Err(error) => Ok(error.kind() != ErrorKind::TimedOut),
            }
        };
        if wait_until(is_refused)? {
            return Ok(());
        }
        let expected = "a new connection to be refused, after the signal";
        let deviation =
            Deviation::new(Symptom::Hangs, expected, "it's accepted");
        Err(deviation.hint(
            "look at how long the listener lives. As long as it isn't dropped, \
             the kernel accepts connections for it.",
        ))
    }

    /// Waits for the process to end.
    pub fn exit(&self) -> Outcome<ExitStatus> {
        if !self.stdout.wait_for_end(DEADLINE) {
            let expected = "the process to end";
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
                let hint = "look at the line of code that the panic names. Usual \
                            cause: an `unwrap`, an `expect` or an index that \
                            relies on what a client sends.";
                return Err(
                    Deviation::new(Symptom::Broken, expected, &saw).hint(hint)
                );
            }
        }
        let running = self.process.borrow_mut().try_wait().map_err(broken)?;
        match running.filter(|_| self.ended.get().is_none()) {
            None => Ok(()),
            Some(status) => {
                let expected = "a server that goes on";
                let saw = format!("it ended with {status}");
                let hint = "look at what the accept loop does with an error. \
                            Usual cause: a connection that fails ends the \
                            program, by `?` in `main`, by an `unwrap` or by \
                            `process::exit`.";
                Err(Deviation::new(Symptom::Dies, expected, &saw).hint(hint))
            }
        }
    }
}

/// What a failure says besides the deviation itself.
impl fmt::Display for Server {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        if !self.notes.by_hand.borrow().is_empty() {
            let commands =
                self.commands(&self.program.in_shell(), "127.0.0.1:7878");
            let commands = commands.replace('\n', "\n             ");
            writeln!(out, "  by hand:   {commands}")?;
        }
        // One that is just ending has a moment to say why.
        for (_, errors) in self.notes.errors.borrow().iter() {
            errors.wait_for_end(SHORT_WAIT);
        }
        if let Ok(Some(status)) = self.process.borrow_mut().try_wait() {
            writeln!(out, "  the server has ended with {status}")?;
        }
        for (arguments, errors) in self.notes.errors.borrow().iter() {
            let lines = notes::excerpt(errors.lines());
            if !lines.is_empty() {
                writeln!(
                    out,
                    "  standard error of {} {arguments}:",
                    self.program
                )?;
            }
            for line in lines {
                writeln!(out, "    | {line}")?;
            }
        }
        Ok(())
    }
}

fn spawn(command: &mut Command) -> Outcome<Running> {
    Running::spawn(command).map_err(|error| {
        let program = command.get_program().to_string_lossy();
        let saw = format!("{program}: {error}");
        Deviation::new(Symptom::Broken, "a program that can be started", &saw)
    })
}

/// Waits until the condition holds, and says whether that was in time.
#[cfg(unix)]
pub(super) fn wait_until(
    mut is_so: impl FnMut() -> Outcome<bool>,
) -> Outcome<bool> {
    let start = Instant::now();
    while start.elapsed() < DEADLINE {
        if is_so()? {
            return Ok(true);
        }
        thread::sleep(Duration::from_millis(1));
    }
    Ok(false)
}

pub(super) fn broken(error: std::io::Error) -> Deviation {
    Deviation::new(Symptom::Broken, "a working system", &error.to_string())
}

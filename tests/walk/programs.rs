//! What the program of each step does, whatever its lesson is.

use crate::STEPS;
use crate::place::binary;
use crate::support::DEADLINE;
use crate::support::client::{Client, get};
use crate::support::running::Running;
use crate::support::scratch::Scratch;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs};

/// Where Cargo says that the package is.
const PACKAGE: &str = "CARGO_MANIFEST_DIR";

/// The first step that serves a directory. It doesn't start without one.
const FIRST_WITH_ROOT: usize = 9;

fn start(mut command: Command) -> Running {
    Running::spawn(command.arg("127.0.0.1:0")).unwrap()
}

fn ask(address: SocketAddr, path: &str) -> Client {
    let mut client = Client::connect(address).unwrap();
    client.send(get(path)).unwrap();
    client
}

/// A server whose output ends after the first line, as in `step05 | head -1`.
struct Unread(Child, SocketAddr);

impl Unread {
    fn start(program: &Path) -> Unread {
        let mut command = Command::new(program);
        command.arg("127.0.0.1:0").stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        #[cfg(unix)] // If the tests are interrupted, SIGKILL ends it.
        crate::support::running::prepare(&mut command, 9);
        let mut process = command.spawn().unwrap();
        drop(process.stderr.take());
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on http://");
        let address = address.expect("the listening line").parse().unwrap();
        Unread(process, address)
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

#[test]
fn a_closed_output_ends_nothing() {
    for step in STEPS {
        let server = Unread::start(&binary(step.binary()));
        for _ in 0..8 {
            // An empty connection is worth a line on standard error, and a
            // request, in some steps, one on standard output.
            drop(Client::connect(server.1).unwrap());
            let mut client = ask(server.1, "/");
            let is_served = match step.number() {
                1 => client.is_closed(DEADLINE).is_ok(),
                _ => client.response(DEADLINE).is_ok_and(|it| it.status == 200),
            };
            assert!(
                is_served,
                "{} stops serving when its output is closed, as in `{0} | \
                 head -1`; println! panics then",
                step.name
            );
        }
    }
}

#[test]
fn a_failed_connection_is_reported() {
    for step in &STEPS[1..] {
        let server = start(Command::new(binary(step.binary())));
        let mut client = Client::connect(server.address().unwrap()).unwrap();
        client.send("GET / HTTP/1.1\r\n").unwrap();
        drop(client);
        server.stderr.wait(DEADLINE, |lines| !lines.is_empty());
        let cause = match step.number() {
            ..16 => "closed before the blank line",
            _ => "closed mid-request",
        };
        assert_eq!(
            server.stderr.lines(),
            [format!("connection failed: {cause}")],
            "what {} should say about a client that leaves mid-request",
            step.name
        );
    }
}

/// In step 05, a panic ends a worker, whose name says which one it was.
#[test]
fn a_worker_that_is_gone_is_reported() {
    let server = start(Command::new(binary("step05")));
    let address = server.address().unwrap();
    let mut gone = Vec::new();
    while gone.len() < 4 {
        let mut client = ask(address, "/panic");
        assert!(client.is_closed(DEADLINE).is_ok());
        let panics = |lines: &[String]| {
            lines.iter().filter(|it| it.starts_with("thread '")).count()
        };
        server.stderr.wait(DEADLINE, |lines| panics(lines) > gone.len());
        let lines = server.stderr.lines();
        let last = lines.iter().rfind(|it| it.starts_with("thread '"));
        let name = last.unwrap().split('\'').nth(1).unwrap().to_string();
        assert!(name.starts_with("worker "), "{name:?} isn't a worker's name");
        assert!(!gone.contains(&name), "{name} panics twice: {lines:?}");
        gone.push(name);
    }
    // The last worker may still be on its way out, and is noticed a little later.
    let lines = gone.iter().map(|name| format!("{name} is gone"));
    let lines = lines.chain(["no worker is left to run the job".to_string()]);
    let is_said = |line: &String| server.stderr.lines().contains(line);
    let start = Instant::now();
    for line in lines {
        while !is_said(&line) {
            let said = server.stderr.lines();
            assert!(start.elapsed() < DEADLINE, "{line}, not {said:?}");
            assert!(ask(address, "/").is_closed(DEADLINE).is_ok());
        }
    }
}

/// A step's directory, copied out, is a whole program. It reads the pages of the
/// package that Cargo names, or of the one in which it was compiled. If there
/// are none, it says which one it looked for.
#[test]
fn steps_01_to_03_compile_alone_and_find_their_pages() {
    compile_alone_and_find_pages(0..3);
}

#[test]
fn steps_04_to_06_compile_alone_and_find_their_pages() {
    compile_alone_and_find_pages(3..6);
}

#[test]
#[ignore = "in .ci/run"]
fn later_steps_compile_alone_and_find_their_pages() {
    compile_alone_and_find_pages(6..STEPS.len());
}

fn compile_alone_and_find_pages(steps: Range<usize>) {
    let moved = Scratch::new(&format!("walk-moved-{}", steps.start));
    put_page(&moved.0, "moved");
    for step in &STEPS[steps] {
        let package = Scratch::new(&format!("walk-{}", step.name));
        for (name, text) in step.files() {
            fs::write(package.0.join(name), text).unwrap();
        }
        let program = compile(&package.0);
        if step.number() == 1 {
            continue; // It has no page.
        }
        let said = page(&program, None).expect_err("it has no pages");
        let file = match step.number() {
            ..FIRST_WITH_ROOT => "hello.html: ",
            _ => "static\": ",
        };
        assert!(
            said.contains(file),
            "{} should name what it can't read, but says: {said}",
            step.name
        );
        put_page(&package.0, "at home");
        let pages = [None, Some(&*moved.0)].map(|at| page(&program, at));
        let expected = ["at home", "moved"].map(|text| Ok(text.to_string()));
        assert_eq!(pages, expected, "the pages of {}", step.name);
    }
}

fn put_page(package: &Path, text: &str) {
    fs::create_dir(package.join("static")).unwrap();
    fs::write(package.join("static/hello.html"), text).unwrap();
}

fn compile(package: &Path) -> PathBuf {
    let program =
        package.join("program").with_extension(env::consts::EXE_EXTENSION);
    let rustc = env::var_os("RUSTC").unwrap_or("rustc".into());
    let run = Command::new(rustc)
        .args(["--edition", "2024", "main.rs", "-o"])
        .arg(&program)
        .env(PACKAGE, package)
        .current_dir(package)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && said.is_empty(), "{said}");
    program
}

/// The page that a program serves if Cargo names this package, or what the
/// program complains about.
fn page(program: &Path, package: Option<&Path>) -> Result<String, String> {
    let mut command = Command::new(program);
    match package {
        Some(package) => command.env(PACKAGE, package),
        None => command.env_remove(PACKAGE),
    };
    let server = start(command);
    if let Ok(address) = server.address() {
        let response = ask(address, "/").response(DEADLINE);
        let page = response.ok().filter(|it| it.status == 200);
        if let Some(page) = page {
            return Ok(String::from_utf8(page.body).unwrap());
        }
    }
    server.stderr.wait(DEADLINE, |lines| !lines.is_empty());
    Err(server.stderr.lines().join("\n"))
}

/// It takes as long as it says.
#[test]
#[ignore = "in .ci/run"]
fn sleep_takes_five_seconds_and_never_more_than_ten() {
    for (path, seconds) in [("/sleep", 5), ("/sleep?ms=60000", 10)] {
        let steps = STEPS[2..].iter();
        let servers = steps.map(|it| start(Command::new(binary(it.binary()))));
        let servers: Vec<_> = servers.collect();
        let start = Instant::now();
        let asked = servers.iter().map(|it| ask(it.address().unwrap(), path));
        let asked: Vec<_> = asked.collect();
        for mut client in asked {
            let most = Duration::from_secs(seconds + 10);
            assert_eq!(client.response(most).unwrap().status, 200);
            let took = start.elapsed();
            assert!(took.as_secs() >= seconds, "{path} took only {took:?}");
            assert!(took < most, "{path} took {took:?}");
        }
    }
}

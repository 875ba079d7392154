//! The last step behind nginx and HAProxy, as a service and in a container:
//! with the files that the book prints (book/src/configs), and only ports and
//! paths that are others. What needs a program that is not here is skipped, and
//! says so (`cargo test --test deploy -- --nocapture`).
#![cfg(unix)]

#[path = "support/output.rs"]
mod output;

#[path = "support/scratch.rs"]
mod scratch;

use scratch::Scratch;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use std::{env, fs, process};

use output::Output;

const STEP10: &str = env!("CARGO_BIN_EXE_step10");

/// What must happen gets this long. Only a fault ever takes it.
const DEADLINE: Duration = Duration::from_secs(20);

/// The ports that the book's files name: two copies, the balancer, and TLS.
const PORTS: [&str; 4] = ["7881", "7882", "8080", "8443"];

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file as the book prints it.
fn config(name: &str) -> String {
    let path = repository().join("book/src/configs").join(name);
    fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A program, if it is here. An ordinary user's PATH may lack the last two.
fn program(name: &str) -> Option<PathBuf> {
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
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < DEADLINE, "not in time: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A port that is free, and none of those that the system gives away: a copy
/// that is started again finds its own still free.
fn free_port() -> u16 {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    loop {
        let number = TAKEN.fetch_add(1, Ordering::Relaxed);
        let start = (process::id() % 600) as u16 * 32;
        let port = 10_000 + (start + number) % 20_000;
        // To listen there for a moment would be another way to find out, but a
        // process that is being started may hold such a listener for longer.
        if TcpStream::connect(address(port)).is_err() {
            return port;
        }
    }
}

fn free_ports() -> [u16; 4] {
    [(); 4].map(|()| free_port())
}

fn address(port: u16) -> SocketAddr {
    ([127, 0, 0, 1], port).into()
}

/// A text with these ports in place of the book's.
fn with_ports(text: &str, ports: &[u16; 4]) -> String {
    let mut text = text.to_string();
    for (old, new) in PORTS.iter().zip(ports) {
        text = text.replace(old, &new.to_string());
    }
    text
}

fn send_signal(name: &str, process: &Child) {
    let kill = format!("kill -{name} {}", process.id());
    Command::new("sh").args(["-c", &kill]).status().unwrap();
}

// One copy

/// A copy of the last step.
struct Copy {
    process: Child,
    stdout: Output,
    stderr: Output,
    port: u16,
}

impl Copy {
    fn start(port: u16, options: &[&str]) -> Copy {
        let mut process = Command::new(STEP10)
            .args(["--access-log", &address(port).to_string()])
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = Output::collect(process.stdout.take().unwrap());
        let stderr = Output::collect(process.stderr.take().unwrap());
        let copy = Copy { process, stdout, stderr, port };
        let listens = |lines: &[String]| !lines.is_empty();
        let listens = copy.stdout.wait(DEADLINE, listens);
        assert!(listens, "a copy does not start: {:?}", copy.stderr.lines());
        copy
    }

    /// How often it was asked by a client: a health check asks for the head.
    fn answered(lines: &[String]) -> usize {
        lines.iter().filter(|line| line.contains("\"GET /")).count()
    }

    fn wait_until_asked(&self, by: &str) {
        let asked = |lines: &[String]| Copy::answered(lines) > 0;
        let asked = self.stdout.wait(DEADLINE, asked);
        assert!(asked, "{by} does not ask the copy at {}", self.port);
    }

    /// Asks it to stop, and waits for that.
    fn stop(mut self) -> ExitStatus {
        send_signal("TERM", &self.process);
        let ended = self.stdout.wait_for_end(DEADLINE);
        assert!(ended, "a copy does not end: {:?}", self.stderr.lines());
        self.process.wait().unwrap()
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

// The balancer

/// nginx or HAProxy, with the book's configuration but for the ports.
struct Balancer {
    name: &'static str,
    process: Child,
    ports: [u16; 4],
    _scratch: Scratch,
}

impl Balancer {
    fn nginx(test: &str, ports: [u16; 4]) -> Option<Balancer> {
        Balancer::nginx_with(test, ports, |_| ())
    }

    /// nginx with more files in its folder than the one.
    fn nginx_with(
        test: &str,
        ports: [u16; 4],
        put_files: impl Fn(&Path),
    ) -> Option<Balancer> {
        let program = program("nginx")?;
        let scratch = Scratch::new(&format!("deploy-nginx-{test}"));
        let conf = with_ports(&config("nginx.conf"), &ports);
        fs::write(scratch.0.join("nginx.conf"), conf).unwrap();
        put_files(&scratch.0);
        let mut command = Command::new(program);
        command.arg("-p").arg(&scratch.0).args(["-c", "nginx.conf"]);
        Some(Balancer::run("nginx", command, ports, scratch))
    }

    fn haproxy(test: &str, ports: [u16; 4]) -> Option<Balancer> {
        let program = program("haproxy")?;
        let scratch = Scratch::new(&format!("deploy-haproxy-{test}"));
        let conf = with_ports(&config("haproxy.cfg"), &ports);
        let file = scratch.0.join("haproxy.cfg");
        fs::write(&file, conf).unwrap();
        let mut command = Command::new(program);
        command.arg("-f").arg(file);
        Some(Balancer::run("haproxy", command, ports, scratch))
    }

    fn run(
        name: &'static str,
        mut command: Command,
        ports: [u16; 4],
        scratch: Scratch,
    ) -> Balancer {
        let log = scratch.0.join("output");
        let output = fs::File::create(&log).unwrap();
        command.stdout(output.try_clone().unwrap()).stderr(output);
        let mut process = command.stdin(Stdio::null()).spawn().unwrap();
        let start = Instant::now();
        while TcpStream::connect(address(ports[2])).is_err() {
            let ended = process.try_wait().unwrap();
            if ended.is_some() || start.elapsed() > DEADLINE {
                let said = fs::read_to_string(&log).unwrap_or_default();
                panic!("{name} does not start: {ended:?}\n{said}");
            }
            thread::sleep(Duration::from_millis(5));
        }
        Balancer { name, process, ports, _scratch: scratch }
    }

    fn address(&self) -> SocketAddr {
        address(self.ports[2])
    }
}

impl Drop for Balancer {
    /// Both have processes of their own, which would survive a kill.
    fn drop(&mut self) {
        send_signal("TERM", &self.process);
        _ = self.process.wait();
    }
}

// Clients

/// A connection that is kept for many requests.
struct Client {
    reader: BufReader<TcpStream>,
}

struct Answer {
    status: String,
    body: Vec<u8>,
    /// Whether the connection ends here.
    closes: bool,
}

impl Client {
    fn connect(address: SocketAddr) -> io::Result<Client> {
        let stream = TcpStream::connect_timeout(&address, DEADLINE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(DEADLINE))?;
        Ok(Client { reader: BufReader::new(stream) })
    }

    fn request(&mut self, line: &str) -> io::Result<Answer> {
        let fields = "Host: localhost\r\nX-Forwarded-For: 6.6.6.6";
        let request = format!("{line} HTTP/1.1\r\n{fields}\r\n\r\n");
        self.reader.get_mut().write_all(request.as_bytes())?;
        let mut status = String::new();
        if self.reader.read_line(&mut status)? == 0 {
            return Err(io::Error::other("closed without an answer"));
        }
        let (mut length, mut closes) = (0, false);
        loop {
            let mut field = String::new();
            if self.reader.read_line(&mut field)? == 0 {
                return Err(io::Error::other("closed within a head"));
            }
            let field = field.trim_end().to_lowercase();
            if field.is_empty() {
                break;
            }
            if let Some(value) = field.strip_prefix("content-length: ") {
                length = value.parse().map_err(io::Error::other)?;
            }
            closes |= field == "connection: close";
        }
        let length = if line.starts_with("HEAD") { 0 } else { length };
        let mut body = vec![0; length];
        self.reader.read_exact(&mut body)?;
        let status = status.split(' ').nth(1).unwrap_or("").to_string();
        Ok(Answer { status, body, closes })
    }
}

/// Clients that ask without a pause, each on a connection of its own.
struct Load {
    clients: Vec<JoinHandle<()>>,
    is_over: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    faults: Arc<Mutex<Vec<String>>>,
}

impl Load {
    /// A client for each of these paths, at all of which is the same page.
    fn start(balancer: &Balancer, paths: [&'static str; 4]) -> Load {
        let address = balancer.address();
        let load = Load {
            clients: Vec::new(),
            is_over: Arc::default(),
            answered: Arc::default(),
            faults: Arc::default(),
        };
        let page = fs::read(repository().join("static/hello.html")).unwrap();
        let clients = paths.map(|path| {
            let is_over = Arc::clone(&load.is_over);
            let answered = Arc::clone(&load.answered);
            let faults = Arc::clone(&load.faults);
            let page = page.clone();
            thread::spawn(move || {
                let mut client = None;
                while !is_over.load(Ordering::Relaxed) {
                    match ask(&mut client, address, path, &page) {
                        Ok(()) => _ = answered.fetch_add(1, Ordering::Relaxed),
                        Err(fault) => {
                            client = None;
                            let fault = format!("{path}: {fault}");
                            faults.lock().unwrap().push(fault);
                        }
                    }
                }
            })
        });
        Load { clients: clients.into(), ..load }
    }

    fn answered(&self) -> usize {
        self.answered.load(Ordering::Relaxed)
    }

    /// Waits for that many answers more.
    fn wait_for(&self, more: usize) {
        let before = self.answered();
        wait_until("more answers", || self.answered() >= before + more);
    }

    /// Ends it. Not one request was lost.
    fn end(self, balancer: &Balancer) {
        self.is_over.store(true, Ordering::Relaxed);
        for client in self.clients {
            client.join().unwrap();
        }
        let faults = self.faults.lock().unwrap();
        let answered = self.answered.load(Ordering::Relaxed);
        assert!(
            faults.is_empty(),
            "{} lost {} of {} requests: {faults:#?}",
            balancer.name,
            faults.len(),
            answered + faults.len(),
        );
        eprintln!("{}: {answered} requests", balancer.name);
    }
}

/// One request, which must get the whole page.
fn ask(
    client: &mut Option<Client>,
    address: SocketAddr,
    path: &str,
    page: &[u8],
) -> io::Result<()> {
    let mut kept = match client.take() {
        Some(client) => client,
        None => Client::connect(address)?,
    };
    let answer = kept.request(&format!("GET {path}"))?;
    if !answer.closes {
        *client = Some(kept);
    }
    if answer.status != "200" {
        return Err(io::Error::other(format!("status {}", answer.status)));
    }
    if answer.body != page {
        return Err(io::Error::other("another body than the page"));
    }
    Ok(())
}

// Several copies behind a balancer

/// `Balancer::nginx` or `Balancer::haproxy`.
type Start = fn(&str, [u16; 4]) -> Option<Balancer>;

/// One copy after the other is stopped and started again, under load.
fn no_request_is_lost(start: Start) {
    let ports = free_ports();
    let [first, second, ..] = ports;
    let (one, two) = (Copy::start(first, &[]), Copy::start(second, &[]));
    let Some(balancer) = start("replaced", ports) else { return };
    // Some ask for what takes a moment, so that at any time a request is being
    // answered.
    let paths = ["/", "/sleep?ms=30", "/", "/sleep?ms=5"];
    let load = Load::start(&balancer, paths);
    one.wait_until_asked(balancer.name);
    two.wait_until_asked(balancer.name);
    assert!(one.stop().success(), "the first copy's exit status");
    load.wait_for(50);
    let one = Copy::start(first, &[]);
    one.wait_until_asked(balancer.name);
    assert!(two.stop().success(), "the second copy's exit status");
    load.wait_for(50);
    let two = Copy::start(second, &[]);
    two.wait_until_asked(balancer.name);
    load.end(&balancer);
}

#[test]
fn nginx_loses_no_request_when_copies_are_replaced() {
    no_request_is_lost(Balancer::nginx);
}

#[test]
fn haproxy_loses_no_request_when_copies_are_replaced() {
    no_request_is_lost(Balancer::haproxy);
}

/// A copy closes each connection that has been idle for ten milliseconds, while
/// the balancer may be about to use it. The other one does not: if both did it
/// at once, nobody would be left to be asked.
fn a_connection_that_ends_costs_nothing(start: Start) {
    let ports = free_ports();
    let idle = [["--idle-seconds", "0.01"], ["--idle-seconds", "5"]];
    let copies = [0, 1].map(|it| Copy::start(ports[it], &idle[it]));
    let Some(balancer) = start("idle", ports) else { return };
    // With each, about as much time passes between two requests.
    let paths = ["/sleep?ms=9", "/sleep?ms=10", "/sleep?ms=11", "/sleep?ms=4"];
    let load = Load::start(&balancer, paths);
    load.wait_for(150);
    load.end(&balancer);
    drop(copies);
}

#[test]
fn nginx_loses_no_request_when_idle_connections_end() {
    a_connection_that_ends_costs_nothing(Balancer::nginx);
}

#[test]
fn haproxy_loses_no_request_when_idle_connections_end() {
    a_connection_that_ends_costs_nothing(Balancer::haproxy);
}

/// Stands in for a copy. It answers `/`, and has no room for `/full`, nor, if it
/// is not well, for a health check; whoever
/// asks for anything else finds the connection closed, as if it had been closed
/// before the request came.
#[derive(Default)]
struct FakeCopy {
    /// What it was asked, and on which connection, health checks left out.
    requests: Mutex<Vec<(usize, String)>>,
    is_unwell: AtomicBool,
}

impl FakeCopy {
    fn start(port: u16) -> Arc<FakeCopy> {
        let listener = TcpListener::bind(address(port)).unwrap();
        let fake = Arc::new(FakeCopy::default());
        let shared = Arc::clone(&fake);
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let fake = Arc::clone(&shared);
                thread::spawn(move || fake.serve(number, stream?));
            }
        });
        fake
    }

    fn serve(&self, number: usize, mut stream: TcpStream) -> io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        loop {
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                if reader.read_line(&mut head)? == 0 {
                    return Ok(());
                }
            }
            let line = head.lines().next().unwrap_or_default();
            let is_unwell = self.is_unwell.load(Ordering::Relaxed);
            let (status, body) = match line {
                "HEAD / HTTP/1.0" if is_unwell => {
                    ("503 Service Unavailable", "")
                }
                "HEAD / HTTP/1.0" => ("200 OK", ""),
                "GET / HTTP/1.1" | "POST / HTTP/1.1" => ("200 OK", "well"),
                "GET /full HTTP/1.1" => ("503 Service Unavailable", "full"),
                _ => ("", ""),
            };
            if line != "HEAD / HTTP/1.0" {
                self.requests.lock().unwrap().push((number, head.clone()));
            }
            if status.is_empty() {
                return Ok(());
            }
            let fields = "Content-Length: 4\r\n\r\n";
            let answer = format!("HTTP/1.1 {status}\r\n{fields}{body}");
            stream.write_all(answer.as_bytes())?;
        }
    }

    fn requests(&self) -> Vec<(usize, String)> {
        self.requests.lock().unwrap().clone()
    }

    fn asked(&self, line: &str) -> usize {
        let is_it = |it: &&(usize, String)| it.1.starts_with(line);
        self.requests().iter().filter(is_it).count()
    }
}

/// Nobody knows whether a request that got no answer was carried out: the other
/// copy may be asked only if that makes no difference.
fn only_what_is_safe_is_asked_again(start: Start) {
    let ports = free_ports();
    let fakes = [0, 1].map(|it| FakeCopy::start(ports[it]));
    let Some(balancer) = start("again", ports) else { return };
    for (line, again) in
        [("GET /lost", true), ("HEAD /lost", true), ("POST /lost", false)]
    {
        let mut client = Client::connect(balancer.address()).unwrap();
        let answer = client.request(line).unwrap();
        assert!(answer.status.starts_with("50"), "{line}: {}", answer.status);
        let asked = fakes.each_ref().map(|it| it.asked(line));
        let all = asked[0] + asked[1];
        assert_eq!(all > 1, again, "{line} was asked {asked:?} times");
    }
}

#[test]
fn nginx_asks_again_only_what_is_safe() {
    only_what_is_safe_is_asked_again(Balancer::nginx);
}

#[test]
fn haproxy_asks_again_only_what_is_safe() {
    only_what_is_safe_is_asked_again(Balancer::haproxy);
}

/// Where nobody listens, a request cannot have been carried out.
fn what_was_never_sent_is_asked_of_the_other(start: Start) {
    let ports = free_ports();
    let _fake = FakeCopy::start(ports[1]);
    let Some(balancer) = start("refused", ports) else { return };
    for _ in 0..4 {
        let mut client = Client::connect(balancer.address()).unwrap();
        assert_eq!(client.request("POST /").unwrap().status, "200");
    }
}

#[test]
fn nginx_asks_the_other_copy_if_one_refuses() {
    what_was_never_sent_is_asked_of_the_other(Balancer::nginx);
}

#[test]
fn haproxy_asks_the_other_copy_if_one_refuses() {
    what_was_never_sent_is_asked_of_the_other(Balancer::haproxy);
}

#[test]
fn nginx_asks_the_other_copy_if_one_is_full() {
    let ports = free_ports();
    let fakes = [0, 1].map(|it| FakeCopy::start(ports[it]));
    let Some(balancer) = Balancer::nginx("full", ports) else { return };
    let mut client = Client::connect(balancer.address()).unwrap();
    assert_eq!(client.request("GET /full").unwrap().status, "503");
    assert_eq!(fakes.each_ref().map(|it| it.asked("GET /full")), [1, 1]);
}

#[test]
fn haproxy_leaves_a_copy_alone_that_is_not_well() {
    let ports = free_ports();
    let fakes = [0, 1].map(|it| FakeCopy::start(ports[it]));
    fakes[0].is_unwell.store(true, Ordering::Relaxed);
    let Some(balancer) = Balancer::haproxy("well", ports) else { return };
    let mut client = Client::connect(balancer.address()).unwrap();
    // Four in a row that the other has got: it is not its turn by chance.
    let mut row = 0;
    wait_until("the copy is left alone", || {
        let before = fakes[0].requests().len();
        assert_eq!(client.request("GET /").unwrap().status, "200");
        row = if fakes[0].requests().len() == before { row + 1 } else { 0 };
        row == 4
    });
    fakes[0].is_unwell.store(false, Ordering::Relaxed);
    let before = fakes[0].requests().len();
    wait_until("the copy is asked again", || {
        assert_eq!(client.request("GET /").unwrap().status, "200");
        fakes[0].requests().len() > before
    });
}

/// The connections to the copies last, and the copies learn who asks: whatever
/// a client claims.
fn copies_learn_what_they_need(start: Start) {
    let ports = free_ports();
    let fakes = [0, 1].map(|it| FakeCopy::start(ports[it]));
    let Some(balancer) = start("tells", ports) else { return };
    let mut client = Client::connect(balancer.address()).unwrap();
    for _ in 0..6 {
        let answer = client.request("GET /").unwrap();
        assert_eq!((&*answer.status, &*answer.body), ("200", &b"well"[..]));
    }
    for fake in &fakes {
        let requests = fake.requests();
        assert_eq!(requests.len(), 3, "the copies take turns: {requests:?}");
        for (connection, head) in &requests {
            assert_eq!(connection, &requests[0].0, "{requests:?}");
            assert!(head.starts_with("GET / HTTP/1.1\r\n"), "{head}");
            let head = head.to_lowercase();
            assert!(head.contains("\r\nhost: localhost\r\n"), "{head}");
            assert!(!head.contains("connection: close"), "{head}");
            let forwarded = "\r\nx-forwarded-for: 127.0.0.1\r\n";
            assert!(head.contains(forwarded), "{head}");
            assert!(!head.contains("6.6.6.6"), "{head}");
        }
    }
}

#[test]
fn nginx_tells_the_copies_who_asks_on_connections_that_last() {
    copies_learn_what_they_need(Balancer::nginx);
}

#[test]
fn haproxy_tells_the_copies_who_asks_on_connections_that_last() {
    copies_learn_what_they_need(Balancer::haproxy);
}

// What stands in the page beside the balancers

/// A command of the page that begins so.
fn typed(start: &str) -> String {
    let page = repository().join("book/src/where_next.md");
    let page = fs::read_to_string(page).unwrap();
    let mut commands = page.lines().filter_map(|it| it.strip_prefix("$ "));
    let command = commands.find(|it| it.starts_with(start));
    command.unwrap_or_else(|| panic!("no command {start}")).to_string()
}

/// Runs it in a shell, in that folder, and says how it ended and what it said.
fn run(command: &str, folder: &Path) -> (ExitStatus, String) {
    use std::os::unix::process::CommandExt;
    let mut shell = Command::new("sh")
        .args(["-c", &format!("exec 2>&1; {command}")])
        .current_dir(folder)
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap();
    let said = Output::collect(shell.stdout.take().unwrap());
    let ended = said.wait_for_end(DEADLINE);
    if !ended {
        let kill = format!("kill -KILL -{}", shell.id());
        Command::new("sh").args(["-c", &kill]).status().unwrap();
    }
    let status = shell.wait().unwrap();
    let said = said.lines().join("\n");
    assert!(ended, "{command} does not end: {said}");
    (status, said)
}

#[test]
fn nginx_speaks_tls_if_it_has_a_certificate() {
    if program("openssl").is_none() || program("curl").is_none() {
        return;
    }
    let scratch = Scratch::new("deploy-tls");
    let folder = scratch.0.join("target/nginx");
    fs::create_dir_all(&folder).unwrap();
    let (status, said) = run(&typed("openssl req"), &scratch.0);
    assert!(status.success(), "{said}");
    let ports = free_ports();
    let _copy = Copy::start(ports[0], &[]);
    let balancer = Balancer::nginx_with("tls", ports, |nginx| {
        let conf = with_ports(&config("tls.conf"), &ports);
        fs::write(nginx.join("tls.conf"), conf).unwrap();
        for file in ["cert.pem", "key.pem"] {
            fs::copy(folder.join(file), nginx.join(file)).unwrap();
        }
    });
    let Some(_balancer) = balancer else { return };
    let command = with_ports(&typed("curl --cacert"), &ports);
    let (status, said) = run(&command, &scratch.0);
    assert!(status.success() && said.contains("200 OK"), "{command}\n{said}");
}

/// Ends the copies that `restart.sh` has started, by the notes that it keeps.
struct Noted<'a>(&'a Path);

impl Noted<'_> {
    fn ids(&self) -> Vec<String> {
        let files = fs::read_dir(self.0.join("target")).unwrap();
        let files = files.map(|it| it.unwrap().path());
        let notes =
            files.filter(|it| it.extension().is_some_and(|e| e == "pid"));
        notes.map(|it| fs::read_to_string(it).unwrap()).collect()
    }
}

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        for id in self.ids() {
            run(&format!("kill {id}"), self.0);
        }
    }
}

#[test]
fn a_script_starts_and_replaces_copies_under_load() {
    if program("curl").is_none() {
        return;
    }
    let scratch = Scratch::new("deploy-restart");
    let ports = free_ports();
    fs::create_dir_all(scratch.0.join("target")).unwrap();
    for file in ["healthy.sh", "restart.sh"] {
        fs::write(scratch.0.join(file), config(file)).unwrap();
    }
    let noted = Noted(&scratch.0);
    let script = |name: &str, port: u16| {
        let script = format!("STEP10={STEP10} sh {name} {port}");
        run(&script, &scratch.0)
    };
    let succeeds = |name: &str, port: u16| {
        let (status, said) = script(name, port);
        assert!(status.success(), "{name} {port}: {said}");
    };

    assert!(!script("healthy.sh", ports[0]).0.success(), "nobody is there");
    succeeds("restart.sh", ports[0]);
    succeeds("restart.sh", ports[1]);
    succeeds("healthy.sh", ports[0]);
    let before = noted.ids();
    let Some(balancer) = Balancer::nginx("restart", ports) else { return };
    let load = Load::start(&balancer, ["/"; 4]);
    succeeds("restart.sh", ports[0]);
    load.wait_for(20);
    succeeds("restart.sh", ports[1]);
    load.wait_for(20);
    load.end(&balancer);
    let after = noted.ids();
    assert_eq!(after.len(), 2);
    assert!(after.iter().all(|id| !before.contains(id)), "{after:?}");
    // A port that somebody else has: it neither hangs nor says that all is well.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    drop(thread::spawn(move || {
        while let Ok((stream, _)) = taken.accept() {
            drop(stream);
        }
    }));
    assert!(!script("restart.sh", port).0.success(), "the port is taken");
}

/// Runs a command line of the book, but for the program's path, the folder and
/// the address: it serves, and SIGTERM ends it with status 0.
fn serves(arguments: &[String]) {
    let port = free_port();
    let mut process = Command::new(STEP10)
        .args(arguments.iter().map(|argument| match argument.as_str() {
            "/srv/www" => format!("{}/static", repository().display()),
            "127.0.0.1:%i" | "0.0.0.0:7878" => address(port).to_string(),
            argument => argument.to_string(),
        }))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = Output::collect(process.stdout.take().unwrap());
    let listens = stdout.wait(DEADLINE, |lines| !lines.is_empty());
    let answer = Client::connect(address(port))
        .and_then(|mut client| client.request("GET /"));
    let demo = Client::connect(address(port))
        .and_then(|mut client| client.request("GET /sleep?ms=0"));
    send_signal("TERM", &process);
    let ended = stdout.wait_for_end(DEADLINE);
    _ = process.kill();
    let status = process.wait().unwrap();
    assert!(listens && ended, "{arguments:?}: {:?}", stdout.lines());
    assert_eq!(answer.unwrap().status, "200");
    assert_eq!(demo.unwrap().status, "404", "--no-demo is missing");
    assert!(status.success(), "{arguments:?}: {status}");
}

#[test]
fn the_service_starts_and_stops() {
    let unit = config("step10@.service");
    let line = unit.lines().find_map(|it| it.strip_prefix("ExecStart="));
    let mut words = line.unwrap().split(' ').map(String::from);
    assert_eq!(words.next().as_deref(), Some("/usr/local/bin/step10"));
    serves(&words.collect::<Vec<_>>());
}

#[test]
fn the_service_is_what_systemd_understands() {
    let Some(systemd_analyze) = program("systemd-analyze") else { return };
    let scratch = Scratch::new("deploy-systemd");
    let unit = config("step10@.service");
    let unit = unit.replace("/usr/local/bin/step10", STEP10);
    let file = scratch.0.join("step10@.service");
    fs::write(&file, unit).unwrap();
    let mut verify = Command::new(systemd_analyze);
    let verify = verify.args(["verify", "--man=no"]).arg(&file);
    let verify = verify.output().unwrap();
    let said = String::from_utf8_lossy(&verify.stderr);
    let ours = said.lines().filter(|line| line.contains("step10"));
    assert_eq!(ours.collect::<Vec<_>>(), Vec::<&str>::new());
    assert!(verify.status.success(), "{said}");
}

/// No container can be built in a test. But what goes into it is there, cargo
/// finds it enough, and the program starts with these arguments.
#[test]
fn the_container_gets_what_it_needs() {
    let file = config("Containerfile");
    let lines = |start: &str| -> Vec<String> {
        let lines = file.lines().filter_map(|it| it.strip_prefix(start));
        lines.map(String::from).collect()
    };
    let build = "cargo build --release --locked --bin step10";
    assert_eq!(lines("RUN "), [build]);
    let scratch = Scratch::new("deploy-container");
    for copied in lines("COPY ") {
        if let Some(rest) = copied.strip_prefix("--from=build ") {
            let built = "/build/target/release/step10 /usr/local/bin/step10";
            assert_eq!(rest, built);
            continue;
        }
        let mut names: Vec<&str> = copied.split(' ').collect();
        let to = names.pop().unwrap();
        for name in names {
            let from = repository().join(name);
            assert!(from.exists(), "{name} is not there to be copied");
            if !to.starts_with('/') {
                let copy = format!("cp -r {} {name}", from.display());
                assert!(run(&copy, &scratch.0).0.success());
            }
        }
    }
    // As the file builds it, but for the longest part.
    let check = build.replace("build --release", "check --offline");
    let check = check.replace("cargo", env!("CARGO"));
    let (status, said) =
        run(&format!("CARGO_TARGET_DIR=target {check}"), &scratch.0);
    assert!(status.success(), "{check}\n{said}");
    let line = lines("CMD ").concat();
    let line = line.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let words = line.expect("a list, since a shell would keep signals");
    let mut words =
        words.split(", ").map(|it| it.trim_matches('"').to_string());
    assert_eq!(words.next().as_deref(), Some("step10"));
    serves(&words.collect::<Vec<_>>());
}

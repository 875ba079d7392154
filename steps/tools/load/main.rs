//! Measures servers against each other, with nothing but std.
//!
//!     cargo run --release --bin load -- step04 step05 step06

mod answer;
mod client;
mod csv;
mod histogram;
#[path = "../launch.rs"]
mod launch;
mod machine;
mod options;
mod place;
mod processor;
mod report;
mod server;
mod tally;

use std::io::{self, IsTerminal, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::sync::RwLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{env, thread};

use client::{Client, TIMEOUT};
use csv::Csv;
use options::{Load, Options};
use processor::Processes;
use report::Row;
use tally::Tally;

fn main() -> ExitCode {
    let result = match options::parse(env::args_os().skip(1)) {
        Ok(Some(options)) => measure(&options),
        Ok(None) => print(|out| out.write_all(options::HELP.as_bytes())),
        Err(message) => {
            complain(&message);
            return ExitCode::from(2);
        }
    };
    if let Err(message) = result {
        complain(&message);
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn complain(message: &str) {
    _ = writeln!(io::stderr(), "{message}");
}

fn print(
    text: impl FnOnce(&mut io::Stdout) -> io::Result<()>,
) -> Result<(), String> {
    let printed = text(&mut io::stdout());
    printed.map_err(|error| format!("cannot print: {error}"))
}

/// Loads one server after another, and prints what came of it: even what came
/// before a failure, because that may have taken a while.
fn measure(options: &Options) -> Result<(), String> {
    server::build(&options.servers)?;
    let mut rows = Vec::new();
    let result = load_all(options, &mut rows);
    if !rows.is_empty() {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        print(|out| {
            writeln!(out, "{}\n", report::title(&options.load, processors))?;
            report::table(out, &rows)
        })?;
    }
    result?;
    match rows.iter().find(|row| row.requests() == 0) {
        Some(row) => Err(format!("{} answered no request", row.server)),
        None => Ok(()),
    }
}

fn load_all(options: &Options, rows: &mut Vec<Row>) -> Result<(), String> {
    let mut csv = options.csv.as_deref().map(Csv::create).transpose()?;
    let setting = machine::columns(&options.load.path);
    let loads = options.idle.iter().flat_map(|idle| {
        options.servers.iter().map(move |server| (idle, server))
    });
    let rounds = loads.clone().count() * options.rounds;
    for (&idle, server) in loads.cycle().take(rounds) {
        let running = server::start(server)?;
        if rows.is_empty() && cfg!(debug_assertions) {
            complain(
                "this is a debug build, whose figures mean little; \
                 better: cargo run --release",
            );
        }
        let row = load(&server.name, running.address, idle, &options.load)
            .map_err(|error| format!("cannot start the clients: {error}"))?;
        let line = csv::line(&options.load, &row);
        rows.push(row);
        if let Some(csv) = &mut csv {
            csv.write(&format!("{line},{setting}"))?;
        }
    }
    Ok(())
}

/// Loads one server, with a thread for each connection.
fn load(
    name: &str,
    address: SocketAddr,
    idle: usize,
    load: &Load,
) -> io::Result<Row> {
    let connection = if load.close { "close" } else { "keep-alive" };
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {address}\r\nConnection: {connection}\r\n\r\n",
        load.path
    );
    let _idle = connect_idle(address, idle)?; // Until the end.
    let processes = Processes::find(address);
    let used_before = processes.time();
    let answered = AtomicU64::new(0);
    // Nobody can read it while it is locked for writing: all clients wait, and
    // begin together. It says when to start, or `None` if not all could come.
    let gate = RwLock::new(None);
    thread::scope(|scope| {
        let mut closed = gate.write().expect("nobody panics at the gate");
        let mut clients = Vec::new();
        for number in 0..load.connections {
            let (gate, request, answered) = (&gate, &request, &answered);
            let work = move || {
                let start = *gate.read().expect("nobody panics at the gate");
                let start: Instant = start?;
                let end = start + load.time;
                let client =
                    Client::new(address, request.as_bytes(), !load.close);
                Some(match load.timetable(number) {
                    None => client.run(end, answered),
                    Some((first, interval)) => {
                        let due = start + first;
                        client.run_at_rate(due, interval, end, answered)
                    }
                })
            };
            clients.push(thread::Builder::new().spawn_scoped(scope, work)?);
        }
        let start = Instant::now();
        *closed = Some(start);
        drop(closed);
        show_progress(name, start, load.time, &answered);
        let mut tally = Tally::new();
        for client in clients {
            if let Some(part) = client.join().expect("no client panics") {
                tally.merge(part);
            }
        }
        let used = processes.time().zip(used_before);
        Ok(Row {
            server: name.to_string(),
            idle,
            tally,
            // Only at a fixed rate do we wait for what's on its way at the end.
            time: load
                .rate
                .map_or(load.time, |_| load.time.max(start.elapsed())),
            processor: used.map(|(after, before)| after.saturating_sub(before)),
        })
    })
}

/// Clients that have had an answer, keep their connections, and ask for nothing.
fn connect_idle(
    address: SocketAddr,
    count: usize,
) -> io::Result<Vec<TcpStream>> {
    let request = format!("HEAD / HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let connect = |_| {
        let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.write_all(request.as_bytes())?;
        // Whatever the answer is: if it ends the connection, so be it.
        match stream.read(&mut [0; 1024])? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(stream),
        }
    };
    (0..count).map(connect).collect()
}

/// Shows until the end that something is going on: to a person each second, to
/// a file once.
fn show_progress(
    name: &str,
    start: Instant,
    time: Duration,
    answered: &AtomicU64,
) {
    let mut stderr = io::stderr();
    let seconds = time.as_secs_f64();
    if !stderr.is_terminal() {
        complain(&format!("loading {name} for {seconds} s"));
        return;
    }
    let mut width = 0;
    for second in 0.. {
        let next = Duration::from_secs(second).min(time);
        thread::sleep(next.saturating_sub(start.elapsed()));
        if next == time {
            break;
        }
        // Relaxed: a count that is shown need not be the very latest.
        let count = report::number(answered.load(Ordering::Relaxed));
        let line =
            format!("{name}  {second} s of {seconds} s  {count} requests");
        width = line.chars().count();
        _ = write!(stderr, "\r{line}");
    }
    _ = write!(stderr, "\r{:width$}\r", "");
}

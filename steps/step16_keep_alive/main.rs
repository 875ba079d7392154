//! Step 16: a connection is kept for many requests, and given up for others.

mod access_log;
mod body;
mod cache;
mod connection;
mod crowd;
mod date;
mod files;
mod input;
mod limits;
mod options;
mod output;
mod request;
mod response;
mod signal;
mod site;
mod thread_pool;

use connection::{Server, handle};
use crowd::Crowd;
use limits::{ACCEPT_PAUSE, FAREWELLS, LINGER};
use options::{HELP, Options};
use output::linger;
use request::After;
use response::Response;
use site::Site;
use std::io::{self, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, process, process::ExitCode, thread};
use thread_pool::ThreadPool;

fn main() -> ExitCode {
    let options = match Options::parse(env::args_os().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            _ = io::stdout().write_all(HELP.as_bytes());
            return ExitCode::SUCCESS;
        }
        Err(fault) => {
            _ = writeln!(io::stderr(), "{fault} (see --help)");
            return ExitCode::from(2);
        }
    };
    let site = match Site::new(&options.root, options.demo) {
        Ok(site) => site,
        Err(error) => {
            let root = options.root;
            let hint = "--root takes a directory";
            _ = writeln!(
                io::stderr(),
                "cannot serve {root:?}: {error}; {hint}"
            );
            return ExitCode::FAILURE;
        }
    };
    let listener = match TcpListener::bind(&options.address) {
        Ok(listener) => listener,
        Err(error) => {
            let address = options.address;
            let hint = "an address looks like 127.0.0.1:7878";
            let line = format!("cannot bind {address:?}: {error}; {hint}");
            _ = writeln!(io::stderr(), "{line}");
            return ExitCode::FAILURE;
        }
    };
    if let Err(error) = serve(listener, &options, site) {
        _ = writeln!(io::stderr(), "cannot serve: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn serve(
    listener: TcpListener,
    options: &Options,
    site: Site,
) -> io::Result<()> {
    let (door, spare) = (listener.try_clone()?, listener.try_clone()?);
    signal::on_stop(|| log_error(stop_accepting(door, spare)))?;
    let mut pool = ThreadPool::new(options.workers, options.queue)?;
    let mut farewells = ThreadPool::new(1, FAREWELLS)?;
    let crowd = Arc::new(Crowd::new(options.workers));
    let (limits, access_log) = (options.limits, options.access_log);
    let server = Arc::new(Server { site, limits, access_log });
    let address = listener.local_addr()?;
    writeln!(io::stdout(), "listening on http://{address}")?;
    let mut reported = None;
    for stream in listener.incoming() {
        match stream {
            Ok(stream) => {
                let guest = crowd.enter(stream);
                let stream = Arc::clone(&guest.stream);
                let server = Arc::clone(&server);
                let job = move || log_error(handle(guest, &server));
                if pool.execute(job).is_err() {
                    log_error(turn_away(stream, &mut farewells));
                }
                crowd.set_room(pool.size);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) => {
                crowd.dismiss_one(); // Its open file may be what is missing.
                wait_a_little(error, &mut reported);
            }
        }
    }
    crowd.set_room(0); // From here on, nobody stays after an answer,
    drop(listener); // and newcomers are refused.
    _ = writeln!(io::stdout(), "waiting for connections: {}", crowd.len());
    let cut = crowd.drain(options.drain);
    if cut > 0 {
        _ = writeln!(io::stderr(), "responses cut off: {cut}");
        process::exit(1); // A worker may be asleep for longer.
    }
    drop(pool); // Waits until every job has run.
    Ok(())
}

/// Tells a client for whom there is no room to come again. It must not delay
/// whoever accepts connections: nothing is waited for here, and to close gently
/// is left to another pool.
fn turn_away(
    stream: Arc<TcpStream>,
    farewells: &mut ThreadPool,
) -> io::Result<()> {
    stream.set_nonblocking(true)?;
    let response =
        Response::text("503 Service Unavailable").with("Retry-After", "1");
    (&*stream).write_all(&response.to_bytes(true, After::Close))?;
    stream.set_nonblocking(false)?;
    stream.shutdown(Shutdown::Write)?;
    // Where too many have to be closed, this one is closed roughly.
    let end = Instant::now() + LINGER;
    _ = farewells.execute(move || linger(&stream, end));
    Ok(())
}

/// To accept has failed, for want of open files most of the time. The client
/// stays in the backlog; this is told once a second, and soon tried again.
fn wait_a_little(error: io::Error, reported: &mut Option<Instant>) {
    if reported.is_none_or(|it| it.elapsed() > Duration::from_secs(1)) {
        *reported = Some(Instant::now());
        log_error(Err(error));
    }
    thread::sleep(ACCEPT_PAUSE);
}

/// Ends the accept loop: `accept` still hands out everybody who has connected,
/// but then fails with `WouldBlock` instead of waiting for more.
fn stop_accepting(door: TcpListener, spare: TcpListener) -> io::Result<()> {
    door.set_nonblocking(true)?;
    let address = door.local_addr()?;
    drop(door); // To connect takes an open file, and this may be the last.
    // An `accept` that waits already is woken only by a connection: this one,
    // which a worker then finds empty. If it is refused, the loop has ended.
    let localhost = ("localhost", address.port());
    _ = TcpStream::connect(address).or_else(|_| TcpStream::connect(localhost));
    drop(spare); // The connection, once accepted, takes another.
    Ok(())
}

/// Reports a connection that failed. The others go on.
fn log_error(result: io::Result<()>) {
    if let Err(error) = result {
        // One write, because other threads may write at the same time.
        let line = format!("connection failed: {error}\n");
        _ = io::stderr().write_all(line.as_bytes());
    }
}

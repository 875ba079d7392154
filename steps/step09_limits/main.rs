//! Step 09: no client takes more than its share, of time or of room.

mod connection;
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

use connection::handle;
use limits::{ACCEPT_PAUSE, FAREWELLS, LINGER};
use options::{HELP, Options};
use output::linger;
use response::Response;
use site::Site;
use std::io::{self, ErrorKind, Write};
use std::net::{
    Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{env, process::ExitCode, thread};
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
        Ok(site) => Arc::new(site),
        Err(error) => {
            let root = options.root;
            _ = writeln!(io::stderr(), "cannot serve {root:?}: {error}");
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
    if let Err(error) = serve(listener, &options, &site) {
        _ = writeln!(io::stderr(), "cannot serve: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn serve(
    listener: TcpListener,
    options: &Options,
    site: &Arc<Site>,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    signal::on_stop(move || stop(address))?;
    let pool = ThreadPool::new(options.workers, options.queue)?;
    let farewells = ThreadPool::new(1, FAREWELLS)?;
    writeln!(io::stdout(), "listening on http://{address}")?;
    let limits = options.limits;
    let mut reported = None;
    for stream in listener.incoming() {
        if STOPPING.load(Ordering::SeqCst) {
            // From now on `accept` serves the backlog, but no longer waits.
            listener.set_nonblocking(true)?;
        }
        match stream {
            Ok(stream) => {
                let accepted = Instant::now();
                let (stream, site) = (Arc::new(stream), Arc::clone(site));
                let shared = Arc::clone(&stream);
                let job = move || {
                    log_error(handle(&shared, accepted, &site, limits));
                };
                if pool.execute(job).is_err() {
                    log_error(turn_away(stream, &farewells));
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => wait_a_little(error, &mut reported),
        }
    }
    drop(listener); // From now on, new connections are refused.
    _ = writeln!(io::stdout(), "waiting for the workers");
    drop(pool); // Waits until the workers have run every job.
    Ok(())
}

/// Tells a client for whom there is no room to come again. It must not delay
/// whoever accepts connections: nothing is waited for here, and to close gently
/// is left to another pool.
fn turn_away(stream: Arc<TcpStream>, farewells: &ThreadPool) -> io::Result<()> {
    stream.set_nonblocking(true)?;
    let response =
        Response::text("503 Service Unavailable").with("Retry-After", "1");
    (&*stream).write_all(&response.to_bytes(true))?;
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

/// Set once the server has been asked to stop.
static STOPPING: AtomicBool = AtomicBool::new(false);

/// Tells the accept loop to stop, and wakes it: a sleeping `accept` returns only
/// when a connection comes, so this makes one. A worker will find it empty.
fn stop(mut address: SocketAddr) {
    // `SeqCst`: a loop that has accepted the connection also sees the flag.
    STOPPING.store(true, Ordering::SeqCst);
    if address.ip().is_unspecified() {
        // Not every system lets us connect to a wildcard address.
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    match TcpStream::connect(address) {
        // Refused: the loop has seen the flag and closed the listener already.
        Err(error) if error.kind() != ErrorKind::ConnectionRefused => {
            let line = format!("cannot wake the listener: {error}\n");
            _ = io::stderr().write_all(line.as_bytes());
        }
        _ => {}
    }
}

/// Reports a connection that failed. The others go on.
fn log_error(result: io::Result<()>) {
    if let Err(error) = result {
        // One write, because other threads may write at the same time.
        let line = format!("connection failed: {error}\n");
        _ = io::stderr().write_all(line.as_bytes());
    }
}

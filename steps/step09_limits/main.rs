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
use std::io::{self, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
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
    if let Err(error) = serve(&options, &site) {
        let address = options.address;
        _ = writeln!(io::stderr(), "cannot serve on {address:?}: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn serve(options: &Options, site: &Arc<Site>) -> io::Result<()> {
    let listener = TcpListener::bind(&options.address)?;
    let (door, spare) = (listener.try_clone()?, listener.try_clone()?);
    signal::on_stop(|| report(stop_accepting(door, spare)))?;
    let pool = ThreadPool::new(options.workers, options.queue)?;
    let farewells = ThreadPool::new(1, FAREWELLS)?;
    let address = listener.local_addr()?;
    writeln!(io::stdout(), "listening on http://{address}")?;
    let limits = options.limits;
    let mut reported = None;
    for stream in listener.incoming() {
        match stream {
            Ok(stream) => {
                let accepted = Instant::now();
                let (stream, site) = (Arc::new(stream), Arc::clone(site));
                let shared = Arc::clone(&stream);
                let job = move || {
                    report(handle(&shared, accepted, &site, limits));
                };
                if pool.execute(job).is_err() {
                    report(turn_away(stream, &farewells));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) => wait_a_little(error, &mut reported),
        }
    }
    drop(listener); // From here on, newcomers are refused.
    _ = writeln!(io::stdout(), "waiting for the workers");
    drop(pool); // Waits until every job has run.
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
        report(Err(error));
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

/// Tells what went wrong with a connection, if anything did.
fn report(result: io::Result<()>) {
    if let Err(error) = result {
        // In one piece, since other threads may write at the same time.
        let line = format!("connection failed: {error}\n");
        _ = io::stderr().write_all(line.as_bytes());
    }
}

//! The same with the server's own connection, and a client on this machine:
//! what we know of the driver is worth something only if both do the same.

use super::connections::without_date;
use super::{Part, same};
use crate::connection::{Connection, Next};
use crate::corpus;
use crate::driver;
use crate::place::OPTIONS;
use crate::random::Random;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::LazyLock;
use std::thread;

pub const PART: Part =
    Part { name: "sockets", at_least: 250, make: corpus::requests, check };

static LISTENER: LazyLock<io::Result<TcpListener>> =
    LazyLock::new(|| TcpListener::bind("127.0.0.1:0"));

fn check(input: &[u8], random: &mut Random) -> Result<(), String> {
    let ends = [input.len()];
    let seed = Random::new(random.below(1000) as u64);
    let driven = driver::run(input, &ends, &OPTIONS, seed)
        .map_err(|error| format!("it can't be sent: {error}"))?;
    let sent = exchange(input, |stream| {
        let mut connection = Connection::new(stream, 2, &OPTIONS)?;
        // So it's never told to wait.
        connection.stream.set_nonblocking(false)?;
        loop {
            match connection.advance()? {
                Next::Again(same) | Next::Wait(same) => connection = same,
                Next::Done => return Ok(()),
            }
        }
    });
    let sent = sent.map_err(|error| format!("no connection: {error}"))?;
    let mut rest = sent.as_slice();
    for answer in driven.answers {
        let bytes = answer.bytes;
        // A refusal may depend on how much of the input came at a time.
        let length = if answer.end.is_some() { bytes.len() } else { 10 };
        let (found, others) = rest.split_at(rest.len().min(length));
        let bytes = without_date(bytes[..length].to_vec());
        let found = without_date(found.to_vec());
        if bytes != found {
            let show = |bytes: Vec<u8>| bytes.escape_ascii().to_string();
            return same("a response", show(bytes), show(found));
        }
        rest = if answer.end.is_some() { others } else { b"" };
    }
    same("how many bytes follow the last response", 0, rest.len())
}

/// What a client that sends this and then waits for the end gets.
fn exchange(
    input: &[u8],
    serve: impl FnOnce(TcpStream) -> io::Result<()>,
) -> io::Result<Vec<u8>> {
    let listener = LISTENER.as_ref().map_err(|error| error.kind())?;
    let mut client = TcpStream::connect(listener.local_addr()?)?;
    let (stream, _) = listener.accept()?;
    thread::scope(|scope| {
        let client = scope.spawn(move || {
            let mut sent = Vec::new();
            client.write_all(input)?;
            client.shutdown(Shutdown::Write)?;
            client.read_to_end(&mut sent)?;
            Ok(sent)
        });
        // An input that ends within a request is an error there.
        _ = serve(stream);
        client.join().unwrap_or_else(|_| Err(io::Error::other("a panic")))
    })
}

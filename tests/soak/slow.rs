//! Clients that take their time, each in a way of its own, and what the server
//! has to do about it.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use crate::PATIENCE;
use crate::pages::Site;
use crate::support::client::{Client, get};
use crate::support::report::{Outcome, Symptom};
use crate::visitors::WHOLE;

/// How long a client pauses before it goes on.
const PAUSE: Duration = Duration::from_millis(50);

/// The server's deadlines: so short that a slow client's whole life takes only
/// seconds, and so long that a visitor on a busy machine meets none of them.
pub const OPTIONS: [&str; 10] = [
    "--idle-seconds",
    "6",
    "--head-seconds",
    "6",
    "--body-seconds",
    "6",
    "--stall-seconds",
    "6",
    "--linger-seconds",
    "6",
];

/// A client's life on one connection. It ends well with the number of responses
/// that it got.
pub type Life = fn(&Site, SocketAddr) -> Outcome<usize>;

pub const LIVES: [(&str, Life); 8] = [
    ("silent", silent),
    ("a head, byte by byte", dripping_head),
    ("half a head, then gone", gone_within_a_head),
    ("a download, unread", unread_download),
    ("a download, then gone", gone_within_a_download),
    ("a page, read slowly", slow_reader),
    ("a late upload", late_upload),
    ("half-closed", half_closed),
];

fn silent(_: &Site, address: SocketAddr) -> Outcome<usize> {
    Client::connect(address)?.is_closed(PATIENCE)?;
    Ok(0)
}

fn dripping_head(_: &Site, address: SocketAddr) -> Outcome<usize> {
    let mut client = Client::connect(address)?;
    client.send("GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")?;
    let start = Instant::now();
    // What comes is a refusal, sooner or later.
    while client.is_not_answered(PAUSE, "").is_ok() {
        if start.elapsed() > PATIENCE {
            let saw = format!("it still waits after {PATIENCE:?}");
            return Err(client.deviation(Symptom::Hangs, "a 408", &saw));
        }
        client.send("x")?;
    }
    client.response(PATIENCE)?.has_status(408)?;
    client.is_closed(PATIENCE)?;
    Ok(1)
}

fn gone_within_a_head(_: &Site, address: SocketAddr) -> Outcome<usize> {
    let mut client = Client::connect(address)?;
    client.send("GET / HTTP/1.1\r\nHost: loc")?;
    thread::sleep(PAUSE);
    Ok(0)
}

fn unread_download(_: &Site, address: SocketAddr) -> Outcome<usize> {
    let mut client = Client::with_small_buffer(address)?;
    client.send(get("/film"))?;
    let start = Instant::now();
    // Once the server has given up, a byte that it didn't read causes a reset.
    while client.send("x").is_ok() {
        if start.elapsed() > PATIENCE {
            let expected =
                "the server to give up on a client that reads nothing";
            let saw = format!("the connection is open after {PATIENCE:?}");
            return Err(client.deviation(Symptom::Hangs, expected, &saw));
        }
        thread::sleep(PAUSE);
    }
    Ok(0)
}

fn gone_within_a_download(_: &Site, address: SocketAddr) -> Outcome<usize> {
    let mut client = Client::connect(address)?;
    client.send(get("/film"))?;
    client.head(PATIENCE)?.has_status(200)?;
    client.part_of_body(1 << 20)?;
    thread::sleep(PAUSE);
    Ok(0)
}

fn slow_reader(site: &Site, address: SocketAddr) -> Outcome<usize> {
    let mut client = Client::with_small_buffer(address)?;
    let oldest = site.large.oldest();
    client.send(get("/large.txt"))?;
    let head = client.head(PATIENCE)?;
    head.has_status(200)?;
    let length = head.content_length().unwrap_or_default();
    let mut body = Vec::new();
    while body.len() < length {
        thread::sleep(PAUSE);
        let piece = (length - body.len()).min(4096);
        body.extend(client.part_of_body(piece)?);
    }
    site.large.version(&body, oldest).map_err(|saw| {
        let expected = "one version of the page, all of it";
        client.deviation(Symptom::Differs, expected, &saw).hint(WHOLE)
    })?;
    client.is_closed(PATIENCE)?;
    Ok(1)
}

fn late_upload(_: &Site, address: SocketAddr) -> Outcome<usize> {
    const PIECES: usize = 20;
    let piece = [0; 50_000];
    let length = PIECES * piece.len();
    let mut client = Client::connect(address)?;
    client.send(format!(
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
    ))?;
    for _ in 0..PIECES {
        client.send(piece)?;
        thread::sleep(PAUSE);
    }
    // It was answered long ago, and the response has to be there still.
    client.response(PATIENCE)?.has_status(405)?;
    client.is_closed(PATIENCE)?;
    Ok(1)
}

fn half_closed(site: &Site, address: SocketAddr) -> Outcome<usize> {
    let mut client = Client::connect(address)?;
    let oldest = site.small.oldest();
    client.send(get("/small.txt"))?;
    client.stop_sending()?;
    thread::sleep(PAUSE);
    let response = client.response(PATIENCE)?;
    response.has_status(200)?;
    site.small.version(&response.body, oldest).map_err(|saw| {
        let expected = "one version of the page, all of it";
        client.deviation(Symptom::Differs, expected, &saw).hint(WHOLE)
    })?;
    client.is_closed(PATIENCE)?;
    Ok(1)
}

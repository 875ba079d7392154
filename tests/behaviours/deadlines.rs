//! No client takes more than its share of time.

use std::time::{Duration, Instant};

#[cfg(target_os = "linux")]
use super::differs;
#[cfg(target_os = "linux")]
use super::directory::{Large, with_large_file};
use super::responding::{has_status, is_hello};
use crate::support::client::{Client, get};
use crate::support::report::{Deviation, Outcome, Symptom};
use crate::support::server::Server;
use crate::support::{DEADLINE, by_hand};

/// Shorter than any deadline in these tests, so a limit for each wait would
/// never be reached.
const PAUSE: Duration = Duration::from_millis(50);

/// The end didn't come, although the deadline passed long ago.
fn still_waits(deviation: Deviation) -> Deviation {
    if deviation.symptom != Symptom::Hangs {
        return deviation;
    }
    deviation.hint(
        "look at how long the server waits for a head. Usual causes: `read` \
         has no limit at all; or it has the same limit each time, so that \
         every byte restarts the wait. The limit for the next read is what's \
         left until the deadline.",
    )
}

/// The connection ended without a word.
fn has_no_408(deviation: Deviation) -> Deviation {
    if deviation.symptom != Symptom::Closes {
        return deviation;
    }
    deviation.expected("status 408, because part of a head has arrived").hint(
        "look at what happens at the deadline. Usual cause: the error of the \
         `read` that timed out ends the function (`?`), so no response is \
         sent.",
    )
}

pub fn silent_client_times_out(server: &Server) -> Outcome {
    server.by_hand(
        "bash -c 'exec 3<>/dev/tcp/ADDRESS; read -t 13 -u 3; echo $?'\n\
         # 1 after ten seconds: it was closed. 142 after 13: it wasn't",
    );
    let server = server.impatient(&[])?;
    let mut silent = server.connect()?;
    silent.is_closed(server.patience()).map_err(still_waits)?;
    is_hello(&server.get("/")?)
}

pub fn incomplete_head_is_408(server: &Server) -> Outcome {
    server.by_hand(
        "(printf 'GET / HTTP/1.1\\r\\n'; sleep 13) | \
         curl -m 14 telnet://ADDRESS   # 408 after ten seconds",
    );
    // The head has its own deadline, which begins with its first byte.
    let server = server.configured(&["--head-seconds", "1"])?;
    let mut half = server.hold()?;
    let response = half.response(server.patience());
    let response = response.map_err(still_waits).map_err(has_no_408)?;
    response.has_status(408)?;
    half.is_closed(DEADLINE)?;
    is_hello(&server.get("/")?)
}

/// Sends these bytes again and again, and returns what comes back in the end.
fn trickles(client: &mut Client, bytes: &str, server: &Server) -> Outcome<u16> {
    let start = Instant::now();
    while start.elapsed() < server.patience() {
        match client.head(PAUSE) {
            Ok(response) => return Ok(response.status),
            Err(it) if it.symptom == Symptom::Hangs => client.send(bytes)?,
            Err(it) => return Err(it),
        }
    }
    let saw = "it's still reading";
    let expected = "an end after the deadline, whatever arrives in the \
                    meantime";
    Err(still_waits(client.deviation(Symptom::Hangs, expected, saw)))
}

pub fn slow_header_client_times_out(server: &Server) -> Outcome {
    server.by_hand(
        "(printf 'GET / HTTP/1.1\\r\\nX: '\n\
         for i in $(seq 13); do sleep 1; printf x; done) | \
         curl -m 14 telnet://ADDRESS   # 408 after ten seconds",
    );
    let server = server.impatient(&[])?;
    let mut client = server.send("GET / HTTP/1.1\r\nX: ")?;
    match trickles(&mut client, "x", &server)? {
        408 => Ok(()),
        status => {
            let saw = format!("status {status}");
            Err(client.deviation(Symptom::Differs, "status 408", &saw))
        }
    }
}

/// A few of them are allowed, but they don't buy time.
pub fn empty_lines_do_not_keep_a_connection(server: &Server) -> Outcome {
    server.by_hand(
        "(for i in 1 2 3 4; do echo; sleep 3; done; sleep 9) | \
         curl -m 14 telnet://ADDRESS   # an end after ten seconds",
    );
    let server = server.impatient(&[])?;
    let mut client = server.connect()?;
    for _ in 0..4 {
        client.send("\r\n")?;
        match client.is_attended(PAUSE) {
            Err(it) if it.symptom == Symptom::Hangs => {}
            ended => return ended,
        }
    }
    client.is_attended(server.patience()).map_err(still_waits)
}

/// One deadline after the other would take longer than any test waits.
pub fn time_in_the_queue_counts(server: &Server) -> Outcome {
    server.by_hand(by_hand::with(
        "--workers 1 --head-seconds 2",
        &format!("{}\n{}", by_hand::silent(3), by_hand::STATUS),
    ));
    fifty_clients_end_in_time(server, Server::connect, Client::is_closed)
}

/// The same for clients that have begun to ask.
pub fn half_requests_in_the_queue_time_out_together(
    server: &Server,
) -> Outcome {
    server.by_hand(by_hand::with(
        "--workers 1 --head-seconds 2",
        &format!("{}\n{}", by_hand::held(3), by_hand::STATUS),
    ));
    fifty_clients_end_in_time(server, Server::hold, |client, left| {
        client.response(left)?.has_status(408)
    })
}

/// They all wait for one worker.
fn fifty_clients_end_in_time(
    server: &Server,
    connect: fn(&Server) -> Outcome<Client>,
    ends: fn(&mut Client, Duration) -> Outcome,
) -> Outcome {
    let server = server.impatient(&["--workers", "1"])?;
    let clients: Outcome<Vec<_>> = (0..50).map(|_| connect(&server)).collect();
    let start = Instant::now();
    for (index, mut client) in clients?.into_iter().enumerate() {
        let left = server.patience().saturating_sub(start.elapsed());
        ends(&mut client, left).map_err(|seen| waits_its_turn(seen, index))?;
    }
    is_hello(&server.get("/")?)
}

fn waits_its_turn(seen: Deviation, index: usize) -> Deviation {
    if seen.symptom != Symptom::Hangs {
        return seen;
    }
    let saw = format!("{index} in time; for the next, {}", seen.saw);
    let expected = "the end of 50 connections, a second after they were made, \
                    although there's one worker for all";
    Deviation { saw, ..seen }.expected(expected).hint(
        "look at when a client's time begins to run. A client in the queue must \
         not get more of it than one that already has a worker.",
    )
}

/// The deadline is for a client that's slow, not for one that had to wait.
pub fn request_that_waited_in_the_queue_is_served(server: &Server) -> Outcome {
    server.by_hand(
        "for i in $(seq 8)\n\
         do curl -s -m 20 -o /dev/null 'http://ADDRESS/sleep?ms=6000' & done\n\
         sleep 1; curl -i -m 20 http://ADDRESS/   # 200 after eleven seconds",
    );
    let server = server.impatient(&["--workers", "1"])?;
    let mut busy = server.send(get("/sleep?ms=1500"))?;
    // As large as a head may be.
    let large = format!("X: {}\r\nHost:", "x".repeat(16_200));
    let mut waiting = server.send(get("/").replace("Host:", &large))?;
    is_hello(&busy.response(DEADLINE)?)?;
    drop(busy); // A lingering close would take the worker's time.
    let response = waiting.response(DEADLINE);
    response.and_then(|response| is_hello(&response)).map_err(|it| {
        it.hint(
            "look at what happens when the deadline has passed before the first \
             read. The request may be there, complete: read what has arrived, \
             all of it, before you give up.",
        )
    })
}

#[cfg(unix)]
pub fn silent_client_does_not_prevent_a_shutdown(server: &Server) -> Outcome {
    server.by_hand(
        "SERVER ADDRESS & server=$!; sleep 1\n\
         sleep 20 | curl -s telnet://ADDRESS & sleep 1\n\
         kill $server; (sleep 13; kill -9 $server) & wait $server\n\
         echo \"exit status $?\"   # 0 after ten seconds",
    );
    let server = server.impatient(&[])?;
    let mut silent = server.connect()?;
    server.signal("TERM")?;
    server.refuses_connections()?;
    silent.is_closed(server.patience()).map_err(still_waits)?;
    let status = server.exit()?;
    if status.success() {
        return Ok(());
    }
    let expected = "exit status 0, because no response was lost";
    let dies = Symptom::Dies;
    Err(Deviation::new(dies, expected, &status.to_string()))
}

#[cfg(target_os = "linux")]
pub fn slow_reader_times_out(server: &Server) -> Outcome {
    server.by_hand(with_large_file(
        "curl -s -m 20 http://ADDRESS/large | sleep 20 & sleep 1\n\
         curl -i -m 14 http://ADDRESS/no-such-page   # must not wait forever",
    ));
    let large = Large::new("unread");
    let server = large.server(server, "0.3")?;
    let mut greedy = server.send(get("/large"))?;
    greedy.head(DEADLINE)?;
    let mut other = server.send(get("/small"))?;
    has_status(&mut other, 200, &server).map_err(|it| match it.symptom {
        Symptom::Hangs => it.hint(
            "look at how long the server waits for a client that doesn't read. \
             Usual cause: `write` has no limit, or the loop around it tries \
             again without looking at the clock.",
        ),
        _ => it,
    })
}

/// A few bytes now and then don't buy time either.
#[cfg(target_os = "linux")]
pub fn trickling_reader_times_out(server: &Server) -> Outcome {
    server.by_hand(with_large_file(
        "curl -s -m 20 --limit-rate 1k -o /dev/null http://ADDRESS/large &\n\
         sleep 1\n\
         curl -i -m 14 http://ADDRESS/no-such-page   # must not wait forever",
    ));
    let large = Large::new("trickles");
    let server = large.server(server, "0.5")?;
    let mut greedy = Client::with_small_buffer(server.address)?;
    greedy.send(get("/large"))?;
    greedy.head(DEADLINE)?;
    let mut other = server.send(get("/small"))?;
    // A quarter of what it has to take, so something moves all the time.
    let (start, mut count) = (Instant::now(), 0);
    while start.elapsed() < server.patience() {
        match other.head(PAUSE) {
            Ok(response) => {
                response.has_status(200)?;
                return trickling_reader_is_cut_off(greedy, start);
            }
            Err(it) if it.symptom != Symptom::Hangs => return Err(it),
            Err(_) => count += greedy.take(1600)?,
        }
    }
    let saw = format!("{count} bytes that the other one took, and no response");
    let expected = "the worker for another client, after half a second";
    let deviation = other.deviation(Symptom::Hangs, expected, &saw);
    Err(deviation.hint(
        "look at what restarts the wait. Usual cause: every `write` does, even \
         if it sends a single byte. Only a complete chunk should.",
    ))
}

/// Another client may be served meanwhile, and this one still has to go.
#[cfg(target_os = "linux")]
fn trickling_reader_is_cut_off(mut greedy: Client, start: Instant) -> Outcome {
    let mut count = 0;
    while start.elapsed() < Duration::from_secs(3) {
        std::thread::sleep(PAUSE);
        count += greedy.take(1600)?;
    }
    count += greedy.drain();
    if count < Large::LENGTH / 2 {
        return Ok(());
    }
    let expected = "an end after a second in which it has taken too little";
    differs(expected, &format!("{count} bytes that it could take")).map_err(
        |it| {
            it.hint(
                "look at what moves the deadline. Usual cause: every `write` \
                 does, even if it sends a single byte. Only a complete chunk \
                 should.",
            )
        },
    )
}

#[cfg(target_os = "linux")]
pub fn steady_slow_reader_gets_everything(server: &Server) -> Outcome {
    server.by_hand(with_large_file(
        "curl -m 40 --limit-rate 1500K -o /dev/null \\\n\
         \x20 -w '%{size_download} bytes\\n' http://ADDRESS/large",
    ));
    let large = Large::new("slow");
    let server = large.server(server, "1")?;
    let mut slow = server.send(get("/large"))?;
    slow.head(DEADLINE)?;
    // So slowly that the system's buffers aren't emptied within the time that a
    // client may stall, but faster than the limit.
    let start = Instant::now();
    let pause = Duration::from_millis(100);
    let mut count = 0;
    while start.elapsed() < Duration::from_millis(1500) {
        count += slow.take(64 * 1024)?;
        std::thread::sleep(pause);
    }
    count += slow.drain();
    if count == Large::LENGTH {
        return Ok(());
    }
    let expected = format!(
        "all {} bytes: the client is slow, and needs more than a second for \
         all of them, but never a second for one chunk",
        Large::LENGTH
    );
    let saw = format!("{count}, and the connection's end");
    differs(&expected, &saw).map_err(|it| {
        it.hint(
            "look at where the deadline is set, and at how long a `write` may \
             wait. Each chunk gets a deadline of its own. A single `write` has \
             to give up sooner and be tried again: Linux wakes it only when a \
             third of the send buffer is free, and this client may take too \
             long for that. \
             If the client got nearly everything, look at what `write` \
             returns: it may have sent less than it was given.",
        )
    })
}

//! Connections that rest: what they cost, what wakes them, and which have to go.

#[cfg(target_os = "linux")]
use std::process::Command;
use std::time::{Duration, Instant};

#[cfg(target_os = "linux")]
use super::accepting::uses_no_processor_time;
use super::connections::{asks, get};
use super::differs;
#[cfg(target_os = "linux")]
use super::directory::{Large, with_large_file};
use super::responding::is_hello;
use crate::support::client::{self, Client};
#[cfg(target_os = "linux")]
use crate::support::linux::allow_open_files;
use crate::support::report::{Deviation, Outcome};
use crate::support::server::Server;
use crate::support::{DEADLINE, by_hand};

/// A client that has its page, and keeps its connection.
fn served(server: &Server) -> Outcome<Client> {
    let mut client = server.send(get("/"))?;
    is_hello(&client.response(server.patience())?)?;
    Ok(client)
}

/// What usually makes a loop spin when it has nothing to do.
fn spins(seen: Deviation) -> Deviation {
    seen.hint(
        "look at what each connection in the loop waits for. Usual cause: \
         something that's already there, such as room in a send buffer while \
         there's nothing to send, or the end of the input while a response is \
         being sent. Then `poll` returns at once, again and again.",
    )
}

#[cfg(target_os = "linux")]
pub fn thousand_idle_connections_cost_no_processor_time(
    server: &Server,
) -> Outcome {
    server.by_hand(
        by_hand::idle(200)
            + "\ncut -d ' ' -f 14,15 /proc/$server/stat   # ticks\n\
               sleep 2; cut -d ' ' -f 14,15 /proc/$server/stat   # no more\n\
               ls /proc/$server/fd | wc -l   # more than 200: all are connected",
    );
    allow_open_files(4096);
    let server = server.configured(&[])?;
    let mut clients = Vec::new();
    for _ in 0..1000 {
        let mut client = server.send(get("/no"))?;
        client.response(server.patience())?;
        clients.push(client);
        if clients.len() == 5 {
            // Where connections close, or hold a worker, five show it.
            is_hello(&asks(&mut clients[0], "/")?)?;
        }
        // And where connections cost something, a hundred do.
        if [100, 1000].contains(&clients.len()) {
            let when = format!("while {} connections rest", clients.len());
            uses_no_processor_time(&server, &when).map_err(spins)?;
        }
    }
    is_hello(&asks(&mut clients[500], "/")?)
}

/// The end of its input is ready to be read all the time, but the server
/// doesn't ask for it.
#[cfg(target_os = "linux")]
pub fn half_closed_slow_reader_costs_no_processor_time(
    server: &Server,
) -> Outcome {
    server.by_hand(with_large_file(
        "printf 'GET /large HTTP/1.0\\r\\n\\r\\n' | curl -s -m 9 --no-buffer \
         telnet://ADDRESS | sleep 9 & sleep 1\n\
         cut -d ' ' -f 14,15 /proc/$server/stat 2>&-; sleep 1   # ticks\n\
         cut -d ' ' -f 14,15 /proc/$server/stat 2>&-   # no more",
    ));
    let large = Large::new("half-closed");
    let server = large.server(server, "10")?;
    let mut client = Client::with_small_buffer(server.address)?;
    client.send(client::get("/large"))?;
    client.stop_sending()?;
    client.head(DEADLINE)?.has_status(200)?;
    uses_no_processor_time(&server, "while a client doesn't read")
        .map_err(spins)?;
    // And it goes on as soon as the client does.
    for _ in 0..100 {
        client.take(100_000)?;
    }
    Ok(())
}

/// It reads nothing until the server rests, and then everything that it can.
#[cfg(target_os = "linux")]
pub fn slow_reader_goes_on_when_it_reads(server: &Server) -> Outcome {
    server.by_hand(with_large_file(
        "curl -s http://ADDRESS/large | (sleep 3; time wc -c)   # soon done",
    ));
    // More than any buffer between the two holds.
    const SOME: u64 = 15_000_000;
    let large = Large::new("paused");
    let server = large.server(server, "60")?;
    let mut client = Client::with_small_buffer(server.address)?;
    client.send(client::get("/large"))?;
    client.head(DEADLINE)?.has_status(200)?;
    // Where the loop is a queue that goes round, no thread sleeps for long.
    server.all_threads_sleep()?;
    let mut count = 0;
    while count < SOME {
        let expected = format!("more than {count} bytes, as soon as it reads");
        count += client.take(1_000_000).map_err(|seen| {
            seen.expected(&expected).hint(
                "look at what the loop waits for while a response is being \
                 sent. Usual cause: it waits for input, as for a request. Then \
                 only the deadline wakes the connection, and not the room in \
                 its send buffer.",
            )
        })?;
    }
    Ok(())
}

/// In each round, four clients are answered at the same time. Then the one that
/// was probably the last to come back asks alone: nothing else wakes the loop.
#[cfg(target_os = "linux")]
pub fn no_wake_up_is_lost(server: &Server) -> Outcome {
    server.by_hand(
        "for i in $(seq 9); do\n\
         curl -s -m 9 -o /dev/null -w '%{time_total} s\\n' \\\n\
         \x20 http://ADDRESS/ http://ADDRESS/ & c=\"$c $!\"\n\
         done; wait $c   # none takes long",
    );
    // Fewer requests for each client than end a connection.
    const ROUNDS: usize = 700;
    const MOST: Duration = Duration::from_secs(2);
    const OPTIONS: &str = "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n";
    let server = server.configured(&["--workers", "4"])?;
    let clients: Outcome<Vec<_>> = (0..4).map(|_| served(&server)).collect();
    let mut clients = clients?;
    let start = Instant::now();
    for round in 0..ROUNDS {
        // Where each request takes a long time, fewer have to do.
        if start.elapsed() > MOST {
            break;
        }
        for number in 1..=4 {
            clients[(round + number) % 4].send(OPTIONS)?;
        }
        for client in &mut clients {
            client.head(DEADLINE)?.has_status(204)?;
        }
        let last = &mut clients[round % 4];
        last.send(OPTIONS)?;
        let response = last.head(DEADLINE).map_err(|seen| {
            let expected = format!("{}, in round {round}", seen.expected);
            seen.expected(&expected).hint(
                "look at the order in which the loop clears its waker and \
                 empties its channel. If it empties the channel first, a worker \
                 that sends in between finds the waker set, or its byte is \
                 cleared away, and its connection is forgotten.",
            )
        })?;
        response.has_status(204)?;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
pub fn interrupted_wait_does_not_end_the_server(server: &Server) -> Outcome {
    // One of strace's expressions matches any part of a name, and other calls have
    // `poll` in theirs.
    let waits = "/^p?poll$,/^epoll_p?wait2?$";
    let inject = format!(
        "-e 'trace={waits}' -e 'inject={waits}:error=EINTR:when=2..20'"
    );
    server.by_hand(format!(
        "strace -D -qq -o /dev/null {inject} \\\n\
         \x20 SERVER ADDRESS & server=$!; sleep 1\n\
         {}\nkill $server",
        by_hand::STATUS
    ));
    let mut strace = Command::new("strace");
    let works = strace.args(["-qq", "-o", "/dev/null", "true"]).status();
    if !works.is_ok_and(|status| status.success()) {
        eprintln!("skipped, because strace isn't there or may not trace");
        return Ok(());
    }
    let command = format!(
        "exec strace -D -qq -o /dev/null {inject} \"$0\" 127.0.0.1:0 \"$@\""
    );
    let interrupted = server.start_within(&command, &[])?;
    interrupted.send(client::get("/"))?.is_attended(DEADLINE)?;
    interrupted.is_well()
}

/// Tried a few times, because on a busy machine even a punctual server is late.
pub fn deadline_is_met_within_half_a_second(server: &Server) -> Outcome {
    server.by_hand(by_hand::with(
        "--head-seconds 1",
        "(printf 'GET / HTTP/1.1\\r\\n'; sleep 4) | curl -m 4 -o /dev/null \\\n\
         \x20 -w '%{time_starttransfer} s\\n' telnet://ADDRESS   # 1.0… s",
    ));
    let server = server.impatient(&[])?;
    let is_late = |seen: Deviation| {
        seen.expected("status 408 after a second").hint(
            "look at how long the server waits for something to happen. A \
             deadline isn't an event, so the wait needs a timeout that expires \
             by then.",
        )
    };
    let mut seen = Ok(());
    for _ in 0..4 {
        let start = Instant::now();
        // Their deadlines follow each other closely.
        let clients: Outcome<Vec<_>> = (0..4).map(|_| server.hold()).collect();
        for client in &mut clients? {
            let response = client.response(server.patience());
            response.map_err(is_late)?.has_status(408)?;
        }
        let time = start.elapsed();
        if time < Duration::from_secs(1) {
            return differs("408 after a second", &format!("after {time:?}"));
        }
        if time < Duration::from_millis(1500) {
            return Ok(());
        }
        seen = differs("408 after a second", &format!("after {time:?}"));
    }
    seen.map_err(is_late)
}

/// With one worker, an answer means that the clients answered before are back in
/// the loop.
fn with_room_for(server: &Server, count: usize) -> Outcome<Server> {
    let count = count.to_string();
    let options = ["--connections", &count, "--idle-seconds", "3600"];
    server.configured(&[&options[..], &["--workers", "1"]].concat())
}

fn makes_room(client: &mut Client, server: &Server) -> Outcome {
    client.is_closed(server.patience()).map_err(|seen| {
        seen.hint(
            "look at which connection is closed for a newcomer. It should be the \
             one that has been idle the longest, and not the one that connected \
             first.",
        )
    })
}

pub fn longest_idle_connection_makes_room(server: &Server) -> Outcome {
    server.by_hand(by_hand::with(
        "--connections 4",
        &(by_hand::idle(4) + "\n" + by_hand::STATUS + "   # 200, not 503"),
    ));
    let server = with_room_for(server, 4)?;
    let connect = |_| server.connect();
    let clients: Outcome<Vec<_>> = (0..4).map(connect).collect();
    let [mut a, mut b, mut c, mut d]: [Client; 4] =
        clients?.try_into().ok().expect("four clients");
    for client in [&mut c, &mut a, &mut b] {
        is_hello(&asks(client, "/")?)?;
    }
    // This one has begun its next request.
    d.send(get("/") + "GET / HTTP/1.1\r\n")?;
    is_hello(&d.response(server.patience())?)?;
    let mut first = served(&server)?;
    makes_room(&mut c, &server)?;
    // This one has just been active, so others go first.
    is_hello(&asks(&mut b, "/")?)?;
    let mut second = served(&server)?;
    makes_room(&mut a, &server)?;
    let mut third = served(&server)?;
    makes_room(&mut first, &server)?;
    d.send("Host: a\r\n\r\n")?;
    is_hello(&d.response(DEADLINE)?)?;
    for client in [&mut b, &mut third, &mut second] {
        is_hello(&asks(client, "/")?)?;
    }
    Ok(())
}

pub fn new_connection_gets_time_to_send(server: &Server) -> Outcome {
    let clients = by_hand::idle(1) + "\n" + &by_hand::silent(1);
    server.by_hand(by_hand::with(
        "--connections 2",
        &(clients + "\n" + by_hand::STATUS),
    ));
    let server = with_room_for(server, 3)?;
    let mut oldest = served(&server)?;
    let mut other = served(&server)?;
    let mut silent = server.connect()?;
    // The loop is done with these three. Otherwise, the newcomer could belong to
    // the same crowd, in which nobody has been idle yet.
    #[cfg(target_os = "linux")]
    server.all_threads_sleep()?;
    let mut newcomer = served(&server)?;
    makes_room(&mut oldest, &server)?;
    for client in [&mut silent, &mut other, &mut newcomer] {
        is_hello(&asks(client, "/")?)?;
    }
    Ok(())
}

pub fn started_request_is_not_dropped(server: &Server) -> Outcome {
    let clients = by_hand::held(3) + "\n" + by_hand::STATUS;
    server.by_hand(by_hand::with("--connections 3", &clients));
    let server = with_room_for(server, 4)?;
    // One has begun with a byte, and one has sent half a body.
    let mut byte = server.send(get("/") + "G")?;
    is_hello(&byte.response(DEADLINE)?)?;
    let mut body = server.send(
        get("/").replace("\r\n\r\n", "\r\nContent-Length: 6\r\n\r\nGET"),
    )?;
    let mut held = server.hold()?;
    let mut others = Vec::new();
    for _ in 0..12 {
        others.push(server.send(client::get("/"))?);
    }
    byte.send("ET / HTTP/1.1\r\nHost: a\r\n\r\n")?;
    body.send(" /x")?;
    held.finish()?;
    for client in [&mut body, &mut held, &mut byte] {
        is_hello(&client.response(DEADLINE)?).map_err(|seen| {
            seen.hint(
                "look at what counts as idle. A client that has sent a part of \
                 a request isn't, nor is one that waits for its response.",
            )
        })?;
    }
    Ok(())
}

/// Each looks for its response only after it has sent everything.
pub fn crowd_of_uploads_loses_no_response(server: &Server) -> Outcome {
    server.by_hand(
        "for i in $(seq 30); do curl -s -m 9 --limit-rate 50K -o /dev/null \\\n\
         \x20 -w '%{http_code}\\n' --data-binary @/bin/sh http://ADDRESS/ &\n\
         c=\"$c $!\"; done; wait $c   # 405, each of them",
    );
    let server = server.configured(&["--workers", "1"])?;
    let post = |length: usize| {
        format!(
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    let kinds = [
        (post(50_000), 405),
        (post(500_000), 405),
        (post(5_000_000), 413),
        ("\x16\x03\x01".to_string(), 400),
    ];
    let mut clients = Vec::new();
    for (request, status) in kinds.iter().cycle().take(100) {
        clients.push((server.send(request)?, *status));
    }
    for _ in 0..10 {
        for (client, _) in &mut clients {
            client.send([b'x'; 5000])?;
        }
    }
    for (client, status) in clients.iter_mut().rev() {
        client.response(server.patience())?.has_status(*status)?;
    }
    Ok(())
}

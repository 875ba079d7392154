//! One connection for many requests.

#[cfg(target_os = "linux")]
use std::fs;
#[cfg(unix)]
use std::process::ExitStatus;

use super::differs;
#[cfg(target_os = "linux")]
use super::directory::Directory;
use super::responding::{NOT_FOUND, is_hello, is_page};
use crate::support::client::Client;
use crate::support::report::{Deviation, Outcome, Symptom};
use crate::support::response::Response;
use crate::support::server::Server;
use crate::support::{DEADLINE, SHORT_WAIT, by_hand};

/// A request after which the connection may stay open.
pub fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

/// Asks on a connection that is open.
pub fn asks(client: &mut Client, path: &str) -> Outcome<Response> {
    client.send(get(path))?;
    client.response(DEADLINE)
}

/// A client that has been answered twice and is idle now.
pub fn idle(server: &Server) -> Outcome<Client> {
    let mut client = server.connect()?;
    for _ in 0..2 {
        client.send(get("/"))?;
        is_hello(&client.response(server.patience())?)?;
    }
    Ok(client)
}

/// The connection ended after a response that didn't announce it.
fn ends_too_early(deviation: Deviation) -> Deviation {
    if deviation.symptom != Symptom::Closes {
        return deviation;
    }
    deviation.expected("another response on the same connection").hint(
        "look at what happens after a response. HTTP/1.1 connections stay open \
         unless the client or the server says `Connection: close`. Usual causes: \
         the handler returns, and its stream is dropped; or it waits for the \
         next request, but with the deadline of the last one.",
    )
}

pub fn has_status(client: &mut Client, status: u16) -> Outcome {
    client.response(DEADLINE)?.has_status(status)
}

pub fn connection_serves_several_requests(server: &Server) -> Outcome {
    server.by_hand(
        "curl -v -m 3 http://ADDRESS/ http://ADDRESS/ 2>&1 | grep '^\\*'",
    );
    let mut client = idle(server).map_err(ends_too_early)?;
    is_page(&asks(&mut client, "/no-such-page")?, 404, &NOT_FOUND)?;
    // These leave no byte of a body in the way.
    for (method, status) in [("HEAD", 200), ("OPTIONS", 204)] {
        client.send(get("/").replace("GET", method))?;
        client.head(DEADLINE)?.has_status(status)?;
    }
    let response = asks(&mut client, "/")?;
    is_hello(&response)?;
    match response.field("connection") {
        Some("close") => {
            differs("a connection that stays open", "Connection: close")
        }
        _ => Ok(()),
    }
}

pub fn pipelined_requests_are_answered_in_order(server: &Server) -> Outcome {
    server.by_hand(by_hand::raw(get("/") + &get("/no")));
    let paths = ["/", "/no", "/sleep?ms=50", "/no", "/?a"];
    let all: String = (0..8).flat_map(|_| paths.map(get)).collect();
    let mut client = server.send(all)?;
    for _ in 0..8 {
        for path in paths {
            let response = client.response(DEADLINE).map_err(loses_bytes)?;
            match path {
                "/no" => is_page(&response, 404, &NOT_FOUND)?,
                _ => is_hello(&response)?,
            }
        }
    }
    // Also when they come in pieces that end anywhere.
    let two = get("/") + &get("/no");
    for byte in two.bytes() {
        client.send([byte])?;
    }
    is_hello(&client.response(DEADLINE)?)?;
    is_page(&client.response(DEADLINE)?, 404, &NOT_FOUND)?;
    #[cfg(target_os = "linux")]
    unread_responses_wait(server)?;
    Ok(())
}

/// A client sends many requests before it reads the first response. So one of the
/// responses meets a full send buffer.
#[cfg(target_os = "linux")]
fn unread_responses_wait(server: &Server) -> Outcome {
    const COUNT: usize = 90;
    let page = vec![b'a'; 60_000]; // In total, more than all buffers hold.
    let directory =
        Directory::new(&[]).and("head -c 60000 /dev/zero > \"$d/site/page\"\n");
    fs::write(directory.site().join("page"), &page).unwrap();
    let server = directory.served_by(server)?;
    directory.by_hand(
        &server,
        "(for i in $(seq 90); do\n\
         \x20 printf 'GET /page HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'\n\
         done; sleep 4) | curl -s -m 9 telnet://ADDRESS | (sleep 2; wc -c)\n\
         # more than 90 times 60,000",
    );
    let mut client = Client::with_small_buffer(server.address)?;
    client.send(get("/page").repeat(COUNT))?;
    server.all_threads_sleep()?;
    for number in 0..COUNT {
        let response = client.response(DEADLINE).map_err(|seen| {
            seen.expected(&format!("response {} of {COUNT}", number + 1)).hint(
                "look at what happens when there's no room for the beginning \
                 of a response, because its client hasn't read the ones \
                 before it. The response waits, until its deadline.",
            )
        })?;
        if response.status != 200 || response.body != page {
            return response.differs("status 200 and 60,000 bytes");
        }
    }
    Ok(())
}

/// The first response came, and a later one didn't.
fn loses_bytes(deviation: Deviation) -> Deviation {
    deviation.hint(
        "look at what happens to bytes that follow the blank line of a head. \
         One `read` may bring several requests. What's left in the buffer \
         belongs to the next one: remove only what you have answered, and look \
         at the rest before you read again.",
    )
}

const OPTIONS: &str = "look at how you read Connection. It's a list of words, \
    in upper or lower case. With `close` in it, a connection ends. Without \
    that, it goes on for HTTP/1.1, and for HTTP/1.0 only with `keep-alive`.";

pub fn connection_close_is_honoured(server: &Server) -> Outcome {
    let mut old =
        server.ask("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")?;
    let response = old.response(DEADLINE)?;
    is_hello(&response)?;
    if response.field("connection") != Some("keep-alive") {
        let expected = "`Connection: keep-alive` for HTTP/1.0";
        return response.differs(expected).map_err(|it| it.hint(OPTIONS));
    }
    is_hello(&asks(&mut old, "/")?)?;
    for request in [
        "GET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: CLOSE\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: a, Close ,b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: a\r\nconnection: close\r\n\r\n",
    ] {
        let mut client = server.ask(request)?;
        let response = client.response(DEADLINE)?;
        is_hello(&response)?;
        if response.field("connection") != Some("close") {
            let expected = format!("`Connection: close` for {request:?}");
            return response.differs(&expected).map_err(|it| it.hint(OPTIONS));
        }
        client.is_closed(DEADLINE)?;
    }
    // Nothing that comes after it is answered.
    let last = get("/").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    let mut client = server.send(last + &get("/no"))?;
    is_hello(&client.response(DEADLINE)?)?;
    client.is_closed(DEADLINE)
}

pub fn idle_connection_is_closed_silently(server: &Server) -> Outcome {
    server.by_hand(by_hand::with(
        "--idle-seconds 1",
        "(printf 'GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'; sleep 3) | \
         curl -m 9 telnet://ADDRESS",
    ));
    // No other deadline ends it.
    let options = ["--idle-seconds", "2", "--stall-seconds", "60"];
    let server = server.configured(&options)?;
    let mut clients = [idle(&server)?, idle(&server)?];
    clients[1].send("\r\n")?; // That's not a request.
    for _ in 0..10 {
        // Each comes well within the idle time.
        is_hello(&asks(&mut clients[0], "/")?)?;
    }
    clients[1].is_closed(DEADLINE)?;
    clients[0].is_closed(DEADLINE).map_err(|it| {
        if it.symptom != Symptom::Hangs {
            return it;
        }
        it.hint(
            "look at when an idle connection's time begins: at the end of its \
             last response. Usual cause: each request extends the old \
             deadline, instead of setting a new one.",
        )
    })?;
    drop(idle(&server)?); // A client may also leave by itself.
    if !server.stderr.wait(SHORT_WAIT, |lines| !lines.is_empty()) {
        return server.is_well();
    }
    let errors = format!("{:?}", server.stderr.lines());
    differs("nothing on standard error", &errors).map_err(|it| {
        it.hint(
            "look at how the end of an idle connection is reported. It isn't a \
             failure: every connection that lasts ends like this.",
        )
    })
}

pub fn idle_connections_delay_no_other_client(server: &Server) -> Outcome {
    let clients = by_hand::idle(40) + "\n" + by_hand::STATUS;
    server.by_hand(by_hand::with("--workers 1", &clients));
    let options = ["--workers", "1", "--idle-seconds", "3600"];
    let server = server.configured(&options)?;
    let mut clients = Vec::new();
    for _ in 0..40 {
        let mut client = server.send(get("/"))?;
        let response = client.response(server.patience());
        is_hello(&response.map_err(|seen| {
            seen.hint(
                "look at what a worker does with a connection that waits for its \
                 next request. The worker has to give that connection back, and \
                 take another.",
            )
        })?)?;
        clients.push(client);
    }
    // An empty line isn't a request yet.
    let silent: Outcome<Vec<_>> =
        (0..40).map(|_| server.send("\r\n")).collect();
    // None of them has lost its connection, or its place.
    for client in clients.iter_mut().rev().chain(&mut silent?) {
        is_hello(&asks(client, "/")?)?;
    }
    Ok(())
}

pub fn thousandth_response_closes_the_connection(server: &Server) -> Outcome {
    // How many new connections it took for each of 1,001 requests.
    server.by_hand(
        "curl -m 9 -o /dev/null -w '%{num_connects}\\n' \\\n\
         \x20 'http://ADDRESS/?[1-1001]' | sort | uniq -c",
    );
    let mut client = server.connect()?;
    for number in 1..=1000 {
        let response = asks(&mut client, "/no")?;
        let closes = response.field("connection") == Some("close");
        if closes != (number == 1000) {
            return response.differs(&format!(
                "`Connection: close` with response 1,000, and not before (this \
                 is response {number})"
            ));
        }
    }
    client.is_closed(DEADLINE)
}

#[cfg(unix)]
pub fn ends_with(server: &Server, code: i32) -> Outcome {
    let status: ExitStatus = server.exit()?;
    if status.code() == Some(code) {
        return Ok(());
    }
    let expected = format!("exit status {code}");
    differs(&expected, &status.to_string())
}

#[cfg(unix)]
pub fn shutdown_closes_idle_connections_at_once(server: &Server) -> Outcome {
    server.by_hand(
        "SERVER ADDRESS & server=$!; sleep 1\n".to_string()
            + &by_hand::idle(1)
            + "\nkill $server; time wait $server   # doesn't take long",
    );
    // The end of the drain would close them, too.
    let options = ["--idle-seconds", "3600", "--drain-seconds", "3600"];
    let patient = server
        .with_options(&options)
        .or_else(|_| server.configured(&options[..2]))?;
    let clients: Outcome<Vec<_>> = (0..2).map(|_| idle(&patient)).collect();
    let silent: Outcome<Vec<_>> = (0..2).map(|_| patient.connect()).collect();
    patient.signal("TERM")?;
    for client in clients?.iter_mut().chain(&mut silent?) {
        client.is_closed(server.patience()).map_err(|seen| {
            seen.hint(
                "look at what happens to an idle connection once the server has \
                 been told to stop. It owes that client nothing, so it can close \
                 the connection at once.",
            )
        })?;
    }
    ends_with(&patient, 0)
}

#[cfg(unix)]
pub fn shutdown_announces_connection_close(server: &Server) -> Outcome {
    server.by_hand(
        "SERVER ADDRESS & server=$!; sleep 1\n\
         curl -i -m 9 'http://ADDRESS/sleep?ms=2000' & sleep 1\n\
         kill $server; wait   # Connection: close",
    );
    let server = &server.configured(&["--head-seconds", "60"])?;
    let mut client = idle(server)?;
    client.send("GET / HTTP/1.1\r\n")?;
    let mut pipelined = server.send(get("/") + "GET / HT")?;
    is_hello(&pipelined.response(server.patience())?)?;
    // The server has read these bytes by now, or finds them there.
    is_hello(&asks(&mut server.connect()?, "/")?)?;
    server.signal("TERM")?;
    server.refuses_connections()?;
    client.send("Host: a\r\n\r\n")?;
    pipelined.send("TP/1.1\r\nHost: a\r\n\r\n")?;
    for client in [&mut client, &mut pipelined] {
        let response = client.response(DEADLINE)?;
        is_hello(&response)?;
        if response.field("connection") != Some("close") {
            let expected = "`Connection: close`: the server is stopping";
            return response.differs(expected);
        }
        client.is_closed(DEADLINE)?;
    }
    drop((client, pipelined)); // The lingering close ends.
    ends_with(server, 0)
}

//! What the exercises of chapters 16 to 18 ask for.

use crate::part_one::differs;
use crate::support::client::Client;
use crate::support::report::Outcome;
use crate::support::response::Response;
use crate::support::scratch::Scratch;
use crate::support::server::Server;
use crate::support::{DEADLINE, SHORT_WAIT};
use std::fs;

/// A whole request for `path`, whose client wants to send another one.
pub fn keep(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

/// The response to one more request on a connection.
pub fn next(client: &mut Client, path: &str) -> Outcome<Response> {
    client.send(keep(path))?;
    client.response(DEADLINE)
}

/// Whether the client may send another request after that.
fn stays_open(response: &Response) -> bool {
    response.field("connection") != Some("close")
}

pub fn log_numbers_the_requests_of_each_connection(server: &Server) -> Outcome {
    let server = server.with_options(&["--access-log"])?;
    let (mut one, mut other) = (server.connect()?, server.connect()?);
    next(&mut one, "/one-1")?;
    next(&mut other, "/other-1")?;
    one.send(keep("/one-2") + &keep("/one-3"))?;
    one.response(DEADLINE)?;
    one.response(DEADLINE)?;
    for (path, number) in
        [("/one-1", "1"), ("/other-1", "1"), ("/one-2", "2"), ("/one-3", "3")]
    {
        let has_come = |line: &&String| line.contains(&format!("{path} "));
        server
            .stdout
            .wait(DEADLINE, |lines| lines.iter().any(|it| has_come(&it)));
        let lines = server.stdout.lines();
        let line = lines.iter().find(has_come);
        let last = line.and_then(|line| line.rsplit(' ').next());
        if last != Some(number) {
            return differs(
                &format!("a line for {path} that ends with a {number}"),
                line.map_or("no line", |line| line),
                "look at who counts. Usual causes: the count is the server's or \
                 the worker's, and not the connection's; or it's the status or \
                 the length that comes last.",
            );
        }
    }
    Ok(())
}

pub fn connection_closes_when_another_waits_and_only_then(
    server: &Server,
) -> Outcome {
    let server = server.with_options(&["--workers", "1"])?;
    let mut first = server.connect()?;
    for _ in 0..2 {
        let response = next(&mut first, "/")?;
        if !stays_open(&response) {
            return response.differs("no `Connection: close`").map_err(|it| {
                it.hint(
                    "look at when the count goes down. Usual cause: the \
                     connection that a worker has taken still counts as one \
                     that waits.",
                )
            });
        }
    }
    let mut waiting = server.send(keep("/"))?;
    // The accept loop has this long to see it, several times.
    let mut last = next(&mut first, "/sleep?ms=200")?;
    for _ in 0..4 {
        if stays_open(&last) {
            last = next(&mut first, "/sleep?ms=200")?;
        }
    }
    if stays_open(&last) {
        let expected = "`Connection: close`, because another client waits";
        return last.differs(expected).map_err(|it| {
            it.hint(
                "look at when `exchange` decides. Usual causes: it counts the \
                 connections that are served, and not those in the queue; or it \
                 asks only when the connection begins.",
            )
        });
    }
    drop(first);
    let response = waiting.response(DEADLINE)?;
    if stays_open(&response) {
        return Ok(());
    }
    response.differs("no `Connection: close`: no client waits now").map_err(|it| {
        it.hint(
            "look at what happens to the count when a worker takes a connection \
             from the queue. Usual cause: it only grows.",
        )
    })
}

/// A head that announces a body.
fn post(path: &str, fields: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n")
}

const EXPECT: &str = "Expect: 100-continue\r\n";
const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";

/// The response has this status, and the client may go on.
fn is_final(client: &mut Client, status: u16, hint: &str) -> Outcome {
    let response = client.head(DEADLINE).map_err(|it| it.hint(hint))?;
    if response.status != status || !stays_open(&response) {
        let expected = format!("status {status}, and an open connection");
        return response.differs(&expected).map_err(|it| it.hint(hint));
    }
    let length = response.content_length().unwrap_or(0);
    client.part_of_body(length).map(drop)
}

pub fn client_that_waits_is_told_100_continue(server: &Server) -> Outcome {
    let hint = "look at what becomes of a body that the client hasn't sent yet. \
                Usual causes: the final response comes at once, instead of a 100; \
                or the line has no blank line after it.";
    for (fields, body) in [
        ("Content-Length: 3\r\n", "a=b"),
        ("Content-Length: 65536\r\n", &"x".repeat(65_536)),
        (CHUNKED, "3\r\na=b\r\n0\r\n\r\n"),
    ] {
        let mut client =
            server.send(post("/", &format!("{EXPECT}{fields}")))?;
        let first = client.head(DEADLINE).map_err(|it| it.hint(hint))?;
        first.has_status(100).map_err(|it| it.hint(hint))?;
        client.send(body)?;
        is_final(
            &mut client,
            405,
            "look at what comes after the 100: the body is read to its end, \
             and then the final response is sent.",
        )?;
        next(&mut client, "/")?.has_status(200)?;
    }
    Ok(())
}

pub fn no_other_client_is_told_100_continue(server: &Server) -> Outcome {
    let arrived = post("/", &format!("{EXPECT}Content-Length: 3\r\n")) + "a=b";
    let hint = "look at a body that has come together with its head. Its client \
                didn't wait, so it needs no 100, and the rest is the same as \
                without `Expect`.";
    is_final(&mut server.send(arrived)?, 405, hint)?;
    let long = post("/", &format!("{EXPECT}Content-Length: 65537\r\n"));
    let response = server.send(long)?.head(DEADLINE)?;
    if response.status != 405 || stays_open(&response) {
        let hint = "look at a body that's longer than 64 KiB. A 100 would ask \
                    the client for what you don't want to read.";
        let expected = "status 405 and `Connection: close`, at once";
        return response.differs(expected).map_err(|it| it.hint(hint));
    }
    let old = format!(
        "POST / HTTP/1.0\r\nConnection: keep-alive\r\n{EXPECT}\
         Content-Length: 3\r\n\r\n"
    );
    let hint = "look at the version. HTTP/1.0 has no 100, so its client would \
                take that for the response. It just sends its body.";
    let mut old = server.send(old)?;
    old.is_not_answered(SHORT_WAIT, "nothing before the body has come")
        .map_err(|it| it.hint(hint))?;
    old.send("a=b")?;
    is_final(&mut old, 405, hint)
}

pub fn echo_returns_the_data_however_it_came(server: &Server) -> Outcome {
    let mut client = server.connect()?;
    let large = "x".repeat(65_536);
    for (fields, body, data) in [
        ("Content-Length: 5\r\n", vec!["Hello"], "Hello"),
        ("Content-Length: 5\r\n", vec!["H", "\r\n", "\r\n"], "H\r\n\r\n"),
        ("Content-Length: 0\r\n", vec![], ""),
        (CHUNKED, vec!["5\r\nHello\r\n0\r\n\r\n"], "Hello"),
        (
            CHUNKED,
            vec!["2;a=b\r\n\r\n\r\n3\r\nH", "el\r\n0\r\n\r\n"],
            "\r\nHel",
        ),
        ("Content-Length: 65536\r\n", vec![&*large], &*large),
    ] {
        client.send(post("/echo", fields))?;
        for part in body {
            client.send(part)?;
        }
        let response = client.response(DEADLINE)?;
        response.is(200, "the data", data.as_bytes()).map_err(|it| {
            it.hint(
                "look at what is kept of the body, and when the response is \
                 made. Usual causes: the chunks' size lines are kept, too; or \
                 only what came first.",
            )
        })?;
        if !stays_open(&response) {
            return response.differs("no `Connection: close`").map_err(|it| {
                it.hint(
                    "look at the new response. Usual cause: it forgets what the \
                     one before it knew about the connection.",
                )
            });
        }
    }
    Ok(())
}

pub fn echo_of_a_body_that_is_too_long_is_413(server: &Server) -> Outcome {
    let fields = "Content-Length: 65537\r\n";
    let chunk = format!("10000\r\n{}\r\n1\r\nx", "x".repeat(65_536));
    for (fields, body) in [(fields, ""), (CHUNKED, &*chunk)] {
        let mut client = server.send(post("/echo", fields) + body)?;
        client.response(DEADLINE)?.has_status(413).map_err(|it| {
            it.hint(
                "look at a body that the reader gives up on. Usual cause: what \
                 has arrived of it is returned as if it were the whole.",
            )
        })?;
    }
    Ok(())
}

/// The lines that a server has printed when it has ended.
#[cfg(unix)]
pub fn stopped(server: &Server) -> Outcome<Vec<String>> {
    server.signal("INT")?;
    server.exit()?;
    Ok(server.stdout.lines())
}

#[cfg(unix)]
pub fn each_connection_says_its_state_at_shutdown(server: &Server) -> Outcome {
    let scratch = Scratch::new("states");
    let large = fs::File::create(scratch.0.join("large"));
    // More than the sockets on both sides can hold.
    large.and_then(|file| file.set_len(64 << 20)).unwrap();
    let server = server.serving(&scratch.0)?;
    let half = server.hold()?;
    let mut slow = server.send(keep("/large"))?;
    slow.head(DEADLINE)?.has_status(200)?;
    let mut idle = server.connect()?;
    next(&mut idle, "/no")?;
    server.signal("INT")?;
    let states = ["idle", "reading a head", "sending"];
    let said = |lines: &[String], state: &str| {
        let line = format!("connection: {state}");
        lines.iter().filter(|it| **it == line).count()
    };
    server.stdout.wait(DEADLINE, |lines| {
        states.iter().all(|state| said(lines, state) > 0)
    });
    drop((half, slow, idle)); // Now nothing keeps the server.
    server.exit()?;
    let lines = server.stdout.lines();
    for state in states {
        // One that's idle may be the server's own, which wakes `accept`.
        let most = if state == "idle" { 2 } else { 1 };
        if (1..=most).contains(&said(&lines, state)) {
            continue;
        }
        return differs(
            &format!("`connection: {state}` once, for that client"),
            &format!("printed: {}", lines.join("\\n")),
            "look at when a state is printed. Usual causes: before `step`, so \
             that it's the state before the last; after `is_late`, where an idle \
             connection is closed already; or each time that a worker comes by.",
        );
    }
    Ok(())
}

/// The number at the end of the line for a path, once it's there.
fn milliseconds(server: &Server, path: &str) -> Outcome<u64> {
    let has_come = |line: &&String| line.contains(&format!(" {path} "));
    server.stdout.wait(DEADLINE, |lines| lines.iter().any(|it| has_come(&it)));
    let lines = server.stdout.lines();
    let line = lines.iter().find(has_come).map_or("no line", |line| line);
    // After the status and the length.
    let (_, end) = line.rsplit_once('"').unwrap_or_default();
    let numbers: Vec<_> = end.split_whitespace().collect();
    match numbers[..] {
        [_, _, time] if time.parse::<u64>().is_ok() => {
            Ok(time.parse().unwrap())
        }
        _ => differs(
            &format!("a line for {path}: … status length milliseconds"),
            line,
            "look at when a line is printed, and with what. Usual causes: the \
             number is missing or has a unit; or the line is lost when `?` \
             returns, because the client has left.",
        ),
    }
}

pub fn log_says_how_long_each_response_took(server: &Server) -> Outcome {
    let server = server.with_options(&["--access-log"])?;
    let mut client = server.connect()?;
    for (path, least) in [("/sleep?ms=300", 300), ("/sleep?ms=1", 1)] {
        next(&mut client, path)?.has_status(200)?;
        let time = milliseconds(&server, path)?;
        if time < least {
            return differs(
                &format!("at least {least} at the end of the line for {path}"),
                &time.to_string(),
                "look at when a request begins. Usual cause: the clock starts \
                 when the response does.",
            );
        }
    }
    Ok(())
}

pub fn line_comes_when_the_response_has_ended(server: &Server) -> Outcome {
    let scratch = Scratch::new("log");
    let root = scratch.0.to_str().unwrap();
    for name in ["slow", "lost"] {
        let file = fs::File::create(scratch.0.join(name));
        // More than the sockets on both sides can hold.
        file.and_then(|file| file.set_len(64 << 20)).unwrap();
    }
    let server = server.with_options(&["--access-log", "--root", root])?;
    let mut slow = server.send(keep("/slow"))?;
    slow.head(DEADLINE)?.has_status(200)?;
    let begins = |lines: &[String]| lines.iter().any(|it| it.contains("/slow"));
    if server.stdout.wait(SHORT_WAIT, begins) {
        return differs(
            "no line before the client has taken the whole response",
            &server.stdout.lines().join("\n"),
            "look at where the line is printed. Usual cause: it's still where \
             the response begins.",
        );
    }
    slow.part_of_body(64 << 20)?;
    milliseconds(&server, "/slow")?;
    server.send(keep("/lost"))?.head(DEADLINE)?.has_status(200)?;
    milliseconds(&server, "/lost").map(drop)
}

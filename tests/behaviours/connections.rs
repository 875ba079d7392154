//! One connection for many requests.

#[cfg(unix)]
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use super::differs;
use super::responding::{is_hello, is_page};
use crate::support::client::{Client, Response};
use crate::support::report::Outcome;
#[cfg(unix)]
use crate::support::report::Symptom;
use crate::support::server::Server;
use crate::support::{DEADLINE, SHORT_WAIT};

const NOT_FOUND: &[u8] = include_bytes!("../../static/404.html");

/// A request after which the connection may stay open.
fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

fn post(fields: &str, body: &str) -> String {
    format!("POST / HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n{body}")
}

/// Asks on a connection that is open.
fn asks(client: &mut Client, path: &str) -> Outcome<Response> {
    client.send(get(path))?;
    client.response(DEADLINE)
}

/// A client that has been answered twice and is idle now.
fn idle(server: &Server) -> Outcome<Client> {
    let mut client = server.connect()?;
    for _ in 0..2 {
        is_hello(&asks(&mut client, "/")?)?;
    }
    Ok(client)
}

fn has_status(client: &mut Client, status: u16) -> Outcome {
    let response = client.response(DEADLINE)?;
    if response.status == status {
        return Ok(());
    }
    let saw = format!("{} {:?}", response.status, response.fields);
    differs(&status.to_string(), &saw)
}

fn is_refused(server: &Server, status: u16, request: &str) -> Outcome {
    // What follows must never be taken for a request.
    let mut client = server.send(format!("{request}{}", get("/")))?;
    let response = client.response(DEADLINE)?;
    let closes = response.field("connection") == Some("close");
    if response.status != status || !closes {
        let saw = format!("{} {:?}", response.status, response.fields);
        let expected =
            format!("{status} and `Connection: close` for {request:?}");
        return differs(&expected, &saw);
    }
    client.is_closed(DEADLINE)?;
    is_hello(&server.send(get("/"))?.response(DEADLINE)?)
}

pub fn several_requests_share_a_connection(server: &Server) -> Outcome {
    server.by_hand("curl -v http://ADDRESS/ http://ADDRESS/   # Re-using …");
    let mut client = idle(server)?;
    is_page(&asks(&mut client, "/no-such-page")?, 404, NOT_FOUND)?;
    // HEAD leaves no byte of a body in the way.
    client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")?;
    client.head(DEADLINE)?;
    let response = asks(&mut client, "/")?;
    is_hello(&response)?;
    match response.field("connection") {
        Some("close") => differs("that it stays open", "Connection: close"),
        _ => Ok(()),
    }
}

pub fn pipelined_requests_are_answered_in_order(server: &Server) -> Outcome {
    server.by_hand(
        "printf 'GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n\
         GET /no HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n' | \
         curl -m 1 telnet://ADDRESS",
    );
    let paths = ["/", "/no", "/sleep?ms=50", "/no", "/?a"];
    let all: String = (0..8).flat_map(|_| paths.map(get)).collect();
    let mut client = server.send(all)?;
    for _ in 0..8 {
        for path in paths {
            let response = client.response(DEADLINE)?;
            match path {
                "/no" => is_page(&response, 404, NOT_FOUND)?,
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
    is_page(&client.response(DEADLINE)?, 404, NOT_FOUND)
}

pub fn either_side_can_end_it(server: &Server) -> Outcome {
    server.by_hand("curl -i -0 -H 'Connection: keep-alive' http://ADDRESS/");
    let mut old =
        server.send("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")?;
    let response = old.response(DEADLINE)?;
    is_hello(&response)?;
    if response.field("connection") != Some("keep-alive") {
        let saw = format!("{:?}", response.fields);
        return differs("`Connection: keep-alive` for HTTP/1.0", &saw);
    }
    is_hello(&asks(&mut old, "/")?)?;
    for request in [
        "GET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: CLOSE\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: a, Close ,b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: a\r\nconnection: close\r\n\r\n",
    ] {
        let mut client = server.send(request)?;
        let response = client.response(DEADLINE)?;
        is_hello(&response)?;
        if response.field("connection") != Some("close") {
            let saw = format!("{:?}", response.fields);
            let expected = format!("`Connection: close` for {request:?}");
            return differs(&expected, &saw);
        }
        client.is_closed(DEADLINE)?;
    }
    // The client ends it between two requests.
    drop(idle(server)?);
    server.is_well()
}

pub fn a_body_is_skipped(server: &Server) -> Outcome {
    server.by_hand("curl -v -d body http://ADDRESS/ http://ADDRESS/");
    let inner = "GET /inner HTTP/1.1\r\nHost: a\r\n\r\n";
    let length = format!("Content-Length: {}\r\n", inner.len());
    let chunk = format!("{:x}\r\n{inner}\r\n", inner.len());
    let chunked = "Transfer-Encoding: chunked\r\n";
    for (fields, body) in [
        (length.as_str(), inner.to_string()),
        ("Content-Length: 0\r\n", String::new()),
        ("Content-Length: 60000\r\n", "x".repeat(60_000)),
        (chunked, "0\r\n\r\n".to_string()),
        (chunked, format!("{chunk}{chunk}0\r\n\r\n")),
        (chunked, format!("00{chunk}0\r\nTrailer: a\r\n\r\n")),
        (chunked, "5 ;a=\"b\"\r\n12345\r\n0\r\n\r\n".to_string()),
    ] {
        let mut client = server.send(post(fields, &body) + &get("/"))?;
        has_status(&mut client, 405)?;
        is_hello(&client.response(DEADLINE)?)?;
    }
    // Byte by byte, and with a body that a GET has no use for.
    let whole = get("/").replace("\r\n\r\n", &format!("\r\n{chunked}\r\n"));
    let mut client = server.connect()?;
    for byte in (whole + &chunk + "0\r\n\r\n" + &get("/no")).bytes() {
        client.send([byte])?;
    }
    is_hello(&client.response(DEADLINE)?)?;
    is_page(&client.response(DEADLINE)?, 404, NOT_FOUND)?;
    // One that is too long to be skipped costs the connection, and no answer.
    for (fields, body) in [
        ("Content-Length: 200000\r\n", "x".repeat(200_000)),
        (chunked, format!("30000\r\n{}\r\n0\r\n\r\n", "x".repeat(0x30000))),
    ] {
        is_refused(server, 405, &post(fields, &body))?;
    }
    Ok(())
}

pub fn an_ambiguous_body_is_refused(server: &Server) -> Outcome {
    server.by_hand(
        "curl -i -H 'Transfer-Encoding: chunked' -H 'Content-Length: 4' \
         -d abcd http://ADDRESS/",
    );
    for fields in [
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
        "Content-Length: 4\r\nContent-Length: 5\r\n",
        "Content-Length: 4, 5\r\n",
        "Content-Length: +4\r\n",
        "Content-Length: -4\r\n",
        "Content-Length: 0x4\r\n",
        "Content-Length: 4 4\r\n",
        "Content-Length:\r\n",
        "Content-Length: four\r\n",
        "Content-Length: 99999999999999999999\r\n",
    ] {
        is_refused(server, 400, &post(fields, ""))?;
    }
    let chunked = "Transfer-Encoding: chunked\r\n";
    for body in [
        "x\r\n\r\n",
        "\r\n\r\n",
        "4\nabcd\r\n0\r\n\r\n",
        "4\r\nabcd\n0\r\n\r\n",
        "4\r\nabcde\r\n0\r\n\r\n",
        "-1\r\n\r\n",
        "0x4\r\nabcd\r\n0\r\n\r\n",
        "fffffffffffffffff\r\n",
        "4;\u{1}\r\nabcd\r\n0\r\n\r\n",
        "4\r;a\r\nabcd\r\n0\r\n\r\n",
        "0\r\nno field\r\n\r\n",
    ] {
        is_refused(server, 400, &post(chunked, body))?;
    }
    let old = post(chunked, "0\r\n\r\n").replace("HTTP/1.1", "HTTP/1.0");
    is_refused(server, 400, &old)?;
    for coding in ["gzip", "gzip, chunked", "identity", "xchunked"] {
        let fields = format!("Transfer-Encoding: {coding}\r\n");
        is_refused(server, 501, &post(&fields, ""))?;
    }
    is_refused(server, 413, &post("Content-Length: 2000000\r\n", ""))
}

pub fn an_expectation_is_met_or_refused(server: &Server) -> Outcome {
    server.by_hand("curl -i -H 'Expect: cake' http://ADDRESS/");
    is_refused(server, 417, &get("/").replace("Host", "Expect: cake\r\nHost"))?;
    // The body is not sent before the client has been told that it may.
    let fields = "Expect: 100-continue\r\nContent-Length: 4\r\n";
    let mut client = server.send(post(fields, ""))?;
    let first = client.head(DEADLINE)?;
    match first.status {
        405 => Ok(()),
        100 => {
            client.send("body")?;
            has_status(&mut client, 405)
        }
        status => differs("405, or 100 first", &status.to_string()),
    }?;
    let chunked = "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n";
    match server.send(post(chunked, ""))?.head(DEADLINE / 2)?.status {
        405 | 100 => Ok(()),
        status => differs("405, or 100 first", &status.to_string()),
    }
}

pub fn an_idle_connection_is_closed_in_silence(server: &Server) -> Outcome {
    server.by_hand("curl telnet://ADDRESS   # type a request, and wait");
    let server = server.impatient(&[])?;
    let mut client = idle(&server)?;
    client.is_closed(DEADLINE)?;
    let errors = server.stderr.lines();
    if errors.is_empty() {
        return server.is_well();
    }
    differs("nothing on standard error", &format!("{errors:?}"))
}

pub fn idle_connections_hold_nobody_up(server: &Server) -> Outcome {
    server.by_hand(
        "# start it with --workers 4\n\
         for i in $(seq 40); do curl -s telnet://ADDRESS & done\n\
         curl -i http://ADDRESS/",
    );
    let options = ["--workers", "4", "--idle-seconds", "3600"];
    let server = server.configured(&options)?;
    let mut crowd = Vec::new();
    for _ in 0..40 {
        crowd.push(idle(&server)?);
    }
    // Nor do those who have never said anything.
    let silent: Outcome<Vec<_>> = (0..40).map(|_| server.connect()).collect();
    let mut silent = silent?;
    // Who has sent nothing but an empty line has not asked for anything.
    for client in &mut silent {
        _ = client.send("\r\n");
    }
    let mut client = server.send(get("/"))?;
    is_hello(&client.response(DEADLINE)?)?;
    drop(silent);
    // Who was idle longest has gone, and was told nothing wrong.
    crowd[0].is_closed(DEADLINE)?;
    server.is_well()?;
    #[cfg(target_os = "linux")]
    idle_connections_leave_what_is_scarce(&server)?;
    Ok(())
}

/// With fewer open files, or fewer threads, than there are idle connections.
/// Asked of this repository's programs only: another may need a file for its
/// page, and none is left.
#[cfg(target_os = "linux")]
fn idle_connections_leave_what_is_scarce(server: &Server) -> Outcome {
    if !server.program.is_ours {
        return Ok(());
    }
    // With such stacks, there is room for six threads or so.
    let large_stacks = "export RUST_MIN_STACK=268435456; ulimit -v 2000000";
    for limit in ["ulimit -n 32", large_stacks] {
        let options = ["--idle-seconds", "3600"];
        let small = server.start_within(limit, &options)?;
        let crowd: Outcome<Vec<_>> = (0..32).map(|_| idle(&small)).collect();
        crowd
            .map_err(|it| it.expected(&format!("a response, with {limit}")))?;
    }
    Ok(())
}

pub fn a_newcomer_has_a_moment_to_ask(server: &Server) -> Outcome {
    server.by_hand(
        "# start it with --workers 1\n\
         for i in 1 2; do time curl -s telnet://ADDRESS & done\n\
         # the first is closed for the second, but not at once",
    );
    // Half the time that step 10 gives it. Another moment would do, too; only
    // what is closed at once could not have asked.
    const MOMENT: Duration = Duration::from_millis(10);
    let options = ["--workers", "1", "--idle-seconds", "3600"];
    let server = server.configured(&options)?;
    for _ in 0..5 {
        let start = Instant::now();
        let mut newcomer = server.connect()?;
        let mut other = server.connect()?;
        newcomer.is_closed(server.patience())?;
        let time = start.elapsed();
        if time < MOMENT {
            let expected = "that who has connected can ask before it is idle";
            return differs(expected, &format!("its end after {time:?}"));
        }
        other.send(get("/"))?;
        is_hello(&other.response(DEADLINE)?)?;
    }
    Ok(())
}

pub fn a_request_that_has_begun_is_not_given_up(server: &Server) -> Outcome {
    server.by_hand("# start it with --workers 4; half a request, then a crowd");
    for _ in 0..10 {
        // A new one each time: who has left the last one may still count there.
        let server = server.configured(&["--workers", "4"])?;
        let mut idle = idle(&server)?;
        // These have all begun, be it only with a byte.
        let mut begun = [server.hold()?, server.send("G")?, server.send("\r")?];
        idle.send("GET / HTTP/1.1\r\n")?;
        let mut others = Vec::new();
        for _ in 0..12 {
            others.push(server.send(get("/"))?);
        }
        others[0].is_not_answered(
            SHORT_WAIT / 10,
            "nothing, while four requests have begun",
        )?;
        idle.send("Host: a\r\n\r\n")?;
        is_hello(&idle.response(DEADLINE)?)?;
        begun[0].finish()?;
        begun[1].send("ET / HTTP/1.1\r\nHost: a\r\n\r\n")?;
        begun[2].send("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")?;
        for client in begun.iter_mut().chain(&mut others) {
            is_hello(&client.response(DEADLINE)?)?;
        }
    }
    Ok(())
}

pub fn the_thousandth_answer_is_the_last(server: &Server) -> Outcome {
    server.by_hand("ab -k -n 1001 -c 1 http://ADDRESS/");
    let mut client = server.connect()?;
    for number in 1..=1000 {
        let response = asks(&mut client, "/no")?;
        let closes = response.field("connection") == Some("close");
        if closes != (number == 1000) {
            let saw = format!("number {number}: {:?}", response.fields);
            let expected = "`Connection: close` with number 1,000, not before";
            return differs(expected, &saw);
        }
    }
    client.is_closed(DEADLINE)
}

#[cfg(unix)]
fn ends_with(server: &Server, code: i32) -> Outcome {
    let status: ExitStatus = server.exit()?;
    if status.code() == Some(code) {
        return Ok(());
    }
    let expected = format!("exit status {code}");
    differs(&expected, &status.to_string())
}

#[cfg(unix)]
pub fn a_stop_closes_idle_connections_at_once(server: &Server) -> Outcome {
    server.by_hand("curl telnet://ADDRESS &   # idle\npkill -TERM '^step'");
    let options = ["--idle-seconds", "3600", "--drain-seconds", "3600"];
    let patient = server.configured(&options)?;
    let crowd: Outcome<Vec<_>> = (0..20).map(|_| idle(&patient)).collect();
    let silent: Outcome<Vec<_>> = (0..20).map(|_| patient.connect()).collect();
    patient.signal("TERM")?;
    for client in crowd?.iter_mut().chain(&mut silent?) {
        client.is_closed(DEADLINE)?;
    }
    ends_with(&patient, 0)
}

#[cfg(unix)]
pub fn a_stop_tells_who_is_served_that_it_ends(server: &Server) -> Outcome {
    server.by_hand(
        "curl -i 'http://ADDRESS/sleep?ms=3000' &\n\
         pkill -TERM '^step'   # Connection: close",
    );
    let options = ["--drain-seconds", "60", "--head-seconds", "60"];
    let server = &server.configured(&options)?;
    let mut client = idle(server)?;
    client.send("GET / HTTP/1.1\r\n")?;
    let mut half = server.hold()?;
    let mut pipelined = server.send(get("/") + "GET / HT")?;
    // The server has read these bytes by now, or finds them there.
    is_hello(&asks(&mut server.connect()?, "/")?)?;
    server.signal("TERM")?;
    server.refuses_connections()?;
    client.send("Host: a\r\n\r\n")?;
    let response = client.response(DEADLINE)?;
    is_hello(&response)?;
    if response.field("connection") != Some("close") {
        let saw = format!("{:?}", response.fields);
        return differs("`Connection: close`, since it stops", &saw);
    }
    // Who never sends the rest is waited for two seconds, and no longer.
    half.is_closed(DEADLINE)?;
    is_hello(&pipelined.response(DEADLINE)?)?;
    pipelined.is_closed(DEADLINE)?;
    ends_with(server, 0)
}

#[cfg(unix)]
pub fn a_stop_does_not_wait_for_ever(server: &Server) -> Outcome {
    server.by_hand(
        "# start it with --drain-seconds 1\n\
         curl -i 'http://ADDRESS/sleep?ms=10000' &\n\
         pkill -TERM '^step'   # ends after a second, with status 1",
    );
    let server = server.configured(&["--drain-seconds", "0.3"])?;
    let mut client = idle(&server)?;
    // Both in one piece: with the first answer, the second has been received.
    client.send(get("/") + &get("/sleep?ms=10000"))?;
    is_hello(&client.response(DEADLINE)?)?;
    server.signal("TERM")?;
    ends_with(&server, 1)?;
    match client.response(DEADLINE) {
        Err(it) if it.symptom == Symptom::Closes => Ok(()),
        other => differs("the end of the connection", &format!("{other:?}")),
    }
}

/// Asked of this repository's programs only: the format of a log is a server's
/// own affair.
pub fn every_answer_can_be_logged(server: &Server) -> Outcome {
    server.by_hand("curl http://ADDRESS/   # with --access-log");
    if !server.program.is_ours {
        return Ok(());
    }
    let server = server.configured(&["--access-log"])?;
    let mut client = server.connect()?;
    asks(&mut client, "/no")?;
    client.send("GET /\"\x1b[31m HTTP/1.1\r\nHost: a\r\n\r\n")?;
    client.response(DEADLINE)?;
    let mut client = server.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")?;
    client.head(DEADLINE)?;
    let entries = [
        ("\"GET /no HTTP/1.1\" 404 ", NOT_FOUND.len()),
        (
            "\"GET /\\\"\\x1b[31m HTTP/1.1\" 400 ",
            include_bytes!("../../static/400.html").len(),
        ),
        ("\"HEAD / HTTP/1.1\" 200 ", 0),
    ];
    let logged = server.stdout.wait(DEADLINE, |lines| lines.len() > 3);
    let lines = server.stdout.lines();
    // Two connections need not be told of in order.
    let is_there = |(end, length): (&str, usize)| {
        lines.iter().any(|line| {
            line.starts_with("127.0.0.1 - - [")
                && line.contains(" +0000] ")
                && line.ends_with(&format!("{end}{length}"))
        })
    };
    if logged && entries.into_iter().all(is_there) {
        return Ok(());
    }
    differs(&format!("lines that end in {entries:?}"), &format!("{lines:?}"))
}

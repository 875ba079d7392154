//! What the exercises of chapters 1 to 6 ask for.

use crate::support::client::get;
use crate::support::output::Output;
use crate::support::report::{Deviation, Outcome, Symptom};
use crate::support::server::Server;
use crate::support::{DEADLINE, SHORT_WAIT};

/// A mistake that a hint explains.
pub fn differs<T>(expected: &str, saw: &str, hint: &str) -> Outcome<T> {
    Err(Deviation::new(Symptom::Differs, expected, saw).hint(hint))
}

/// The server prints a line on its standard output that's as it should be.
pub fn prints(
    server: &Server,
    expected: &str,
    hint: &str,
    is_right: impl Fn(&str) -> bool,
) -> Outcome {
    has_line(&server.stdout, "printed", expected, hint, is_right)
}

/// The server prints a line on its standard error that's as it should be.
pub fn reports(
    server: &Server,
    expected: &str,
    hint: &str,
    is_right: impl Fn(&str) -> bool,
) -> Outcome {
    has_line(&server.stderr, "on standard error", expected, hint, is_right)
}

fn has_line(
    output: &Output,
    place: &str,
    expected: &str,
    hint: &str,
    is_right: impl Fn(&str) -> bool,
) -> Outcome {
    let has = |lines: &[String]| lines.iter().any(|line| is_right(line));
    if output.wait(DEADLINE, has) {
        return Ok(());
    }
    let lines = output.lines();
    let lines: Vec<_> = lines.iter().map(|it| format!("{it:?}")).collect();
    differs(expected, &format!("{place}: {}", lines.join(", ")), hint)
}

pub fn each_head_comes_after_its_clients_address(server: &Server) -> Outcome {
    for path in ["/a", "/b"] {
        let client = server.send(get(path))?;
        let address = client.address().to_string();
        let expected = format!("{address} in a line before that of GET {path}");
        let has = |lines: &[String]| {
            let from = lines.iter().position(|line| line.contains(&address));
            let head = lines.iter().position(|line| line.contains(path));
            from.is_some_and(|from| head.is_some_and(|head| from < head))
        };
        if !server.stdout.wait(DEADLINE, has) {
            let saw = server.stdout.lines().join("\\n");
            return differs(
                &expected,
                &format!("printed: {saw}"),
                "look at what is printed before the head. Usual cause: the \
                 address is the server's own (`local_addr`), or it comes last.",
            );
        }
    }
    Ok(())
}

pub fn endless_head_ends_the_connection(server: &Server) -> Outcome {
    let line = "X-Line: y\r\n";
    let mut long = server.send(line.repeat(100))?;
    long.is_not_answered(SHORT_WAIT, "a head of 100 lines may still end")?;
    // The server may have closed the connection before it has taken them all.
    _ = long.send(line.repeat(100));
    long.is_attended(DEADLINE).map_err(|it| {
        it.hint(
            "look at the loop that reads the lines. Usual cause: it counts \
             connections, or bytes, and not the lines of this head.",
        )
    })?;
    _ = server.send(get("/after-that"))?;
    let expected = "the next client's head, printed as before";
    let hint = "look at what happens after a head that's too long. Usual cause: \
                the process ends, and not only the connection.";
    prints(server, expected, hint, |line| line.contains("/after-that"))
}

pub fn response_names_its_server(server: &Server) -> Outcome {
    let response = server.get("/")?;
    match response.field("server") {
        Some(name) if !name.is_empty() => Ok(()),
        _ => response.differs("a Server field with a name"),
    }
}

pub fn request_line_is_printed_harmlessly(server: &Server) -> Outcome {
    server.send("GET /\x1b[31m HTTP/1.1\r\n\r\n")?.response(DEADLINE)?;
    let expected = "the line GET /\\u{1b}[31m HTTP/1.1, and no raw escape";
    let hint = "look at how the line is printed. Usual cause: it's printed as it \
                came, so that the terminal obeys what's in it.";
    prints(server, expected, hint, |line| {
        line.contains("GET /") && line.contains("[31m HTTP/1.1")
    })?;
    let lines = server.stdout.lines();
    match lines.iter().find(|line| line.contains('\x1b')) {
        Some(line) => differs(expected, &format!("printed: {line:?}"), hint),
        None => Ok(()),
    }
}

pub fn status_and_request_line_are_printed(server: &Server) -> Outcome {
    let hint = "look at what is known when the response is sent. Usual cause: \
                the line is printed before the status is known, or not for \
                every request.";
    for (request, status) in [
        ("GET / HTTP/1.1", "200 OK"),
        ("GET /no-such-page HTTP/1.1", "404 Not Found"),
        ("GET /\x1b[31m", "400 Bad Request"),
    ] {
        let head = format!("{request}\r\nHost: a\r\n\r\n");
        server.send(head)?.response(DEADLINE)?;
        let (shown, _) = request.split_once('\x1b').unwrap_or((request, ""));
        let expected = format!("a line {status}: {shown}…, no raw escape");
        prints(server, &expected, hint, |line| {
            line.starts_with(&format!("{status}: {shown}"))
                && !line.contains('\x1b')
        })?;
    }
    Ok(())
}

/// The number that is the body of `/count`.
fn count(server: &Server) -> Outcome<usize> {
    let response = server.get("/count")?;
    response.has_status(200)?;
    let body = String::from_utf8_lossy(&response.body).into_owned();
    match body.parse() {
        Ok(count) => Ok(count),
        Err(_) => response.differs("a number, and nothing else"),
    }
}

pub fn count_grows_with_each_request(server: &Server) -> Outcome {
    let first = count(server)?;
    let second = count(server)?;
    server.get("/")?;
    let last = count(server)?;
    if (second, last) == (first + 1, first + 3) {
        return Ok(());
    }
    differs(
        &format!("{}, and {} after a page in between", first + 1, first + 3),
        &format!("{first}, {second}, and {last} after a page in between"),
        "look at what is counted. Usual causes: only the requests for /count \
         are, or the count is a local variable.",
    )
}

pub fn panic_names_its_client(server: &Server) -> Outcome {
    let mut client = server.send(get("/panic"))?;
    client.is_closed(DEADLINE)?;
    let address = client.address().to_string();
    let has = |lines: &[String]| {
        let mut lines = lines.iter();
        lines.any(|it| it.contains(&address) && it.contains("panicked"))
    };
    if server.stderr.wait(DEADLINE, has) {
        return Ok(());
    }
    differs(
        &format!("thread '{address}' panicked, on standard error"),
        &server.stderr.lines().join("\\n"),
        "look at how the thread is started. Usual cause: the thread is \
         spawned by another builder, which has no name.",
    )
}

pub fn client_beyond_a_hundred_is_told_503(server: &Server) -> Outcome {
    let hint = "look at who counts, and when. Usual causes: the count goes up in \
                the new thread, which may be late; it doesn't come down after a \
                panic; or the limit is off by one.";
    server.send(get("/panic"))?.is_closed(DEADLINE)?;
    let held: Outcome<Vec<_>> = (0..100).map(|_| server.hold()).collect();
    let held = held?;
    let mut one_more = server.send(get("/"))?;
    let response = one_more.response(DEADLINE)?;
    response.has_status(503).map_err(|it| it.hint(hint))?;
    for mut client in held {
        client.send("\r\n")?;
        let response = client.response(DEADLINE)?;
        response.has_status(200).map_err(|it| it.hint(hint))?;
    }
    // A thread may still be on its way to its end.
    for _ in 0..100 {
        if server.get("/")?.has_status(200).is_ok() {
            return Ok(());
        }
    }
    server.get("/")?.has_status(200).map_err(|it| it.hint(hint))
}

#[cfg(unix)]
pub fn workers_are_as_many_as_the_environment_says(server: &Server) -> Outcome {
    let hint = "look at how the pool gets its size. Usual cause: it's four, \
                whatever the environment says.";
    for workers in [1, 6] {
        let variable = format!("export WORKERS={workers}");
        let server = server.start_within(&variable, &[])?;
        let held: Outcome<Vec<_>> =
            (0..workers).map(|_| server.hold()).collect();
        let mut held = held?;
        let mut waiting = server.send(get("/"))?;
        let why = format!("WORKERS={workers} clients hold all workers");
        waiting
            .is_not_answered(SHORT_WAIT, &why)
            .map_err(|it| it.hint(hint))?;
        // One of them is enough for the next client, if there are no fewer.
        let mut first = held.pop().expect("a client");
        first.send("\r\n")?;
        first.response(DEADLINE).map_err(|it| it.hint(hint))?;
        waiting.response(DEADLINE).map_err(|it| it.hint(hint))?;
    }
    Ok(())
}

#[cfg(unix)]
pub fn workers_that_are_no_number_are_refused(server: &Server) -> Outcome {
    let hint = "look at what becomes of a variable that isn't a number. Usual \
                causes: it's taken for a missing one, or `unwrap` panics.";
    let expected = "a line on standard error that names WORKERS, and exit \
                    status 1, with WORKERS=many";
    let mut command = server.program.command();
    command.arg("127.0.0.1:0").env("WORKERS", "many");
    let run = assert_cmd::Command::from_std(command).timeout(DEADLINE).output();
    let run = match run {
        Ok(run) => run,
        Err(error) => return differs(expected, &error.to_string(), hint),
    };
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    let is_one_line = said.trim_end().lines().count() == 1;
    match run.status.code() {
        Some(1) if said.contains("WORKERS") && is_one_line => Ok(()),
        _ => differs(expected, &format!("{}: {said}", run.status), hint),
    }
}

pub fn response_names_its_worker(server: &Server) -> Outcome {
    let hint = "look at who writes the field. Usual cause: the name is that of \
                the thread that accepts.";
    let mut clients = Vec::new();
    for _ in 0..4 {
        clients.push(server.send(get("/sleep?ms=300"))?);
    }
    let mut names = Vec::new();
    for mut client in clients {
        let response = client.response(DEADLINE)?;
        match response.field("x-worker") {
            Some(name) => names.push(name.to_string()),
            None => return response.differs("an X-Worker field"),
        }
    }
    names.sort();
    names.dedup();
    match names.len() {
        4 => Ok(()),
        _ => differs(
            "four names for four clients at once",
            &names.join(", "),
            hint,
        ),
    }
}

#[cfg(unix)]
pub fn shutdown_says_what_is_left(server: &Server) -> Outcome {
    let mut clients = Vec::new();
    for _ in 0..6 {
        clients.push(server.send(get("/sleep?ms=1500"))?);
    }
    server.signal("INT")?;
    let hint = "look at where a job is counted, and where it's taken off. Usual \
                causes: those that are running aren't counted, or the number is \
                printed before the backlog is accepted.";
    // The seventh is the server's own, which wakes `accept`.
    prints(server, "6 or 7 jobs are left, for six clients", hint, |line| {
        ["6 jobs are left", "7 jobs are left"].contains(&line)
    })?;
    for mut client in clients {
        client.response(DEADLINE)?.has_status(200)?;
    }
    server.exit().map(drop)
}

#[cfg(unix)]
pub fn shutdown_gives_up_after_five_seconds(server: &Server) -> Outcome {
    let _silent = server.hold()?;
    server.get("/")?; // So the silent one has its worker.
    server.signal("INT")?;
    let hint = "look at what waits for the workers. Usual cause: the main \
                thread waits in `join`, which has no deadline.";
    let status = server.exit().map_err(|it| it.hint(hint))?;
    match status.code() {
        Some(1) => Ok(()),
        _ => differs("exit status 1", &status.to_string(), hint),
    }
}

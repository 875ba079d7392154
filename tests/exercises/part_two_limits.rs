//! What the exercises of chapters 12 to 15 ask for.

use crate::part_one::{differs, prints, reports};
use crate::part_two::with;
use crate::support::client::{Client, get};
use crate::support::report::{Deviation, Outcome, Symptom};
use crate::support::response::Response;
use crate::support::server::Server;
use crate::support::{DEADLINE, SHORT_WAIT};
use std::time::{Duration, Instant};

pub fn bad_field_is_refused_at_its_line(server: &Server) -> Outcome {
    for field in ["bad line", "Host : a"] {
        let head = format!("GET / HTTP/1.1\r\n{field}\r\n");
        let response = server.send(head)?.response(DEADLINE);
        let response = response.and_then(|it| it.has_status(400));
        let hint = "look at what becomes of a line when it's complete. Usual \
                    cause: fields are looked at only when the blank line has \
                    come, and it hasn't.";
        response.map_err(|it| {
            it.expected("status 400, before the blank line").hint(hint)
        })?;
    }
    // A good field isn't the end of a head, and neither is half a field.
    let mut client = server.send("GET / HTTP/1.1\r\nHost: a\r\nX-Half")?;
    client.is_not_answered(SHORT_WAIT, "half a field may become a good one")?;
    client.send(": b\r\n\r\n")?;
    client.response(DEADLINE)?.has_status(200)
}

pub fn length_of_each_head_is_printed(server: &Server) -> Outcome {
    let head = "GET /%s HTTP/1.1\r\nHost: a\r\nX-Other: b\r\n\r\n";
    for (before, path, after) in
        [("", "a", ""), ("\r\n\r\n", "ab", ""), ("", "abc", "body")]
    {
        let head = head.replace("%s", path);
        let all = format!("{before}{head}{after}");
        server.send(all)?.response(DEADLINE)?;
        let line = format!("head: {} bytes", head.len());
        let hint = "look at what is counted. Usual causes: the whole buffer is, \
                    with the empty lines before the head or what follows it; or \
                    the blank line isn't.";
        prints(server, &line, hint, |it| it == line)?;
    }
    Ok(())
}

pub fn each_408_says_how_far_the_head_got(server: &Server) -> Outcome {
    let server = with(server, &["--head-seconds", "1"])?;
    for half in ["GET / HTTP/1.1\r\nHost:", "G"] {
        let mut client = server.send(half)?;
        client.response(DEADLINE)?.has_status(408)?;
        let line = format!("gave up on a head after {} bytes", half.len());
        let hint = "look at what is counted when the time is up. Usual cause: \
                    only the last read is counted, and not all of them.";
        reports(&server, &line, hint, |it| it == line)?;
    }
    Ok(())
}

pub fn bytes_that_arrive_buy_time(server: &Server) -> Outcome {
    let server = with(server, &["--head-seconds", "1"])?;
    let head = |length: usize| {
        let start = "GET / HTTP/1.1\r\nHost: a\r\nX-Long: ";
        start.to_string() + &"x".repeat(length - start.len())
    };
    let mut active = server.send(head(5_000))?;
    let mut idle = server.send(head(499))?;
    let hint = "look at when the deadline is extended. Usual causes: fewer \
                than 500 bytes buy a second, too, or each read does.";
    let late = idle.response(DEADLINE).map_err(|it| it.hint(hint))?;
    late.has_status(408).map_err(|it| it.hint(hint))?;
    let hint = "look at both places that check the deadline. Usual cause: the \
                comparison after the read still has the old one.";
    let why = "no response yet, because 5,000 bytes buy ten seconds";
    let two = Duration::from_secs(2);
    active.is_not_answered(two, why).map_err(|it| it.hint(hint))?;
    // Now the server looks at its clock.
    active.send("x")?;
    active.is_not_answered(SHORT_WAIT, why).map_err(|it| it.hint(hint))?;
    active.send("\r\n\r\n")?;
    let page = active.response(DEADLINE)?;
    page.has_status(200).map_err(|it| it.hint(hint))
}

pub fn end_of_each_lingering_close_is_reported(server: &Server) -> Outcome {
    let hint = "look at the ways out of the loop. Usual causes: a client that's \
                gone and a client that's silent take the same one, or a client \
                that's silent only at the deadline counts as silent.";
    let patient = with(server, &["--linger-seconds", "30"])?;
    let mut client = patient.send(get("/"))?;
    client.response(DEADLINE)?;
    client.send("12345")?;
    drop(client);
    let line = "discarded 5 bytes: closed";
    reports(&patient, line, hint, |it| it == line)?;

    let hasty = with(server, &["--linger-seconds", "0.2"])?;
    let mut client = hasty.send(get("/"))?;
    client.response(DEADLINE)?;
    let line = "discarded 0 bytes: silent";
    reports(&hasty, line, hint, |it| it == line)?;

    // If this machine is busy, a client may be silent without wanting to.
    for _ in 0..5 {
        let before = hasty.stderr.lines().len();
        let mut client = hasty.send(get("/"))?;
        client.response(DEADLINE)?;
        let ended = |lines: &[String]| lines.len() > before;
        let moment = Duration::from_millis(5);
        let start = Instant::now();
        while !hasty.stderr.wait(moment, ended) && start.elapsed() < DEADLINE {
            _ = client.send("x"); // It may be closed already.
        }
        let lines = hasty.stderr.lines();
        if lines.last().is_some_and(|it| it.ends_with("bytes: out of time")) {
            return Ok(());
        }
    }
    let saw = hasty.stderr.lines().join("\\n");
    let expected = "discarded N bytes: out of time, for a client that goes on";
    differs(expected, &saw, hint)
}

pub fn close_does_not_discard_without_end(server: &Server) -> Outcome {
    const ENOUGH: usize = 20_000_000;
    let server = with(server, &["--linger-seconds", "60"])?;
    let mut client = server.send(get("/"))?;
    client.response(DEADLINE)?;
    let chunk = [b'x'; 100_000];
    let mut sent = 0;
    // Much of what is sent may still be in the buffers of the kernel.
    while sent < 4 * ENOUGH {
        if client.send(chunk).is_err() {
            break;
        }
        sent += chunk.len();
    }
    if (ENOUGH..4 * ENOUGH).contains(&sent) {
        return Ok(());
    }
    differs(
        "an end soon after 20 million bytes",
        &format!("{sent} bytes could be sent"),
        "look at what ends the loop. Usual causes: reads are counted instead of \
         bytes, or only the time is looked at.",
    )
}

/// Clients of a server with room for two.
struct Crowd {
    /// They hold the worker and the place in the queue.
    inside: Vec<Client>,
    /// Those that have been told 503, and stay.
    rejected: Vec<Client>,
    /// What the last of them was told.
    response: Response,
}

/// Fills a server that has been started with these options, too.
fn fill(server: &Server, options: &[&str]) -> Outcome<(Server, Crowd)> {
    let small = ["--workers", "1", "--queue", "1", "--head-seconds", "60"];
    let server = with(server, &[&small, options].concat())?;
    let (mut inside, mut rejected) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        let mut client = server.hold()?;
        match client.response(SHORT_WAIT) {
            Err(it) if it.symptom == Symptom::Hangs => inside.push(client),
            response => {
                let response = response?;
                response.has_status(503)?;
                rejected.push(client);
                // Until then, the worker hadn't taken its first client.
                if inside.len() > 1 {
                    return Ok((server, Crowd { inside, rejected, response }));
                }
            }
        }
    }
    let saw = format!("{} clients were let in", inside.len());
    Err(Deviation::new(Symptom::Hangs, "a 503 when the queue is full", &saw))
}

/// The numbers that a server has reported.
fn counts(lines: &[String]) -> Vec<usize> {
    let counts = lines.iter();
    let counts = counts.filter_map(|it| it.strip_prefix("rejected so far: "));
    counts.filter_map(|count| count.parse().ok()).collect()
}

pub fn rejected_clients_are_counted_aloud(server: &Server) -> Outcome {
    let start = Instant::now();
    let (server, crowd) = fill(server, &[])?;
    let hint = "look at who counts, and who remembers. Usual causes: the first \
                one is only reported a second later, the count begins again, or \
                there's never a second report.";
    let first = "rejected so far: 1";
    reports(&server, first, hint, |line| line == first)?;
    // One that seemed to be let in may only have been told late.
    let mut rejected = crowd.inside.len() - 2 + crowd.rejected.len();
    let is_reported = |lines: &[String]| counts(lines).len() > 1;
    while !server.stderr.wait(Duration::from_millis(10), is_reported) {
        if start.elapsed() > DEADLINE {
            break;
        }
        // It's rejected without being read.
        server.connect()?.response(DEADLINE)?.has_status(503)?;
        rejected += 1;
    }
    let seen = counts(&server.stderr.lines());
    match seen[..] {
        [1, second, ..] if (2..=rejected).contains(&second) => {}
        _ => {
            let expected = format!("1, then a number from 2 to {rejected}");
            return differs(&expected, &format!("{seen:?}"), hint);
        }
    }
    let time = start.elapsed();
    if seen.len() <= 1 + time.as_secs() as usize {
        return Ok(());
    }
    differs(
        "one line at once, and after that at most one a second",
        &format!("{} lines within {time:.1?}", seen.len()),
        "look at when it's said. Usual causes: each rejected client is reported, \
         or nobody remembers when the last report was.",
    )
}

pub fn rejected_client_is_in_the_access_log(server: &Server) -> Outcome {
    let hint = "look at what's done where there's no room. Usual causes: only \
                the workers write to the log, or the length isn't that of the \
                body.";
    let (logged, crowd) = fill(server, &["--access-log"])?;
    let end = format!("] \"\" 503 {}", crowd.response.body.len());
    let expected = format!("a line 127.0.0.1 - - [DATE{end}");
    prints(&logged, &expected, hint, |line| {
        line.starts_with("127.0.0.1 - - [") && line.ends_with(&end)
    })?;
    let (quiet, _crowd) = fill(server, &[])?;
    quiet.kill()?;
    match quiet.stdout.lines().iter().find(|line| line.contains(" 503 ")) {
        Some(line) => differs("no entry without --access-log", line, hint),
        None => Ok(()),
    }
}

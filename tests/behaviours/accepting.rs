//! `accept` fails: because of one client, or because something has run out.

use std::process::Command;
use std::time::Instant;

use super::differs;
use crate::support::client::get;
use crate::support::report::{Deviation, Outcome};
use crate::support::server::Server;
use crate::support::{DEADLINE, SHORT_WAIT, by_hand};

/// A server that doesn't wait uses processor time. A little is allowed,
/// because the clock ticks only every ten milliseconds.
pub fn uses_no_processor_time(server: &Server, when: &str) -> Outcome {
    if !server.all_threads_sleep()? {
        let expected = format!("every thread to wait, {when}");
        return differs(&expected, "a thread that never sleeps");
    }
    let (start, before) = (Instant::now(), server.processor_time()?);
    while start.elapsed() < server.vigilance() {
        server.stderr.wait(SHORT_WAIT / 4, |_| false);
        let used = server.processor_time()? - before;
        if used > SHORT_WAIT / 10 {
            let saw = format!("{used:?} of {:?}", start.elapsed());
            return differs(&format!("no processor time, {when}"), &saw);
        }
    }
    Ok(())
}

/// Something has run out, and trying again at once won't change that.
fn does_not_spin(server: &Server) -> Outcome {
    let hint = "look at what the accept loop does with an error. Usual cause: it \
                goes on at once, and `accept` fails at once, again and again.";
    uses_no_processor_time(server, "while `accept` can only fail")
        .map_err(|seen| seen.hint(hint))?;
    // What else a server prints isn't our business.
    let most = if server.program.is_ours { 3 } else { 100 };
    let spins =
        server.stderr.wait(server.vigilance(), |lines| lines.len() > most);
    if spins {
        let expected =
            "one line a second about connections that can't be accepted";
        let saw = format!("more than {most} lines on standard error");
        return differs(expected, &saw)
            .map_err(|seen: Deviation| seen.hint(hint));
    }
    Ok(())
}

pub fn descriptor_exhaustion_does_not_spin(server: &Server) -> Outcome {
    server.by_hand(
        // The second limit is for the file's size: it ends a server that spins.
        "errors=$(mktemp)\n\
         (ulimit -n 32; ulimit -f 64; exec SERVER ADDRESS 2> \"$errors\") &\n\
         server=$!; sleep 1\n"
            .to_string()
            + &by_hand::held(60)
            + "\nkill $server; wc -l < \"$errors\"; rm \"$errors\"",
    );
    let small = server.start_with_open_files(32, &[])?;
    let clients: Outcome<Vec<_>> = (0..60).map(|_| small.hold()).collect();
    does_not_spin(&small)?;
    drop(clients);
    small.send(get("/"))?.is_attended(DEADLINE)
}

/// A second server of the same program, whose calls to `accept` fail with this
/// error: all of them, or those that `which` names. What strace prints goes to
/// `place`. `None` if strace is missing or isn't allowed.
fn with_failing_accept(
    server: &Server,
    error: &str,
    which: &str,
    place: &str,
) -> Outcome<Option<Server>> {
    let mut strace = Command::new("strace");
    let works = strace.args(["-qq", "-o", "/dev/null", "true"]).status();
    if !works.is_ok_and(|status| status.success()) {
        eprintln!("skipped, because strace isn't there or may not trace");
        return Ok(None);
    }
    // With -D, the server is our child, and strace isn't.
    let strace = format!(
        "strace -D -qq -o {place} -e trace=accept4,/nanosleep \
         -e inject=accept4:error={error}{which}"
    );
    // The shell becomes strace, and never gets to what follows.
    let command = format!("exec {strace} \"$0\" 127.0.0.1:0 \"$@\"");
    server.start_within(&command, &[]).map(Some)
}

pub fn aborted_connections_do_not_delay_the_next(server: &Server) -> Outcome {
    server.by_hand(
        "strace -D -qq -o /dev/null -e trace=accept4 \\\n\
         \x20 -e inject=accept4:error=ECONNABORTED:when=1..100 \\\n\
         \x20 SERVER ADDRESS & server=$!; sleep 1\n\
         curl -s -m 5 -o /dev/null -w '%{time_total} s\\n' http://ADDRESS/   # 0.0…\n\
         kill $server",
    );
    for error in ["ECONNABORTED", "EPERM", "EHOSTUNREACH", "EOPNOTSUPP"] {
        let which = ":when=1..20";
        let traced = with_failing_accept(server, error, which, "/dev/stderr")?;
        let Some(server) = traced else { return Ok(()) };
        server.send(get("/"))?.is_attended(DEADLINE)?;
        let is_said = |line: &String| {
            line.starts_with("connection failed: ") && line.contains("os error")
        };
        let is_said = |lines: &[String]| lines.iter().any(is_said);
        let calls = server.stderr.lines();
        if server.program.is_ours && !server.stderr.wait(DEADLINE, is_said) {
            let expected =
                "one line on standard error for each such connection";
            return differs(expected, &format!("{calls:?}"));
        }
        if let Some(pause) = calls.iter().find(|it| it.contains("nanosleep(")) {
            let expected = format!(
                "the next client to be accepted at once, although {error} has \
                 ended the connection of another"
            );
            let seen = differs(&expected, &format!("a pause: {pause}"));
            return seen.map_err(|seen: Deviation| {
                seen.hint(
                    "look at what the accept loop does with an error. Usual \
                     cause: it pauses after every error, even after one that \
                     concerns a single client.",
                )
            });
        }
    }
    Ok(())
}

/// The server's owner is told why no client gets in.
fn is_reported(server: &Server) -> Outcome {
    let start = "cannot accept connections: ";
    let is_said =
        |lines: &[String]| lines.iter().any(|line| line.starts_with(start));
    if !server.program.is_ours || server.stderr.wait(DEADLINE, is_said) {
        return Ok(());
    }
    let saw = format!("{:?}", server.stderr.lines());
    differs(&format!("a line on standard error: `{start}…`"), &saw)
}

pub fn memory_exhaustion_does_not_spin(server: &Server) -> Outcome {
    server.by_hand(
        "errors=$(mktemp)\n\
         (ulimit -f 64; exec strace -D -qq -o /dev/null -e trace=accept4 \\\n\
         \x20 -e inject=accept4:error=ENOMEM SERVER ADDRESS 2> \"$errors\") &\n\
         server=$!; sleep 3; kill -KILL $server\n\
         wc -l < \"$errors\"; rm \"$errors\"",
    );
    for error in ["ENOMEM", "ENOBUFS", "ENFILE"] {
        match with_failing_accept(server, error, "", "/dev/null")? {
            Some(server) => {
                // An event loop tries to accept only if there's a client.
                let _client = server.connect()?;
                does_not_spin(&server)?;
                is_reported(&server)?;
            }
            None => return Ok(()),
        }
    }
    Ok(())
}

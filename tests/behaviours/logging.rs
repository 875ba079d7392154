//! The access log, and output that is read late or never.

use super::differs;
use super::responding::{NOT_FOUND, is_hello};
use super::shutdown::ends_with_status_0;
use crate::support::client::get;
use crate::support::output::Output;
use crate::support::report::{Deviation, Outcome, Symptom};
use crate::support::server::Server;
use crate::support::{DEADLINE, by_hand};
use std::time::Duration;

/// More lines than step 15 lets wait.
const REQUESTS: usize = 1_200;

/// A server that writes this output into a full pipe: `>&3`, `2>&3`, or both.
/// Nobody reads from it before a test does, through the server's descriptor 3.
fn with_full_pipe(
    server: &Server,
    output: &str,
    options: &[&str],
) -> Outcome<Server> {
    // Opened by its name, the pipe has a blocking mode of its own.
    let fill =
        "dd if=/dev/zero of=/dev/fd/3 bs=4096 oflag=nonblock 2> /dev/null";
    // The line that says where the server listens comes first, and is for us.
    let prepare = match output {
        "2>&3" => format!("{fill};"),
        _ => format!("{{ read -r line <&3; {fill}; echo \"$line\" >&4; }} &"),
    };
    // The tests see from 4 and 5 when the process ends.
    let command = format!(
        "pipe=$(mktemp -u) && mkfifo \"$pipe\" && exec 3<> \"$pipe\" 4>&1 5>&2 \
         && rm \"$pipe\"; {prepare} exec {output}"
    );
    server
        .start_within(&command, options)
        .or_else(|_| server.start_within(&command, &[]))
}

/// What a server prints if it answers these requests and is then stopped.
fn log_of(server: &Server, requests: &[&str]) -> Outcome<Vec<String>> {
    let server = server.configured(&["--access-log"])?;
    for request in requests {
        server.send(request)?.head(DEADLINE)?;
    }
    server.signal("TERM")?;
    server.exit()?;
    Ok(server.stdout.lines())
}

/// Asked only of this repository's programs: the format of a log is up to the
/// author of a server.
pub fn every_response_can_be_logged(server: &Server) -> Outcome {
    server.by_hand(by_hand::with("--access-log", &by_hand::get("/")));
    if !server.program.is_ours {
        return Ok(());
    }
    let page = server.get("/")?.body.len();
    let requests = [
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET /no HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        // It can't forge an entry, nor colour a terminal.
        "GET /\"\x1b[31m HTTP/1.1\r\nHost: a\r\n\r\n",
    ];
    // Without the option, there's no log.
    server.signal("TERM")?;
    server.exit()?;
    let mut quiet = server.stdout.lines();
    quiet.retain(|line| line.contains("\"GET "));
    if !quiet.is_empty() {
        return differs("no log without --access-log", &format!("{quiet:?}"));
    }
    let lines = log_of(server, &requests)?;
    let entries = [
        format!("\"GET / HTTP/1.1\" 200 {page}"),
        format!("\"GET /no HTTP/1.1\" 404 {}", NOT_FOUND.bytes.len()),
        "\"HEAD / HTTP/1.1\" 200 0".to_string(),
        "\"GET /\\\"\\x1b[31m HTTP/1.1\" 400 ".to_string(),
    ];
    let is_there = |entry: &String| {
        lines.iter().any(|line| {
            line.starts_with("127.0.0.1 - - [")
                && line.contains(&format!(" +0000] {entry}"))
        })
    };
    if entries.iter().all(is_there) {
        return Ok(());
    }
    differs(&format!("lines with {entries:?}"), &format!("{lines:?}"))
}

/// Asks a server that logs into a full pipe.
fn answers(server: &Server, requests: usize) -> Outcome<Server> {
    let whole = get("/no");
    let is_entry = |line: &String| line.contains("GET /no HTTP/1.1\" ");
    if server.program.is_ours
        && !log_of(server, &[&whole])?.iter().any(is_entry)
    {
        return differs("a line for a request, with --access-log", "none");
    }
    let unread = with_full_pipe(server, ">&3", &["--access-log"])?;
    for _ in 0..requests {
        let mut client = unread.send(&whole)?;
        client.response(unread.patience()).map_err(|seen| {
            seen.hint(
                "look at which thread writes the log. Usual cause: a worker \
                 does, and if nobody reads the output, it waits forever.",
            )
        })?;
    }
    Ok(unread)
}

fn by_hand_unread(output: &str, clients: &str) -> String {
    format!(
        "SERVER ADDRESS {output} >(sleep 20) & server=$!; sleep 1\n\
         {clients}\n\
         kill -KILL $server"
    )
}

pub fn unread_access_log_delays_no_other_client(server: &Server) -> Outcome {
    server.by_hand(by_hand_unread(
        "--access-log >",
        "curl -s -m 9 -o /dev/null 'http://ADDRESS/?[1-3000]'; echo $?   # 0",
    ));
    answers(server, REQUESTS)?.is_well()
}

/// Asked only of this repository's programs.
pub fn dropped_log_lines_are_counted(server: &Server) -> Outcome {
    server.by_hand(
        "SERVER ADDRESS --access-log > >(sleep 9; grep -c dropped) & \
         server=$!; sleep 1\n\
         curl -s -m 9 -o /dev/null 'http://ADDRESS/?[1-3000]'; sleep 9\n\
         kill $server; wait $server",
    );
    if !server.program.is_ours {
        return Ok(());
    }
    let unread = answers(server, REQUESTS)?;
    let logged = Output::collect(unread.descriptor(3)?);
    let count = |lines: &[String]| {
        let entries = lines.iter().filter(|line| line.contains("\"GET /no"));
        let dropped = lines.iter().filter_map(|line| {
            line.strip_prefix("lines dropped: ")?.parse::<usize>().ok()
        });
        (entries.count(), dropped.sum::<usize>())
    };
    let all = |lines: &[String]| {
        let (entries, dropped) = count(lines);
        dropped > 0 && entries + dropped == REQUESTS
    };
    if logged.wait(DEADLINE, all) {
        return Ok(());
    }
    let (entries, dropped) = count(&logged.lines());
    let expected = format!("{REQUESTS} lines, some of them counted as dropped");
    differs(&expected, &format!("{entries} entries, and {dropped} dropped"))
}

/// Asked only of this repository's programs.
pub fn shutdown_flushes_the_access_log(server: &Server) -> Outcome {
    server.by_hand(
        "SERVER ADDRESS --access-log > >(sleep 3; grep -c ' 200 ') & \
         server=$!; sleep 1\n\
         curl -s -m 9 -o /dev/null 'http://ADDRESS/?[1-1500]'; sleep 1.5\n\
         kill $server; sleep 2   # 1500",
    );
    if !server.program.is_ours {
        return Ok(());
    }
    const COUNT: usize = 100;
    let unread = answers(server, COUNT)?;
    let pipe = unread.descriptor(3)?;
    unread.signal("TERM")?;
    unread.refuses_connections()?;
    // Nothing but the log keeps it from ending now. It waits a second for that.
    unread.stdout.wait_for_end(Duration::from_millis(50));
    let logged = Output::collect(pipe);
    logged.wait_for_end(DEADLINE);
    ends_with_status_0(&unread)?;
    let lines = logged.lines();
    let entries = lines.iter().filter(|line| line.contains("\"GET /no"));
    let count = entries.count();
    if count == COUNT {
        return Ok(());
    }
    let expected = format!("{COUNT} lines, the last of them after the signal");
    let seen = Deviation::new(Symptom::Differs, &expected, &count.to_string());
    Err(seen.hint(
        "look at what happens to the lines in the queue when `main` returns. \
         The end of `main` ends all threads.",
    ))
}

pub fn unread_standard_error_delays_no_other_client(
    server: &Server,
) -> Outcome {
    server.by_hand(by_hand_unread(
        "2>",
        "for i in $(seq 3000); do : > /dev/tcp/ADDRESS; done\n\
         curl -sS -m 3 -o /dev/null -w '%{http_code}\\n' http://ADDRESS/",
    ));
    let unread = with_full_pipe(server, "2>&3", &[])?;
    for number in 0..REQUESTS {
        let mut client = match number % 10 {
            0 => unread.send(get("/panic"))?,
            _ => unread.connect()?,
        };
        client.stop_sending()?;
        client.is_attended(unread.patience())?;
    }
    is_hello(&unread.send(get("/"))?.response(unread.patience())?)
}

pub fn unread_output_does_not_hold_up_the_shutdown(server: &Server) -> Outcome {
    server.by_hand(
        "SERVER ADDRESS > >(sleep 20) 2>&1 & server=$!; sleep 1\n\
         for i in $(seq 3000); do : > /dev/tcp/ADDRESS; done\n\
         kill $server; sleep 4; kill -KILL $server   # it has ended before that\n\
         wait $server; echo \"exit status $?\"   # 0",
    );
    let unread = with_full_pipe(server, ">&3 2>&3", &["--access-log"])?;
    unread.signal("TERM")?;
    if unread.stdout.wait_for_end(unread.patience()) {
        return ends_with_status_0(&unread);
    }
    let expected = "the process to end, although its output isn't read";
    let seen = Deviation::new(Symptom::Hangs, expected, "it still runs");
    Err(seen.hint(
        "look at what is written between the signal and the end. Usual causes: \
         a thread writes to the output itself, or waits without a deadline for \
         the one that does.",
    ))
}

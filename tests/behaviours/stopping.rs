//! SIGTERM and Ctrl-C: nobody who was there is left without an answer.
//!
//! Only on Unix, since only there can one process send another a signal.

use super::differs;
use super::responding::is_hello;
use crate::support::DEADLINE;
use crate::support::client::{Client, get};
use crate::support::report::{Deviation, Outcome, Symptom};
use crate::support::server::Server;

/// The client gets its answer, unless the process has ended before that.
fn is_answered(client: &mut Client, server: &Server) -> Outcome {
    let response = client.response(DEADLINE);
    response.and_then(|it| is_hello(&it)).map_err(|seen| died(server, seen))
}

/// If the process has ended, this is what is wrong.
fn died(server: &Server, seen: Deviation) -> Deviation {
    if seen.symptom == Symptom::Hangs {
        return seen;
    }
    match server.exit() {
        Ok(status) => {
            let saw = format!("the process ended ({status}); {}", seen.saw);
            Deviation { symptom: Symptom::Dies, saw, ..seen }
        }
        Err(_) => seen,
    }
}

fn ends_with_status_0(server: &Server) -> Outcome {
    let status = server.exit().map_err(|deviation| {
        deviation.expected(
            "that the process ends, now that all are answered. Usual causes: \
             the workers are joined before the sender is dropped; accept \
             waits on, because nothing has woken it",
        )
    })?;
    if status.success() {
        return Ok(());
    }
    Err(Deviation::new(
        Symptom::Dies,
        "exit status 0, after everybody was answered",
        &status.to_string(),
    ))
}

fn waits_for_a_request_in_flight(server: &Server, signal: &str) -> Outcome {
    let mut client = server.hold()?;
    server.signal(signal)?;
    server.refuses_connections()?;
    let finished = client.finish();
    finished.map_err(|seen| died(server, seen))?;
    is_answered(&mut client, server)?;
    ends_with_status_0(server)
}

pub fn sigterm_waits_for_a_request_in_flight(server: &Server) -> Outcome {
    server.by_hand(
        "curl -i 'http://ADDRESS/sleep?ms=5000' &\n\
         pkill -TERM '^step'   # the answer still comes; the exit status is 0",
    );
    waits_for_a_request_in_flight(server, "TERM")
}

pub fn ctrl_c_waits_for_a_request_in_flight(server: &Server) -> Outcome {
    server
        .by_hand("curl -i 'http://ADDRESS/sleep?ms=5000'   # and then Ctrl-C");
    waits_for_a_request_in_flight(server, "INT")
}

pub fn requests_in_the_queue_are_answered_too(server: &Server) -> Outcome {
    server.by_hand(
        "for i in $(seq 20); do curl -i 'http://ADDRESS/sleep?ms=900' & done\n\
         pkill -TERM '^step'   # all twenty are answered",
    );
    let held: Outcome<Vec<_>> = (0..4).map(|_| server.hold()).collect();
    let queued: Outcome<Vec<_>> =
        (0..20).map(|_| server.send(get("/"))).collect();
    let (mut held, mut queued) = (held?, queued?);
    server.signal("TERM")?;
    server.refuses_connections()?;
    for client in held.iter_mut().rev() {
        client.finish().map_err(|seen| died(server, seen))?;
        is_answered(client, server)?;
    }
    for client in &mut queued {
        is_answered(client, server)?;
    }
    ends_with_status_0(server)
}

pub fn who_connected_before_the_signal_is_answered(server: &Server) -> Outcome {
    server.by_hand(
        "pkill -STOP '^step'\n\
         for i in $(seq 20); do curl -i http://ADDRESS/ & done\n\
         pkill -TERM '^step'; pkill -CONT '^step'   # all twenty are answered",
    );
    is_attended_by(server)?;
    // While the process is stopped, nobody accepts: they wait in the backlog.
    server.signal("STOP")?;
    let backlog: Outcome<Vec<_>> =
        (0..20).map(|_| server.send(get("/"))).collect();
    server.signal("TERM")?;
    server.signal("CONT")?;
    for client in &mut backlog? {
        is_answered(client, server)?;
    }
    ends_with_status_0(server)
}

pub fn newcomers_are_refused_meanwhile(server: &Server) -> Outcome {
    server.by_hand(
        "curl -s 'http://ADDRESS/sleep?ms=5000' &\n\
         pkill -TERM '^step'\n\
         curl -i http://ADDRESS/   # connection refused",
    );
    // A held request can still be finished when nobody is let in any more.
    waits_for_a_request_in_flight(server, "TERM")
}

pub fn an_idle_server_ends_with_status_0(server: &Server) -> Outcome {
    server.by_hand("pkill -TERM '^step'   # and see its exit status: echo $?");
    is_attended_by(server)?;
    server.signal("TERM")?;
    ends_with_status_0(server)
}

pub fn a_wildcard_address_is_no_obstacle(server: &Server) -> Outcome {
    let everywhere = server.start_at("0.0.0.0")?;
    everywhere.signal("TERM")?;
    ends_with_status_0(&everywhere)
}

/// At the limit, not even the connection that wakes `accept` may be had. Asked
/// of this repository's programs only, since they say when they stop: to find
/// out by connecting would wake `accept`, too.
#[cfg(target_os = "linux")]
pub fn running_out_of_open_files_is_no_obstacle(server: &Server) -> Outcome {
    server.by_hand(
        "# start it with few open files: (ulimit -n 12; cargo run …)\n\
         for i in 1 2 3 4 5; do curl -s telnet://ADDRESS & done\n\
         pkill -TERM '^step'; kill %1 %2 %3 %4 %5   # it ends",
    );
    server.signal("TERM")?;
    ends_with_status_0(server)?;
    if !server.program.is_ours {
        return Ok(());
    }
    const MOST: usize = 32;
    const FOUR: [&str; 2] = ["--workers", "4"];
    // With none left, it is chance who takes a file that was given back.
    for left in [0, 1, 2, 3, 0, 0, 0, 0] {
        let small = server.start_with_open_files(MOST, &FOUR)?;
        let idle = small.open_files(MOST)?;
        let crowd = (idle + left..MOST).map(|_| small.hold());
        let crowd: Outcome<Vec<_>> = crowd.collect();
        small.has_files_left(MOST, left)?;
        small.signal("TERM")?;
        if !small.stdout.wait(DEADLINE, says_what_it_waits_for) {
            let expected = "that it stops, with all open files taken but";
            let saw = "it goes on accepting";
            return differs(&format!("{expected} {left}"), saw);
        }
        drop(crowd);
        ends_with_status_0(&small)?;
    }
    Ok(())
}

/// Asked of this repository's programs only: what a server prints is its own
/// affair.
pub fn it_says_what_it_waits_for(server: &Server) -> Outcome {
    server.by_hand("pkill -TERM '^step'   # and look at the server's output");
    if !server.program.is_ours {
        return Ok(());
    }
    server.signal("TERM")?;
    ends_with_status_0(server)?;
    let lines = server.stdout.lines();
    if says_what_it_waits_for(&lines) {
        return Ok(());
    }
    differs("a line that says what it is waiting for", &format!("{lines:?}"))
}

pub fn a_second_signal_ends_it_at_once(server: &Server) -> Outcome {
    server.by_hand(
        "curl -s telnet://ADDRESS &   # a silent client, for whom it waits\n\
         pkill -TERM '^step'; sleep 1; pkill -INT '^step'   # exit status 130",
    );
    let _held = server.hold()?;
    server.signal("TERM")?;
    server.refuses_connections()?;
    server.signal("INT")?;
    let status = server.exit()?;
    if status.code() == Some(130) {
        return Ok(());
    }
    let expected = "exit status 130, which is 128 + SIGINT's number";
    Err(Deviation::new(Symptom::Dies, expected, &status.to_string()))
}

/// The server is past its start, and has nothing to do any more.
fn is_attended_by(server: &Server) -> Outcome {
    server.send(get("/"))?.is_attended(DEADLINE)
}

fn says_what_it_waits_for(lines: &[String]) -> bool {
    lines.iter().any(|line| line.starts_with("waiting for "))
}

//! SIGTERM and Ctrl-C: every client that has connected still gets its response.
//!
//! Only on Unix, because only there can one process send another a signal.

use std::net::TcpListener;
use std::time::Duration;

use super::differs;
use super::responding::is_hello;
use crate::support::client::{Client, get};
use crate::support::report::{Deviation, Outcome, Symptom};
use crate::support::server::Server;
use crate::support::{DEADLINE, SHORT_WAIT, by_hand};

/// Starts the server, lets these clients come, stops it, and waits for all.
fn stopped(clients: &str, signal: &str) -> String {
    format!(
        "SERVER ADDRESS & server=$!; sleep 1{clients}\n\
         kill -{signal} $server; wait $server; echo \"exit status $?\"; wait"
    )
}

/// This many requests that take a while, and the status of each response.
fn sleeping(count: usize) -> String {
    let curl = by_hand::STATUS.replace("-m 3", "-m 9");
    let curl =
        curl.replace("http://ADDRESS/", "'http://ADDRESS/sleep?ms=1500'");
    match count {
        1 => format!("\n{curl} & sleep 1"),
        _ => format!("\nfor i in $(seq {count}); do {curl} & done; sleep 1"),
    }
}

/// The client gets its response, unless the process has ended before that.
fn is_answered(client: &mut Client, which: &str, server: &Server) -> Outcome {
    let response = client.response(DEADLINE).map_err(|deviation| {
        let expected = format!(
            "the response to {which}, because the client was connected before \
             the signal came"
        );
        died(server, deviation.expected(&expected))
    });
    is_hello(&response?)
}

/// If the process has ended, this is what is wrong.
fn died(server: &Server, seen: Deviation) -> Deviation {
    if seen.symptom == Symptom::Hangs {
        return seen.hint(
            "look at what the shutdown does to the queue and to the workers. \
             Usual cause: the workers return although jobs are left.",
        );
    }
    match server.exit() {
        Ok(status) => {
            let saw = format!("the process ended ({status}); {}", seen.saw);
            Deviation { symptom: Symptom::Dies, saw, ..seen }.hint(
                "look at what ends the process. Usual causes: nothing catches \
                 the signal, so that it ends the process; a thread was started \
                 before the signals were blocked, and they end it there; \
                 `process::exit` is called; or `main` returns before every \
                 worker is joined, and the end of `main` ends all threads.",
            )
        }
        Err(_) => seen,
    }
}

pub fn ends_with_status_0(server: &Server) -> Outcome {
    let status = server.exit().map_err(|deviation| {
        deviation
            .expected("the process to end, because every client is answered")
            .hint(
                "look at where each thread waits. Usual causes: `accept`, or an \
                 event loop, keeps waiting, because nothing has woken it, or \
                 something woke it before the flag was set; or the workers are \
                 joined while a sender is left, so that `recv` keeps waiting. (A \
                 queue that isn't a channel has to tell each worker that no job \
                 will come.)",
            )
    })?;
    if status.success() {
        return Ok(());
    }
    Err(Deviation::new(
        Symptom::Dies,
        "exit status 0, because every client is answered",
        &status.to_string(),
    ))
}

fn waits_for_a_request_in_flight(server: &Server, signal: &str) -> Outcome {
    let mut client = server.hold()?;
    server.signal(signal)?;
    server.refuses_connections()?;
    let finished = client.finish();
    finished.map_err(|seen| died(server, seen))?;
    let which = format!("the request that had begun when SIG{signal} came");
    is_answered(&mut client, &which, server)?;
    drop(client); // It has its response. A server may wait for it to close.
    ends_with_status_0(server)
}

pub fn sigterm_waits_for_a_request_in_flight(server: &Server) -> Outcome {
    server.by_hand(stopped(&sleeping(1), "TERM"));
    waits_for_a_request_in_flight(server, "TERM")
}

pub fn ctrl_c_waits_for_a_request_in_flight(server: &Server) -> Outcome {
    server.by_hand(stopped(&sleeping(1), "INT"));
    waits_for_a_request_in_flight(server, "INT")
}

/// From a terminal that closes, or from a service manager.
pub fn sighup_waits_for_a_request_in_flight(server: &Server) -> Outcome {
    server.by_hand(stopped(&sleeping(1), "HUP"));
    waits_for_a_request_in_flight(server, "HUP")
}

/// `nohup` starts a program like that, so that it outlives its terminal.
pub fn ignored_sighup_stays_ignored(server: &Server) -> Outcome {
    server.by_hand(format!(
        "nohup SERVER ADDRESS & server=$!; sleep 1\n\
         kill -HUP $server; sleep 1\n\
         {}\n\
         kill $server",
        by_hand::STATUS
    ));
    let server = server.start_within("trap '' HUP", &[])?;
    server.signal("HUP")?;
    let stops = server.stdout.wait(SHORT_WAIT, says_what_it_waits_for);
    if stops || server.stdout.wait_for_end(Duration::ZERO) {
        let expected = "a server started by nohup to ignore SIGHUP";
        return differs(expected, "it stops");
    }
    is_attended_by(&server)
}

pub fn shutdown_waits_for_every_worker(server: &Server) -> Outcome {
    server.by_hand(stopped(&sleeping(4), "TERM"));
    // Once from the first to the last, and once the other way: a server that
    // waits for only one of its workers can't be lucky twice.
    let second = server.start_at("127.0.0.1")?;
    for (server, order) in [(server, [0, 1, 2, 3]), (&second, [3, 2, 1, 0])] {
        let held: Outcome<Vec<_>> = (0..4).map(|_| server.hold()).collect();
        let mut held = held?;
        server.signal("TERM")?;
        server.refuses_connections()?;
        for (count, number) in order.into_iter().enumerate() {
            let client = &mut held[number];
            client.finish().map_err(|seen| died(server, seen))?;
            let which = format!(
                "request {} of 4 in flight, after {count} of them were answered",
                number + 1
            );
            is_answered(client, &which, server)?;
            // If the process ends too early, it does so now.
            let Some(next) = order.get(count + 1) else { continue };
            held[*next]
                .is_not_answered(SHORT_WAIT, "an open connection, held by us")
                .map_err(|seen| died(server, seen))?;
        }
        drop(held);
        ends_with_status_0(server)?;
    }
    Ok(())
}

pub fn shutdown_serves_queued_requests(server: &Server) -> Outcome {
    server.by_hand(stopped(&sleeping(12), "TERM"));
    let held: Outcome<Vec<_>> = (0..4).map(|_| server.hold()).collect();
    let queued: Outcome<Vec<_>> =
        (0..20).map(|_| server.send(get("/"))).collect();
    let (held, queued) = (held?, queued?);
    server.signal("TERM")?;
    server.refuses_connections()?;
    for mut client in held.into_iter().rev() {
        client.finish().map_err(|seen| died(server, seen))?;
        is_answered(&mut client, "one of 4 requests in flight", server)?;
    }
    for (number, mut client) in queued.into_iter().enumerate() {
        let which = format!("request {} of 20 in the queue", number + 1);
        is_answered(&mut client, &which, server).map_err(|deviation| {
            deviation.hint(
                "look at what happens to the queue. Usual causes: a worker \
                 returns at the signal although jobs are left (`recv` fails only \
                 once the channel is empty and has no sender), or `main` returns \
                 before every worker is joined.",
            )
        })?;
    }
    ends_with_status_0(server)
}

pub fn shutdown_serves_the_backlog(server: &Server) -> Outcome {
    server.by_hand(
        "SERVER ADDRESS & server=$!; sleep 1\n\
         kill -STOP $server   # it can't accept, so that clients queue up\n\
         for i in $(seq 100); do\n\
         \x20 curl -s -m 9 -o /dev/null -w '%{http_code}\\n' http://ADDRESS/ &\n\
         done; sleep 2\n\
         kill -TERM $server; kill -CONT $server; wait $server; wait",
    );
    is_attended_by(server)?;
    // While the process is stopped, the kernel keeps the connections.
    server.signal("STOP")?;
    let backlog: Outcome<Vec<_>> =
        (0..100).map(|_| server.send(get("/"))).collect();
    server.signal("TERM")?;
    server.signal("CONT")?;
    for (number, mut client) in backlog?.into_iter().enumerate() {
        let which = format!("request {} of 100 in the backlog", number + 1);
        is_answered(&mut client, &which, server).map_err(|deviation| {
            deviation.hint(
                "look at what the accept loop does once it has to stop. Usual \
                 cause: it ends at once, although the kernel has connections \
                 for it. A listener that doesn't block says when there are no \
                 more: `WouldBlock`.",
            )
        })?;
    }
    ends_with_status_0(server)
}

pub fn shutdown_refuses_new_connections(server: &Server) -> Outcome {
    server.by_hand(format!(
        "SERVER ADDRESS & server=$!; sleep 1{}\n\
         kill -TERM $server; sleep 0.1\n\
         curl -i -m 1 http://ADDRESS/   # is refused, while the first waits\n\
         wait",
        sleeping(1)
    ));
    // A held request can still be finished once no client is accepted any more.
    waits_for_a_request_in_flight(server, "TERM")
}

pub fn shutdown_of_an_idle_server_exits_with_0(server: &Server) -> Outcome {
    server.by_hand(stopped(&format!("\n{}", by_hand::STATUS), "TERM"));
    is_attended_by(server)?;
    server.signal("TERM")?;
    ends_with_status_0(server)
}

/// Where there's no IPv6, this takes the address of IPv4 only.
pub fn shutdown_works_on_a_wildcard_address(server: &Server) -> Outcome {
    server.by_hand(stopped("", "TERM").replace("ADDRESS", "0.0.0.0:PORT"));
    for host in ["0.0.0.0", or_ipv4("[::]", "0.0.0.0")] {
        let everywhere = server.start_at(host).map_err(|deviation| {
            let symptom = Symptom::Differs;
            Deviation { symptom, ..deviation }
        })?;
        everywhere.signal("TERM")?;
        ends_with_status_0(&everywhere)?;
    }
    Ok(())
}

/// A server that connects to wake its own `accept` has to take the address that it
/// listens on. On Linux, all that begin with 127 are the machine's own.
#[cfg(target_os = "linux")]
pub fn shutdown_works_on_any_loopback_address(server: &Server) -> Outcome {
    server.by_hand(stopped("", "TERM").replace("ADDRESS", "127.0.0.2:PORT"));
    let server = server.start_at("127.0.0.2")?;
    server.signal("TERM")?;
    ends_with_status_0(&server)
}

/// Where there's no IPv6, this takes the address that the server has.
pub fn shutdown_works_on_ipv6(server: &Server) -> Outcome {
    server.by_hand(stopped("", "TERM").replace("ADDRESS", "'[::1]:PORT'"));
    let server = server.start_at(or_ipv4("[::1]", "127.0.0.1"))?;
    server.signal("TERM")?;
    ends_with_status_0(&server)
}

fn or_ipv4(host: &'static str, ipv4: &'static str) -> &'static str {
    match TcpListener::bind("[::1]:0") {
        Ok(_) => host,
        Err(error) => {
            eprintln!("skipped, because there's no {host}: {error}");
            ipv4
        }
    }
}

/// A connection that wakes `accept` takes a file descriptor, and a sleeping
/// `accept` holds the last one. Asked only of this repository's programs, because
/// they say how far they've got: connecting to find out would wake `accept`, too.
#[cfg(target_os = "linux")]
pub fn shutdown_works_without_free_descriptors(server: &Server) -> Outcome {
    server.by_hand(
        "(ulimit -n 12; exec SERVER ADDRESS) & server=$!; sleep 1\n\
         for i in $(seq 7); do sleep 4 | curl -s telnet://ADDRESS & done; sleep 1\n\
         kill -TERM $server; sleep 5   # by then all of these clients are gone\n\
         kill -KILL $server; wait $server; echo \"exit status $?\"   # 0",
    );
    server.signal("TERM")?;
    ends_with_status_0(server)?;
    if !server.program.is_ours {
        return Ok(());
    }
    // With none left, it's chance which client takes a descriptor that was
    // given back.
    for left in [1, 0, 2, 3, 0, 0, 0, 0] {
        ends_with_descriptors_left(server, left)?;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn ends_with_descriptors_left(server: &Server, left: usize) -> Outcome {
    const MOST: usize = 32;
    let small = server.start_with_open_files(MOST, &["--workers", "4"])?;
    let idle = small.open_files(MOST)?;
    let held = (idle + left..MOST).map(|_| small.hold());
    let held: Outcome<Vec<_>> = held.collect();
    let held = held?;
    small.has_files_left(MOST, left)?;
    if left > 0 {
        // In `accept`, which takes a descriptor before it goes to sleep.
        small.main_thread_sleeps()?;
    }
    small.signal("TERM")?;
    let stops = small.stdout.wait(small.patience(), says_what_it_waits_for);
    let is_stuck = !stops && small.stderr.wait(DEADLINE, says_it_is_stuck);
    if !stops && !is_stuck {
        let expected = "it to stop, or to say that it can't wake the listener";
        let expected = format!("{expected}, with {left} descriptors left");
        return differs(&expected, "it does neither");
    }
    drop(held);
    if small.stdout.wait_for_end(small.patience()) {
        return ends_with_status_0(&small);
    }
    let symptom = if is_stuck { Symptom::Hangs } else { Symptom::Differs };
    let expected = "the process to end, now that its clients have gone, \
                    although they had left it";
    let expected = format!("{expected} {left} file descriptors");
    Err(Deviation::new(symptom, &expected, "it still runs"))
}

/// Asked only of this repository's programs: what another server prints is up to
/// its author.
pub fn shutdown_logs_what_it_waits_for(server: &Server) -> Outcome {
    server.by_hand(stopped("", "TERM"));
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

pub fn second_signal_exits_at_once(server: &Server) -> Outcome {
    server.by_hand(format!(
        "SERVER ADDRESS & server=$!; sleep 1\n\
         {}\n\
         kill -TERM $server; sleep 1; kill -INT $server\n\
         wait $server; echo \"exit status $?\"   # 130",
        by_hand::silent(1)
    ));
    let _held = server.hold()?;
    server.signal("TERM")?;
    server.refuses_connections()?;
    server.signal("INT")?;
    let status = server.exit()?;
    if status.code() == Some(130) {
        return Ok(());
    }
    let expected = "exit status 130, which is 128 + SIGINT's number";
    let deviation =
        Deviation::new(Symptom::Dies, expected, &status.to_string());
    Err(deviation.hint(
        "look at what the second signal does. Usual causes: it ends the \
         process with a status other than `process::exit(128 + signal)`, or \
         the server hasn't waited for the client, and has ended before the \
         second signal.",
    ))
}

/// The server has started, and has nothing to do.
fn is_attended_by(server: &Server) -> Outcome {
    server.send(get("/"))?.is_attended(DEADLINE)
}

fn says_what_it_waits_for(lines: &[String]) -> bool {
    lines.iter().any(|line| line.starts_with("waiting for "))
}

#[cfg(target_os = "linux")]
fn says_it_is_stuck(lines: &[String]) -> bool {
    lines.iter().any(|line| line.starts_with("cannot wake the listener: "))
}

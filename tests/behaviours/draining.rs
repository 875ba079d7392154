//! A shutdown that ends in time, and says whether anything was lost.

#[cfg(target_os = "linux")]
use std::fs;
#[cfg(target_os = "linux")]
use std::process::Command;
use std::time::Duration;

use super::bodies::post;
use super::connections::get;
use super::differs;
#[cfg(target_os = "linux")]
use super::directory::{Large, with_large_file};
use super::responding::is_hello;
#[cfg(target_os = "linux")]
use super::shutdown::shutdown_works_without_free_descriptors;
use crate::support::client;
use crate::support::report::{Deviation, Outcome, Symptom};
use crate::support::server::Server;
use crate::support::{DEADLINE, by_hand};

/// The process ends, with that status.
fn ends_with(server: &Server, code: i32) -> Outcome {
    if !server.stdout.wait_for_end(server.patience()) {
        let expected = "the process to end, whatever its clients do";
        let saw = "it still waits";
        let seen = Deviation::new(Symptom::Hangs, expected, saw);
        return Err(seen.hint(
            "look at what the shutdown waits for, and until when. Everything \
             that it waits for needs a deadline.",
        ));
    }
    let status = server.exit()?;
    if status.code() == Some(code) {
        return Ok(());
    }
    let dies = Symptom::Dies;
    let expected = format!("exit status {code}");
    Err(Deviation::new(dies, &expected, &status.to_string()).hint(
        "look at what counts as cut off. A client is owed a response from the \
         moment when its request is complete until the last byte has been sent.",
    ))
}

/// If a connection ends without a byte, that's because the process has ended.
fn died(seen: Deviation) -> Deviation {
    match seen.symptom {
        Symptom::Closes => Deviation { symptom: Symptom::Dies, ..seen },
        _ => seen,
    }
}

/// A server that gives its clients that many seconds to leave, if it limits them.
fn draining(server: &Server, seconds: &str) -> Outcome<Server> {
    let patient = ["--head-seconds", "60", "--linger-seconds", "60"];
    let limited = [&patient, &["--drain-seconds", seconds][..]].concat();
    let limited = server.with_options(&limited);
    limited.or_else(|_| server.configured(&patient))
}

#[cfg(target_os = "linux")]
pub fn shutdown_works_without_its_address(server: &Server) -> Outcome {
    server.by_hand(
        "unshare -rn sh -c 'ip link set lo up\n\
         SERVER ADDRESS & server=$!; sleep 1\n\
         ip link set lo down; kill -TERM $server; sleep 2\n\
         kill -KILL $server; wait $server; echo \"exit status $?\"'   # 0",
    );
    let has_network = "ip link set lo up && ip link set lo down";
    let mut unshare = Command::new("unshare");
    let works = unshare.args(["-rn", "sh", "-c", has_network]).output();
    if !works.is_ok_and(|output| output.status.success()) {
        eprintln!("without a network to take away, descriptors have to do");
        return shutdown_works_without_free_descriptors(server);
    }
    // The shell becomes unshare, and never gets to what follows.
    let within = "exec unshare -rn sh -c 'ip link set lo up; exec \"$0\" \
                  127.0.0.1:0 \"$@\"' \"$0\" \"$@\"";
    let lonely = server.start_within(within, &[])?;
    lonely.main_thread_sleeps()?;
    lonely.lose_address()?;
    lonely.signal("TERM")?;
    ends_with(&lonely, 0).map_err(|seen| {
        if seen.symptom != Symptom::Hangs {
            return seen;
        }
        seen.hint(
            "look at what wakes the thread that accepts. A connection to the \
             server's own address can't, now that the address is gone: the \
             network may fail, but a pair of connected sockets doesn't.",
        )
    })
}

pub fn shutdown_drain_is_bounded(server: &Server) -> Outcome {
    server.by_hand(
        "SERVER ADDRESS --drain-seconds 1 & server=$!; sleep 1\n\
         curl -i -m 9 'http://ADDRESS/sleep?ms=8000' & sleep 1\n\
         kill $server; wait $server; echo \"exit status $?\"   # 1",
    );
    let server = draining(server, "0.3")?;
    let mut client = server.send(get("/sleep?ms=10000"))?;
    server.signal("TERM")?;
    ends_with(&server, 1)?;
    match client.response(DEADLINE) {
        Err(it) if it.symptom == Symptom::Closes => Ok(()),
        other => differs("the end of the connection", &format!("{other:?}")),
    }
}

/// Half a request isn't owed a response, nor is a client that has its own.
pub fn shutdown_fails_only_if_a_response_is_cut_off(
    server: &Server,
) -> Outcome {
    server.by_hand(
        "SERVER ADDRESS --drain-seconds 1 & server=$!; sleep 1\n".to_string()
            + &by_hand::held(1)
            + "\nkill $server; (sleep 4; kill -KILL $server) &\n\
               wait $server; echo \"exit status $?\"   # 0",
    );
    let drained = draining(server, "0.3")?;
    let mut served = drained.send(client::get("/"))?;
    is_hello(&served.response(DEADLINE)?)?;
    let _held = drained.hold()?;
    let _half = drained.send(post("Content-Length: 4\r\n", "ab"))?;
    drained.signal("TERM")?;
    ends_with(&drained, 0)?;
    #[cfg(target_os = "linux")]
    slow_reader_is_cut_off(server)?;
    Ok(())
}

/// Its connection rests while its response isn't whole.
#[cfg(target_os = "linux")]
fn slow_reader_is_cut_off(server: &Server) -> Outcome {
    let large = Large::new("cut-off");
    let options = ["--drain-seconds", "0.3"];
    let limits = ["--stall-seconds", "60"];
    let server = large.served_with(server, &options, &limits)?;
    server.by_hand(with_large_file(
        "curl -s -m 15 --limit-rate 1k -o /dev/null http://ADDRESS/large & sleep 1\n\
         kill $server; wait $server; echo \"exit status $?\"   # 1, after 10 s",
    ));
    let mut client = server.send(client::get("/large"))?;
    client.head(DEADLINE)?.has_status(200)?;
    server.signal("TERM")?;
    ends_with(&server, 1)
}

pub fn shutdown_gives_a_started_request_two_seconds(
    server: &Server,
) -> Outcome {
    server.by_hand(
        "SERVER ADDRESS --head-seconds 60 & server=$!; sleep 1\n\
         (printf 'GET / HTTP/1.1\\r\\n'; sleep 9) | \
         curl -s -m 9 telnet://ADDRESS & sleep 1\n\
         kill $server; (sleep 4; kill -KILL $server) &\n\
         wait $server; echo \"exit status $?\"   # 0",
    );
    let server = draining(server, "60")?;
    let mut held = server.hold()?;
    // Its response comes after the signal, and then it stays connected.
    let mut stays = server.send(client::get("/sleep?ms=300"))?;
    server.signal("TERM")?;
    server.refuses_connections()?;
    is_hello(&stays.response(DEADLINE).map_err(died)?)?;
    let response = held.response(server.patience()).map_err(|seen| {
        died(seen).hint(
            "look at the deadline of a request that has begun when the server \
             is told to stop. It may be far away, here a minute, so the \
             shutdown has to bring it forward.",
        )
    })?;
    response.has_status(408)?;
    drop(held);
    ends_with(&server, 0).map_err(|seen| {
        if seen.symptom != Symptom::Hangs {
            return seen;
        }
        seen.hint(
            "look at a connection that a worker has when the server is told to \
             stop. When it comes back, its deadline has to be brought forward, \
             too.",
        )
    })
}

/// The shutdown hurries only unfinished requests. A response on its way has as
/// much time as before.
#[cfg(target_os = "linux")]
pub fn download_outlasts_the_shutdown(server: &Server) -> Outcome {
    server.by_hand(with_large_file(
        "curl -m 20 --limit-rate 8M -o /dev/null http://ADDRESS/large & c=$!\n\
         sleep 1; kill $server; wait $c   # all of it",
    ));
    let large = Large::new("outlasts");
    fs::write(large.root.0.join("hello.html"), "after a while").unwrap();
    let server = large.served_with(server, &[], &["--drain-seconds", "60"])?;
    let mut client = server.send(client::get("/large"))?;
    client.head(DEADLINE)?.has_status(200)?;
    let mut slow = server.send(client::get("/sleep?ms=2500"))?;
    server.signal("TERM")?;
    let time = DEADLINE + Duration::from_secs(3);
    slow.response(time).map_err(died)?.has_status(200)?;
    let count = client.drain();
    if count == Large::LENGTH {
        drop(client);
        return ends_with(&server, 0);
    }
    let saw = format!("{count} bytes");
    differs("the whole file, while the drain lasts", &saw).map_err(|it| {
        it.hint(
            "look at the deadline of a response that's on its way when the \
             server is told to stop. Only a client that still owes its request \
             has to hurry.",
        )
    })
}

pub fn three_second_response_outlasts_the_shutdown(server: &Server) -> Outcome {
    server.by_hand(
        "SERVER ADDRESS & server=$!; sleep 1\n\
         curl -i -m 9 'http://ADDRESS/sleep?ms=3000' & sleep 1\n\
         kill $server; wait $server; echo \"exit status $?\"; wait",
    );
    let server = server.start_at("127.0.0.1")?;
    let mut slow = server.send(client::get("/sleep?ms=3000"))?;
    server.signal("TERM")?;
    let time = DEADLINE + Duration::from_secs(3);
    is_hello(&slow.response(time).map_err(|seen| {
        died(seen).hint(
            "look at what ends the process. A request that's complete gets \
             its whole response, as long as the drain lasts.",
        )
    })?)?;
    drop(slow);
    ends_with(&server, 0)
}

/// A worker may look at a client just before the signal, and give it back just
/// after: a matter of luck, so it's tried often.
pub fn shutdown_overlooks_no_new_client(server: &Server) -> Outcome {
    server.by_hand(
        "for i in 1 2 3; do\n\
         SERVER ADDRESS & server=$!; sleep 1\n\
         for i in $(seq 8); do sleep 9 | curl -s -m 5 telnet://ADDRESS & done\n\
         sleep 0.1; kill $server; time wait $server; done   # none takes long",
    );
    let options = ["--idle-seconds", "3600", "--drain-seconds", "3600"];
    for _ in 0..200 {
        let server = server
            .with_options(&options)
            .or_else(|_| server.configured(&options[..2]))?;
        let clients: Outcome<Vec<_>> =
            (0..8).map(|_| server.connect()).collect();
        server.signal("TERM")?;
        let _clients = clients?;
        ends_with(&server, 0).map_err(|seen| {
            died(seen).hint(
                "look at how an idle connection learns that the server stops. \
                 Usual cause: a worker looks just before the signal, and gives \
                 the connection back when the loop has closed all the others.",
            )
        })?;
    }
    Ok(())
}

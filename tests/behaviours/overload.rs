//! More clients than there's room for, and a request that fails.

use std::time::Instant;

#[cfg(target_os = "linux")]
use super::accepting::uses_no_processor_time;
use super::differs;
use super::responding::{has_status, is_hello};
#[cfg(unix)]
use super::shutdown::ends_with_status_0;
use crate::support::client::{Client, get};
use crate::support::report::{Deviation, Outcome, Symptom};
use crate::support::server::Server;
use crate::support::{DEADLINE, SHORT_WAIT, by_hand};

/// Clients that a full server has let in, and others that it has rejected. All
/// of them keep their connections.
struct Crowd {
    inside: Vec<Client>,
    rejected: Vec<Client>,
}

/// Connects clients that send half a request each, until a server with room for
/// `room` of them has rejected this many.
fn crowd(server: &Server, room: usize, rejected: usize) -> Outcome<Crowd> {
    let mut crowd = Crowd { inside: Vec::new(), rejected: Vec::new() };
    let is_complete = |crowd: &Crowd| {
        let is_full = crowd.inside.len() == room;
        // Another server may have room for fewer.
        crowd.rejected.len() >= if is_full { rejected } else { 10 * rejected }
    };
    while !is_complete(&crowd) {
        let mut client = server.connect()?;
        // A client that was rejected can't send any more.
        _ = client.send("GET / HTTP/1.1\r\nHost: localhost\r\n");
        #[cfg(target_os = "linux")]
        if server.program.is_ours && server.patience() == DEADLINE {
            // By now, the accept loop has said all that it has to say.
            server.has_accepted_all()?;
            server.main_thread_sleeps()?;
        }
        // Clients for which there's no room are rejected at once.
        let full = crowd.inside.len() == room;
        let time = if full { server.patience() } else { SHORT_WAIT / 10 };
        let response = match client.response(time) {
            Err(it) if it.symptom == Symptom::Hangs && !full => {
                crowd.inside.push(client);
                continue;
            }
            response => response.map_err(|seen| {
                seen.hint(
                    "look at what the accept loop does when the queue is full. \
                     Usual causes: the queue has no bound (`mpsc::channel`), \
                     or `send` waits for room where `try_send` would say that \
                     there's none.",
                )
            })?,
        };
        let again = response.field("retry-after").unwrap_or_default();
        if response.status != 503 || again.parse::<u32>().is_err() {
            return response.differs("503 with Retry-After in seconds");
        }
        // It doesn't have to wait for others to leave.
        client.is_closed(server.patience()).map_err(|seen| {
            seen.hint(
                "look at what follows the 503. Usual cause: the client sees the \
                 end of its connection only when its turn for a lingering close \
                 comes. `shutdown(Shutdown::Write)` belongs right after the \
                 response.",
            )
        })?;
        crowd.rejected.push(client);
    }
    Ok(crowd)
}

pub fn full_queue_is_503_at_once(server: &Server) -> Outcome {
    server.by_hand(by_hand::with(
        "--workers 2 --queue 8",
        &(by_hand::held(20) + "\ncurl -i -m 3 http://ADDRESS/"),
    ));
    let small = server.configured(&["--workers", "2", "--queue", "8"])?;
    let crowd = crowd(&small, 10, 20)?;
    if server.program.is_ours && crowd.inside.len() != 10 {
        let saw = format!("{} of them", crowd.inside.len());
        return differs(
            "ten clients inside: two with workers, eight queued",
            &saw,
        );
    }
    drop(crowd);
    has_room_again(&small)
}

/// Once clients have been served or have left, there's room for others.
fn has_room_again(server: &Server) -> Outcome {
    let start = Instant::now();
    loop {
        match server.get("/") {
            Ok(it) if it.status != 503 => return is_hello(&it),
            Err(it) if start.elapsed() > DEADLINE => return Err(it),
            _ if start.elapsed() > DEADLINE => {
                return differs("room for a client", "503, again and again");
            }
            _ => {}
        }
    }
}

/// A server for two clients, which lingers for as long as a client stays.
fn for_two(server: &Server) -> Outcome<Server> {
    let lingers = ["--linger-seconds", "60"];
    server.configured(
        &[&["--workers", "1", "--queue", "1"], &lingers[..]].concat(),
    )
}

pub fn rejected_clients_delay_no_other_client(server: &Server) -> Outcome {
    server.by_hand(by_hand::with(
        "--workers 1 --queue 1",
        "bash -c 'exec 3<>/dev/tcp/ADDRESS; sleep 4' & sleep 1\n\
         curl -sS -m 9 -o /dev/null -w '%{http_code}\\n' http://ADDRESS/ & sleep 1\n\
         # These are rejected, and stay.\n\
         for i in $(seq 20); do\n\
         \x20 bash -c 'exec 3<>/dev/tcp/ADDRESS; sleep 9' & done; sleep 4\n\
         curl -sS -m 3 -o /dev/null -w '%{http_code}\\n' http://ADDRESS/",
    ));
    let small = for_two(server)?;
    #[cfg(target_os = "linux")]
    let before = small.open_files(usize::MAX)?;
    // More than may wait for a lingering close.
    let Crowd { inside, mut rejected } = crowd(&small, 2, 90)?;
    for client in &mut rejected {
        _ = client.send("more\r\n"); // It has been closed, or it isn't read.
    }
    #[cfg(target_os = "linux")]
    uses_no_processor_time(&small, "while rejected clients linger")?;
    #[cfg(target_os = "linux")]
    limits_lingering(&small, before, 90)?;
    // A rejected client may have gone before it's told. No other is harmed.
    for _ in 0..20 {
        drop(small.connect()?);
    }
    #[cfg(target_os = "linux")]
    small.has_accepted_all()?;
    for mut client in inside {
        client.finish()?;
        is_hello(&client.response(DEADLINE)?).map_err(waits_for_rejected)?;
    }
    has_room_again(&small).map_err(waits_for_rejected)
}

/// Some of these rejected clients have been closed, although none has left.
#[cfg(target_os = "linux")]
fn limits_lingering(
    server: &Server,
    before: usize,
    rejected: usize,
) -> Outcome {
    server.has_accepted_all()?;
    const SOME: usize = 10;
    server.has_closed_all_but(before + rejected - SOME).map_err(|seen| {
        seen.hint(
            "look at how many rejected clients linger at once. Without a limit, \
             a crowd of them takes all descriptors, and the clients inside \
             can't be served.",
        )
    })
}

/// A connection that's closed at once answers what still arrives with a reset,
/// and on some systems that destroys the response.
pub fn rejected_client_can_finish_its_request(server: &Server) -> Outcome {
    server.by_hand(by_hand::with(
        "--workers 1 --queue 1",
        "for i in 1 2; do\n\
         \x20 bash -c 'exec 3<>/dev/tcp/ADDRESS; sleep 5' & sleep 0.5; done\n\
         bash -c 'exec 3<>/dev/tcp/ADDRESS; sleep 1; for i in 1 2 3; do\n\
         \x20 echo a line >&3 || exit; sleep 0.1; done; head -n 1 <&3'",
    ));
    let small = for_two(server)?;
    let Crowd { mut rejected, .. } = crowd(&small, 2, 1)?;
    for _ in 0..20 {
        rejected[0].send("X: y\r\n").map_err(|seen| {
            seen.expected("a rejected client to finish its request").hint(
                "look at what becomes of the connection after the 503. Usual \
                 cause: it's dropped, so it's closed at once. It needs a \
                 lingering close, and reads that wait.",
            )
        })?;
        small.stderr.wait(SHORT_WAIT / 20, |_| false);
    }
    Ok(())
}

fn waits_for_rejected(seen: Deviation) -> Deviation {
    seen.hint(
        "look at which thread closes the connection of a rejected client. Usual \
         cause: the accept loop or a worker lingers for it.",
    )
}

#[cfg(unix)]
pub fn shutdown_does_not_wait_for_rejected_clients(server: &Server) -> Outcome {
    server.by_hand(
        "SERVER ADDRESS --workers 1 --queue 1 --linger-seconds 9 & server=$!; sleep 1\n\
         for i in 2 2 9; do\n\
         \x20 bash -c \"exec 3<>/dev/tcp/ADDRESS; sleep $i\" & sleep 0.5; done\n\
         kill $server; time wait $server; echo \"exit status $?\"   # 0 after 2 s",
    );
    let small = for_two(server)?;
    let Crowd { inside, rejected } = crowd(&small, 2, 3)?;
    small.signal("TERM")?;
    small.refuses_connections()?;
    for mut client in inside {
        client.finish()?;
        is_hello(&client.response(DEADLINE)?)?;
    }
    ends_with_status_0(&small).map_err(|seen| {
        seen.hint(
            "look at what `main` waits for at the end. Usual cause: it joins the \
             thread that lingers for rejected clients.",
        )
    })?;
    drop(rejected);
    Ok(())
}

pub fn client_beyond_the_limit_of_connections_is_503(
    server: &Server,
) -> Outcome {
    let options = ["--connections", "4", "--workers", "1"];
    let clients = by_hand::held(4) + "\ncurl -i -m 3 http://ADDRESS/";
    server.by_hand(by_hand::with(&options.join(" "), &clients));
    let small = server
        .configured(&[&options[..], &["--linger-seconds", "60"]].concat())?;
    #[cfg(target_os = "linux")]
    let before = small.open_files(usize::MAX)?;
    let request = "GET / HTTP/1.1\r\nHost: localhost\r\n";
    let mut inside = Vec::new();
    for _ in 0..4 {
        // With the first response, the second request has begun.
        let mut client = small.send(format!("{request}\r\n{request}"))?;
        is_hello(&client.response(DEADLINE)?)?;
        inside.push(client);
    }
    let mut rejected = Vec::new();
    for _ in 0..10 {
        let mut client = small.send(get("/"))?;
        let response = client.response(small.patience())?;
        let again = response.field("retry-after").unwrap_or_default();
        if response.status != 503 || again.parse::<u32>().is_err() {
            let expected = "503 with Retry-After in seconds";
            return response.differs(expected).map_err(|seen| {
                seen.hint(
                    "look at what is counted. A connection counts from `accept` \
                     until it's closed, whichever thread owns it meanwhile.",
                )
            });
        }
        client.is_closed(DEADLINE)?;
        rejected.push(client);
    }
    // However many come, those inside lose nothing.
    for _ in 0..100 {
        rejected.push(small.send(get("/"))?);
    }
    #[cfg(target_os = "linux")]
    limits_lingering(&small, before, rejected.len())?;
    for mut client in inside {
        client.finish()?;
        is_hello(&client.response(DEADLINE)?).map_err(waits_for_rejected)?;
    }
    drop(rejected);
    has_room_again(&small)
}

/// The panic took the connection with it.
fn has_no_500(seen: Deviation) -> Deviation {
    if seen.symptom != Symptom::Closes {
        return seen;
    }
    seen.expected("status 500, because the handler panics").hint(
        "follow the calls from the line that panicked back to the worker. The \
         panic drops everything that those functions own, such as the \
         connection. Only a caller that still has the connection afterwards can \
         answer the client.",
    )
}

pub fn panic_is_500(server: &Server) -> Outcome {
    server.by_hand(by_hand::get("/panic"));
    let mut client = server.send(get("/panic"))?;
    has_status(&mut client, 500, server).map_err(has_no_500)?;
    is_hello(&server.get("/")?)?;
    // What is printed is up to the author of a server.
    let says = |lines: &[String]| lines.iter().any(|it| it.contains("/panic"));
    if server.program.is_ours && !server.stderr.wait(DEADLINE, says) {
        let saw = format!("{:?}", server.stderr.lines());
        return differs("the panic's message on standard error", &saw);
    }
    Ok(())
}

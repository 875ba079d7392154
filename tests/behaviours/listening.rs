//! Connections come and go, and the server stays.

use super::differs;
use crate::support::client::get;
use crate::support::report::Outcome;
use crate::support::server::Server;
use crate::support::{DEADLINE, SHORT_WAIT, by_hand};

pub fn connections_are_accepted_one_after_another(server: &Server) -> Outcome {
    server.by_hand([by_hand::get("/"), by_hand::get("/")].join("\n"));
    for _ in 0..12 {
        server.send(get("/"))?.is_attended(DEADLINE)?;
    }
    Ok(())
}

/// Asks twice, because a server that's about to end doesn't answer the first
/// client, but may close its connection before the process has ended.
fn goes_on(server: &Server) -> Outcome {
    server.send(get("/"))?.is_attended(DEADLINE)?;
    server.send(get("/"))?.is_attended(DEADLINE)
}

pub fn empty_connection_does_not_end_the_server(server: &Server) -> Outcome {
    server.by_hand(
        "curl -m 1 telnet://ADDRESS < /dev/null   # browsers do that, too\n\
         curl -i -m 3 http://ADDRESS/",
    );
    for _ in 0..12 {
        drop(server.connect()?);
    }
    goes_on(server)
}

pub fn partial_request_does_not_end_the_server(server: &Server) -> Outcome {
    server.by_hand(
        "printf 'GET / HT' | curl -m 1 telnet://ADDRESS\n\
         curl -i -m 3 http://ADDRESS/",
    );
    for part in ["G", "GET / HT", "GET / HTTP/1.1\r", "GET / HTTP/1.1\r\nHo"] {
        for _ in 0..3 {
            drop(server.send(part)?);
        }
    }
    goes_on(server)
}

pub fn invalid_utf8_does_not_end_the_server(server: &Server) -> Outcome {
    server.by_hand(
        "printf '\\377\\376\\0 \\r\\n\\r\\n' | curl -m 1 telnet://ADDRESS\n\
         curl -i -m 3 http://ADDRESS/",
    );
    for _ in 0..6 {
        let mut client = server.send(b"\xff\xfe\x00\xc3\x28\r\n\r\n")?;
        client.is_attended(DEADLINE)?;
        let mut client =
            server.send(b"GET /\xff\xfe HTTP/1.1\r\nHost: \xc3\x28\r\n\r\n")?;
        client.is_attended(DEADLINE)?;
    }
    goes_on(server)
}

pub fn early_disconnect_does_not_end_the_server(server: &Server) -> Outcome {
    server.by_hand(
        "for i in $(seq 12); do curl -s -m 0.001 http://ADDRESS/; done\n\
         curl -i -m 3 http://ADDRESS/",
    );
    for _ in 0..12 {
        drop(server.send(get("/"))?);
    }
    goes_on(server)
}

/// Only on Linux: macOS drops a connection that it has no descriptor for.
#[cfg(target_os = "linux")]
pub fn descriptor_exhaustion_does_not_end_the_server(
    server: &Server,
) -> Outcome {
    server.by_hand(
        "(ulimit -n 32; exec SERVER ADDRESS) & server=$!; sleep 1\n\
         for i in $(seq 60); do sleep 5 | curl -s telnet://ADDRESS & done\n\
         sleep 6; curl -i -m 3 http://ADDRESS/\n\
         kill $server",
    );
    let small = server.start_with_open_files(32, &[])?;
    let silent: Outcome<Vec<_>> = (0..60).map(|_| small.connect()).collect();
    let silent = silent?;
    // No client can be served now, because there are no descriptors left or
    // because the first silent client is in the way.
    let mut client = small.send(get("/"))?;
    client.is_not_answered(
        small.vigilance(),
        "nothing, while 60 silent clients take all the file descriptors",
    )?;
    drop(silent);
    client.is_attended(DEADLINE).map_err(|deviation| {
        let expected = "the response to GET /, or the end of the connection, \
                        once the silent clients have left";
        deviation.expected(expected).hint(
            "look at what follows an `accept` that fails. Usual causes: the \
             accept loop has ended; or an event loop waits for an event before \
             it tries again, and none comes for clients that were there before.",
        )
    })?;
    small.send(get("/"))?.is_attended(DEADLINE)?;
    small.is_well()
}

/// Only on Linux, where the limit on memory applies to the stacks of threads.
#[cfg(target_os = "linux")]
pub fn thread_exhaustion_does_not_end_the_server(server: &Server) -> Outcome {
    // Each thread reserves 256 MiB for its stack, so there is room for about
    // ten. (The number of threads itself can't be limited for root.) Rust reads
    // the variable, and the C library's threads have stacks of the limit's size.
    let limit = "export RUST_MIN_STACK=268435456; ulimit -s 262144; \
                 ulimit -v 3000000";
    server.by_hand(format!(
        "({limit}; exec SERVER ADDRESS) & server=$!; sleep 1\n\
         for i in $(seq 40); do sleep 5 | curl -s telnet://ADDRESS & done\n\
         sleep 6; curl -i -m 3 http://ADDRESS/\n\
         kill $server"
    ));
    let small = server
        .start_within(limit, &["--workers", "4"])
        .or_else(|_| server.start_within(limit, &[]))?;
    let silent: Outcome<Vec<_>> = (0..40).map(|_| small.connect()).collect();
    // While they are there, the server has all the threads that it can have.
    let mut client = small.send(get("/"))?;
    _ = client.is_not_answered(SHORT_WAIT, "");
    let threads = small.threads();
    drop(silent);
    let served = goes_on(&small).and_then(|()| small.is_well());
    served.map_err(|it| {
        it.hint(
            "look at where a thread is started. Usual cause: the operating \
             system has no thread left, and that ends the server. Rust's \
             `thread::spawn` panics then, and `thread::Builder::new().spawn(…)` \
             returns an error instead. In Python, `start` raises a \
             RuntimeError, which isn't an OSError.",
        )
    })?;
    match threads? {
        // A runtime that chooses its own stacks has room for all of them.
        count if count >= 40 && server.program.is_ours => {
            differs("room for fewer threads", &format!("{count}"))
        }
        _ => Ok(()),
    }
}

pub fn half_closed_client_with_partial_head_is_closed_at_once(
    server: &Server,
) -> Outcome {
    let part = "GET / HTTP/1.1\r\nHost: localhost\r\n";
    server.by_hand([&by_hand::raw(part), by_hand::STATUS].join("\n"));
    let mut client = server.send(part)?;
    client.stop_sending()?;
    client.is_closed(DEADLINE).map_err(|deviation| {
        deviation.hint(
            "look at how the head is read. There's no response to a part of a \
             request. And when a read returns 0 bytes, the client won't send \
             any more: a loop that still waits for the blank line waits \
             forever.",
        )
    })
}

pub fn unusable_address_is_an_error(server: &Server) -> Outcome {
    server.by_hand("SERVER no-address; echo $?");
    let (status, said) = server.fails_at("no-address")?;
    if status.success() || said.is_empty() {
        let expected = "an error on standard error and in the exit status";
        return differs(expected, &format!("{status}, saying {said:?}"));
    }
    Ok(())
}

pub fn port_in_use_is_an_error(server: &Server) -> Outcome {
    server.by_hand(
        "SERVER ADDRESS & server=$!; sleep 1\n\
         SERVER ADDRESS; echo $?\n\
         kill $server",
    );
    let (status, said) = server.fails_at(&server.address.to_string())?;
    if status.success() || said.is_empty() {
        let expected = "an error on standard error and in the exit status";
        return differs(expected, &format!("{status}, saying {said:?}"));
    }
    server.send(get("/"))?.is_attended(DEADLINE)
}

/// Asked only of this repository's programs: what another server prints is up to
/// its author.
pub fn request_head_is_printed(server: &Server) -> Outcome {
    server.by_hand("curl -m 3 http://ADDRESS/a-path-to-look-for");
    if !server.program.is_ours {
        return Ok(());
    }
    let mut client = server.send(get("/a-path-to-look-for"))?;
    client.is_attended(DEADLINE)?;
    server.kill()?;
    let lines = server.stdout.lines();
    let printed = [
        "GET /a-path-to-look-for HTTP/1.1\\r\\n",
        "Host: localhost\\r\\n",
        "Connection: close\\r\\n",
    ];
    if lines.get(1..) == Some(&printed.map(String::from)) {
        return Ok(());
    }
    differs(
        "the head on standard output, a line for each line of it",
        &format!("{lines:?}"),
    )
}

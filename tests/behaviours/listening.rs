//! Connections come and go, and the server stays.

use super::differs;
use crate::support::DEADLINE;
use crate::support::client::get;
use crate::support::report::Outcome;
use crate::support::server::Server;

pub fn it_takes_one_connection_after_another(server: &Server) -> Outcome {
    server.by_hand("curl -i http://ADDRESS/   # as often as you like");
    for _ in 0..12 {
        server.send(get("/"))?.is_attended(DEADLINE)?;
    }
    Ok(())
}

pub fn an_empty_connection_ends_nothing(server: &Server) -> Outcome {
    server.by_hand(
        "curl -m 1 telnet://ADDRESS < /dev/null   # browsers do that, too\n\
         curl -i http://ADDRESS/",
    );
    for _ in 0..12 {
        drop(server.connect()?);
    }
    server.send(get("/"))?.is_attended(DEADLINE)
}

pub fn half_a_request_ends_nothing(server: &Server) -> Outcome {
    server.by_hand(
        "printf 'GET / HT' | curl -m 1 telnet://ADDRESS\n\
         curl -i http://ADDRESS/",
    );
    for part in ["G", "GET / HT", "GET / HTTP/1.1\r", "GET / HTTP/1.1\r\nHo"] {
        for _ in 0..3 {
            drop(server.send(part)?);
        }
    }
    server.send(get("/"))?.is_attended(DEADLINE)
}

pub fn bytes_that_are_not_utf8_end_nothing(server: &Server) -> Outcome {
    server.by_hand(
        "printf '\\377\\376\\0 \\r\\n\\r\\n' | curl -m 1 telnet://ADDRESS\n\
         curl -i http://ADDRESS/",
    );
    for _ in 0..6 {
        let mut client = server.send(b"\xff\xfe\x00\xc3\x28\r\n\r\n")?;
        client.is_attended(DEADLINE)?;
        let mut client =
            server.send(b"GET /\xff\xfe HTTP/1.1\r\nHost: \xc3\x28\r\n\r\n")?;
        client.is_attended(DEADLINE)?;
    }
    server.send(get("/"))?.is_attended(DEADLINE)
}

pub fn a_client_that_leaves_early_ends_nothing(server: &Server) -> Outcome {
    server.by_hand("curl --max-time 0.001 http://ADDRESS/   # a few times");
    for _ in 0..12 {
        drop(server.send(get("/"))?);
    }
    server.send(get("/"))?.is_attended(DEADLINE)
}

/// Only on Linux: macOS drops a connection that it has no open file for.
#[cfg(target_os = "linux")]
pub fn running_out_of_open_files_ends_nothing(server: &Server) -> Outcome {
    server.by_hand(
        "# start it with few open files: (ulimit -n 32; cargo run …)\n\
         for i in $(seq 60); do curl -s telnet://ADDRESS & done\n\
         kill %1 %2 %3   # all of them, and then:\n\
         curl -i http://ADDRESS/",
    );
    let small = server.start_with_open_files(32, &[])?;
    let crowd: Outcome<Vec<_>> = (0..60).map(|_| small.connect()).collect();
    let crowd = crowd?;
    // Nobody can be served now, be it for want of open files or because the
    // first silent client is in the way.
    let mut client = small.send(get("/"))?;
    client.is_not_answered(
        small.vigilance(),
        "nothing, while 60 silent clients take all the open files",
    )?;
    drop(crowd);
    client.is_attended(DEADLINE)?;
    small.send(get("/"))?.is_attended(DEADLINE)?;
    small.is_well()
}

pub fn half_a_head_and_no_more_is_closed_at_once(server: &Server) -> Outcome {
    server.by_hand("printf 'GET / HTTP/1.1\\r\\n' | nc -N 127.0.0.1 7878");
    let mut client = server.hold()?;
    client.stop_sending()?;
    client.is_closed(DEADLINE)
}

pub fn an_address_that_it_cannot_have_is_an_error(server: &Server) -> Outcome {
    let (status, said) = server.fails_at("no-address")?;
    if status.success() || said.is_empty() {
        let expected = "an error on standard error and an exit status";
        return differs(expected, &format!("{status}, saying {said:?}"));
    }
    Ok(())
}

pub fn a_port_that_is_taken_is_an_error(server: &Server) -> Outcome {
    let (status, said) = server.fails_at(&server.address.to_string())?;
    if status.success() || said.is_empty() {
        let expected = "an error on standard error and an exit status";
        return differs(expected, &format!("{status}, saying {said:?}"));
    }
    server.send(get("/"))?.is_attended(DEADLINE)
}

/// Asked of this repository's programs only: what a server prints is its own
/// affair.
pub fn the_head_of_a_request_is_printed(server: &Server) -> Outcome {
    server.by_hand("curl http://ADDRESS/a-path-to-look-for");
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

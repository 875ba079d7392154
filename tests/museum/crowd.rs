//! Clients that break no rule, and that a server isn't prepared for.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use crate::answer::{Answer, PLAIN};
use crate::support::DEADLINE;
use crate::support::report::{Deviation, Outcome, Symptom};
use crate::support::server::Server;

pub const SLOWLORIS: &str =
    "GET / HTTP/1.1\r\nHost: a\r\nX-a: b\r\n… and another field every second";

/// A server may wait this long for a head: nginx takes a minute. Our steps can
/// be told to take a second, if they have a deadline.
const LONGEST_HEAD: [Duration; 2] =
    [Duration::from_secs(100), Duration::from_secs(12)];

pub fn head_that_never_ends_times_out(server: &Server) -> Outcome {
    let is_step = server.program.to_string().starts_with("step");
    let longest = LONGEST_HEAD[usize::from(is_step)];
    let server = server.impatient(&[])?;
    let mut stream =
        TcpStream::connect(server.address).map_err(|it| broken(&it))?;
    let pause = Duration::from_millis(200);
    stream.set_read_timeout(Some(pause)).map_err(|it| broken(&it))?;
    let start = Instant::now();
    let mut line = "GET / HTTP/1.1\r\nHost: a\r\n";
    let mut pauses = 0;
    while start.elapsed() < longest {
        // A field every second.
        if pauses % 5 == 0 && stream.write_all(line.as_bytes()).is_err() {
            return Ok(());
        }
        (line, pauses) = ("X-a: b\r\n", pauses + 1);
        match stream.read(&mut [0; 4096]) {
            Err(it) if it.kind() == ErrorKind::WouldBlock => {}
            Err(it) if it.kind() == ErrorKind::TimedOut => {}
            Ok(0) | Err(_) => return Ok(()),
            Ok(_) => {} // Perhaps a 408. Its end follows.
        }
    }
    let expected = "a refusal, or the end of the connection";
    let saw = format!("it still waits after {longest:?}");
    Err(Deviation::new(Symptom::Hangs, expected, &saw).hint(
        "look at what a byte does to the timeout. If each one restarts it, a \
         byte now and then defeats it: a head needs a deadline.",
    ))
}

pub const FOUR_SILENT: &str = "nothing, on four connections";

pub fn four_silent_connections_delay_no_other_client(
    server: &Server,
) -> Outcome {
    let silent: Outcome<Vec<_>> = (0..4).map(|_| server.connect()).collect();
    let silent = silent?;
    let answer = Answer::to(server, PLAIN)?;
    drop(silent);
    if !answer.statuses.is_empty() {
        return Ok(());
    }
    answer.differs(
        "a response to the fifth client",
        "look at what a silent connection holds. A browser opens some before it \
         needs them, and each holds a worker.",
    )
}

pub const EARLY_RESPONSE: &str = "POST / HTTP/1.1\r\nHost: a\r\n\
    Content-Length: 16000000\r\n\r\n\
    … and the whole body, before the client reads";

pub fn response_survives_the_body_that_comes_later(server: &Server) -> Outcome {
    // More than all buffers between client and server hold together.
    const LENGTH: usize = 16_000_000;
    let head = format!(
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\
         Content-Length: {LENGTH}\r\n\r\n"
    );
    let request = [head.as_bytes(), &vec![0; LENGTH]].concat();
    let answer = Answer::after(server, request)?;
    if !answer.is_reset && !answer.statuses.is_empty() {
        return Ok(());
    }
    answer.differs(
        "room for all of the body, and then a response to read",
        "RFC 9112 §9.6: look at how the connection is closed. If there are bytes \
         that nobody has read, the kernel sends a reset. Most clients report \
         that, and never look for a response.",
    )
}

pub const ABORTED: &str = "five connections, each reset before it's accepted";

pub fn aborted_connections_do_not_end_the_server(server: &Server) -> Outcome {
    server.signal("STOP")?;
    // More might not have room in the backlog.
    for _ in 0..5 {
        let stream = TcpStream::connect(server.address);
        reset(stream.map_err(|it| broken(&it))?);
    }
    server.signal("CONT")?;
    for _ in 0..8 {
        let answer = Answer::to(server, PLAIN)?;
        if answer.statuses.is_empty() {
            return answer.differs(
                "answers to the next clients",
                "look at what the accept loop does with an error, and what \
                 becomes of a client that has gone already. Neither should end \
                 the server.",
            );
        }
    }
    Ok(())
}

pub const NO_DESCRIPTORS: &str = "sixty connections, and `ulimit -n 32`";

pub fn exhausted_descriptors_do_not_end_the_server(server: &Server) -> Outcome {
    let small = server.start_with_open_files(32, &[])?;
    let clients: Outcome<Vec<_>> = (0..60).map(|_| small.hold()).collect();
    // The server has come to the one that it has no descriptor for.
    _ = Answer::to(&small, PLAIN)?;
    drop(clients);
    let start = Instant::now();
    loop {
        let answer = Answer::to(&small, PLAIN)?;
        if !answer.statuses.is_empty() {
            return Ok(());
        }
        if start.elapsed() > DEADLINE {
            return answer.differs(
                "a response, once the sixty clients have gone",
                "look at what the accept loop does with an error. Usual causes: \
                 it ends; or it waits for an event, and none comes for clients \
                 that were there before.",
            );
        }
    }
}

pub const IDLE_AT_THE_END: &str = "a request, a SIGTERM, and silence";

pub fn shutdown_does_not_wait_for_an_idle_client(server: &Server) -> Outcome {
    // Where they can be set, no other time limit ends the connection.
    let options = ["--idle-seconds", "3600", "--drain-seconds", "3600"];
    let server = server
        .with_options(&options)
        .or_else(|_| server.configured(&options[..2]))?;
    let mut idle = TcpStream::connect(server.address)
        .and_then(|mut it| {
            it.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").map(|()| it)
        })
        .map_err(|it| broken(&it))?;
    _ = idle.set_read_timeout(Some(DEADLINE));
    // The rest of the page is on its way.
    if idle.read(&mut [0; 4096]).is_err() {
        return Err(broken(&std::io::Error::other("no response")));
    }
    server.signal("TERM")?;
    server.exit().map(drop).map_err(|seen| {
        seen.hint(
            "look at what the shutdown waits for. A client that has its response \
             may keep its connection open for as long as it likes.",
        )
    })
}

/// Closes the connection with a reset instead of a FIN.
fn reset(stream: TcpStream) {
    const SOL_SOCKET: i32 = 1;
    const SO_LINGER: i32 = 13;
    unsafe extern "C" {
        fn setsockopt(
            socket: i32,
            level: i32,
            name: i32,
            value: *const i32,
            length: u32,
        ) -> i32;
    }
    let at_once = [1, 0];
    // SAFETY: the socket is open, and the value is a `linger` of eight bytes: on,
    // and for no time.
    unsafe {
        setsockopt(
            stream.as_raw_fd(),
            SOL_SOCKET,
            SO_LINGER,
            at_once.as_ptr(),
            8,
        );
    }
}

fn broken(error: &std::io::Error) -> Deviation {
    Deviation::new(Symptom::Broken, "a connection", &error.to_string())
}

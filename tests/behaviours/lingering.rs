//! A close that loses nothing of the response.

#[cfg(target_os = "linux")]
use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

#[cfg(target_os = "linux")]
use super::accepting::uses_no_processor_time;
use super::differs;
#[cfg(target_os = "linux")]
use super::directory::{Large, with_large_file};
use super::responding::{has_status, is_hello};
use crate::support::client::{Client, get};
use crate::support::report::{Outcome, Symptom};
use crate::support::server::Server;
use crate::support::{DEADLINE, by_hand};

/// Where the silence that ends a lingering close can be set.
const LONG: [&str; 2] = ["--linger-seconds", "60"];

/// A request that other bytes follow, which no server here has a use for.
const UPLOAD: &str = "POST / HTTP/1.1\r\nHost: localhost\r\n\
    Connection: close\r\nContent-Length: 1000000\r\n\r\n";

/// Sends this, and then a little more now and then. Only after that does it
/// look for the response.
fn upload_by_hand(first: &str) -> String {
    format!(
        "bash -c 'exec 3<>/dev/tcp/ADDRESS; printf \"{first}\" >&3\n\
         for i in $(seq 25); do sleep 0.2; head -c 4000 /dev/zero >&3 || break\n\
         done; read -t 3 -u 3 line; echo \"sent $i times, then got: $line\"'"
    )
}

/// Each of these requests is followed by bytes that come slowly. Its client looks
/// for the response only when it has sent all of them, which takes longer than
/// the silence that ends a lingering close.
fn slow_uploads(server: &Server, requests: &[(&[u8], u16)]) -> Outcome {
    let server = server.configured(&["--linger-seconds", "0.5"])?;
    let start = Instant::now();
    loop {
        let mut longest_silence = Duration::ZERO;
        let seen = upload_slowly(&server, requests, &mut longest_silence);
        // On a busy machine, we may have been silent for too long ourselves.
        let is_our_fault = longest_silence > Duration::from_millis(250);
        if seen.is_ok() || !is_our_fault || start.elapsed() > DEADLINE {
            return seen;
        }
    }
}

fn upload_slowly(
    server: &Server,
    requests: &[(&[u8], u16)],
    longest_silence: &mut Duration,
) -> Outcome {
    let mut last = Instant::now();
    let mut clients = Vec::new();
    for (request, status) in requests {
        clients.push((server.send(request)?, *status));
    }
    let time = server.vigilance().max(Duration::from_secs(1));
    let start = Instant::now();
    // A single byte is more than silence, too.
    for length in [1, 1000].into_iter().cycle() {
        if start.elapsed() > time {
            break;
        }
        thread::sleep(Duration::from_millis(50));
        for (client, _) in &mut clients {
            let sent = client.send(vec![0; length]);
            *longest_silence = last.elapsed().max(*longest_silence);
            sent.map_err(|deviation| {
                deviation.expected(
                    "the server to read on after its response, as long as \
                     more arrives",
                )
            })?;
        }
        last = Instant::now();
    }
    for (client, status) in &mut clients {
        has_status(client, *status, server)?;
    }
    Ok(())
}

pub fn slow_upload_gets_its_response(server: &Server) -> Outcome {
    server.by_hand(upload_by_hand(
        "POST / HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 100000\\r\\n\\r\\n",
    ));
    slow_uploads(server, &[(UPLOAD.as_bytes(), 405)])
}

pub fn refused_request_gets_its_response(server: &Server) -> Outcome {
    server.by_hand(upload_by_hand("\\026\\003\\001"));
    let long = "GET /".to_string() + &"x".repeat(9000);
    slow_uploads(
        server,
        &[(b"\x16\x03\x01", 400), (b"GET /\r\n", 400), (long.as_bytes(), 414)],
    )
}

#[cfg(target_os = "linux")]
pub fn late_body_does_not_reset_the_response(server: &Server) -> Outcome {
    server.by_hand(with_large_file(
        "(printf 'GET /large HTTP/1.0\\r\\n\\r\\n'; sleep 0.1; echo; sleep 2) | \
         curl -m 9 telnet://ADDRESS | wc -c",
    ));
    // More than has reached the client when the server is done with it.
    const LENGTH: u64 = 1_000_000;
    let large = Large::new("late");
    let file = fs::File::create(large.root.0.join("middle"));
    file.and_then(|file| file.set_len(LENGTH)).unwrap();
    let server = large.lingering(server)?;
    let time_passes = || {
        for _ in 0..20 {
            has_status(&mut server.send(get("/small"))?, 200, &server)?;
        }
        Ok(())
    };
    for is_sent_at_once in [true, false] {
        let mut client = server.send(get("/middle"))?;
        client.head(DEADLINE)?;
        if !is_sent_at_once {
            time_passes()?;
        }
        client.send("\r\n")?;
        time_passes()?;
        let count = client.drain();
        if count != LENGTH {
            let saw = format!("{count}, and a connection that is reset");
            return differs(&format!("all {LENGTH} bytes"), &saw);
        }
    }
    Ok(())
}

/// Four clients that get their responses and don't close, for nine seconds.
fn four_by_hand() -> String {
    "for i in 1 2 3 4; do bash -c 'exec 3<>/dev/tcp/ADDRESS\n\
     printf \"GET / HTTP/1.0\\r\\n\\r\\n\" >&3\n\
     head -n 1 <&3; sleep 9' & done; sleep 1"
        .to_string()
}

/// The same: each has its response, and keeps its connection.
fn four_served(server: &Server) -> Outcome<Vec<Client>> {
    let mut clients = Vec::new();
    for _ in 0..4 {
        let mut client = server.send(UPLOAD)?;
        client.response(DEADLINE)?;
        _ = client.send([0; 10]); // Then it's silent.
        clients.push(client);
    }
    Ok(clients)
}

pub fn connection_ends_with_the_response(server: &Server) -> Outcome {
    server.by_hand(
        by_hand::get("/") + "   # ends at once, and not in two seconds",
    );
    let server = server.configured(&LONG)?;
    for client in &mut four_served(&server)? {
        client.is_closed(DEADLINE).map_err(|deviation| {
            deviation.expected("the end of the connection, with the response")
                .hint(
                "look at what the server does first. Before it reads on, it \
                 has to shut down its sending side: \
                 `shutdown(Shutdown::Write)`.",
            )
        })?;
    }
    Ok(())
}

pub fn lingering_ends_when_the_client_closes(server: &Server) -> Outcome {
    server.by_hand(format!(
        "for i in 1 2 3 4 5; do\n{}\ndone   # none has to wait",
        by_hand::STATUS
    ));
    let server = server.configured(&LONG)?;
    drop(four_served(&server)?);
    is_hello(&server.get("/")?)
}

pub fn lingering_ends_after_silence(server: &Server) -> Outcome {
    server.by_hand(format!(
        "{}\n{}   # must not take more than two seconds",
        four_by_hand(),
        by_hand::STATUS
    ));
    // Even the longest lingering close would take longer than our patience.
    // Where they hold no worker, they hold a place.
    let options = ["--linger-seconds", "0.7", "--connections", "4"];
    let server = server
        .with_options(&options)
        .or_else(|_| server.configured(&options[..2]))?;
    let _silent = four_served(&server)?;
    let start = Instant::now();
    let response = loop {
        match server.get("/") {
            Ok(it) if it.status == 503 && start.elapsed() < DEADLINE => {
                thread::sleep(Duration::from_millis(10));
            }
            other => break other,
        }
    };
    let response = response.map_err(|deviation| {
        deviation
            .expected(
                "the response to the fifth client, once four that have theirs \
                 have been silent for a while",
            )
            .hint(
                "look at how long the server waits for a client that neither \
                 sends nor closes. Usual cause: a read without a timeout.",
            )
    });
    is_hello(&response?)
}

pub fn endless_upload_is_cut_off(server: &Server) -> Outcome {
    server.by_hand(
        "(printf 'POST / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'\n\
         while sleep 0.5; do echo; done) | curl -m 40 telnet://ADDRESS\n\
         # ends after 30 seconds",
    );
    let now_and_then = server.configured(&["--linger-seconds", "0.2"])?;
    let all_the_time = server.configured(&["--linger-seconds", "0.05"])?;
    let address = all_the_time.address;
    let flood = thread::spawn(move || flood_is_cut_off(address));
    trickle_is_cut_off(&now_and_then)?;
    flood.join().expect("no panic")
}

/// A byte comes long before the server takes the client for silent.
fn trickle_is_cut_off(server: &Server) -> Outcome {
    let mut client = server.send(UPLOAD)?;
    let mut start = Instant::now();
    let (mut last, mut was_silent) = (start, false);
    while start.elapsed() < DEADLINE {
        thread::sleep(Duration::from_millis(10));
        let is_closed = client.send([0]).is_err();
        was_silent |= last.elapsed() > Duration::from_millis(100);
        last = Instant::now();
        if is_closed && !was_silent {
            return Ok(());
        }
        if is_closed {
            // It may have ended because a busy machine has held us up.
            client = server.send(UPLOAD)?;
            (start, last, was_silent) = (last, last, false);
        }
    }
    let expected = "the end of the connection, however long a client sends";
    let deviation =
        client.deviation(Symptom::Hangs, expected, "it's still reading");
    Err(deviation.hint(
        "look at what ends the loop that discards input. Silence never comes if \
         the client goes on sending, so there has to be a deadline, too.",
    ))
}

/// There's always something to discard.
fn flood_is_cut_off(address: SocketAddr) -> Outcome {
    let mut client = TcpStream::connect(address).expect("a server");
    let start = Instant::now();
    let mut sent = client.write_all(UPLOAD.as_bytes());
    while sent.is_ok() && start.elapsed() < DEADLINE {
        sent = client.write_all(&[0; 16 * 1024]);
    }
    match sent {
        Err(_) => Ok(()),
        Ok(()) => differs("the end of the connection", "it's still reading"),
    }
}

#[cfg(target_os = "linux")]
pub fn lingering_uses_no_processor_time(server: &Server) -> Outcome {
    server.by_hand(
        four_by_hand() + "\ncut -d ' ' -f 14,15 /proc/$server/stat   # ticks",
    );
    let server = server.configured(&LONG)?;
    let _silent = four_served(&server)?;
    uses_no_processor_time(&server, "while four clients are silent")?;
    if server.all_threads_sleep()? {
        return Ok(());
    }
    let expected = "every thread to wait while four clients are silent";
    differs(expected, "a thread that never sleeps")
}

pub fn lingering_delays_no_other_client(server: &Server) -> Outcome {
    server.by_hand(format!(
        "{}\n{}   # has to wait",
        four_by_hand(),
        by_hand::STATUS.replace("-m 3", "-m 1")
    ));
    let server = server.configured(&LONG)?;
    let _silent = four_served(&server)?;
    let response = server.send(get("/"))?.response(server.patience());
    is_hello(&response.map_err(|deviation| {
        deviation.expected(
            "the response to the fifth client, although four that have theirs \
             keep their connections",
        )
    })?)
}

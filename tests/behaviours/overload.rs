//! More clients than can be served, and a request that fails.

use std::time::Instant;

use super::differs;
use super::responding::{has_status, is_hello};
use crate::support::client::get;
use crate::support::report::{Outcome, Symptom};
use crate::support::server::Server;
use crate::support::{DEADLINE, SHORT_WAIT, by_hand};

pub fn full_queue_is_503_at_once(server: &Server) -> Outcome {
    server.by_hand(by_hand::with(
        "--workers 2 --queue 8",
        &(by_hand::held(20) + "\ncurl -i -m 3 http://ADDRESS/"),
    ));
    let small = server.configured(&["--workers", "2", "--queue", "8"])?;
    let (mut inside, mut refused) = (Vec::new(), 0);
    while refused < 20 {
        let mut client = small.connect()?;
        // A client that was rejected can't send any more.
        _ = client.send("GET / HTTP/1.1\r\n");
        // Ten find a place; all others are rejected at once.
        let full = inside.len() == 10;
        let time = if full { small.patience() } else { SHORT_WAIT / 10 };
        let response = match client.response(time) {
            Err(it) if it.symptom == Symptom::Hangs && !full => {
                inside.push(client);
                continue;
            }
            response => response?,
        };
        let again = response.field("retry-after").unwrap_or_default();
        if response.status != 503 || again.parse::<u32>().is_err() {
            return response.differs("503 with Retry-After in seconds");
        }
        refused += 1;
    }
    if server.program.is_ours && inside.len() != 10 {
        let saw = format!("{} of them", inside.len());
        return differs("ten clients with two workers or in the queue", &saw);
    }
    drop(inside);
    let start = Instant::now();
    loop {
        let response = small.get("/")?;
        if response.status != 503 || start.elapsed() > DEADLINE {
            return is_hello(&response);
        }
    }
}

#[cfg(target_os = "linux")]
pub fn descriptor_exhaustion_does_not_spin(server: &Server) -> Outcome {
    server.by_hand(
        // The second limit is for the size of the file: it ends what spins.
        "errors=$(mktemp)\n\
         (ulimit -n 32; ulimit -f 64; exec SERVER ADDRESS 2> \"$errors\") &\n\
         server=$!; sleep 1\n"
            .to_string()
            + &by_hand::held(60)
            + "\nkill $server; wc -l < \"$errors\"; rm \"$errors\"",
    );
    let small = server.start_with_open_files(32, &[])?;
    let clients: Outcome<Vec<_>> = (0..60).map(|_| small.hold()).collect();
    // What else a server prints isn't our business.
    let most = if server.program.is_ours { 3 } else { 100 };
    let spins =
        small.stderr.wait(small.vigilance(), |lines| lines.len() > most);
    drop(clients);
    if spins {
        let saw = format!("more than {most} lines on standard error");
        return differs(
            "one line a second about connections that can't be accepted",
            &saw,
        );
    }
    small.send(get("/"))?.is_attended(DEADLINE)
}

pub fn panic_is_500(server: &Server) -> Outcome {
    server.by_hand(by_hand::get("/panic"));
    let mut client = server.send(get("/panic"))?;
    has_status(&mut client, 500, server)?;
    is_hello(&server.get("/")?)
}

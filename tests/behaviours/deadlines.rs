//! No client takes more than its share of time.

use std::time::{Duration, Instant};

#[cfg(target_os = "linux")]
use super::differs;
#[cfg(target_os = "linux")]
use super::directory::{Large, with_large_file};
use super::responding::{has_status, is_hello};
use crate::support::DEADLINE;
#[cfg(target_os = "linux")]
use crate::support::client::get;
use crate::support::report::{Outcome, Symptom};
use crate::support::server::Server;

pub fn silent_client_times_out(server: &Server) -> Outcome {
    server.by_hand(
        "bash -c 'exec 3<>/dev/tcp/ADDRESS; read -t 13 -u 3; echo $?'\n\
         # 1 after ten seconds: it was closed. 142 after 13: it wasn't",
    );
    let server = server.impatient(&[])?;
    let mut silent = server.connect()?;
    let mut half = server.hold()?;
    silent.is_closed(server.patience())?;
    has_status(&mut half, 408, &server)?;
    half.is_closed(DEADLINE)?;
    is_hello(&server.get("/")?)
}

pub fn slow_header_client_times_out(server: &Server) -> Outcome {
    server.by_hand(
        "(printf 'GET / HTTP/1.1\\r\\nX: '\n\
         for i in $(seq 13); do sleep 1; printf x; done) | \
         curl -m 14 telnet://ADDRESS   # 408 after ten seconds",
    );
    let server = server.impatient(&[])?;
    let mut client = server.send("GET / HTTP/1.1\r\nX: ")?;
    let start = Instant::now();
    while start.elapsed() < server.patience() {
        // Shorter than the deadline: one for each read would never pass.
        match client.head(Duration::from_millis(50)) {
            Ok(response) if response.status == 408 => return Ok(()),
            Ok(response) => return response.has_status(408),
            Err(it) if it.symptom == Symptom::Hangs => client.send("x")?,
            Err(it) => return Err(it),
        }
    }
    let saw = "it still reads on";
    Err(client.deviation(Symptom::Hangs, "408 after the deadline", saw))
}

#[cfg(target_os = "linux")]
pub fn slow_reader_times_out(server: &Server) -> Outcome {
    server.by_hand(with_large_file(
        "curl -s -m 20 http://ADDRESS/large | sleep 20 & sleep 1\n\
         curl -i -m 14 http://ADDRESS/no-such-page   # must not wait for ever",
    ));
    let large = Large::new("unread");
    let server = large.server(server, "0.3")?;
    let mut greedy = server.send(get("/large"))?;
    greedy.head(DEADLINE)?;
    let mut other = server.send(get("/small"))?;
    has_status(&mut other, 200, &server)
}

#[cfg(target_os = "linux")]
pub fn steady_slow_reader_gets_everything(server: &Server) -> Outcome {
    server.by_hand(with_large_file(
        "curl -m 20 --limit-rate 9M -o /dev/null \\\n\
         \x20 -w '%{size_download} bytes\\n' http://ADDRESS/large",
    ));
    let large = Large::new("slow");
    let server = large.server(server, "1")?;
    let mut slow = server.send(get("/large"))?;
    slow.head(DEADLINE)?;
    // Slower than the system's buffers are emptied in the time that a client
    // may stand still, and faster than the limit.
    let start = Instant::now();
    let pause = Duration::from_millis(100);
    let mut count = 0;
    while start.elapsed() < Duration::from_millis(1500) {
        count += slow.take(64 * 1024)?;
        std::thread::sleep(pause);
    }
    count += slow.drain();
    if count == Large::LENGTH {
        return Ok(());
    }
    let expected = format!("all {} bytes", Large::LENGTH);
    differs(&expected, &format!("{count}, and the connection's end"))
}

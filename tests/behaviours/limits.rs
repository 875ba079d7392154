//! No client takes more than its share of time or memory.

#[cfg(target_os = "linux")]
use std::fs;
use std::time::{Duration, Instant};

use super::differs;
use super::responding::is_hello;
use crate::support::client::{Client, get};
use crate::support::report::{Outcome, Symptom};
#[cfg(target_os = "linux")]
use crate::support::scratch::Scratch;
use crate::support::server::Server;
use crate::support::{DEADLINE, SHORT_WAIT, by_hand};

fn has_status(client: &mut Client, status: u16, server: &Server) -> Outcome {
    client.response(server.patience())?.has_status(status)
}

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

/// Starts the server by hand, with a large file.
#[cfg(target_os = "linux")]
fn with_large_file(commands: &str) -> String {
    format!(
        "d=$(mktemp -d); head -c 30000000 /dev/zero > \"$d/large\"\n\
         SERVER ADDRESS --workers 1 --root \"$d\" & server=$!; sleep 1\n\
         {commands}\n\
         kill $server; rm -r \"$d\""
    )
}

/// A directory with a large file, gone when the test is over.
#[cfg(target_os = "linux")]
struct Large {
    root: Scratch,
}

#[cfg(target_os = "linux")]
impl Large {
    /// More than the buffers of any connection hold.
    const LENGTH: u64 = 30_000_000;

    fn new(name: &str) -> Large {
        let large = Large { root: Scratch::new(name) };
        fs::write(large.root.0.join("small"), "small").unwrap();
        let file = fs::File::create(large.root.0.join("large"));
        file.and_then(|file| file.set_len(Large::LENGTH)).unwrap();
        large
    }

    /// In a time of that many seconds, a client has to take 64 KiB.
    fn server(&self, server: &Server, stall: &str) -> Outcome<Server> {
        let root = self.root.0.display().to_string();
        let options = ["--workers", "1", "--root", &root];
        let limited = [&options[..], &["--stall-seconds", stall]].concat();
        let served = server.configured(&limited)?;
        let served = match served.get("/small") {
            Ok(it) if it.body == b"small" => served,
            _ => server.configured(&options)?,
        };
        match served.get("/small") {
            Ok(response) if response.body == b"small" => Ok(served),
            Ok(response) => {
                let saw = format!("{} for /small", response.status);
                differs("a server that takes --root DIR", &saw)
            }
            Err(deviation) => Err(deviation),
        }
    }
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
    let server = server.serving(&large.root.0)?;
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

pub fn long_request_line_is_414(server: &Server) -> Outcome {
    server.by_hand("curl -i -m 3 http://ADDRESS/$(printf %9000s | tr ' ' a)");
    let long = "a".repeat(9_000);
    let mut client = server.send(get(&format!("/{long}")))?;
    has_status(&mut client, 414, server)?;
    // The same when it never ends.
    let mut client = server.send(format!("GET /{long}"))?;
    has_status(&mut client, 414, server)?;
    let allowed = "a".repeat(7_900);
    let mut client = server.send(get(&format!("/{allowed}")))?;
    has_status(&mut client, 404, server)?;
    is_hello(&server.get("/")?)
}

/// A request with that many fields, of that length each.
fn with_fields(count: usize, length: usize) -> String {
    let field = |number| format!("X-{number}: {}\r\n", "x".repeat(length));
    let fields: String = (0..count).map(field).collect();
    get("/").replace("Host:", &format!("{fields}Host:"))
}

pub fn large_request_head_is_431(server: &Server) -> Outcome {
    server.by_hand(
        "curl -i -m 3 -H \"X: $(printf %20000s | tr ' ' x)\" http://ADDRESS/",
    );
    let mut client = server.send(with_fields(20, 1000))?;
    has_status(&mut client, 431, server)?;
    // The same when it never ends.
    let endless = with_fields(20, 1000).replace("\r\n\r\n", "\r\nX: ");
    let mut client = server.send(endless)?;
    has_status(&mut client, 431, server)?;
    let mut client = server.send(with_fields(15, 1000))?;
    is_hello(&client.response(DEADLINE)?)
}

pub fn too_many_header_fields_are_431(server: &Server) -> Outcome {
    server.by_hand(
        "curl -i -m 3 $(for i in $(seq 120); do echo -H a$i:b; done) http://ADDRESS/",
    );
    let mut client = server.send(with_fields(120, 1))?;
    has_status(&mut client, 431, server)?;
    // With Host and Connection, a hundred and one; and a hundred.
    let mut client = server.send(with_fields(99, 1))?;
    has_status(&mut client, 431, server)?;
    let mut client = server.send(with_fields(98, 1))?;
    is_hello(&client.response(DEADLINE)?)
}

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

#[cfg(target_os = "linux")]
pub fn thousand_silent_clients_delay_no_other_client(
    server: &Server,
) -> Outcome {
    server.by_hand(
        by_hand::silent(1000)
            + "\n"
            + &by_hand::STATUS.replace("-m 3", "-m 15"),
    );
    crate::support::linux::allow_open_files(4096);
    let server = server.impatient(&[])?;
    let mut clients = Vec::new();
    for _ in 0..10 {
        for _ in 0..100 {
            clients.push(server.connect()?);
        }
        // The backlog has room for about a hundred. A server that accepts no
        // more isn't sent any.
        if server.patience() == DEADLINE {
            server.has_accepted_all()?;
        } else {
            break;
        }
    }
    let mut client = server.send(get("/"))?;
    is_hello(&client.response(server.patience())?)?;
    drop(clients);
    is_hello(&server.get("/")?)
}

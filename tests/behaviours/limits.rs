//! No client takes more than its share, of time or of room.

#[cfg(target_os = "linux")]
use std::path::PathBuf;
use std::time::{Duration, Instant};
#[cfg(target_os = "linux")]
use std::{env, fs, process};

use super::differs;
use super::responding::is_hello;
use crate::support::client::{Client, get};
use crate::support::report::{Outcome, Symptom};
use crate::support::server::Server;
use crate::support::{DEADLINE, SHORT_WAIT};

fn has_status(client: &mut Client, status: u16, server: &Server) -> Outcome {
    let response = client.response(server.patience())?;
    if response.status == status {
        return Ok(());
    }
    differs(&status.to_string(), &response.status.to_string())
}

pub fn a_silent_client_is_let_go(server: &Server) -> Outcome {
    server.by_hand(
        "curl -m 15 telnet://ADDRESS   # says nothing, and is let go in time",
    );
    let server = server.impatient(&[])?;
    let mut silent = server.connect()?;
    let mut half = server.hold()?;
    silent.is_closed(server.patience())?;
    has_status(&mut half, 408, &server)?;
    half.is_closed(DEADLINE)?;
    is_hello(&server.get("/")?)
}

pub fn a_byte_now_and_then_does_not_help(server: &Server) -> Outcome {
    server.by_hand(
        "(printf 'GET / HTTP/1.1\\r\\nX: '; while sleep 1; do printf x; done) \
         | curl telnet://ADDRESS   # 408 after ten seconds",
    );
    let server = server.impatient(&[])?;
    let mut client = server.send("GET / HTTP/1.1\r\nX: ")?;
    let start = Instant::now();
    while start.elapsed() < server.patience() {
        // Shorter than the deadline: one for each read would never pass.
        match client.head(Duration::from_millis(50)) {
            Ok(response) if response.status == 408 => return Ok(()),
            Ok(response) => {
                return differs("408", &response.status.to_string());
            }
            Err(it) if it.symptom == Symptom::Hangs => client.send("x")?,
            Err(it) => return Err(it),
        }
    }
    let saw = "it still reads on";
    Err(client.deviation(Symptom::Hangs, "408 after the deadline", saw))
}

/// A folder with a large file, gone when the test is over.
#[cfg(target_os = "linux")]
struct Large(PathBuf);

#[cfg(target_os = "linux")]
impl Large {
    /// More than the buffers of any connection hold.
    const LENGTH: u64 = 30_000_000;

    fn new(name: &str) -> Large {
        let name = format!("{name}-{}", process::id());
        let folder = Large(env::temp_dir().join(name));
        fs::create_dir_all(&folder.0).unwrap();
        fs::write(folder.0.join("small"), "small").unwrap();
        let file = fs::File::create(folder.0.join("large"));
        file.and_then(|file| file.set_len(Large::LENGTH)).unwrap();
        folder
    }

    /// In a time of that many seconds, a client has to take 64 KiB.
    fn server(&self, server: &Server, stall: &str) -> Outcome<Server> {
        let root = self.0.display().to_string();
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
impl Drop for Large {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(target_os = "linux")]
pub fn a_client_that_does_not_read_is_let_go(server: &Server) -> Outcome {
    server.by_hand(
        "# start it with --workers 1 and --root, with a large file in it\n\
         printf 'GET /large HTTP/1.0\\r\\n\\r\\n' | nc ADDRESS | sleep 60 &\n\
         curl -i http://ADDRESS/   # must not wait for ever",
    );
    let folder = Large::new("unread");
    let server = folder.server(server, "0.3")?;
    let mut greedy = server.send(get("/large"))?;
    greedy.head(DEADLINE)?;
    let mut other = server.send(get("/small"))?;
    has_status(&mut other, 200, &server)
}

#[cfg(target_os = "linux")]
pub fn a_slow_reader_gets_everything(server: &Server) -> Outcome {
    server.by_hand("curl --limit-rate 200k -O http://ADDRESS/large");
    let folder = Large::new("slow");
    let server = folder.server(server, "1")?;
    let mut slow = server.send(get("/large"))?;
    slow.head(DEADLINE)?;
    // Slower than the system's buffers are emptied in the time that a client
    // may stand still, and faster than the limit.
    let start = Instant::now();
    let pause = Duration::from_millis(100);
    let mut count = 0;
    while start.elapsed() < Duration::from_millis(2400) {
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
pub fn bytes_that_come_late_cost_no_answer(server: &Server) -> Outcome {
    server.by_hand(
        "(printf 'GET /large HTTP/1.0\\r\\n\\r\\n'; sleep 1; echo) | \
         curl -sS telnet://ADDRESS | wc -c",
    );
    // More than has reached the client when the server is done with it.
    const LENGTH: u64 = 1_000_000;
    let folder = Large::new("late");
    let file = fs::File::create(folder.0.join("middle"));
    file.and_then(|file| file.set_len(LENGTH)).unwrap();
    let server = server.serving(&folder.0)?;
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

pub fn a_long_request_line_is_414(server: &Server) -> Outcome {
    server.by_hand("curl -i http://ADDRESS/$(printf %9000s | tr ' ' a)");
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

pub fn a_long_head_is_431(server: &Server) -> Outcome {
    server.by_hand(
        "curl -i -H \"X: $(printf %20000s | tr ' ' x)\" http://ADDRESS/",
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

pub fn too_many_fields_are_431(server: &Server) -> Outcome {
    server.by_hand(
        "curl -i $(for i in $(seq 120); do echo -H a$i:b; done) http://ADDRESS/",
    );
    let mut client = server.send(with_fields(120, 1))?;
    has_status(&mut client, 431, server)?;
    // With Host and Connection, a hundred and one; and a hundred.
    let mut client = server.send(with_fields(99, 1))?;
    has_status(&mut client, 431, server)?;
    let mut client = server.send(with_fields(98, 1))?;
    is_hello(&client.response(DEADLINE)?)
}

pub fn a_full_queue_is_503_at_once(server: &Server) -> Outcome {
    server.by_hand(
        "# start it with --workers 2 --queue 8\n\
         for i in $(seq 20); do printf 'GET /' | nc 127.0.0.1 7878 & done\n\
         curl -i http://ADDRESS/",
    );
    let small = server.configured(&["--workers", "2", "--queue", "8"])?;
    let (mut inside, mut refused) = (Vec::new(), 0);
    while refused < 20 {
        let mut client = small.connect()?;
        // One that was turned away cannot send any more.
        _ = client.send("GET / HTTP/1.1\r\n");
        // Ten find a place, all others are told at once.
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
            let saw = format!("{} {:?}", response.status, response.fields);
            return differs("503 with Retry-After in seconds", &saw);
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
pub fn out_of_open_files_it_does_not_spin(server: &Server) -> Outcome {
    server.by_hand(
        "# start it with few open files: (ulimit -n 32; cargo run …)\n\
         for i in $(seq 60); do curl -s telnet://ADDRESS & done\n\
         # and look at how much it says on standard error",
    );
    let small = server.start_with_open_files(32, &[])?;
    let crowd: Outcome<Vec<_>> = (0..60).map(|_| small.hold()).collect();
    // What else a server says is its own affair.
    let most = if server.program.is_ours { 3 } else { 100 };
    let spins =
        small.stderr.wait(small.vigilance(), |lines| lines.len() > most);
    drop(crowd);
    if spins {
        let saw = format!("more than {most} lines on standard error");
        return differs("a failure to accept told once a second", &saw);
    }
    small.send(get("/"))?.is_attended(DEADLINE)
}

pub fn a_panic_is_500(server: &Server) -> Outcome {
    server.by_hand("curl -i http://ADDRESS/panic");
    let mut client = server.send(get("/panic"))?;
    has_status(&mut client, 500, server)?;
    is_hello(&server.get("/")?)
}

#[cfg(target_os = "linux")]
pub fn a_thousand_silent_clients_are_survived(server: &Server) -> Outcome {
    server.by_hand(
        "ulimit -n 4096; for i in $(seq 1000); do curl -s telnet://ADDRESS & done\n\
         curl -i http://ADDRESS/   # within ten seconds",
    );
    crate::support::server::allow_open_files(4096);
    let server = server.impatient(&[])?;
    let mut crowd = Vec::new();
    for _ in 0..10 {
        for _ in 0..100 {
            crowd.push(server.connect()?);
        }
        // In the backlog is room for some hundred; who accepts nobody stops
        // here.
        if server.patience() == DEADLINE {
            server.has_accepted_all()?;
        } else {
            break;
        }
    }
    let mut client = server.send(get("/"))?;
    is_hello(&client.response(server.patience())?)?;
    drop(crowd);
    is_hello(&server.get("/")?)
}

//! What many connections and many files cost, and what they leave behind.

#[cfg(target_os = "linux")]
use std::time::Duration;

#[cfg(target_os = "linux")]
use super::accepting::uses_no_processor_time;
#[cfg(target_os = "linux")]
use super::connections::{asks, get};
#[cfg(target_os = "linux")]
use super::differs;
use super::directory::{Directory, is};
#[cfg(target_os = "linux")]
use super::responding::is_hello;
#[cfg(target_os = "linux")]
use crate::support::client;
#[cfg(target_os = "linux")]
use crate::support::linux::allow_open_files;
use crate::support::report::Outcome;
use crate::support::server::Server;
#[cfg(target_os = "linux")]
use crate::support::{DEADLINE, by_hand};

/// The processor time that the server needs for a hundred requests: the least of
/// three attempts, because a busy machine takes more.
#[cfg(target_os = "linux")]
fn cost(server: &Server) -> Outcome<Duration> {
    let mut client = server.send(get("/no"))?;
    client.response(DEADLINE)?;
    let mut least = Duration::MAX;
    for _ in 0..3 {
        let before = server.run_time()?;
        for _ in 0..100 {
            asks(&mut client, "/no")?;
        }
        least = least.min(server.run_time()?.saturating_sub(before));
    }
    Ok(least)
}

#[cfg(target_os = "linux")]
pub fn cost_does_not_grow_with_idle_connections(server: &Server) -> Outcome {
    const IDLE: usize = 2000;
    server.by_hand(
        "ask() { curl -s -o /dev/null \"http://ADDRESS/no?[1-500]\"\n\
         cut -d ' ' -f 14,15 /proc/$server/stat; }   # ticks\n\
         ask; ask\n"
            .to_string()
            + &by_hand::idle(300)
            + "\nask; ask   # as many more as before",
    );
    allow_open_files(8192);
    let server = server.configured(&[])?;
    let mut client = server.send(get("/"))?;
    is_hello(&client.response(server.patience())?)?;
    is_hello(&asks(&mut client, "/")?)?;
    let mut idle = Vec::new();
    // Where they hold a worker each, a few show it.
    for _ in 0..5 {
        idle.push(server.send(get("/no"))?);
    }
    for client in &mut idle {
        client.response(server.patience())?;
    }
    cost(&server)?; // Where they hold a worker each, it ends here.
    while idle.len() < IDLE {
        idle.push(server.send(get("/no"))?);
        idle.last_mut().expect("a client").response(DEADLINE)?;
    }
    // On a busy machine, everything costs more, and not all the time. So each is
    // measured beside the other, and up to five times.
    let quiet = server.configured(&[])?;
    let (mut alone, mut beside) = (Duration::ZERO, Duration::MAX);
    for _ in 0..5 {
        if beside >= 2 * alone {
            (alone, beside) = (cost(&quiet)?, cost(&server)?);
        }
    }
    if beside < 2 * alone {
        return Ok(());
    }
    let expected = format!(
        "less than twice the {alone:?} of processor time for a hundred requests, \
         although {IDLE} other connections rest"
    );
    differs(&expected, &format!("{beside:?}")).map_err(|seen| {
        seen.hint(
            "look at what's done for each connection whenever one of them has \
             something to say: a list that's built anew, a search, a `poll` over \
             all of them.",
        )
    })
}

/// Each has sent a long head, as a browser with many cookies does.
#[cfg(target_os = "linux")]
pub fn idle_connection_keeps_no_buffer(server: &Server) -> Outcome {
    const IDLE: usize = 1000;
    const MOST: usize = 3 * 1024;
    server.by_hand(
        "grep VmHWM /proc/$server/status; x=$(printf 'x%.0s' $(seq 8000))\n\
         for i in $(seq 300); do\n\
         \x20 (printf 'GET /no HTTP/1.1\\r\\nHost: a\\r\\nX: %s\\r\\n\\r\\n' \"$x\"; sleep 5) |\n\
         \x20 curl -s -m 5 -o /dev/null telnet://ADDRESS &\n\
         done; sleep 3; grep VmHWM /proc/$server/status   # not 3 MB more",
    );
    allow_open_files(8192);
    let server = server.configured(&[])?;
    let request = "GET /no HTTP/1.1\r\nHost: a\r\nX: ".to_string()
        + &"x".repeat(8000)
        + "\r\n\r\n";
    let mut idle = Vec::new();
    let mut before = 0;
    for _ in 0..IDLE {
        let mut client = server.send(&request)?;
        client.response(server.patience())?;
        idle.push(client);
        if idle.len() == 5 {
            // Where connections close, or hold a worker, five show it.
            is_hello(&asks(&mut idle[0], "/")?)?;
            before = server.peak_memory()?;
        }
    }
    let more = server.peak_memory()?.saturating_sub(before);
    if more <= MOST {
        return is_hello(&asks(&mut idle[500], "/")?);
    }
    let expected =
        format!("at most {MOST} KiB of memory for {IDLE} idle connections");
    differs(&expected, &format!("{more} KiB")).map_err(|seen| {
        seen.hint(
            "look at what a connection keeps while it rests. Usual cause: the \
             buffer for its requests, which is empty but keeps its size.",
        )
    })
}

/// While a worker answers its first request, the second is ready to be read.
#[cfg(target_os = "linux")]
pub fn waiting_request_costs_no_processor_time(server: &Server) -> Outcome {
    server.by_hand(
        "(printf 'GET /no HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'; sleep 1\n\
         printf 'GET /sleep?ms=4000 HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'\n\
         head -c 50000 /dev/zero | tr '\\0' '\\n'; sleep 4) |\n\
         curl -s -m 6 -o /dev/null telnet://ADDRESS & sleep 3\n\
         cut -d ' ' -f 14,15 /proc/$server/stat; sleep 1   # ticks\n\
         cut -d ' ' -f 14,15 /proc/$server/stat   # no more",
    );
    // It rests before, so the loop knows it.
    let mut client = server.send(get("/no"))?;
    _ = client.response(DEADLINE); // The first step has none.
    server.all_threads_sleep()?;
    // More than a worker reads at a time. A server that has closed the connection
    // doesn't take any of it.
    let sleeps = get("/sleep?ms=9000").repeat(2);
    _ = client.send(sleeps + &get("/no").repeat(1000));
    let when = "while a client's next request has to wait";
    uses_no_processor_time(server, when).map_err(|seen| {
        seen.hint(
            "look at what the loop still waits for while a worker has the \
             connection. Usual cause: with `epoll`, a socket is reported again \
             and again, unless it's armed for one event only.",
        )
    })
}

#[cfg(target_os = "linux")]
pub fn closed_connections_leave_no_descriptor(server: &Server) -> Outcome {
    const TIMES: usize = 500;
    server.by_hand(
        "ls /proc/$server/fd | wc -l\n\
         for i in $(seq 200); do\n\
         curl -s -m 3 -o /dev/null http://ADDRESS/ http://ADDRESS/no\n\
         done; ls /proc/$server/fd | wc -l   # the same number",
    );
    server.send(client::get("/"))?.is_attended(DEADLINE)?;
    server.all_threads_sleep()?;
    let before = server.open_files(usize::MAX)?;
    for _ in 0..TIMES {
        // Some leave at once, some within a request, some without reading.
        drop(server.connect()?);
        drop(server.hold()?);
        drop(server.send(get("/"))?);
        server.send(client::get("/no"))?.is_attended(DEADLINE)?;
    }
    server.has_closed_all_but(before).map_err(|seen| {
        seen.hint(
            "look at what owns a connection when its client leaves, or when \
             something fails. Usual cause: it's still in a table, or a copy of \
             its socket is (`try_clone`).",
        )
    })
}

pub fn files_of_the_same_name_are_told_apart(server: &Server) -> Outcome {
    let directory = Directory::new(&[
        ("index.html", "top"),
        ("page", "page"),
        ("a/index.html", "in a"),
        ("a/page", "page a"),
        ("b/index.html", "in b"),
        ("b/page", "page b"),
    ]);
    let server = directory.served_by(server)?;
    for _ in 0..5 {
        for (path, text) in [
            ("/", "top"),
            ("/page", "page"),
            ("/a/page", "page a"),
            ("/b/page", "page b"),
            ("/a/", "in a"),
            ("/b/", "in b"),
            ("/a/../page", "page"),
        ] {
            is(&directory.get(&server, path)?, 200, text).map_err(|seen| {
                seen.hint(
                    "look at the key under which a file is kept in memory. It \
                     has to be the whole path.",
                )
            })?;
        }
    }
    Ok(())
}

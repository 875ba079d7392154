//! How a file is sent: a large one, and one that changes in the meantime.

use std::fs::{self, File};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::differs;
#[cfg(target_os = "linux")]
use super::directory::Large;
use super::directory::{Directory, deep, is};
use crate::support::DEADLINE;
use crate::support::client::get;
use crate::support::report::{Deviation, Outcome, Symptom};
use crate::support::server::Server;

#[cfg(target_os = "linux")]
pub fn large_file_is_sent_in_constant_memory(server: &Server) -> Outcome {
    const LENGTH: u64 = Large::LENGTH;
    let directory = Directory::new(&[("a", "a")])
        .and("head -c 30000000 /dev/zero > \"$d/site/large\"\n");
    let large = File::create(directory.site().join("large"));
    large.and_then(|file| file.set_len(LENGTH)).unwrap();
    let server = directory.served_by(server)?;
    is(&directory.get(&server, "/a")?, 200, "a")?;
    let before = server.peak_memory()?;
    directory.by_hand(
        &server,
        "curl -m 9 -o /dev/null -w '%{size_download}\\n' http://ADDRESS/large\n\
         grep VmHWM /proc/$server/status   # the most memory that it has had",
    );
    let mut client = server.send(get("/large"))?;
    let head = client.head(DEADLINE)?;
    let length = head.field("content-length").unwrap_or_default().to_string();
    let count = client.drain();
    if head.status != 200 || length != LENGTH.to_string() || count != LENGTH {
        let saw = format!("{}, {length}, {count} bytes", head.status);
        return differs(&format!("200 and {LENGTH} bytes"), &saw);
    }
    let more = server.peak_memory()?.saturating_sub(before);
    if more > 4 * 1024 {
        let saw = format!("{more} KiB");
        return differs("less than 4 MiB of memory for a large file", &saw);
    }
    directory.by_hand(&server, "curl -I -m 9 http://ADDRESS/large");
    let mut client = server.send(get("/large").replace("GET", "HEAD"))?;
    let head = client.head(DEADLINE)?;
    if head.field("content-length") != Some(&length) {
        return head.differs(&format!("the length {LENGTH} for HEAD, too"));
    }
    client.is_closed(DEADLINE)?;
    match server.program.is_ours {
        true => has_reported_nothing(&server),
        false => Ok(()),
    }
}

/// Only the failure that we cause here is on standard error.
#[cfg(target_os = "linux")]
fn has_reported_nothing(server: &Server) -> Outcome {
    drop(server.send("GET / HTTP/1.1\r\n")?);
    let is_last = |line: &String| line.contains("closed");
    server.stderr.wait(DEADLINE, |lines| lines.iter().any(is_last));
    let lines = server.stderr.lines();
    if lines.len() == 1 {
        return Ok(());
    }
    differs("no line on standard error but the last", &format!("{lines:?}"))
}

/// Small files, each of which may well be kept in memory.
#[cfg(target_os = "linux")]
pub fn many_small_files_do_not_fill_the_memory(server: &Server) -> Outcome {
    const COUNT: usize = 400;
    const LENGTH: usize = 60_000;
    let directory = Directory::new(&[("a", "a")]).and(
        "for n in $(seq 400); do head -c 60000 /dev/zero > \"$d/site/$n\"; done\n",
    );
    for number in 1..=COUNT {
        let path = directory.site().join(number.to_string());
        fs::write(path, [0; LENGTH]).unwrap();
    }
    let server = directory.served_by(server)?;
    is(&directory.get(&server, "/a")?, 200, "a")?;
    directory.by_hand(
        &server,
        "curl -s -m 60 -o /dev/null 'http://ADDRESS/[1-400]'\n\
         grep VmHWM /proc/$server/status   # the most memory that it has had",
    );
    let before = server.peak_memory()?;
    for number in 1..=COUNT {
        let response = server.get(&format!("/{number}"))?;
        response.is(200, "60,000 zeros", &[0; LENGTH])?;
    }
    let more = server.peak_memory()?.saturating_sub(before);
    if more < 12 * 1024 {
        return Ok(());
    }
    let expected = "at most 12 MiB of memory for 24 MB of files";
    differs(expected, &format!("{more} KiB")).map_err(|it| {
        it.hint(
            "look at what you keep of a file that was sent. Usual cause: a \
             cache without a limit, which a client can fill by asking for one \
             file after the other.",
        )
    })
}

/// A client that has asked for a large file and has its head. The buffers on
/// the way are full, and most of the file is still unread.
#[cfg(target_os = "linux")]
fn while_it_is_sent(
    server: &Server,
    change: impl FnOnce(&File),
) -> Outcome<(u64, Server)> {
    let large = Large::new("changing");
    let server = server.serving(&large.root.0)?;
    let mut client = server.send(get("/large"))?;
    let head = client.head(DEADLINE)?;
    let length = Large::LENGTH.to_string();
    if head.status != 200 || head.field("content-length") != Some(&length) {
        return head.differs(&format!("200 and Content-Length: {length}"));
    }
    let file = File::options().write(true).open(large.root.0.join("large"));
    change(&file.unwrap());
    let count = client.drain();
    client.is_closed(DEADLINE)?;
    server.get("/small")?.has_status(200)?;
    server.is_well()?;
    Ok((count, server))
}

#[cfg(target_os = "linux")]
pub fn growing_file_keeps_its_length(server: &Server) -> Outcome {
    server.by_hand(changing("head -c 30000000 /dev/zero >> \"$d/large\""));
    let (count, _) = while_it_is_sent(server, |file| {
        file.set_len(2 * Large::LENGTH).unwrap();
    })?;
    if count == Large::LENGTH {
        return Ok(());
    }
    let expected = format!("{} bytes, as in Content-Length", Large::LENGTH);
    differs(&expected, &format!("{count} bytes")).map_err(|it| {
        it.hint(
            "look at where the file is sent. Usual cause: it's copied to its \
             end, wherever that is by now. A client takes what follows for the \
             next response.",
        )
    })
}

#[cfg(target_os = "linux")]
pub fn shrinking_file_ends_the_connection(server: &Server) -> Outcome {
    server.by_hand(changing("truncate -s 1000 \"$d/large\""));
    let (count, server) =
        while_it_is_sent(server, |file| file.set_len(1000).unwrap())?;
    if count >= Large::LENGTH {
        let expected = "the end of the connection, because the rest is gone";
        return differs(expected, &format!("{count} bytes"));
    }
    let why = "connection failed: the file became shorter";
    let is_said = |lines: &[String]| lines.iter().any(|line| line == why);
    if server.program.is_ours && !server.stderr.wait(DEADLINE, is_said) {
        let saw = format!("{:?}", server.stderr.lines());
        return differs(&format!("on standard error: {why}"), &saw);
    }
    Ok(())
}

/// An error ends a response at once. A server that tries again does so for a
/// minute, in vain.
#[cfg(target_os = "linux")]
pub fn reader_that_resets_frees_its_worker(server: &Server) -> Outcome {
    server.by_hand(super::directory::with_large_file(
        "curl -s -m 1 --limit-rate 1k -o /dev/null http://ADDRESS/large\n\
         curl -i -m 5 http://ADDRESS/no-such-page   # must not wait",
    ));
    let large = Large::new("reset");
    let server = large.server(server, "60")?;
    let mut client = server.send(get("/large"))?;
    client.head(DEADLINE)?;
    drop(client); // What it hasn't read makes that a reset.
    let other = server.get("/small");
    other.and_then(|response| response.has_status(200)).map_err(|it| {
        it.hint(
            "look at what becomes of an error while a response is sent. Only a \
             full buffer is worth another try: after any other error, nobody \
             is left to send to.",
        )
    })
}

/// Changes a large file by hand while curl takes it slowly.
#[cfg(target_os = "linux")]
fn changing(command: &str) -> String {
    super::directory::with_large_file(&format!(
        "curl -m 9 --limit-rate 10M -o /dev/null -w '%{{size_download}}\\n' \\\n  \
         http://ADDRESS/large & sleep 1\n\
         {command}; wait %2"
    ))
}

pub fn file_rewritten_in_place_is_never_an_error(server: &Server) -> Outcome {
    const PAGE: [u8; 8192] = [b'a'; 8192];
    let path = format!("{}/page", deep());
    let directory = Directory::new(&[(&path, "")]);
    let page = directory.site().join(&path);
    fs::write(&page, PAGE).unwrap();
    directory.by_hand(
        server,
        "p=$(printf 'd/%.0s' $(seq 100))page\n\
         while sleep 0; do head -c 8192 /dev/zero > \"$d/site/$p\"; done 2>&- & loop=$!\n\
         for i in $(seq 100); do\n  \
         curl -s -m 3 -o /dev/null -w '%{http_code}\\n' http://ADDRESS/$p\n\
         done | sort | uniq -c; kill $loop; wait $loop",
    );
    let server = server.serving(&directory.site())?;
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            // Relaxed: nothing else depends on it.
            while !is_over.load(Ordering::Relaxed) {
                fs::write(&page, PAGE).unwrap();
            }
        });
        let all = (0..100).try_for_each(|_| {
            let response = server.get(&format!("/{path}"))?;
            response.has_status(200).map_err(|it| {
                it.hint(
                    "look at how a file's length becomes Content-Length. The \
                     file may be shorter when it's read than when it was \
                     opened. Read it first, and then count.",
                )
            })
        });
        is_over.store(true, Ordering::Relaxed);
        all
    })
}

/// A connection takes a file descriptor, and so does a file.
#[cfg(target_os = "linux")]
pub fn file_that_cannot_be_opened_is_500(server: &Server) -> Outcome {
    const MOST: usize = 32;
    server.by_hand(
        "(ulimit -n 32; exec SERVER ADDRESS) & server=$!; sleep 1\n\
         (printf 'GET / HTTP/1.1\\r\\nHost: a\\r\\n'; sleep 2; printf '\\r\\n'; \
         sleep 1) | curl -m 5 telnet://ADDRESS &\n\
         sleep 1; for i in $(seq $((31 - $(ls /proc/$server/fd | wc -l)))); do\n  \
         sleep 4 | curl -s telnet://ADDRESS &\n\
         done; sleep 4; kill $server",
    );
    let directory = Directory::new(&[("a", "a")]);
    let root = directory.site().display().to_string();
    let limit = format!("ulimit -n {MOST}");
    let server =
        server.start_within(&limit, &["--root", &root]).map_err(|it| {
            let expected = "a server that takes --root DIR";
            Deviation { symptom: Symptom::Differs, ..it }.expected(expected)
        })?;
    let mut client = server.send("GET /a HTTP/1.1\r\nHost: localhost\r\n")?;
    server.has_accepted_all()?;
    let free = MOST - server.open_files(MOST)?;
    let others: Outcome<Vec<_>> = (0..free).map(|_| server.connect()).collect();
    let _others = others?;
    server.has_files_left(MOST, 0)?;
    client.finish()?;
    let response = client.response(DEADLINE)?;
    response.has_status(500)?;
    // It names the file. For want of descriptors, `accept` may fail, too.
    let is_said = |line: &String| {
        line.contains("\"a\"") && line.contains("Too many open files")
    };
    // A server that spins says more than is kept.
    let is_said =
        |lines: &[String]| lines.iter().any(is_said) || lines.len() > 1_000;
    if server.program.is_ours && !server.stderr.wait(DEADLINE, is_said) {
        return differs(
            "one line on standard error that names the file and says why",
            &format!("{:?}", server.stderr.lines()),
        );
    }
    server.is_well()
}

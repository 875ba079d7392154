//! Many clients that take their time, and a few that never stop: none of them is
//! in another one's way, not even where there's one worker.

use std::fs::File;
use std::io::Write;
use std::net::TcpStream;
use std::thread;

use super::accepting::uses_no_processor_time;
use super::directory::{Large, with_large_file};
use crate::support::client::{Client, get};
use crate::support::linux::allow_open_files;
use crate::support::report::{Outcome, Symptom};
use crate::support::server::Server;
use crate::support::{DEADLINE, by_hand};

/// An upload that's refused: the server reads on only so that the client finds
/// its response.
const UPLOAD: &str = "POST / HTTP/1.1\r\nHost: localhost\r\n\
    Connection: close\r\nContent-Length: 1000000\r\n\r\n";

/// An honest client gets its page, whatever the others do.
fn is_served(server: &Server, path: &str) -> Outcome {
    let mut client = server.send(get(path))?;
    let response = client.response(server.patience()).map_err(|seen| {
        if seen.symptom != Symptom::Hangs {
            return seen;
        }
        seen.hint(
            "look at how long a worker may keep a connection. If the client has \
             sent nothing, or takes nothing, the worker gives it back \
             (`WouldBlock`). If it never stops, the worker gives it back after a \
             number of steps, and the next connection gets its turn.",
        )
    })?;
    response.has_status(200)
}

/// Every client that has connected so far has been accepted, and isn't in the
/// backlog. A server that serves no one else isn't asked.
fn are_all_inside(server: &Server) -> Outcome {
    match server.patience() {
        DEADLINE => server.has_accepted_all(),
        _ => Ok(()),
    }
}

pub fn slow_senders_delay_no_other_client(server: &Server) -> Outcome {
    let clients = by_hand::held(30) + "\n" + by_hand::STATUS;
    server.by_hand(by_hand::with("--workers 1", &clients));
    let options = ["--workers", "1", "--head-seconds", "60"];
    let server = server.configured(&options)?;
    let senders: Outcome<Vec<_>> = (0..30).map(|_| server.hold()).collect();
    let mut senders = senders?;
    for _ in 0..10 {
        for client in &mut senders {
            client.send("X")?;
        }
        is_served(&server, "/")?;
    }
    for client in senders.iter_mut().rev() {
        client.send(": y\r\n")?;
        client.finish()?;
        client.response(DEADLINE)?.has_status(200)?;
    }
    Ok(())
}

/// A client that has asked for a large file, and reads none of it.
fn reader(server: &Server) -> Outcome<Client> {
    let mut client = Client::with_small_buffer(server.address)?;
    client.send(get("/large"))?;
    Ok(client)
}

pub fn slow_readers_delay_no_other_client(server: &Server) -> Outcome {
    server.by_hand(with_large_file(&format!(
        "for i in $(seq 30); do\n\
         \x20 curl -s -m 9 http://ADDRESS/large | sleep 9 & done; sleep 1\n\
         {}",
        by_hand::STATUS.replace("ADDRESS/", "ADDRESS/no-such-page")
    )));
    let large = Large::new("readers");
    let server = large.server(server, "10")?;
    let readers: Outcome<Vec<_>> = (0..30).map(|_| reader(&server)).collect();
    for _ in 0..10 {
        is_served(&server, "/small")?;
    }
    // They're slow, and not forgotten.
    for client in &mut readers? {
        client.head(DEADLINE)?.has_status(200)?;
    }
    Ok(())
}

/// 1,000 idle clients, 1,000 that send a byte now and then, 200 that read nothing
/// of a large file, and 200 whose uploads were refused and that stay.
pub fn thousands_of_slow_clients_delay_no_other_client(
    server: &Server,
) -> Outcome {
    let clients = [by_hand::idle(200), by_hand::held(200)].join("\n");
    server.by_hand(with_large_file(&(clients + "\n" + by_hand::STATUS)));
    allow_open_files(8192);
    let large = Large::new("thousands");
    let patient = ["--head-seconds", "60", "--linger-seconds", "60"];
    let server = large.served_with(server, &["--workers", "1"], &patient)?;
    let kinds: [fn(&Server) -> Outcome<Client>; 4] = [
        |server| server.send("GET /small HTTP/1.1\r\nHost: a\r\n\r\n"),
        Server::hold,
        reader,
        |server| server.send(UPLOAD),
    ];
    // A server that accepts no more isn't sent more than fit into its backlog.
    let few = server.patience() != DEADLINE;
    let mut crowds: [Vec<Client>; 4] = Default::default();
    for (number, kind) in kinds.iter().enumerate() {
        let count = if number < 2 { 10 } else { 2 };
        for _ in 0..if few { 1 } else { count } {
            for _ in 0..if few { 10 } else { 100 } {
                crowds[number].push(kind(&server)?);
            }
            are_all_inside(&server)?;
        }
    }
    for client in &mut crowds[1] {
        client.send("X")?;
        is_served(&server, "/small")?;
    }
    // The first of each kind, and the last.
    for (number, clients) in crowds.iter_mut().enumerate() {
        let middle = 1..clients.len() - 1;
        clients.drain(middle);
        for client in clients {
            match number {
                1 => {
                    client.send(": y\r\n")?;
                    client.finish()?;
                    client.response(DEADLINE)?.has_status(404)?;
                }
                3 => client.response(DEADLINE)?.has_status(405)?,
                _ => client.head(DEADLINE)?.has_status(200)?,
            }
        }
    }
    Ok(())
}

/// The greedy client would keep the only worker busy for twenty seconds. By hand,
/// there are four workers, and a client for each.
pub fn pipelined_requests_delay_no_other_client(server: &Server) -> Outcome {
    server.by_hand(format!(
        "for client in 1 2 3 4; do (for i in $(seq 400)\n\
         do printf 'HEAD /sleep?ms=20 HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'\n\
         done; sleep 9) | curl -s telnet://ADDRESS > /dev/null & done; sleep 1\n\
         {}",
        by_hand::STATUS
    ));
    // As many as there are workers.
    let (server, clients) = match server.with_options(&["--workers", "1"]) {
        Ok(server) => (server, 1),
        Err(_) => (server.configured(&[])?, 4),
    };
    let request = "HEAD /sleep?ms=20 HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut greedy = Vec::new();
    for _ in 0..clients {
        let mut client = server.connect()?;
        // Where each response ends a connection, the rest isn't read.
        _ = client.send(request.repeat(1000));
        greedy.push(client);
    }
    is_served(&server, "/")
}

pub fn endless_downloads_delay_no_other_client(server: &Server) -> Outcome {
    server.by_hand(with_large_file(&format!(
        "truncate -s 64G \"$d/endless\"\n\
         for i in 1 2 3 4; do\n\
         \x20 curl -s -m 5 -o /dev/null http://ADDRESS/endless & done; sleep 1\n\
         {}",
        by_hand::STATUS.replace("ADDRESS/", "ADDRESS/no-such-page")
    )));
    let large = Large::new("endless");
    let file = File::create(large.root.0.join("endless"));
    file.and_then(|file| file.set_len(1 << 36)).unwrap();
    let server = large.server(server, "10")?;
    for _ in 0..4 {
        let mut client = server.send(get("/endless"))?;
        // It ends with the server.
        thread::spawn(move || client.drain());
    }
    for _ in 0..5 {
        is_served(&server, "/small")?;
    }
    Ok(())
}

pub fn endless_uploads_delay_no_other_client(server: &Server) -> Outcome {
    server.by_hand(by_hand::with(
        "--workers 1",
        &format!(
            "for i in 1 2 3 4; do\n\
             \x20 (printf 'POST / HTTP/1.0\\r\\n\\r\\n'; cat /dev/zero) | \\\n\
             \x20 curl -s -m 5 telnet://ADDRESS > /dev/null & done; sleep 1\n\
             {}",
            by_hand::STATUS
        ),
    ));
    let options = ["--workers", "1", "--linger-seconds", "60"];
    let server = server.configured(&options)?;
    for _ in 0..4 {
        let mut client =
            TcpStream::connect(server.address).expect("a server that listens");
        thread::spawn(move || {
            let mut sent = client.write_all(UPLOAD.as_bytes());
            // It ends with the server, or with the connection.
            while sent.is_ok() {
                sent = client.write_all(&[0; 16 * 1024]);
            }
        });
    }
    for _ in 0..5 {
        is_served(&server, "/")?;
    }
    Ok(())
}

pub fn idle_clients_cost_no_processor_time(server: &Server) -> Outcome {
    server.by_hand(
        by_hand::silent(30)
            + "\ncut -d ' ' -f 14,15 /proc/$server/stat   # ticks: none\n\
               sleep 2; cut -d ' ' -f 14,15 /proc/$server/stat",
    );
    // Some wait with nothing sent, some within a head, some within a body.
    let part =
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nabc";
    let clients = (0..30).map(|number| match number % 3 {
        0 => server.connect(),
        1 => server.hold(),
        _ => server.send(part),
    });
    let clients = clients.collect::<Outcome<Vec<_>>>()?;
    let seen = uses_no_processor_time(server, "while no client sends anything");
    drop(clients);
    seen.map_err(|seen| {
        seen.hint(
            "look at what happens to a connection that waits. Usual cause: it \
             goes back to the queue, so that a worker looks at it again and \
             again, and finds nothing.",
        )
    })
}

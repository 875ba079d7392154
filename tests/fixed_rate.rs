//! `load --rate`: what a server that stands still for a while does to p99.

#[path = "support/place.rs"]
mod place;

#[path = "support/scratch.rs"]
mod scratch;

use place::binary;
use scratch::Scratch;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::time::Duration;
use std::{fs, thread};

use assert_cmd::Command;

/// How long the server stands still, once.
const PAUSE: Duration = Duration::from_millis(400);

/// Serves one client at a time, and stands still before its tenth answer.
fn serve(listener: TcpListener) {
    let mut answers = 0;
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        let lines = BufReader::new(stream.try_clone().unwrap()).lines();
        // A blank line ends a request.
        for _ in lines.map_while(Result::ok).filter(String::is_empty) {
            answers += 1;
            if answers == 10 {
                thread::sleep(PAUSE);
            }
            _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        }
    }
}

struct Figures {
    requests: f64,
    /// In milliseconds.
    p99: f64,
    errors: f64,
}

/// What one client finds out about such a server in a second.
fn load(name: &str, arguments: &[&str]) -> Figures {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || serve(listener));
    let scratch = Scratch::new(name);
    let csv = scratch.0.join("figures.csv");
    Command::new(binary("load"))
        .args(["--seconds", "1", "--connections", "1", "--csv"])
        .arg(&csv)
        .args(arguments)
        .arg(address)
        .timeout(Duration::from_secs(30))
        .assert()
        .success();
    let csv = fs::read_to_string(csv).unwrap();
    let rows: Vec<Vec<&str>> =
        csv.lines().map(|line| line.split(',').collect()).collect();
    let figure = |name: &str| -> f64 {
        let column = rows[0].iter().position(|it| *it == name).unwrap();
        rows[1][column].parse().unwrap()
    };
    Figures {
        requests: figure("requests"),
        p99: figure("p99_us") / 1e3,
        errors: figure("errors"),
    }
}

#[test]
#[ignore = "in .ci/run"]
fn a_pause_shows_in_p99_only_at_a_fixed_rate() {
    let polite = load("rate-polite", &[]);
    let fixed = load("rate-fixed", &["--rate", "200"]);
    // Each request that was due was sent, though most of them waited.
    assert_eq!((fixed.requests, fixed.errors), (200.0, 0.0));
    // 40 in 100 were due in the pause. The slowest two waited for all of it.
    assert!(fixed.p99 > 350.0, "{} ms", fixed.p99);
    // One of all those that a client sent was slow.
    assert!(polite.requests > 100.0, "{} requests", polite.requests);
    assert!(polite.p99 < fixed.p99 / 3.0, "{} ms", polite.p99);
}

#[test]
#[ignore = "in .ci/run"]
fn a_new_connection_for_each_request_is_late_as_well() {
    let fixed = load("rate-close", &["--rate", "200", "--close"]);
    assert_eq!((fixed.requests, fixed.errors), (200.0, 0.0));
    assert!(fixed.p99 > 350.0, "{} ms", fixed.p99);
}

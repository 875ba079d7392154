//! A balancer before copies that fail on purpose.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::clients::Client;
use crate::servers::{Balancer, Start};
use crate::{address, free_ports, wait_until};

/// Takes the place of a copy. It answers `/`, and has no room for `/full`, nor,
/// if it isn't well, for a health check. A client that asks for anything else
/// finds the connection closed, as if it had been closed before the request
/// came.
#[derive(Default)]
struct FakeCopy {
    /// What it was asked, and on which connection, health checks left out.
    requests: Mutex<Vec<(usize, String)>>,
    is_unwell: AtomicBool,
}

impl FakeCopy {
    fn start(port: u16) -> Arc<FakeCopy> {
        let listener = TcpListener::bind(address(port)).unwrap();
        let fake = Arc::new(FakeCopy::default());
        let shared = Arc::clone(&fake);
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let fake = Arc::clone(&shared);
                thread::spawn(move || fake.serve(number, stream?));
            }
        });
        fake
    }

    fn serve(&self, number: usize, mut stream: TcpStream) -> io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        loop {
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                if reader.read_line(&mut head)? == 0 {
                    return Ok(());
                }
            }
            let line = head.lines().next().unwrap_or_default();
            let is_unwell = self.is_unwell.load(Ordering::Relaxed);
            let (status, body) = match line {
                "HEAD / HTTP/1.0" if is_unwell => {
                    ("503 Service Unavailable", "")
                }
                "HEAD / HTTP/1.0" => ("200 OK", ""),
                "GET / HTTP/1.1" | "POST / HTTP/1.1" => ("200 OK", "well"),
                "GET /full HTTP/1.1" => ("503 Service Unavailable", "full"),
                _ => ("", ""),
            };
            if line != "HEAD / HTTP/1.0" {
                self.requests.lock().unwrap().push((number, head.clone()));
            }
            if status.is_empty() {
                return Ok(());
            }
            let fields = "Content-Length: 4\r\n\r\n";
            let answer = format!("HTTP/1.1 {status}\r\n{fields}{body}");
            stream.write_all(answer.as_bytes())?;
        }
    }

    fn requests(&self) -> Vec<(usize, String)> {
        self.requests.lock().unwrap().clone()
    }

    fn asked(&self, line: &str) -> usize {
        let is_it = |it: &&(usize, String)| it.1.starts_with(line);
        self.requests().iter().filter(is_it).count()
    }
}

/// A request that got no answer may have been carried out, so the other copy may
/// be asked only if that makes no difference.
fn only_what_is_safe_is_asked_again(start: Start) {
    let ports = free_ports();
    let fakes = [0, 1].map(|it| FakeCopy::start(ports[it]));
    let Some(balancer) = start("again", ports) else { return };
    for (line, again) in
        [("GET /lost", true), ("HEAD /lost", true), ("POST /lost", false)]
    {
        let mut client = Client::connect(balancer.address()).unwrap();
        let answer = client.request(line).unwrap();
        assert!(answer.status.starts_with("50"), "{line}: {}", answer.status);
        let asked = fakes.each_ref().map(|it| it.asked(line));
        let all = asked[0] + asked[1];
        assert_eq!(all > 1, again, "{line} was asked {asked:?} times");
    }
}

#[test]
fn nginx_asks_again_only_what_is_safe() {
    only_what_is_safe_is_asked_again(Balancer::nginx);
}

#[test]
fn haproxy_asks_again_only_what_is_safe() {
    only_what_is_safe_is_asked_again(Balancer::haproxy);
}

/// A copy that doesn't listen can't have carried out a request.
fn what_was_never_sent_is_asked_of_the_other(start: Start) {
    let ports = free_ports();
    let _fake = FakeCopy::start(ports[1]);
    let Some(balancer) = start("refused", ports) else { return };
    for _ in 0..4 {
        let mut client = Client::connect(balancer.address()).unwrap();
        assert_eq!(client.request("POST /").unwrap().status, "200");
    }
}

#[test]
fn nginx_asks_the_other_copy_if_one_refuses() {
    what_was_never_sent_is_asked_of_the_other(Balancer::nginx);
}

#[test]
fn haproxy_asks_the_other_copy_if_one_refuses() {
    what_was_never_sent_is_asked_of_the_other(Balancer::haproxy);
}

#[test]
fn nginx_asks_the_other_copy_if_one_is_full() {
    let ports = free_ports();
    let fakes = [0, 1].map(|it| FakeCopy::start(ports[it]));
    let Some(balancer) = Balancer::nginx("full", ports) else { return };
    let mut client = Client::connect(balancer.address()).unwrap();
    assert_eq!(client.request("GET /full").unwrap().status, "503");
    assert_eq!(fakes.each_ref().map(|it| it.asked("GET /full")), [1, 1]);
}

#[test]
fn haproxy_leaves_a_copy_alone_that_is_not_well() {
    let ports = free_ports();
    let fakes = [0, 1].map(|it| FakeCopy::start(ports[it]));
    fakes[0].is_unwell.store(true, Ordering::Relaxed);
    let Some(balancer) = Balancer::haproxy("well", ports) else { return };
    let mut client = Client::connect(balancer.address()).unwrap();
    // Four in a row that the other has got: it is not its turn by chance.
    let mut row = 0;
    wait_until("the copy is left alone", || {
        let before = fakes[0].requests().len();
        assert_eq!(client.request("GET /").unwrap().status, "200");
        row = if fakes[0].requests().len() == before { row + 1 } else { 0 };
        row == 4
    });
    fakes[0].is_unwell.store(false, Ordering::Relaxed);
    let before = fakes[0].requests().len();
    wait_until("the copy is asked again", || {
        assert_eq!(client.request("GET /").unwrap().status, "200");
        fakes[0].requests().len() > before
    });
}

/// The connections to the copies last, and the copies learn who asks: whatever
/// a client claims.
fn copies_learn_what_they_need(start: Start) {
    let ports = free_ports();
    let fakes = [0, 1].map(|it| FakeCopy::start(ports[it]));
    let Some(balancer) = start("tells", ports) else { return };
    let mut client = Client::connect(balancer.address()).unwrap();
    for _ in 0..6 {
        let answer = client.request("GET /").unwrap();
        assert_eq!((&*answer.status, &*answer.body), ("200", &b"well"[..]));
    }
    for fake in &fakes {
        let requests = fake.requests();
        assert_eq!(requests.len(), 3, "the copies take turns: {requests:?}");
        for (connection, head) in &requests {
            assert_eq!(connection, &requests[0].0, "{requests:?}");
            assert!(head.starts_with("GET / HTTP/1.1\r\n"), "{head}");
            let head = head.to_lowercase();
            assert!(head.contains("\r\nhost: localhost\r\n"), "{head}");
            assert!(!head.contains("connection: close"), "{head}");
            let forwarded = "\r\nx-forwarded-for: 127.0.0.1\r\n";
            assert!(head.contains(forwarded), "{head}");
            assert!(!head.contains("6.6.6.6"), "{head}");
        }
    }
}

#[test]
fn nginx_tells_the_copies_who_asks_on_connections_that_last() {
    copies_learn_what_they_need(Balancer::nginx);
}

#[test]
fn haproxy_tells_the_copies_who_asks_on_connections_that_last() {
    copies_learn_what_they_need(Balancer::haproxy);
}

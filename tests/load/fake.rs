//! A server that does as a test wishes.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

pub const GOOD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/// A server in this process, which remembers what it was sent.
pub struct Fake {
    pub address: String,
    /// Each request's head, with the number of its connection.
    heads: Arc<Mutex<Vec<(usize, String)>>>,
}

impl Fake {
    /// Gives `answer` to each request, and closes a connection after `most`.
    pub fn start(answer: &'static str, most: usize) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&heads);
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let shared = Arc::clone(&shared);
                thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    for _ in 0..most {
                        let Some(head) = read_head(&stream) else { return };
                        shared.lock().unwrap().push((number, head));
                        _ = stream.write_all(answer.as_bytes());
                    }
                });
            }
        });
        Fake { address, heads }
    }

    /// The requests of each connection on which there were any.
    pub fn connections(&self) -> Vec<Vec<String>> {
        let mut connections = BTreeMap::new();
        for (number, head) in self.heads.lock().unwrap().iter() {
            let heads: &mut Vec<_> = connections.entry(*number).or_default();
            heads.push(head.clone());
        }
        connections.into_values().collect()
    }
}

/// A client sends a request only when it has the answer to the last: nothing is
/// lost with this reader.
fn read_head(stream: &TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        let count = reader.read_line(&mut head).ok()?;
        (count > 0).then_some(())?;
    }
    Some(head)
}

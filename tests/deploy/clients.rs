//! Clients that keep their connections.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use crate::servers::Balancer;
use crate::{DEADLINE, repository, wait_until};

/// A connection that is kept for many requests.
pub struct Client {
    reader: BufReader<TcpStream>,
}

pub struct Answer {
    pub status: String,
    pub body: Vec<u8>,
    /// Whether the connection ends here.
    closes: bool,
}

impl Client {
    pub fn connect(address: SocketAddr) -> io::Result<Client> {
        let stream = TcpStream::connect_timeout(&address, DEADLINE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(DEADLINE))?;
        Ok(Client { reader: BufReader::new(stream) })
    }

    pub fn request(&mut self, line: &str) -> io::Result<Answer> {
        let fields = "Host: localhost\r\nX-Forwarded-For: 6.6.6.6";
        let request = format!("{line} HTTP/1.1\r\n{fields}\r\n\r\n");
        self.reader.get_mut().write_all(request.as_bytes())?;
        let mut status = String::new();
        if self.reader.read_line(&mut status)? == 0 {
            return Err(io::Error::other("closed without an answer"));
        }
        let (mut length, mut closes) = (0, false);
        loop {
            let mut field = String::new();
            if self.reader.read_line(&mut field)? == 0 {
                return Err(io::Error::other("closed within a head"));
            }
            let field = field.trim_end().to_lowercase();
            if field.is_empty() {
                break;
            }
            if let Some(value) = field.strip_prefix("content-length: ") {
                length = value.parse().map_err(io::Error::other)?;
            }
            closes |= field == "connection: close";
        }
        let length = if line.starts_with("HEAD") { 0 } else { length };
        let mut body = vec![0; length];
        self.reader.read_exact(&mut body)?;
        let status = status.split(' ').nth(1).unwrap_or("").to_string();
        Ok(Answer { status, body, closes })
    }
}

/// Clients that ask without a pause, each on a connection of its own.
pub struct Load {
    clients: Vec<JoinHandle<()>>,
    is_over: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    faults: Arc<Mutex<Vec<String>>>,
}

impl Load {
    /// A client for each of these paths, at all of which is the same page.
    pub fn start(balancer: &Balancer, paths: [&'static str; 4]) -> Load {
        let address = balancer.address();
        let load = Load {
            clients: Vec::new(),
            is_over: Arc::default(),
            answered: Arc::default(),
            faults: Arc::default(),
        };
        let page = fs::read(repository().join("static/hello.html")).unwrap();
        let clients = paths.map(|path| {
            let is_over = Arc::clone(&load.is_over);
            let answered = Arc::clone(&load.answered);
            let faults = Arc::clone(&load.faults);
            let page = page.clone();
            thread::spawn(move || {
                let mut client = None;
                while !is_over.load(Ordering::Relaxed) {
                    match ask(&mut client, address, path, &page) {
                        Ok(()) => _ = answered.fetch_add(1, Ordering::Relaxed),
                        Err(fault) => {
                            client = None;
                            let fault = format!("{path}: {fault}");
                            faults.lock().unwrap().push(fault);
                        }
                    }
                }
            })
        });
        Load { clients: clients.into(), ..load }
    }

    fn answered(&self) -> usize {
        self.answered.load(Ordering::Relaxed)
    }

    /// Waits for that many answers more.
    pub fn wait_for(&self, more: usize) {
        let before = self.answered();
        wait_until("more answers", || self.answered() >= before + more);
    }

    /// Ends it. Not one request was lost.
    pub fn end(self, balancer: &Balancer) {
        self.is_over.store(true, Ordering::Relaxed);
        for client in self.clients {
            client.join().unwrap();
        }
        let faults = self.faults.lock().unwrap();
        let answered = self.answered.load(Ordering::Relaxed);
        assert!(
            faults.is_empty(),
            "{} lost {} of {} requests: {faults:#?}",
            balancer.name,
            faults.len(),
            answered + faults.len(),
        );
        eprintln!("{}: {answered} requests", balancer.name);
    }
}

/// One request, which must get the whole page.
fn ask(
    client: &mut Option<Client>,
    address: SocketAddr,
    path: &str,
    page: &[u8],
) -> io::Result<()> {
    let mut kept = match client.take() {
        Some(client) => client,
        None => Client::connect(address)?,
    };
    let answer = kept.request(&format!("GET {path}"))?;
    if !answer.closes {
        *client = Some(kept);
    }
    if answer.status != "200" {
        return Err(io::Error::other(format!("status {}", answer.status)));
    }
    if answer.body != page {
        return Err(io::Error::other("another body than the page"));
    }
    Ok(())
}

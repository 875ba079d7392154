use std::io::{self, Read};
use std::net::TcpStream;

struct Request<'a> {
    path: &'a str,
}

fn read_request(mut stream: &TcpStream) -> io::Result<Request<'_>> {
    let mut head = String::new();
    stream.read_to_string(&mut head)?;
    Ok(Request { path: &head })
}

fn main() {}

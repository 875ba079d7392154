use std::io::{BufRead, BufReader};
use std::net::TcpStream;

fn handle(stream: TcpStream) {
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line)?;
}

fn main() {}

use std::net::TcpStream;
use std::{io, thread};

fn handle(stream: &TcpStream) {}

fn start_thread(stream: TcpStream) -> io::Result<()> {
    thread::Builder::new().spawn(|| handle(&stream))?;
    Ok(())
}

fn main() {}

//! Step 01: accepts one connection at a time and prints its request's head.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::{env, ffi::OsStr, process};

fn main() -> io::Result<()> {
    let args = env::args_os().skip(1).collect::<Vec<_>>().join(OsStr::new(" "));
    let args = args.to_string_lossy();
    let address = if args.is_empty() { "127.0.0.1:7878" } else { &args };
    let listener = TcpListener::bind(address).unwrap_or_else(|error| {
        let hint = "an address looks like 127.0.0.1:7878";
        _ = writeln!(io::stderr(), "cannot bind {address:?}: {error}; {hint}");
        process::exit(1)
    });
    writeln!(io::stdout(), "listening on http://{}", listener.local_addr()?)?;
    for stream in listener.incoming() {
        if let Err(error) = stream.and_then(handle) {
            _ = writeln!(io::stderr(), "connection failed: {error}");
        }
    }
    Ok(())
}

fn handle(stream: TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 && line.trim_ascii() != b"" {
        writeln!(io::stdout(), "{}", line.escape_ascii())?;
        line.clear();
    }
    Ok(())
}

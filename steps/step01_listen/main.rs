//! Step 01: takes one connection at a time and prints the head of its request.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::{env, ffi::OsStr, process::ExitCode};

fn main() -> ExitCode {
    let mut arguments: Vec<_> = env::args_os().skip(1).collect();
    if arguments.is_empty() {
        arguments.push("127.0.0.1:7878".into());
    }
    // More than one argument is no address either: all of them are refused.
    let address = arguments.join(OsStr::new(" "));
    if let Err(error) = serve(&address.to_string_lossy()) {
        _ = writeln!(io::stderr(), "cannot serve on {address:?}: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn serve(address: &str) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    let address = listener.local_addr()?;
    writeln!(io::stdout(), "listening on http://{address}")?;
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

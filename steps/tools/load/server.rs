//! Starts and ends the servers that get the load.

use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};

use crate::client::TIMEOUT;
use crate::launch::{self, Process};
use crate::place::{Place, Server};

/// A server that's ready. It ends when this is dropped, unless we didn't start it.
pub struct Running {
    pub address: SocketAddr,
    _process: Option<Process>,
}

/// Builds the named binaries of this package.
pub fn build(servers: &[Server]) -> Result<(), String> {
    let ours = servers.iter().filter(|it| it.place == Place::Package);
    launch::build(ours.map(Server::binary))
}

/// Starts a server, or makes sure that it is there.
pub fn start(server: &Server) -> Result<Running, String> {
    let mut arguments: Vec<&str> = Vec::new();
    let program = match &server.place {
        Place::Address(address) => {
            TcpStream::connect_timeout(address, TIMEOUT).map_err(|error| {
                format!("cannot reach {}: {error}", server.name)
            })?;
            return Ok(Running { address: *address, _process: None });
        }
        Place::Program(path) => path.clone(),
        Place::Package => {
            arguments.extend(server.words().skip(1));
            launch::beside_this_program(server.binary())?
        }
    };
    let mut process = Command::new(&program)
        .args(arguments)
        .arg("127.0.0.1:0")
        .stdin(Stdio::piped()) // The end of input would stop some servers.
        .stdout(Stdio::piped())
        .stderr(Stdio::null()) // Each client that leaves may add a line.
        .spawn()
        .map(Process)
        .map_err(|error| format!("cannot start {program:?}: {error}"))?;
    let address = launch::announced_address(&mut process, &server.name)?;
    Ok(Running { address, _process: Some(process) })
}

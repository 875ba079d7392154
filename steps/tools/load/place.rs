//! A server's name on the command line, and where it says that the server is.

use crate::launch::address;
use std::net::SocketAddr;
use std::path::{PathBuf, is_separator};

/// A server, by the name that the user gave it.
#[derive(Debug, PartialEq)]
pub struct Server {
    pub name: String,
    pub place: Place,
}

impl Server {
    pub fn parse(name: String) -> Result<Server, String> {
        // It has to fit in a line of the table.
        if name.trim().is_empty() || name.contains(char::is_control) {
            return Err(format!("{name:?} isn't a server's name"));
        }
        // What a program's options contain doesn't matter here.
        let (first, _) = name.split_once(" -").unwrap_or((&name, ""));
        if let Some((label, place)) = first.split_once('=') {
            if !label.trim().is_empty()
                && !label.contains(|it| it == ':' || is_separator(it))
            {
                let place = Place::Address(address(place)?);
                return Ok(Server { name: label.to_string(), place });
            }
        }
        let place = if first.contains("://") {
            Place::Address(address(&name)?)
        } else if first.contains(is_separator) {
            Place::Program(PathBuf::from(&name))
        } else if first.contains(':') {
            Place::Address(address(&name)?)
        } else {
            Place::Package
        };
        Ok(Server { name, place })
    }

    /// For a binary of this package: its name, and then its options.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.name.split_whitespace()
    }

    pub fn binary(&self) -> &str {
        self.words().next().unwrap_or_default()
    }
}

/// Where a server is found.
#[derive(Debug, PartialEq)]
pub enum Place {
    /// It is a binary of this package.
    Package,
    /// It is any other program.
    Program(PathBuf),
    /// It's already running.
    Address(SocketAddr),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_where_the_server_is() {
        let address: SocketAddr = "127.0.0.1:80".parse().unwrap();
        let program = |path: &str| Place::Program(path.into());
        let cases = [
            ("step04", Place::Package),
            ("step16 --workers 2", Place::Package),
            ("step16 --root ./a:b", Place::Package),
            ("./step04", program("./step04")),
            ("/bin/a:b", program("/bin/a:b")),
            ("127.0.0.1:80", Place::Address(address)),
            ("localhost:80", Place::Address(address)),
            ("http://127.0.0.1:80", Place::Address(address)),
            ("http://localhost:80/", Place::Address(address)),
        ];
        for (name, place) in cases {
            let found = Server::parse(name.to_string()).expect(name);
            assert_eq!(found, Server { name: name.into(), place });
        }
        let found = Server::parse("my server=127.0.0.1:80".to_string());
        let place = Place::Address(address);
        assert_eq!(found, Ok(Server { name: "my server".into(), place }));
        let path = "./a=127.0.0.1:80";
        assert_eq!(
            Server::parse(path.into()).map(|it| it.place),
            Ok(program(path))
        );
    }

    #[test]
    fn a_name_fits_in_a_line() {
        for name in ["", " ", "a\nb", "./a\tb"] {
            assert!(Server::parse(name.to_string()).is_err(), "{name:?}");
        }
    }
}

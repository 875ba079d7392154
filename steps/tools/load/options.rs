//! The command line.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{PathBuf, is_separator};
use std::time::Duration;

use crate::launch::address;

pub const HELP: &str = "\
load: how many requests a server answers, and how long they take

  cargo run --release --bin load -- step04 step05 step06
  cargo run --release --bin load -- --close --connections 200 step06
  cargo run --release --bin load -- ./my-server 127.0.0.1:8080

Each SERVER gets the same load, one after the other. It is one of these:
  step04             a program of this package; it is built if need be
  \"step20 --idle-seconds 9\"
                     such a program, with options
  ./my-server        any program, by a path with a slash in it, that takes an
                     address and prints `listening on http://ADDRESS` first
  127.0.0.1:8080     a server that runs already, on this machine
  nginx=127.0.0.1:8080
                     the same, with a name for the table

Options:
  --connections N    as many clients at once (64)
  --idle N           beside them, so many clients that have had an answer, keep
                     their connections, and ask for nothing (0); with a list
                     such as 0,100,1000, one load for each number
  --seconds S        for so long, 0.5 for half a second (5)
  --rate R           so many requests per second, by all clients together;
                     otherwise each client sends its next request when it has
                     the answer to the last
  --rounds N         all of that so many times, in turn (1)
  --path PATH        what is asked for (/)
  --close            ask for a new connection for every request; otherwise one
                     is used as long as the server keeps it open
  --csv FILE         write the figures to FILE as well, for a plot
  --help             this text

A request counts when its answer came whole, with a status 2xx or 3xx. Its time
includes that of connecting. Of all requests, half took no longer than p50, and
99 in 100 no longer than p99.

With --rate, the time of a request counts from when it was due, also if it had
to wait until its client had the answer to the one before. Each request that is
due gets 5 seconds, so a load may take so much longer.

cpu/request is the processor time that the server used, divided by the requests
that it answered. Only Linux tells it, and only of servers that you may look at.

The load takes part of the processors that the server could use. Compare figures
of one run with each other; on another machine, all of them are different.
";

#[derive(Debug, PartialEq)]
pub struct Options {
    pub servers: Vec<Server>,
    /// How often all of them are loaded.
    pub rounds: usize,
    /// How many connections are open besides, and not used: one load for each.
    pub idle: Vec<usize>,
    pub load: Load,
    pub csv: Option<PathBuf>,
}

/// What each server gets.
#[derive(Debug, PartialEq)]
pub struct Load {
    pub connections: usize,
    pub time: Duration,
    /// Requests per second in all. `None`: as many as are answered.
    pub rate: Option<u32>,
    /// Whether to ask for a new connection for each request.
    pub close: bool,
    pub path: String,
}

impl Load {
    /// With a rate: when the client of this number (the first is 0) has to send
    /// its first request, and how long after that each further one is due. The
    /// clients take turns.
    pub fn timetable(&self, client: usize) -> Option<(Duration, Duration)> {
        let rate = f64::from(self.rate?);
        let turns = |count| Duration::from_secs_f64(count as f64 / rate);
        Some((turns(client), turns(self.connections)))
    }
}

/// A server, by the name that the user gave it.
#[derive(Debug, PartialEq)]
pub struct Server {
    pub name: String,
    pub place: Place,
}

impl Server {
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
    /// It runs already.
    Address(SocketAddr),
}

/// The options, or `None` if help is asked for. An error is a line for the user.
pub fn parse(
    arguments: impl Iterator<Item = OsString>,
) -> Result<Option<Options>, String> {
    let mut arguments = arguments.map(|argument| {
        argument.into_string().map_err(|it| format!("{it:?} is not UTF-8"))
    });
    let mut servers = Vec::new();
    let time = Duration::from_secs(5);
    let path = "/".to_string();
    let mut load =
        Load { connections: 64, time, rate: None, close: false, path };
    let (mut rounds, mut idle, mut csv) = (1, vec![0], None);
    while let Some(argument) = arguments.next() {
        let argument = argument?;
        let mut value = || {
            let value = arguments.next().transpose()?;
            let value = value.filter(|it| !it.starts_with("--"));
            value.ok_or(format!("{argument} needs a value; see --help"))
        };
        match argument.as_str() {
            "--help" | "-h" => return Ok(None),
            "--connections" => load.connections = connections(&value()?)?,
            "--idle" => idle = self::idle(&value()?)?,
            "--seconds" => load.time = seconds(&value()?)?,
            "--rate" => load.rate = Some(rate(&value()?)?),
            "--rounds" => rounds = self::rounds(&value()?)?,
            "--path" => load.path = path_of_request(value()?)?,
            "--close" => load.close = true,
            "--csv" => csv = Some(PathBuf::from(value()?)),
            option if option.starts_with('-') => {
                return Err(format!("no option {option:?}; see --help"));
            }
            _ => servers.push(server(argument)?),
        }
    }
    if servers.is_empty() {
        return Err(
            "no server is named, as in `load step06`; see --help".to_string()
        );
    }
    Ok(Some(Options { servers, rounds, idle, load, csv }))
}

/// Each connection takes a thread and an open file, so there is a limit.
fn connections(value: &str) -> Result<usize, String> {
    let number = value.parse().ok().filter(|it| (1..=10_000).contains(it));
    number.ok_or(format!("--connections {value:?} is not from 1 to 10000"))
}

fn idle(value: &str) -> Result<Vec<usize>, String> {
    let number = |it: &str| it.parse().ok().filter(|it| *it <= 20_000);
    let numbers: Option<Vec<usize>> = value.split(',').map(number).collect();
    numbers.ok_or(format!("--idle {value:?} is not from 0 to 20000"))
}

fn rate(value: &str) -> Result<u32, String> {
    let number = value.parse().ok().filter(|it| (1..=1_000_000).contains(it));
    number.ok_or(format!("--rate {value:?} is not from 1 to 1000000"))
}

fn rounds(value: &str) -> Result<usize, String> {
    let number = value.parse().ok().filter(|it| (1..=100).contains(it));
    number.ok_or(format!("--rounds {value:?} is not from 1 to 100"))
}

fn seconds(value: &str) -> Result<Duration, String> {
    let seconds = value.parse().ok().filter(|it| (0.01..=3600.0).contains(it));
    let time = seconds.map(Duration::from_secs_f64);
    time.ok_or(format!("--seconds {value:?} is not from 0.01 to 3600"))
}

/// A blank or a line's end would make another request of it.
fn path_of_request(value: String) -> Result<String, String> {
    let graphic = value.bytes().all(|byte| byte.is_ascii_graphic());
    if graphic && value.starts_with('/') {
        return Ok(value);
    }
    Err(format!("--path {value:?} is not a / and then letters without blanks"))
}

fn server(name: String) -> Result<Server, String> {
    // It has to fit in a line of the table.
    if name.trim().is_empty() || name.contains(char::is_control) {
        return Err(format!("{name:?} isn't a server's name"));
    }
    // What an option of a program holds does not matter here.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_line(line: &str) -> Result<Option<Options>, String> {
        parse(line.split_whitespace().map(OsString::from))
    }

    fn options(line: &str) -> Options {
        parse_line(line).expect("a valid line").expect("no help")
    }

    #[test]
    fn what_is_not_said_has_a_default() {
        let load = Load {
            connections: 64,
            time: Duration::from_secs(5),
            rate: None,
            close: false,
            path: "/".to_string(),
        };
        let server = Server { name: "step04".into(), place: Place::Package };
        let servers = vec![server];
        let (rounds, idle) = (1, vec![0]);
        let expected = Options { servers, rounds, idle, load, csv: None };
        assert_eq!(options("step04"), expected);
    }

    #[test]
    fn options_and_servers_come_in_any_order() {
        let line = "--seconds 0.5 step04 --close --path /a?b=c ./x \
                    --connections 200 --idle 9,0 --rate 7 --rounds 3 \
                    --csv a.csv [::1]:80";
        let options = options(line);
        assert_eq!(options.load.time, Duration::from_millis(500));
        assert_eq!(options.load.connections, 200);
        assert_eq!(options.idle, [9, 0]);
        assert_eq!(options.load.rate, Some(7));
        assert_eq!(options.rounds, 3);
        assert_eq!(options.load.path, "/a?b=c");
        assert!(options.load.close);
        assert_eq!(options.csv, Some("a.csv".into()));
        let names = options.servers.iter().map(|it| it.name.as_str());
        assert!(names.eq(["step04", "./x", "[::1]:80"]));
    }

    #[test]
    fn clients_take_turns() {
        let load = options("--rate 1000 --connections 50 step04").load;
        let milliseconds = Duration::from_millis;
        let expected = (milliseconds(3), milliseconds(50));
        assert_eq!(load.timetable(3), Some(expected));
        assert_eq!(options("step04").load.timetable(3), None);
    }

    #[test]
    fn help_wins_over_what_follows() {
        for line in ["--help", "-h", "step04 --help --bogus"] {
            assert_eq!(parse_line(line), Ok(None));
        }
    }

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
            let found = server(name.to_string()).expect(name);
            assert_eq!(found, Server { name: name.into(), place });
        }
        let found = server("my server=127.0.0.1:80".to_string());
        let place = Place::Address(address);
        assert_eq!(found, Ok(Server { name: "my server".into(), place }));
        let path = "./a=127.0.0.1:80";
        assert_eq!(server(path.into()).map(|it| it.place), Ok(program(path)));
    }

    #[test]
    fn an_error_is_one_line_that_names_the_thing() {
        let cases = [
            ("", "no server is named"),
            ("--close", "no server is named"),
            ("--bogus step04", "no option \"--bogus\""),
            ("-x", "no option \"-x\""),
            ("step04 --connections", "--connections needs a value"),
            ("--csv --close step04", "--csv needs a value"),
            ("--connections 0", "--connections \"0\" is not"),
            ("--connections 10001", "--connections \"10001\" is not"),
            ("--connections -1", "--connections \"-1\" is not"),
            ("--connections many", "--connections \"many\" is not"),
            ("--idle 20001", "--idle \"20001\" is not"),
            ("--idle 1,", "--idle \"1,\" is not"),
            ("--rate 0", "--rate \"0\" is not"),
            ("--rate 1000001", "--rate \"1000001\" is not"),
            ("--rate fast", "--rate \"fast\" is not"),
            ("--rate --close", "--rate needs a value"),
            ("x=192.0.2.1:80", "\"192.0.2.1:80\" is not this machine's"),
            ("x=", "\"\" isn't an address"),
            ("--rounds 0", "--rounds \"0\" is not"),
            ("--rounds 101", "--rounds \"101\" is not"),
            ("--seconds 0", "--seconds \"0\" is not"),
            ("--seconds -1", "--seconds \"-1\" is not"),
            ("--seconds NaN", "--seconds \"NaN\" is not"),
            ("--seconds inf", "--seconds \"inf\" is not"),
            ("--seconds 1e300", "--seconds \"1e300\" is not"),
            ("--path hello", "--path \"hello\" is not"),
            ("--path /\u{e9}", "--path \"/\u{e9}\" is not"),
            ("http://127.0.0.1/", "\"http://127.0.0.1/\" isn't an address"),
        ];
        for (line, expected) in cases {
            let error = parse_line(line).expect_err(line);
            assert!(error.starts_with(expected), "{error}");
            assert!(!error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn a_name_fits_in_a_line() {
        for name in ["", " ", "a\nb", "./a\tb"] {
            assert!(server(name.to_string()).is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_path_cannot_smuggle_a_second_request() {
        for path in ["/ HTTP/1.1", "/\r\nX: y", "/\t", "/\0", ""] {
            assert!(path_of_request(path.to_string()).is_err(), "{path:?}");
        }
    }
}

//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::place::Server;

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
  127.0.0.1:8080     a server that's already running on this machine
  nginx=127.0.0.1:8080
                     the same, with a name for the table

Options:
  --connections N    how many clients send requests at once (64)
  --idle N           how many more clients get one answer, and then keep their
                     connections and ask for nothing (0); a list such as
                     0,100,1000 makes one load for each number
  --seconds S        how long a load lasts; 0.5 is half a second (5)
  --rate R           how many requests per second, by all clients together;
                     otherwise each client sends its next request when it has
                     the answer to the last
  --rounds N         how many times to do all of that, in turn (1)
  --path PATH        what to ask for (/)
  --close            make a new connection for each request; otherwise use one
                     for as long as the server keeps it open
  --csv FILE         write the figures to FILE as well, for a plot
  --help             this text

A request counts if its whole answer came, with a 2xx or 3xx status. Its time
includes that of connecting. Of all requests, half took no longer than p50, and
99 in 100 no longer than p99.

With --rate, a request's time counts from when it was due, even if its client
was still waiting for an earlier answer. Each request that's due gets 5 seconds,
so a load may last up to 5 seconds longer than --seconds says.

cpu/request is the processor time that the server used, divided by the requests
that it answered. Only Linux reports it, and only for processes that you may
inspect.

The load itself takes processor time from the server. Compare figures
of one run with each other; on another machine, all of them are different.
";

#[derive(Debug, PartialEq)]
pub struct Options {
    pub servers: Vec<Server>,
    /// How many times all of them are loaded.
    pub rounds: usize,
    /// How many more connections are open, but unused: one load for each number.
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
    /// With a rate: when the client with this number (the first is 0) has to send
    /// its first request, and how long after that each further one is due. The
    /// clients take turns.
    pub fn timetable(&self, client: usize) -> Option<(Duration, Duration)> {
        let rate = f64::from(self.rate?);
        let turns = |count| Duration::from_secs_f64(count as f64 / rate);
        Some((turns(client), turns(self.connections)))
    }
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
            _ => servers.push(Server::parse(argument)?),
        }
    }
    if servers.is_empty() {
        return Err(
            "no server is named; try `load step06`, or see --help".to_string()
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

/// A space or a line break would make another request of it.
fn path_of_request(value: String) -> Result<String, String> {
    let graphic = value.bytes().all(|byte| byte.is_ascii_graphic());
    if graphic && value.starts_with('/') {
        return Ok(value);
    }
    Err(format!("--path {value:?} is not a / and then text without spaces"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Place;

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
    fn a_path_cannot_smuggle_a_second_request() {
        for path in ["/ HTTP/1.1", "/\r\nX: y", "/\t", "/\0", ""] {
            assert!(path_of_request(path.to_string()).is_err(), "{path:?}");
        }
    }
}

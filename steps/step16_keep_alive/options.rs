//! What the command line asks for, and what the program says when it starts.

use std::env;
use std::ffi::OsString;
use std::io::{self, ErrorKind, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process;
use std::time::Duration;

/// How the server is to run.
pub struct Options {
    pub address: String,
    /// The directory whose files are served.
    pub root: PathBuf,
    pub workers: usize,
    /// Whether there are `/sleep` and `/panic`.
    pub demo: bool,
    /// How long a connection may wait for its next request.
    pub idle_timeout: Duration,
    /// How long a head may take, from its first byte on.
    pub head_timeout: Duration,
    /// How long a client may take to receive 32 KiB of a response.
    pub stall_timeout: Duration,
    /// How long a client may be silent while its connection is being closed.
    pub linger_timeout: Duration,
    /// How many connections may wait for a worker.
    pub queue: usize,
    /// Whether each response is logged on standard output.
    pub access_log: bool,
}

const HELP: &str = "\
Serves the files of a directory over HTTP.

Usage: step16 [OPTIONS] [ADDRESS]

ADDRESS is where to listen, by default 127.0.0.1:7878. Port 0 picks a free
port. Other machines aren't let in.

Options:
  --root DIR          the directory to serve [this tutorial's pages]
  --workers N         how many connections are served at once [4]
  --queue N           how many more may wait; others get a 503 [1024]
  --idle-seconds S    how long a connection may wait for its next request [5]
  --head-seconds S    how long the head of a request may take [10]
  --stall-seconds S   how long a client may take for 32 KiB of a response [10]
  --linger-seconds S  how long a client may stay silent during the close [2]
  --access-log        prints a line for each response, except for a 503
  --no-demo           turns off /sleep and /panic; use it for anything real
  --help              prints this help
";

impl Options {
    /// What the arguments of the program ask for. `--help` prints the help and
    /// ends the program with status 0. A command line that can't be understood
    /// ends it with status 2 and a line that says why; a root that isn't a
    /// directory, with status 1.
    pub fn from_args() -> Options {
        let error = match Options::parse(env::args_os().skip(1)) {
            Ok(Some(options)) => return options.check_root(),
            Ok(None) => match io::stdout().write_all(HELP.as_bytes()) {
                Ok(()) => process::exit(0),
                Err(error) => format!("cannot print the help: {error}"),
            },
            Err(error) => format!("{error} (see --help)"),
        };
        _ = writeln!(io::stderr(), "{error}");
        process::exit(2)
    }

    fn check_root(self) -> Options {
        let error = match self.root.metadata() {
            Ok(metadata) if metadata.is_dir() => return self,
            Ok(_) => ErrorKind::NotADirectory.into(),
            Err(error) => error,
        };
        let root = self.root;
        let hint = "--root takes a directory";
        _ = writeln!(io::stderr(), "cannot serve {root:?}: {error}; {hint}");
        process::exit(1)
    }

    fn default() -> Options {
        // Cargo knows where the package is now. It may have moved since the
        // build.
        let package = env::var_os("CARGO_MANIFEST_DIR");
        let package = package.unwrap_or(env!("CARGO_MANIFEST_DIR").into());
        Options {
            address: "127.0.0.1:7878".to_string(),
            root: PathBuf::from(package).join("static"),
            workers: 4,
            demo: true,
            idle_timeout: Duration::from_secs(5),
            head_timeout: Duration::from_secs(10),
            stall_timeout: Duration::from_secs(10),
            linger_timeout: Duration::from_secs(2),
            queue: 1024,
            access_log: false,
        }
    }

    /// `None` means that the help was asked for. An error names the argument
    /// and says what's wrong with it.
    fn parse(
        mut arguments: impl Iterator<Item = OsString>,
    ) -> Result<Option<Options>, String> {
        let mut options = Options::default();
        let mut has_address = false;
        while let Some(argument) = arguments.next() {
            let (name, value) = split(argument);
            let has_value = value.is_some();
            let mut takes_value = false;
            let mut value = || {
                takes_value = true;
                let missing = || format!("{name} needs a value");
                value.clone().or_else(|| arguments.next()).ok_or_else(missing)
            };
            match &*name {
                "--help" | "-h" => return Ok(None),
                "--access-log" => options.access_log = true,
                "--no-demo" => options.demo = false,
                "--root" => options.root = value()?.into(),
                "--queue" => options.queue = number(&name, value()?)?,
                "--workers" => options.workers = number(&name, value()?)?,
                _ if name.ends_with("-seconds") => {
                    let time = options.time(&name)?;
                    *time = seconds(&name, value()?)?;
                }
                _ if name.starts_with('-') => {
                    return Err(format!("there is no option {name:?}"));
                }
                _ if has_address => {
                    return Err(format!("{name:?} is a second address"));
                }
                _ => {
                    options.address.clone_from(&name);
                    has_address = true;
                }
            }
            if has_value && !takes_value {
                return Err(format!("{name} takes no value"));
            }
        }
        Ok(Some(options))
    }

    /// Where the value of an option that takes a time belongs.
    fn time(&mut self, name: &str) -> Result<&mut Duration, String> {
        Ok(match name {
            "--idle-seconds" => &mut self.idle_timeout,
            "--head-seconds" => &mut self.head_timeout,
            "--stall-seconds" => &mut self.stall_timeout,
            "--linger-seconds" => &mut self.linger_timeout,
            _ => return Err(format!("there is no option {name:?}")),
        })
    }
}

/// Says where the server listens. If that can't be written, for example because
/// a device is full, ends the program with status 1.
pub fn announce(address: SocketAddr) {
    let line = format!("listening on http://{address}\n");
    if let Err(error) = io::stdout().write_all(line.as_bytes()) {
        let hint = "send it to a terminal, a file with room, or /dev/null";
        let what = "cannot write to standard output";
        _ = writeln!(io::stderr(), "{what}: {error}; {hint}");
        process::exit(1)
    }
}

/// The name of an option, and its value if they're joined, as in `--root=DIR`.
fn split(argument: OsString) -> (String, Option<OsString>) {
    match argument.to_str().and_then(|text| text.split_once('=')) {
        Some((name, value)) if name.starts_with("--") => {
            (name.to_string(), Some(value.into()))
        }
        _ => (argument.to_string_lossy().into_owned(), None),
    }
}

/// A number that has to be at least one.
fn number(name: &str, value: OsString) -> Result<usize, String> {
    let number = value.to_str().and_then(|text| text.parse().ok());
    number.filter(|number| (1..=65_536).contains(number)).ok_or_else(|| {
        format!("{name} {value:?} isn't a number from 1 to 65536")
    })
}

/// A time in seconds, with or without a fraction.
fn seconds(name: &str, value: OsString) -> Result<Duration, String> {
    let seconds = value.to_str().and_then(|text| text.parse::<f64>().ok());
    seconds
        .filter(|seconds| (0.001..=86_400.0).contains(seconds))
        .map(Duration::from_secs_f64)
        .ok_or_else(|| {
            format!("{name} {value:?} isn't a time from 0.001 to 86400 seconds")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Option<Options>, String> {
        Options::parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn arguments_come_in_any_order_and_form() {
        for line in [
            "--workers 8 [::1]:80 --no-demo --root a/b=c --head-seconds 0.5 \
             --access-log --queue 7",
            "--access-log --queue=7 --head-seconds=0.5 --root=a/b=c --no-demo --workers=8 [::1]:80",
        ] {
            let options = parse(line).expect("valid").expect("no help");
            assert_eq!(options.address, "[::1]:80");
            assert_eq!(options.root, PathBuf::from("a/b=c"));
            assert_eq!((options.workers, options.demo), (8, false));
            assert_eq!((options.queue, options.access_log), (7, true));
            assert_eq!(options.head_timeout, Duration::from_millis(500));
        }
        let options = parse("").expect("valid").expect("no help");
        assert_eq!(options.address, "127.0.0.1:7878");
        assert_eq!((options.workers, options.demo), (4, true));
        let seconds = Duration::from_secs;
        assert_eq!(options.idle_timeout, seconds(5));
        assert_eq!(options.head_timeout, seconds(10));
        assert_eq!(options.stall_timeout, seconds(10));
        assert_eq!(options.linger_timeout, seconds(2));
        assert_eq!(options.queue, 1024);
        assert!(parse("--workers 2 --help").expect("valid").is_none());
    }

    #[test]
    fn an_error_names_the_argument_and_what_is_wrong() {
        for (line, expected) in [
            ("--bogus", "there is no option \"--bogus\""),
            ("--root", "--root needs a value"),
            ("--no-demo=1", "--no-demo takes no value"),
            ("a:1 b:2", "\"b:2\" is a second address"),
            ("--workers 0", "--workers \"0\" isn't a number from 1 to 65536"),
            ("--workers=x", "--workers \"x\" isn't a number from 1 to 65536"),
            (
                "--head-seconds 0",
                "--head-seconds \"0\" isn't a time from 0.001 to 86400 seconds",
            ),
            (
                "--stall-seconds=NaN",
                "--stall-seconds \"NaN\" isn't a time from 0.001 to 86400 \
                 seconds",
            ),
        ] {
            assert_eq!(parse(line).err().as_deref(), Some(expected));
        }
    }
}

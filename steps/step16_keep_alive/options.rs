//! What the command line asks for.

use crate::limits::Limits;
use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// How the server is to run.
pub struct Options {
    pub address: String,
    /// The folder whose files are served.
    pub root: PathBuf,
    pub workers: usize,
    /// Whether there are `/sleep` and `/panic`.
    pub demo: bool,
    /// How many connections may wait for a worker.
    pub queue: usize,
    pub limits: Limits,
    /// How long the end may wait for responses.
    pub drain: Duration,
    pub access_log: bool,
}

pub const HELP: &str = "\
Serves the files of a folder over HTTP.

Usage: step16 [OPTIONS] [ADDRESS]

ADDRESS is where to listen: 127.0.0.1:7878 if you name none. Port 0 takes a
port that is free, and 0.0.0.0 lets other machines in.

Options:
  --root DIR          the folder to serve; else the pages of this tutorial
  --no-demo           without /sleep and /panic; use it for anything real
  --access-log        a line on standard output for each request
  --workers N         how many connections are served at once [300]
  --queue N           how many more may wait; others get a 503 [1024]
  --idle-seconds S    how long a connection may be silent [5]
  --head-seconds S    in which the head of a request has to come [10]
  --body-seconds S    in which its body has to come [10]
  --stall-seconds S   in which a client has to take 64 KiB of a response [10]
  --drain-seconds S   how long the end may wait for what has begun [10]
  --help              says this
";

impl Options {
    /// What holds where the command line says nothing else.
    fn usual() -> Options {
        // Cargo knows where the package is now. It may have moved since the
        // build.
        let package = env::var_os("CARGO_MANIFEST_DIR");
        let package = package.unwrap_or(env!("CARGO_MANIFEST_DIR").into());
        Options {
            address: "127.0.0.1:7878".to_string(),
            root: PathBuf::from(package).join("static"),
            // As many as a site of some size has visitors at a time. One that
            // waits costs little more than some 20 KiB of memory.
            workers: 300,
            demo: true,
            queue: 1024,
            limits: Limits {
                idle: Duration::from_secs(5),
                head: Duration::from_secs(10),
                body: Duration::from_secs(10),
                stall: Duration::from_secs(10),
            },
            drain: Duration::from_secs(10),
            access_log: false,
        }
    }

    /// Reads the arguments. `None` is the wish for help; an error is a line
    /// that names the argument and what is wrong with it.
    pub fn parse(
        mut arguments: impl Iterator<Item = OsString>,
    ) -> Result<Option<Options>, String> {
        let mut options = Options::usual();
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
            let limits = &mut options.limits;
            match &*name {
                "--help" | "-h" => return Ok(None),
                "--no-demo" => options.demo = false,
                "--access-log" => options.access_log = true,
                "--root" => options.root = value()?.into(),
                "--workers" => options.workers = number(&name, value()?)?,
                "--queue" => options.queue = number(&name, value()?)?,
                "--idle-seconds" => limits.idle = seconds(&name, value()?)?,
                "--head-seconds" => limits.head = seconds(&name, value()?)?,
                "--body-seconds" => limits.body = seconds(&name, value()?)?,
                "--stall-seconds" => limits.stall = seconds(&name, value()?)?,
                "--drain-seconds" => options.drain = seconds(&name, value()?)?,
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
}

/// The name of an option, and its value if they are joined as in `--root=DIR`.
fn split(argument: OsString) -> (String, Option<OsString>) {
    match argument.to_str().and_then(|text| text.split_once('=')) {
        Some((name, value)) if name.starts_with("--") => {
            (name.to_string(), Some(value.into()))
        }
        _ => (argument.to_string_lossy().into_owned(), None),
    }
}

/// A number of things, of which there must be one at least. Nobody has room for
/// more threads than that.
fn number(name: &str, value: OsString) -> Result<usize, String> {
    let number = value.to_str().and_then(|text| text.parse().ok());
    number.filter(|number| (1..=65_536).contains(number)).ok_or_else(|| {
        format!("{name} {value:?} isn't a number from 1 to 65536")
    })
}

/// A time in seconds, with a fraction or without, up to a day.
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

    fn error(line: &str) -> String {
        parse(line).err().expect("an error")
    }

    #[test]
    fn arguments_come_in_any_order() {
        let line = "--workers 8 [::1]:80 --no-demo --root a/b --queue 7 \
            --head-seconds 0.5 --stall-seconds 60 --idle-seconds 1 \
            --body-seconds 2 --drain-seconds 3 --access-log";
        let options = parse(line).expect("valid").expect("no help");
        assert_eq!(options.address, "[::1]:80");
        assert_eq!(options.root, PathBuf::from("a/b"));
        assert_eq!((options.workers, options.demo), (8, false));
        assert_eq!(options.queue, 7);
        assert_eq!(options.limits.head, Duration::from_millis(500));
        assert_eq!(options.limits.stall, Duration::from_secs(60));
        assert_eq!(options.limits.idle, Duration::from_secs(1));
        assert_eq!(options.limits.body, Duration::from_secs(2));
        assert_eq!(options.drain, Duration::from_secs(3));
        assert!(options.access_log);
        let options = parse("").expect("valid").expect("no help");
        assert_eq!(options.address, "127.0.0.1:7878");
        assert_eq!((options.workers, options.demo), (300, true));
        assert!(parse("--bogus-comes-later --help").is_err());
        assert!(parse("--workers 2 --help").expect("valid").is_none());
    }

    #[test]
    fn an_error_names_the_argument_and_what_is_wrong() {
        assert_eq!(error("--bogus"), "there is no option \"--bogus\"");
        assert_eq!(error("--root"), "--root needs a value");
        for bad in ["0", "-1", "+", "many", "65537", "99999999999999999999"] {
            let expected =
                format!("--workers {bad:?} isn't a number from 1 to 65536");
            assert_eq!(error(&format!("--workers {bad}")), expected);
        }
        for bad in ["0", "-1", "soon", "NaN", "inf", "86401"] {
            let expected = format!(
                "--head-seconds {bad:?} isn't a time from 0.001 to 86400 seconds"
            );
            assert_eq!(error(&format!("--head-seconds {bad}")), expected);
        }
        assert_eq!(error("a:1 b:2"), "\"b:2\" is a second address");
    }
}

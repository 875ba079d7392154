//! Draws what `load --csv` has measured, for a page of the book.
//!
//!     cargo run --bin plot -- keep_alive.csv > keep_alive.svg

mod axis;
mod drawing;
mod figures;
mod text;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::{env, fs};

use figures::{Figure, Plot};

const HELP: &str = "\
plot: draws the figures of `load --csv FILE` as SVG

  cargo run --bin plot -- keep_alive.csv > keep_alive.svg
  cargo run --bin plot -- --show cpu keep_alive.csv > keep_alive_cpu.svg

Options:
  --show WHAT        requests (per second), p99, or cpu (processor time per
                     request); otherwise requests, but p99 if the load had a
                     rate, and cpu if it had several numbers of idle connections
  --help             this text

A server that was measured several times is shown by the median, and by a
whisker from its lowest figure to its highest. All lines of the file have to
come from the same load on the same machine: anything else can't be compared.
Only the number of idle connections may differ, and then it is the horizontal
axis.
";

fn main() -> ExitCode {
    let (status, message) = match parse(env::args_os().skip(1)) {
        Ok(options) => match run(options) {
            Ok(()) => return ExitCode::SUCCESS,
            Err(message) => (1, message),
        },
        Err(message) => (2, format!("{message}; see --help")),
    };
    _ = writeln!(io::stderr(), "{message}");
    ExitCode::from(status)
}

#[derive(Debug, PartialEq)]
struct Options {
    file: PathBuf,
    figure: Option<Figure>,
}

/// The options, or `None` if help is asked for.
fn parse(
    mut arguments: impl Iterator<Item = OsString>,
) -> Result<Option<Options>, String> {
    let (mut file, mut figure) = (None, None);
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--help" | "-h") => return Ok(None),
            Some("--show") => {
                let value = arguments.next().unwrap_or_default();
                figure = Some(match value.to_str() {
                    Some("requests") => Figure::Requests,
                    Some("p99") => Figure::P99,
                    Some("cpu") => Figure::Processor,
                    _ => return Err(format!("cannot show {value:?}")),
                });
            }
            Some(option) if option.starts_with('-') => {
                return Err(format!("no option {option:?}"));
            }
            _ if file.is_none() => file = Some(PathBuf::from(argument)),
            _ => return Err(format!("{argument:?} is one file too many")),
        }
    }
    let file = file.ok_or("no file is named")?;
    Ok(Some(Options { file, figure }))
}

fn run(options: Option<Options>) -> Result<(), String> {
    let text = match options {
        None => HELP.to_string(),
        Some(Options { file, figure }) => {
            let csv = fs::read_to_string(&file)
                .map_err(|error| format!("cannot read {file:?}: {error}"))?;
            let plot = Plot::read(&csv, figure)
                .map_err(|fault| format!("{file:?}: {fault}"))?;
            let mut name = file.with_extension("");
            if let Some(Figure::Processor) = figure {
                name.as_mut_os_string().push("_cpu");
            }
            let name = name.file_name().unwrap_or_default().to_string_lossy();
            plot.draw(&name.replace(|it| !char::is_alphanumeric(it), "_"))
        }
    };
    let printed = io::stdout().write_all(text.as_bytes());
    printed.map_err(|error| format!("cannot print: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_is_understood_or_refused() {
        let parse =
            |line: &str| parse(line.split_whitespace().map(OsString::from));
        let file = PathBuf::from("a");
        let figure = Some(Figure::Processor);
        let expected = Options { file: file.clone(), figure };
        assert_eq!(parse("a --show cpu"), Ok(Some(expected)));
        assert_eq!(parse("a"), Ok(Some(Options { file, figure: None })));
        assert_eq!(parse("a --help --bogus"), Ok(None));
        for line in ["", "--bogus a", "a b", "a --show", "a --show it"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}

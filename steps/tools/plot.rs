//! Draws what `load --csv` has measured, for a page of the book.
//!
//!     cargo run --bin plot -- keep_alive.csv > keep_alive.svg

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::{env, fs, process::ExitCode};

const HELP: &str = "\
plot: draws the figures of `load --csv FILE` as SVG

  cargo run --bin plot -- keep_alive.csv > keep_alive.svg

A server that was measured several times is shown by the median, and by a thin
line from its lowest figure to its highest. All lines of the file have to be of
the same load on the same machine: anything else is no comparison.
";

fn main() -> ExitCode {
    let (status, message) = match parse(env::args_os().skip(1)) {
        Ok(file) => match run(file) {
            Ok(()) => return ExitCode::SUCCESS,
            Err(message) => (1, message),
        },
        Err(message) => (2, format!("{message}; see --help")),
    };
    _ = writeln!(io::stderr(), "{message}");
    ExitCode::from(status)
}

/// The file, or `None` if help is asked for.
fn parse(
    arguments: impl Iterator<Item = OsString>,
) -> Result<Option<PathBuf>, String> {
    let mut file = None;
    for argument in arguments {
        match argument.to_str() {
            Some("--help" | "-h") => return Ok(None),
            Some(option) if option.starts_with('-') => {
                return Err(format!("no option {option:?}"));
            }
            _ if file.is_none() => file = Some(PathBuf::from(argument)),
            _ => return Err(format!("{argument:?} is one file too many")),
        }
    }
    file.map(Some).ok_or("no file is named".to_string())
}

fn run(file: Option<PathBuf>) -> Result<(), String> {
    let text = match file {
        None => HELP.to_string(),
        Some(file) => {
            let csv = fs::read_to_string(&file)
                .map_err(|error| format!("cannot read {file:?}: {error}"))?;
            let plot = Plot::read(&csv)
                .map_err(|fault| format!("{file:?}: {fault}"))?;
            let name = file.file_stem().unwrap_or_default().to_string_lossy();
            plot.draw(&name.replace(|it| !char::is_alphanumeric(it), "_"))
        }
    };
    let printed = io::stdout().write_all(text.as_bytes());
    printed.map_err(|error| format!("cannot print: {error}"))
}

/// All that is shown.
#[derive(Default)]
struct Plot {
    servers: Vec<Server>,
    /// What the load was, and where and when it was measured.
    load: String,
    setting: String,
}

#[derive(Default)]
struct Server {
    name: String,
    per_second: Vec<f64>,
    /// In microseconds.
    p99: Vec<f64>,
    errors: f64,
}

impl Plot {
    fn read(csv: &str) -> Result<Plot, String> {
        if csv.contains('"') {
            return Err("names with a comma or quotes are not known".into());
        }
        let lines = csv.lines().map(|it| it.split(',').collect::<Vec<_>>());
        let mut lines = lines.zip(1..);
        let (head, _) = lines.next().ok_or("there is nothing in it")?;
        let mut plot = Plot::default();
        for (cells, number) in lines {
            let cell = |name: &str| {
                let place = head.iter().position(|it| *it == name);
                let cell = place.and_then(|place| cells.get(place));
                cell.ok_or(format!("line {number} has no {name}"))
            };
            let figure = |name: &str| {
                let value = cell(name)?.parse().ok();
                let value = value.filter(|it: &f64| (0.0..1e15).contains(it));
                value.ok_or(format!("line {number}: {name} is no number"))
            };
            let (connections, mode) = (cell("connections")?, cell("mode")?);
            let (path, seconds) = (cell("path")?, cell("seconds")?);
            let load =
                format!("{connections} connections, {mode}, {path}, {seconds}");
            let setting = format!("{}, {}", cell("date")?, cell("machine")?);
            if plot.servers.is_empty() {
                (plot.load, plot.setting) = (load, setting);
            } else if (&load, &setting) != (&plot.load, &plot.setting) {
                return Err(format!("line {number} is of another load"));
            }
            let server = plot.server(cell("server")?);
            server.per_second.push(figure("requests_per_second")?);
            server.p99.push(figure("p99_us")?);
            server.errors += figure("errors")?;
        }
        let rounds = plot.servers.first().map_or(0, |it| it.p99.len());
        if rounds == 0 || plot.servers.iter().any(|it| it.p99.len() != rounds) {
            return Err("not the same number of lines for each server".into());
        }
        plot.load += &format!(" s each, median of {rounds}");
        Ok(plot)
    }

    /// The server of this name, which is new if there is none.
    fn server(&mut self, name: &str) -> &mut Server {
        let place = self.servers.iter().position(|it| it.name == name);
        let place = place.unwrap_or_else(|| {
            let name = name.to_string();
            self.servers.push(Server { name, ..Server::default() });
            self.servers.len() - 1
        });
        &mut self.servers[place]
    }

    fn draw(&self, name: &str) -> String {
        let Plot { servers, load, setting } = self;
        let mut desc = format!("{load}.");
        for Server { name, per_second, p99, .. } in servers {
            let (rate, p99) = (count(median(per_second)), time(median(p99)));
            desc += &format!(" {name}: {rate} a second, p99 {p99}.");
        }
        let height = 118 + servers.len() * 88;
        let mut svg = format!(
            "<svg class=\"small\" viewBox=\"0 0 400 {height}\" role=\"img\" \
             aria-labelledby=\"{name}-title {name}-desc\" \
             xmlns=\"http://www.w3.org/2000/svg\">\n  \
             <title id=\"{name}-title\">Requests a second, and their p99\
             </title>\n  \
             <desc id=\"{name}-desc\">{}</desc>\n",
            escaped(&desc)
        );
        let rates = servers.iter().map(|it| (it, &it.per_second));
        let heading = "Requests per second: a longer bar is better";
        let y = panel(&mut svg, 20, heading, rates.collect(), count);
        let times = servers.iter().map(|it| (it, &it.p99));
        let heading = "p99, the time that 99 of 100 keep to: shorter is better";
        let y = panel(&mut svg, y + 20, heading, times.collect(), time);
        for (line, y) in [load, setting].into_iter().zip([y + 12, y + 30]) {
            let line = escaped(line);
            svg += &format!("  <text x=\"8\" y=\"{y}\">{line}</text>\n");
        }
        svg + "</svg>\n"
    }
}

/// A heading and a bar for each server. Returns where they end.
fn panel(
    svg: &mut String,
    top: usize,
    heading: &str,
    bars: Vec<(&Server, &Vec<f64>)>,
    text: fn(f64) -> String,
) -> usize {
    let (x, width) = (8.0, 290.0);
    let longest = bars.iter().flat_map(|(_, values)| *values);
    let longest = longest.copied().fold(f64::MIN_POSITIVE, f64::max);
    let scale = |value: f64| (value / longest * width * 10.0).round() / 10.0;
    *svg += &format!(
        "  <text class=\"strong\" x=\"8\" y=\"{top}\">{heading}</text>\n"
    );
    let mut y = top + 28;
    for (server, values) in bars {
        let low = x + scale(values.iter().copied().fold(f64::MAX, f64::min));
        let high = x + scale(values.iter().copied().fold(0.0, f64::max));
        let (long, middle) = (scale(median(values)), y + 9);
        let errors = if server.errors > 0.0 { ", errors" } else { "" };
        let (name, text) = (escaped(&server.name), text(median(values)));
        *svg += &format!(
            "  <text class=\"code\" x=\"8\" y=\"{}\">{name}</text>\n  \
             <rect class=\"box\" x=\"{x}\" y=\"{y}\" width=\"{long}\" \
             height=\"18\"/>\n  \
             <path class=\"line\" d=\"M{low} {middle}H{high}\"/>\n  \
             <text x=\"{}\" y=\"{}\">{text}{errors}</text>\n",
            y - 4,
            high + 8.0,
            y + 14,
        );
        y += 44;
    }
    y - 10
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let (low, high) = ((values.len() - 1) / 2, values.len() / 2);
    (values[low] + values[high]) / 2.0
}

/// A number with a comma before each three digits.
fn count(number: f64) -> String {
    let mut text = format!("{number:.0}");
    let mut place = text.len();
    while place > 3 {
        place -= 3;
        text.insert(place, ',');
    }
    text
}

/// A time, given in microseconds.
fn time(us: f64) -> String {
    match us {
        ..999.5 => format!("{us:.0} µs"),
        ..999_950.0 => format!("{:.1} ms", us / 1e3),
        _ => format!("{:.2} s", us / 1e6),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "server,mode,connections,seconds,requests,\
        requests_per_second,p50_us,p99_us,errors,path,date,machine\n";

    fn line(server: &str, per_second: u32, p99: &str, machine: &str) -> String {
        format!(
            "{server},close,9,1,7,{per_second},5,{p99},0,/,2026,{machine}\n"
        )
    }

    fn fault(lines: &[String]) -> String {
        let csv = format!("{HEAD}{}", lines.concat());
        Plot::read(&csv).err().expect("a fault")
    }

    #[test]
    fn the_median_of_the_rounds_is_shown() {
        let rounds = [(30, "9"), (1000, "2000"), (2000, "1e6")];
        let lines = rounds.map(|it| line("a&<", it.0, it.1, "m"));
        let plot = Plot::read(&format!("{HEAD}{}", lines.concat()));
        let plot = plot.expect("valid");
        let svg = plot.draw("x");
        assert!(svg.contains(" id=\"x-title\""), "{svg}");
        assert!(svg.contains(">a&amp;&lt;</text>"), "{svg}");
        assert!(svg.contains("width=\"145\""), "{svg}");
        assert!(svg.contains(" a&amp;&lt;: 1,000 a second, p99 2.0 ms.<"));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        let (a, b) = (line("a", 1, "1", "m"), line("b", 1, "1", "n"));
        assert_eq!(fault(&[a.clone(), b]), "line 3 is of another load");
        let uneven = [a.clone(), a, line("b", 1, "1", "m")];
        assert!(fault(&uneven).starts_with("not the same number"));
        assert!(fault(&[]).starts_with("not the same number"));
        let none = [line("a", 0, "", "m")];
        assert_eq!(fault(&none), "line 2: p99_us is no number");
        assert_eq!(fault(&["a\n".into()]), "line 2 has no connections");
        assert!(fault(&[line("\"a\"", 1, "1", "m")]).contains("quotes"));
        assert!(Plot::read("").is_err());
    }

    #[test]
    fn a_command_line_is_understood_or_refused() {
        let parse =
            |line: &str| parse(line.split_whitespace().map(OsString::from));
        assert_eq!(parse("a"), Ok(Some("a".into())));
        assert_eq!(parse("a --help --bogus"), Ok(None));
        for line in ["", "--bogus a", "a b"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}

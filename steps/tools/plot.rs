//! Draws what `load --csv` has measured, for a page of the book.
//!
//!     cargo run --bin plot -- keep_alive.csv > keep_alive.svg

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::{env, fs, process::ExitCode};

const HELP: &str = "\
plot: draws the figures of `load --csv FILE` as SVG

  cargo run --bin plot -- keep_alive.csv > keep_alive.svg
  cargo run --bin plot -- --show cpu keep_alive.csv > keep_alive_cpu.svg

Options:
  --show WHAT        requests (per second), p99, or cpu (processor time per
                     request); otherwise requests, but p99 if the load had a
                     rate, and cpu if it had several numbers of idle connections
  --help             this text

A server that was measured several times is shown by the median, and by a line
with two ends from its lowest figure to its highest. All lines of the file have
to be of the same load on the same machine: anything else can't be compared. Only
the number of idle connections may differ, and then it is the horizontal axis.
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

/// What is shown of each server.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Figure {
    Requests,
    P99,
    Processor,
}

impl Figure {
    fn column(self) -> &'static str {
        match self {
            Figure::Requests => "requests_per_second",
            Figure::P99 => "p99_us",
            Figure::Processor => "processor_us",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Figure::Requests => "Requests per second",
            Figure::P99 => "p99: 99 of 100 took no longer",
            Figure::Processor => "Processor time per request",
        }
    }

    fn text(self, value: f64) -> String {
        match self {
            Figure::Requests => count(value),
            Figure::P99 | Figure::Processor => time(value),
        }
    }

    /// What its axis shows.
    fn name(self) -> &'static str {
        match self {
            Figure::Requests => "requests per second",
            Figure::P99 => "p99",
            Figure::Processor => "processor time",
        }
    }

    /// The text of a mark on its axis: `10 ms` and not `10.0 ms`.
    fn mark(self, value: f64) -> String {
        self.text(value).replace(".0 ", " ").replace(".00 ", " ")
    }
}

/// An axis from 0, or one on which each mark is ten times the one before.
struct Axis {
    marks: Vec<f64>,
    is_linear: bool,
}

impl Axis {
    fn from_zero(values: &[f64]) -> Axis {
        let (_, _, highest) = spread(values);
        let step = step(highest.max(1.0));
        let steps = (highest / step).ceil().max(1.0) as u32;
        let marks = (0..=steps).map(|it| f64::from(it) * step).collect();
        Axis { marks, is_linear: true }
    }

    fn of_powers(values: &[f64]) -> Axis {
        let (lowest, _, highest) = spread(values);
        let lowest = lowest.max(1.0).log10().floor() as i32;
        let highest = (highest.max(1.0).log10().ceil() as i32).max(lowest + 1);
        let marks = (lowest..=highest).map(|it| 10_f64.powi(it)).collect();
        Axis { marks, is_linear: false }
    }

    /// Where a value is: 0 is the first mark, and 1 the last.
    fn part(&self, value: f64) -> f64 {
        let (first, last) = (self.marks[0], self.marks[self.marks.len() - 1]);
        match self.is_linear {
            true => value / last,
            false => (value.max(1.0) / first).log10() / (last / first).log10(),
        }
    }
}

/// A line of the file.
struct Line<'a> {
    number: usize,
    cells: BTreeMap<&'a str, &'a str>,
}

impl Line<'_> {
    fn cell(&self, name: &str) -> Result<&str, String> {
        let cell = self.cells.get(name).copied();
        cell.ok_or(format!("line {} has no {name}", self.number))
    }

    fn figure(&self, name: &str) -> Result<f64, String> {
        let value = self.cell(name)?.parse().ok();
        let value = value.filter(|it: &f64| (0.0..1e15).contains(it));
        value.ok_or(format!("line {}: {name} isn't a number", self.number))
    }

    /// What must be the same in all lines: the load, and where and when.
    fn setting(&self) -> Result<[String; 2], String> {
        let connections = match self.cell("connections")? {
            "1" => "1 client".to_string(),
            count => format!("{count} clients"),
        };
        let mode = match self.cell("mode")? {
            "close" => "a new connection for each request",
            _ => "keep-alive asked for",
        };
        let rate = match self.cell("rate")? {
            "" => String::new(),
            _ => {
                let rate = count(self.figure("rate")?);
                format!(", {rate} requests per second in all")
            }
        };
        let (path, seconds) = (self.cell("path")?, self.cell("seconds")?);
        // A number stays with its unit.
        let load = format!(
            "{connections}{rate}, {mode}, path\u{a0}{path}, {seconds}\u{a0}s"
        );
        Ok([load, format!("{}; {}", self.cell("date")?, self.cell("machine")?)])
    }
}

/// All that is shown.
struct Plot {
    figure: Figure,
    servers: Vec<Server>,
    /// What the load was, and where and when it was measured.
    setting: [String; 2],
}

struct Server {
    name: String,
    /// What the rounds have measured, for each number of idle connections.
    rounds: BTreeMap<u32, Vec<f64>>,
    errors: f64,
}

impl Plot {
    fn read(csv: &str, figure: Option<Figure>) -> Result<Plot, String> {
        if csv.contains('"') {
            return Err("names with a comma or quotes are not known".into());
        }
        let mut lines = csv.lines().map(|line| line.split(','));
        let head = lines.next().ok_or("there is nothing in it")?;
        let lines = lines.zip(2..).map(|(cells, number)| Line {
            number,
            cells: head.clone().zip(cells).collect(),
        });
        let lines: Vec<Line> = lines.collect();
        let first = lines.first().ok_or("it has no figures")?;
        let idle = lines.iter().map(|line| line.figure("idle"));
        let idle: Vec<u32> =
            idle.map(|it| it.map(|it| it as u32)).collect::<Result<_, _>>()?;
        let figure = match figure {
            Some(figure) => figure,
            None if !first.cell("rate")?.is_empty() => Figure::P99,
            None if idle.iter().any(|it| *it != idle[0]) => Figure::Processor,
            None => Figure::Requests,
        };
        let setting = first.setting()?;
        let mut servers: Vec<Server> = Vec::new();
        for (line, idle) in lines.iter().zip(idle) {
            if line.setting()? != setting {
                return Err(format!("line {} is of another load", line.number));
            }
            let name = line.cell("server")?;
            let place = servers.iter().position(|it| it.name == name);
            let place = place.unwrap_or_else(|| {
                let (name, rounds) = (name.to_string(), BTreeMap::new());
                servers.push(Server { name, rounds, errors: 0.0 });
                servers.len() - 1
            });
            let server = &mut servers[place];
            let value = line.figure(figure.column())?;
            server.rounds.entry(idle).or_default().push(value);
            server.errors += line.figure("errors")?;
        }
        let counts = |server: &Server| -> Vec<(u32, usize)> {
            server.rounds.iter().map(|(idle, it)| (*idle, it.len())).collect()
        };
        let wanted = counts(&servers[0]);
        let even = wanted.iter().all(|(_, rounds)| *rounds == wanted[0].1);
        if !even || servers.iter().any(|server| counts(server) != wanted) {
            return Err("not the same number of lines for each server".into());
        }
        Ok(Plot { figure, servers, setting })
    }

    fn rounds(&self) -> usize {
        let rounds = self.servers[0].rounds.values().next();
        rounds.map_or(0, Vec::len)
    }

    fn draw(&self, name: &str) -> String {
        let Plot { figure, servers, setting: [load, setting] } = self;
        let mut texts = String::new();
        let mut y = 0;
        let mut write = |class: &str, text: &str, y: &mut usize| {
            for line in wrapped(text) {
                *y += 22;
                let line = escaped(&line);
                texts += &format!(
                    "  <text class=\"{class}\" x=\"8\" y=\"{y}\">{line}</text>\n"
                );
            }
        };
        write("strong", figure.title(), &mut y);
        write("", load, &mut y);
        let (drawn, mut y) = match servers[0].rounds.len() {
            1 => self.bars(y + 12),
            _ => self.lines(y + 12),
        };
        let rounds = match self.rounds() {
            1 => "One round.".to_string(),
            count => format!("Median, lowest and highest of {count} rounds."),
        };
        write("", &rounds, &mut y);
        write("", setting, &mut y);
        let mut desc = format!("{load}.");
        for Server { name, rounds, .. } in servers {
            let values = rounds.iter().map(|(idle, values)| {
                let text = figure.text(median(values));
                match rounds.len() {
                    1 => text,
                    _ => format!("{text} beside {idle} idle connections"),
                }
            });
            let values: Vec<String> = values.collect();
            desc += &format!(" {name}: {}.", values.join(", "));
        }
        format!(
            "<svg viewBox=\"0 0 400 {}\" role=\"img\" \
             aria-labelledby=\"{name}-title {name}-desc\" \
             xmlns=\"http://www.w3.org/2000/svg\">\n  \
             <title id=\"{name}-title\">{}</title>\n  \
             <desc id=\"{name}-desc\">{}</desc>\n{texts}{drawn}</svg>\n",
            y + 10,
            figure.title(),
            escaped(&desc)
        )
    }

    /// A bar for each server, from `top` on, and where it ends.
    fn bars(&self, top: usize) -> (String, usize) {
        let values =
            self.servers.iter().flat_map(|it| &it.rounds[&self.idle()]);
        let values: Vec<f64> = values.copied().collect();
        let axis = match self.figure {
            // A few late requests would make all other bars too short to see.
            Figure::P99 => Axis::of_powers(&values),
            _ => Axis::from_zero(&values),
        };
        let x = |value: f64| 8.0 + axis.part(value) * 384.0;
        let bottom = top + self.servers.len() * 46;
        let mut svg = String::new();
        for mark in &axis.marks {
            let (x, text) = (x(*mark), self.figure.mark(*mark));
            let class = match x {
                ..9.0 => "",
                391.0.. => "end",
                _ => "middle",
            };
            svg += &format!(
                "  <path class=\"line faint\" d=\"M{x:.1} {top}V{bottom}\"/>\n  \
                 <text class=\"{class}\" x=\"{x:.1}\" y=\"{}\">{text}</text>\n",
                bottom + 18,
            );
        }
        svg += &format!(
            "  <text class=\"end\" x=\"392\" y=\"{}\">{}</text>\n",
            bottom + 40,
            self.figure.name()
        );
        for (server, y) in self.servers.iter().zip((top..).step_by(46)) {
            let values = &server.rounds[&self.idle()];
            let (low, middle, high) = spread(values);
            let errors = if server.errors > 0.0 { ", errors" } else { "" };
            svg += &format!(
                "  <text class=\"code\" x=\"12\" y=\"{0}\">{1}</text>\n  \
                 <text class=\"end\" x=\"392\" y=\"{0}\">{2}{errors}</text>\n",
                y + 18,
                escaped(&server.name),
                self.figure.text(middle),
            );
            // A bar says how many times as much, which a dot doesn't.
            svg += &match axis.is_linear {
                true => format!(
                    "  <rect class=\"box\" x=\"8\" y=\"{}\" width=\"{:.1}\" \
                     height=\"16\"/>\n",
                    y + 25,
                    x(middle) - 8.0,
                ),
                false => format!(
                    "  <circle class=\"solid\" cx=\"{:.1}\" cy=\"{}\" r=\"5\"/>\n",
                    x(middle),
                    y + 33,
                ),
            };
            svg += &format!(
                "  <path class=\"line\" d=\"M{0:.1} {2}v12M{0:.1} {3}H{1:.1}\
                 M{1:.1} {2}v12\"/>\n",
                x(low),
                x(high),
                y + 27,
                y + 33,
            );
        }
        (svg, bottom + 44)
    }

    /// A line for each server, over the numbers of idle connections.
    fn lines(&self, top: usize) -> (String, usize) {
        let values = self.servers.iter().flat_map(|it| it.rounds.values());
        let values: Vec<f64> = values.flatten().copied().collect();
        let axis = Axis::of_powers(&values);
        let bottom = top + 240;
        let y = |value: f64| bottom as f64 - axis.part(value) * 230.0;
        let idle: BTreeSet<u32> =
            self.servers[0].rounds.keys().copied().collect();
        let last = f64::from(idle.iter().copied().max().unwrap_or(1));
        let x = |idle: u32| 72.0 + f64::from(idle) / last * 244.0;
        let mut svg =
            format!("  <path class=\"line\" d=\"M72 {top}V{bottom}H324\"/>\n");
        for mark in &axis.marks {
            let (y, text) = (y(*mark), self.figure.mark(*mark));
            svg += &format!(
                "  <path class=\"line faint\" d=\"M72 {y:.1}H324\"/>\n  \
                 <text class=\"end\" x=\"64\" y=\"{:.1}\">{text}</text>\n",
                y + 6.0,
            );
        }
        let mut free = 0.0;
        for idle in idle {
            let x = x(idle);
            svg +=
                &format!("  <path class=\"line\" d=\"M{x:.1} {bottom}v6\"/>\n");
            // Numbers that would touch each other are left out.
            if x >= free {
                svg += &format!(
                    "  <text class=\"middle\" x=\"{x:.1}\" y=\"{}\">{}</text>\n",
                    bottom + 24,
                    count(idle.into())
                );
                free = x + 54.0;
            }
        }
        svg += &format!(
            "  <text class=\"end\" x=\"392\" y=\"{}\">idle connections</text>\n",
            bottom + 46
        );
        let classes = ["line", "byte", "line wait"].into_iter().cycle();
        let mut names = Vec::new();
        for (server, class) in self.servers.iter().zip(classes) {
            let mut line = String::new();
            let mut whiskers = String::new();
            let mut end = 0.0;
            for (idle, values) in &server.rounds {
                let (low, middle, high) = spread(values);
                let (x, low, high) = (x(*idle), y(low), y(high));
                end = y(middle);
                line += &format!(" {x:.1} {end:.1}");
                whiskers += &format!(
                    "M{0:.1} {low:.1}h10M{x:.1} {low:.1}V{high:.1}\
                     M{0:.1} {high:.1}h10",
                    x - 5.0
                );
            }
            svg += &format!(
                "  <path class=\"{class}\" d=\"M{}\"/>\n  \
                 <path class=\"line\" d=\"{whiskers}\"/>\n",
                line.trim_start()
            );
            let errors = if server.errors > 0.0 { "*" } else { "" };
            names.push((end, format!("{}{errors}", escaped(&server.name))));
        }
        // Where lines end close to each other, their names are moved apart.
        names.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut free = bottom as f64;
        for (end, name) in names {
            let y = (end + 6.0).min(free);
            svg += &format!("  <text x=\"328\" y=\"{y:.1}\">{name}</text>\n");
            free = y - 20.0;
        }
        (svg, bottom + 50)
    }

    /// The number of idle connections, if there is one.
    fn idle(&self) -> u32 {
        *self.servers[0].rounds.keys().next().expect("there are figures")
    }
}

/// The lowest of the values, their median, and the highest.
fn spread(values: &[f64]) -> (f64, f64, f64) {
    let low = values.iter().copied().fold(f64::MAX, f64::min);
    let high = values.iter().copied().fold(0.0, f64::max);
    (low, median(values), high)
}

/// A round distance for the marks of an axis, of which four or five are enough.
fn step(highest: f64) -> f64 {
    let power = 10_f64.powf((highest / 4.0).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|it| it * power);
    steps.into_iter().find(|it| highest / it <= 4.0).unwrap_or(highest)
}

/// Lines that fit into the drawing.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < 46 => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_string()),
        }
    }
    lines
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

    const HEAD: &str = "server,mode,connections,idle,rate,seconds,requests,\
        requests_per_second,p50_us,p99_us,processor_us,errors,path,date,\
        machine\n";

    fn line(server: &str, figures: [&str; 4], machine: &str) -> String {
        let [idle, rate, per_second, p99] = figures;
        format!(
            "{server},close,9,{idle},{rate},1,7,{per_second},5,{p99},30,0,/,\
             2026,{machine}\n"
        )
    }

    fn plot(lines: &[String]) -> Result<Plot, String> {
        Plot::read(&format!("{HEAD}{}", lines.concat()), None)
    }

    fn fault(lines: &[String]) -> String {
        plot(lines).err().expect("a fault")
    }

    #[test]
    fn the_median_of_the_rounds_is_shown() {
        let rounds = ["30", "1000", "2000"];
        let lines = rounds.map(|it| line("a&<", ["0", "", it, "1"], "m"));
        let svg = plot(&lines).expect("valid").draw("x");
        assert!(svg.contains(" id=\"x-title\">Requests per second<"), "{svg}");
        assert!(svg.contains(">a&amp;&lt;</text>"), "{svg}");
        // From 8 to 392 for 0 to 2,000.
        assert!(svg.contains("width=\"192.0\""), "{svg}");
        assert!(
            svg.contains("M13.8 105v12M13.8 111H392.0M392.0 105v12"),
            "{svg}"
        );
        assert!(svg.contains(" a&amp;&lt;: 1,000.</desc>"), "{svg}");
        assert!(svg.contains("lowest and highest of 3 rounds."), "{svg}");
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    #[test]
    fn a_load_with_a_rate_is_shown_by_its_p99() {
        let lines =
            ["500", "7000"].map(|p99| line("a", ["0", "1000", "1", p99], "m"));
        let svg = plot(&lines).expect("valid").draw("x");
        assert!(svg.contains(", 1,000 requests per second in"));
        assert!(svg.contains(" a: 3.8 ms.</desc>"), "{svg}");
        assert!(svg.contains(">10 ms</text>"), "{svg}");
        assert!(svg.contains("<circle "), "{svg}");
    }

    #[test]
    fn idle_connections_are_an_axis() {
        let lines = ["0", "9000"].map(|it| line("a", [it, "", "1", "1"], "m"));
        let svg = plot(&lines).expect("valid").draw("x");
        assert!(svg.contains(">Processor time per request</text>"), "{svg}");
        let desc = " a: 30 µs beside 0 idle connections, 30 µs beside 9000 ";
        assert!(svg.contains(desc), "{svg}");
        assert!(svg.contains("d=\"M72.0 "), "{svg}");
        assert!(svg.contains(" 316.0 "), "{svg}");
        assert!(svg.contains(">9,000</text>"), "{svg}");
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        let a = line("a", ["0", "", "1", "1"], "m");
        let b = line("b", ["0", "", "1", "1"], "n");
        assert_eq!(fault(&[a.clone(), b]), "line 3 is of another load");
        let b = line("b", ["0", "", "1", "1"], "m");
        let uneven = [a.clone(), a.clone(), b];
        assert!(fault(&uneven).starts_with("not the same number"));
        let b = line("b", ["7", "", "1", "1"], "m");
        assert!(fault(&[a, b]).starts_with("not the same number"));
        assert_eq!(fault(&[]), "it has no figures");
        let none = [line("a", ["0", "9", "0", ""], "m")];
        assert_eq!(fault(&none), "line 2: p99_us isn't a number");
        assert_eq!(fault(&["a\n".into()]), "line 2 has no idle");
        let quoted = line("\"a\"", ["0", "", "1", "1"], "m");
        assert!(fault(&[quoted]).contains("quotes"));
        assert!(Plot::read("", None).is_err());
    }

    #[test]
    fn marks_of_an_axis_are_round() {
        let cases = [(4.0, 1.0), (4.1, 2.0), (18_159.0, 5_000.0), (0.3, 0.1)];
        for (highest, expected) in cases {
            assert!((step(highest) - expected).abs() < 1e-9, "{highest}");
        }
    }

    #[test]
    fn long_texts_are_wrapped() {
        let text = "word ".repeat(20);
        let lines = wrapped(text.trim());
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert_eq!(lines.join(" "), text.trim());
    }

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

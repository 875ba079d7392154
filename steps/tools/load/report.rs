//! What the user reads at the end.

use std::io::{self, Write};
use std::time::Duration;

use crate::options::Load;
use crate::tally::Tally;

/// The figures of one server.
pub struct Row {
    pub server: String,
    /// How many more connections were open.
    pub idle: usize,
    pub tally: Tally,
    /// How long it took, until the last answer.
    pub time: Duration,
    /// The processor time that the server used, if we may know that.
    pub processor: Option<Duration>,
}

impl Row {
    /// The good answers.
    pub fn requests(&self) -> u64 {
        self.tally.latencies.total()
    }

    pub fn errors(&self) -> u64 {
        self.tally.failures.values().sum()
    }

    pub fn per_second(&self) -> f64 {
        self.requests() as f64 / self.time.as_secs_f64()
    }

    pub fn processor_per_request(&self) -> Option<Duration> {
        let requests = self.requests();
        let seconds = self.processor?.as_secs_f64() / requests as f64;
        (requests > 0).then(|| Duration::from_secs_f64(seconds))
    }
}

/// One line that says what the load was.
pub fn title(load: &Load, processors: usize) -> String {
    let mode = match load.close {
        true => "a new connection for each request",
        false => "keep-alive asked for",
    };
    let rate = match load.rate {
        Some(rate) => format!(" at {} requests/s", number(rate.into())),
        None => String::new(),
    };
    format!(
        "{}{rate}, {} s each, {mode}, path {}, {}",
        counted(load.connections as u64, "connection"),
        load.time.as_secs_f64(),
        load.path,
        counted(processors as u64, "processor"),
    )
}

/// All figures, aligned, and below them the kinds of errors, if there are any.
pub fn table(out: &mut impl Write, rows: &[Row]) -> io::Result<()> {
    let has_idle = rows.iter().any(|row| row.idle > 0);
    let head = [
        "server",
        "idle",
        "requests/s",
        "p50",
        "p99",
        "cpu/request",
        "requests",
        "errors",
    ];
    let mut lines = vec![head.map(String::from)];
    for row in rows {
        let known = |it: Option<Duration>| it.map_or("-".to_string(), time);
        lines.push([
            row.server.clone(),
            number(row.idle as u64),
            number(row.per_second().round() as u64),
            known(row.tally.latencies.percentile(50)),
            known(row.tally.latencies.percentile(99)),
            known(row.processor_per_request()),
            number(row.requests()),
            number(row.errors()),
        ]);
    }
    let names = rows.iter().map(|row| row.server.chars().count());
    let width = names.max().unwrap_or(0).max(8);
    for [server, idle, rate, p50, p99, processor, requests, errors] in lines {
        let idle =
            if has_idle { format!("  {idle:>6}") } else { String::new() };
        writeln!(
            out,
            "{server:width$}{idle}  {rate:>10}  {p50:>8}  {p99:>8}  \
             {processor:>11}  {requests:>9}  {errors:>7}",
        )?;
    }
    for row in rows {
        for (failure, count) in &row.tally.failures {
            let count = counted(*count, "error");
            writeln!(out, "{}: {count}: {failure}", row.server)?;
        }
    }
    Ok(())
}

/// `1 error`, but `1,234 errors`.
fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", number(count))
}

/// `1,234,567` is read at a glance; `1234567` is not.
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A time in the unit that makes it short.
fn time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 0.000_999_5 {
        format!("{:.0} µs", seconds * 1e6)
    } else if seconds < 0.999_95 {
        format!("{:.1} ms", seconds * 1e3)
    } else {
        format!("{seconds:.2} s")
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::csv;
    use crate::tally::Failure;

    pub fn load() -> Load {
        let time = Duration::from_millis(2_500);
        Load {
            connections: 64,
            time,
            rate: None,
            close: false,
            path: "/".to_string(),
        }
    }

    /// Most requests take 100 ns, and one in fifty takes 2 ms.
    pub fn row(server: &str, requests: u64) -> Row {
        let mut tally = Tally::new();
        for number in 1..=requests {
            let slow = number % 50 == 0;
            let nanoseconds = if slow { 2_000_000 } else { 100 };
            tally.latencies.add(Duration::from_nanos(nanoseconds));
        }
        Row {
            server: server.to_string(),
            idle: 0,
            tally,
            time: load().time,
            processor: None,
        }
    }

    fn text(rows: &[Row]) -> String {
        let mut out = Vec::new();
        table(&mut out, rows).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_have_a_comma_before_each_three_digits() {
        let cases = [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (12_345, "12,345"),
            (123_456, "123,456"),
            (1_234_567, "1,234,567"),
        ];
        for (value, expected) in cases {
            assert_eq!(number(value), expected);
        }
        assert_eq!(number(u64::MAX), "18,446,744,073,709,551,615");
    }

    #[test]
    fn times_have_the_unit_that_makes_them_short() {
        let cases = [
            (0, "0 µs"),
            (12_345, "12 µs"),
            (999_499, "999 µs"),
            (999_500, "1.0 ms"),
            (4_140_000, "4.1 ms"),
            (999_900_000, "999.9 ms"),
            (999_960_000, "1.00 s"),
            (5_000_000_000, "5.00 s"),
        ];
        for (nanoseconds, expected) in cases {
            assert_eq!(time(Duration::from_nanos(nanoseconds)), expected);
        }
    }

    #[test]
    fn the_title_says_what_the_load_was() {
        let expected = "64 connections, 2.5 s each, keep-alive asked for, \
                        path /, 2 processors";
        assert_eq!(title(&load(), 2), expected);
        let one = Load { connections: 1, close: true, ..load() };
        let expected = "1 connection, 2.5 s each, a new connection for each \
                        request, path /, 1 processor";
        assert_eq!(title(&one, 1), expected);
        let title = title(&Load { rate: Some(1_000), ..load() }, 2);
        assert!(title.starts_with("64 connections at 1,000 requests/s, 2.5 s"));
    }

    #[test]
    fn the_table_is_aligned_whatever_the_names() {
        let name = "./a/longer/path/é";
        let text = text(&[row("step04", 0), row(name, 5_000)]);
        let lines: Vec<&str> = text.lines().collect();
        let expected = "requests/s       p50       p99  cpu/request   requests   \
                        errors";
        assert!(lines[0].ends_with(expected), "{text}");
        assert!(
            lines[1]
                .ends_with("  -         -            -          0        0")
        );
        let cells: Vec<&str> = lines[2].split_whitespace().collect();
        let expected =
            [name, "2,000", "0", "µs", "2.0", "ms", "-", "5,000", "0"];
        assert_eq!(cells, expected);
        let widths = lines.iter().map(|line| line.chars().count());
        assert!(widths.clone().min() == widths.max(), "{text}");
    }

    #[test]
    fn idle_connections_and_processor_time_are_told_if_known() {
        let processor = Some(Duration::from_millis(3));
        let row = Row { idle: 9_000, processor, ..row("step04", 100) };
        let cells =
            ["step04", "9,000", "40", "0", "µs", "2.0", "ms", "30", "µs"];
        let line = csv::line(&load(), &row);
        let text = text(&[row]);
        let last = text.lines().last().unwrap();
        let start: Vec<&str> = last.split_whitespace().take(9).collect();
        assert_eq!(start, cells);
        let expected =
            "step04,keep-alive,64,9000,,2.5,100,40.0,0.1,2007.0,30.0,0";
        assert_eq!(line, expected);
        let none = Row { processor, ..super::tests::row("step04", 0) };
        assert_eq!(none.processor_per_request(), None);
    }

    #[test]
    fn errors_are_told_by_kind() {
        let mut row = row("step04", 1);
        row.tally.failures.insert(Failure::Status(503), 1_234);
        row.tally.failures.insert(Failure::CutShort, 1);
        assert!(text(&[row]).ends_with(
            "        1    1,235\n\
             step04: 1 error: closed mid-answer\n\
             step04: 1,234 errors: status 503\n"
        ));
    }
}

//! The figures as a CSV file, for a plot.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use crate::machine;
use crate::options::Load;
use crate::report::Row;

/// A file for the figures. Each line is written as soon as it is known, so that
/// nothing is lost when a long run is ended by Ctrl-C.
pub struct Csv<'a> {
    path: &'a Path,
    file: File,
}

impl Csv<'_> {
    pub fn create(path: &Path) -> Result<Csv<'_>, String> {
        let file = File::create(path);
        let file = file.map_err(|error| cannot_write(path, error))?;
        let mut csv = Csv { path, file };
        csv.write(&format!("{},{}", HEAD, machine::CSV_HEAD))?;
        Ok(csv)
    }

    pub fn write(&mut self, line: &str) -> Result<(), String> {
        let written = self.file.write_all(format!("{line}\n").as_bytes());
        written.map_err(|error| cannot_write(self.path, error))
    }
}

fn cannot_write(path: &Path, error: io::Error) -> String {
    format!("cannot write {path:?}: {error}")
}

pub const HEAD: &str = "server,mode,connections,idle,rate,seconds,\
                            requests,requests_per_second,p50_us,p99_us,\
                            processor_us,errors";

/// The figures of one server as a line of CSV, without the line break. A figure
/// that's missing is left empty.
pub fn line(load: &Load, row: &Row) -> String {
    let mode = if load.close { "close" } else { "keep-alive" };
    let microseconds = |time: Option<Duration>| {
        let time = time.map(|it| format!("{:.1}", it.as_secs_f64() * 1e6));
        time.unwrap_or_default()
    };
    format!(
        "{},{mode},{},{},{},{},{},{:.1},{},{},{},{}",
        quoted(&row.server),
        load.connections,
        row.idle,
        load.rate.map(|rate| rate.to_string()).unwrap_or_default(),
        load.time.as_secs_f64(),
        row.requests(),
        row.per_second(),
        microseconds(row.tally.latencies.percentile(50)),
        microseconds(row.tally.latencies.percentile(99)),
        microseconds(row.processor_per_request()),
        row.errors(),
    )
}

/// A name that cannot be taken for two columns (RFC 4180 §2).
pub fn quoted(name: &str) -> String {
    if name.contains([',', '"']) {
        return format!("\"{}\"", name.replace('"', "\"\""));
    }
    name.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::{load, row};

    #[test]
    fn a_line_of_csv_has_the_columns_of_its_head() {
        let expected = "step04,keep-alive,64,0,,2.5,100,40.0,0.1,2007.0,,0";
        assert_eq!(line(&load(), &row("step04", 100)), expected);
        let close = Load { close: true, rate: Some(9), ..load() };
        let expected = "step04,close,64,0,9,2.5,0,0.0,,,,0";
        assert_eq!(line(&close, &row("step04", 0)), expected);
        let columns = |text: &str| text.split(',').count();
        assert_eq!(columns(expected), columns(HEAD));
        let text = line(&load(), &row("./a,\"b\"", 10));
        assert!(text.starts_with("\"./a,\"\"b\"\"\",keep-alive,"), "{text}");
    }
}

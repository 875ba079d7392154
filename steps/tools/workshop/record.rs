//! A reader's own record of when they checked what. There's one only if they ask
//! for it, it stays in their crate, and it says nothing but times and scores.

use crate::steps;
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

const NAME: &str = "workshop-record.csv";

const HEADING: &str = "unix_seconds,step,passed,of\n";

/// A longer time between two lines is a break, and isn't counted.
const MAX_PAUSE: u64 = 15 * 60;

/// Begins a record in a crate, unless it has one.
pub fn begin(directory: &Path) -> Result<(), String> {
    let path = directory.join(NAME);
    if path.exists() {
        return Ok(());
    }
    let written = fs::write(&path, HEADING);
    written.map_err(|error| format!("cannot write {path:?}: {error}"))
}

/// Adds a line to a crate's record, if it has one.
pub fn add(
    directory: &Path,
    step: &str,
    passed: usize,
    of: usize,
) -> Result<(), String> {
    let path = directory.join(NAME);
    let Ok(mut file) = OpenOptions::new().append(true).open(&path) else {
        return Ok(());
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let line = format!("{},{step},{passed},{of}\n", now.as_secs());
    let written = file.write_all(line.as_bytes());
    written.map_err(|error| format!("cannot write to {path:?}: {error}"))
}

/// A table of the minutes that each crate's record has for each step.
pub fn minutes(directories: &[String]) -> Result<String, String> {
    let mut steps: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    let mut text = String::new();
    for directory in directories {
        let path = Path::new(directory).join(NAME);
        if !path.exists() {
            text += &format!("{directory}: no record\n");
            continue;
        }
        let record = parse(&steps::read(&path)?)
            .map_err(|line| format!("{path:?} has a bad line: {line:?}"))?;
        text += &format!("{directory}:");
        for (step, minutes) in record {
            text += &format!(" {step} {minutes}");
            steps.entry(step).or_default().push(minutes);
        }
        text.push('\n');
    }
    text += "\nmedian minutes\n";
    for (step, mut minutes) in steps {
        minutes.sort();
        let (median, count) = (minutes[minutes.len() / 2], minutes.len());
        text += &format!("  {step}  {median:4}  of {count}\n");
    }
    Ok(text)
}

/// The minutes for each step, or the line that can't be understood.
fn parse(text: &str) -> Result<BTreeMap<String, u64>, String> {
    let mut seconds: BTreeMap<String, u64> = BTreeMap::new();
    let mut before = None;
    for line in text.lines().skip(1) {
        let mut fields = line.split(',');
        let time = fields.next().and_then(|time| time.parse::<u64>().ok());
        let (Some(time), Some(step)) = (time, fields.next()) else {
            return Err(line.to_string());
        };
        let pause = before.map_or(0, |before| time.saturating_sub(before));
        let counted = if pause > MAX_PAUSE { 0 } else { pause };
        *seconds.entry(step.to_string()).or_default() += counted;
        before = Some(time);
    }
    let minutes = seconds.into_iter().map(|(step, it)| (step, it / 60));
    Ok(minutes.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaks_are_not_counted() {
        let text = "unix_seconds,step,passed,of\n0,step05,0,9\n600,step05,3,9\n\
                    90000,step05,4,9\n90300,step05,9,9\n90360,step06,1,9\n";
        let minutes = parse(text).expect("a record");
        let expected = [("step05".to_string(), 15), ("step06".to_string(), 1)];
        assert_eq!(minutes, expected.into());
    }

    #[test]
    fn a_line_that_is_no_record_is_named() {
        let error = parse("unix_seconds,step,passed,of\nnoon,step05\n").err();
        assert_eq!(error.as_deref(), Some("noon,step05"));
    }
}

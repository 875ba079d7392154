//! Where and when a load was measured, without which its figures say nothing.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs, thread};

use crate::csv::quoted;

/// Columns that are the same in all lines of a file.
pub const CSV_HEAD: &str = "path,date,machine";

/// What belongs in these columns, here and now.
pub fn columns(path: &str) -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let date = date(since.map_or(0, |it| it.as_secs()));
    format!("{},{date},{}", quoted(path), quoted(&machine()))
}

/// The machine in a few words: `Some Processor; 8 processors; Linux 6.12`.
fn machine() -> String {
    let count = thread::available_parallelism().map_or(1, usize::from);
    let plural = if count == 1 { "" } else { "s" };
    let (model, system) = (model(), system());
    let build = if cfg!(debug_assertions) { "; debug build" } else { "" };
    format!("{model}; {count} processor{plural}; {system}{build}")
}

/// What the processor calls itself.
fn model() -> String {
    let model = match env::consts::OS {
        "macos" => said("sysctl", &["-n", "machdep.cpu.brand_string"]),
        "windows" => env::var("PROCESSOR_IDENTIFIER").ok(),
        _ => fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
            let line = text.lines().find(|it| it.starts_with("model name"))?;
            Some(line.split_once(':')?.1.to_string())
        }),
    };
    let words = model.unwrap_or_default().replace([',', '"'], " ");
    let words: Vec<&str> = words.split_whitespace().collect();
    match words.is_empty() {
        true => env::consts::ARCH.to_string(),
        false => words.join(" "),
    }
}

/// The operating system, with the first two numbers of its version.
fn system() -> String {
    match said("uname", &["-s", "-r"]) {
        Some(name) => shortened(name.trim()),
        None => env::consts::OS.to_string(),
    }
}

/// `Linux 6.12` from `Linux 6.12.34-custom`.
fn shortened(name: &str) -> String {
    let part = |it: &str| it.chars().take_while(char::is_ascii_digit).collect();
    let Some((system, version)) = name.rsplit_once(' ') else {
        return name.to_string();
    };
    let parts: Vec<String> = version.split('.').take(2).map(part).collect();
    format!("{system} {}", parts.join("."))
}

/// What a program prints, if it is there.
fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then_some(text)
}

/// The date, in UTC, of a time in seconds since the beginning of 1970.
fn date(seconds: u64) -> String {
    // A clock that's past the year 9999 isn't right.
    let mut days = seconds.min(253_402_300_799) / 86_400;
    let mut year = 1970;
    while days >= 365 + leap_day(year) {
        days -= 365 + leap_day(year);
        year += 1;
    }
    let february = 28 + leap_day(year);
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", days + 1)
}

/// 1 if the year has one.
fn leap_day(year: u64) -> u64 {
    (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        let cases = [
            (0, "1970-01-01"),
            (86_399, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (1_709_251_199, "2024-02-29"),
            (1_735_689_599, "2024-12-31"),
            (1_735_689_600, "2025-01-01"),
            (4_107_542_400, "2100-03-01"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(date(seconds), expected, "{seconds}");
        }
        assert_eq!(date(u64::MAX), "9999-12-31");
    }

    #[test]
    fn a_version_is_two_numbers() {
        assert_eq!(shortened("Linux 6.12.34-custom"), "Linux 6.12");
        assert_eq!(shortened("Linux 6.1-rc2"), "Linux 6.1");
        assert_eq!(shortened("Darwin 24.5.0"), "Darwin 24.5");
        assert_eq!(shortened("Plan9"), "Plan9");
    }

    #[test]
    fn the_machine_is_told_in_one_line() {
        let machine = machine();
        assert!(machine.contains(" processor"), "{machine}");
        assert!(!machine.contains('\n') && !machine.starts_with(';'));
        let columns = columns("/a,b");
        assert!(columns.starts_with("\"/a,b\",20"), "{columns}");
    }
}

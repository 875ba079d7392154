//! What the environment asks for.

use std::env::{self, VarError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub struct Settings {
    /// How long to look in total, at least.
    pub time: Duration,
    /// The seed of each part's first input. The next one has the next seed.
    pub seed: u64,
}

impl Settings {
    /// The error is a line that says what would be right.
    pub fn from_environment() -> Result<Settings, String> {
        if let Some(argument) = env::args_os().nth(1) {
            return Err(format!(
                "spoil takes no argument such as {argument:?}; it reads \
                 SPOIL_SECONDS and SPOIL_SEED"
            ));
        }
        let seconds =
            variable("SPOIL_SECONDS", "a number such as 600", |it| {
                let seconds = it.parse().ok()?;
                Duration::try_from_secs_f64(seconds).ok()
            })?;
        let seed =
            variable("SPOIL_SEED", "a number that a report named", |it| {
                it.parse().ok()
            })?;
        let now = || {
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            now.unwrap_or_default().as_micros() as u64
        };
        Ok(Settings {
            time: seconds.unwrap_or(Duration::from_secs(1)),
            seed: seed.unwrap_or_else(now),
        })
    }
}

/// The value of a variable, or `None` if it isn't set or is empty.
fn variable<T>(
    name: &str,
    right: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, String> {
    let value = match env::var(name) {
        Ok(value) if value.is_empty() => return Ok(None),
        Ok(value) => value,
        Err(VarError::NotPresent) => return Ok(None),
        Err(VarError::NotUnicode(value)) => value.to_string_lossy().to_string(),
    };
    match parse(&value) {
        Some(parsed) => Ok(Some(parsed)),
        None => Err(format!("cannot read {name}={value:?}; it takes {right}")),
    }
}

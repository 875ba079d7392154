//! The axis of time.

use std::time::Duration;

/// The times on the axis, about five of them.
pub fn ticks(length: Duration) -> Vec<Duration> {
    let steps = [20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];
    let steps = steps.map(Duration::from_millis);
    let step = steps.iter().find(|step| **step * 6 > length);
    let step = *step.unwrap_or(&steps[steps.len() - 1]);
    let ticks = (0..).map(|count| step * count);
    ticks.take_while(|tick| *tick <= length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_has_a_few_ticks() {
        for milliseconds in [1, 90, 500, 1_600, 4_000, 16_000, 40_000] {
            let length = Duration::from_millis(milliseconds);
            let ticks = ticks(length);
            assert_eq!(ticks[0], Duration::ZERO);
            assert!(ticks.len() <= 6, "{ticks:?}");
            assert!(milliseconds < 60 || ticks.len() >= 3, "{ticks:?}");
            assert!(ticks.iter().all(|tick| *tick <= length));
        }
    }
}

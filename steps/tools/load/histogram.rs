//! Remembers how long things took, however many there are, in 14 KiB.

use std::time::Duration;

/// Durations, counted in buckets.
///
/// A list of all durations would grow with the load, and its growth would slow
/// down what it measures. So they are counted, and rounded for that. Buckets of
/// equal width would be too coarse for microseconds, or too many for seconds.
/// Here the buckets grow with what they hold: each power of two, in nanoseconds,
/// is cut into 64 equal buckets. None is wider than 1/64 of the smallest
/// duration in it, so what comes out is right to within 1.6 %.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

/// 2 to this power is the number of buckets for each power of two.
const BITS: u32 = 6;

/// What takes longer than these 8.6 seconds is counted as if it took as long.
const LONGEST: u64 = (1 << 33) - 1;

/// The bucket that counts a duration in nanoseconds. Up to 127 each has its own;
/// from there on, `shift` low bits are dropped until 64..=127 is left.
fn bucket(nanoseconds: u64) -> usize {
    let value = nanoseconds.clamp(1, LONGEST);
    let shift = value.ilog2().saturating_sub(BITS);
    (value >> shift) as usize + ((shift as usize) << BITS)
}

/// The middle of what a bucket counts: the inverse of `bucket`.
fn middle(bucket: usize) -> u64 {
    let shift = (bucket >> BITS).saturating_sub(1);
    let value = (bucket - (shift << BITS)) as u64;
    (value << shift) + ((1 << shift) >> 1)
}

impl Histogram {
    pub fn new() -> Histogram {
        Histogram { counts: vec![0; bucket(LONGEST) + 1], total: 0 }
    }

    pub fn add(&mut self, duration: Duration) {
        let nanoseconds = duration.as_nanos().min(u128::from(LONGEST));
        self.counts[bucket(nanoseconds as u64)] += 1;
        self.total += 1;
    }

    /// Takes in what another has counted.
    pub fn merge(&mut self, other: &Histogram) {
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.total += other.total;
    }

    /// How many durations there are.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The duration that `percent` of all do not exceed, if there are any.
    pub fn percentile(&self, percent: u64) -> Option<Duration> {
        let rank = (self.total * percent).div_ceil(100);
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if *count > 0 && seen >= rank {
                return Some(Duration::from_nanos(middle(bucket)));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn milliseconds(number: u64) -> Duration {
        Duration::from_millis(number)
    }

    /// The two are equal but for the width of a bucket.
    fn assert_close(found: Option<Duration>, expected: Duration) {
        let found = found.expect("a duration").as_secs_f64();
        let ratio = found / expected.as_secs_f64();
        assert!((0.984..1.016).contains(&ratio), "{found} for {expected:?}");
    }

    #[test]
    fn percentiles_of_a_thousand() {
        let mut histogram = Histogram::new();
        // 7 has no factor in common with 1,000: each comes once, out of order.
        for number in 0..1_000 {
            histogram.add(milliseconds(number * 7 % 1_000 + 1));
        }
        assert_eq!(histogram.total(), 1_000);
        assert_close(histogram.percentile(50), milliseconds(500));
        assert_close(histogram.percentile(99), milliseconds(990));
        assert_close(histogram.percentile(100), milliseconds(1_000));
        assert_close(histogram.percentile(0), milliseconds(1));
    }

    #[test]
    fn one_slow_request_in_a_hundred_is_beyond_p99_and_two_are_not() {
        let mut histogram = Histogram::new();
        for _ in 0..98 {
            histogram.add(milliseconds(1));
        }
        histogram.add(milliseconds(1));
        histogram.add(milliseconds(1_000));
        assert_close(histogram.percentile(99), milliseconds(1));
        histogram.add(milliseconds(1_000));
        assert_close(histogram.percentile(99), milliseconds(1_000));
    }

    #[test]
    fn no_duration_has_no_percentile() {
        assert_eq!(Histogram::new().percentile(50), None);
    }

    #[test]
    fn every_bucket_is_narrow_and_follows_the_one_before() {
        let mut first = 1;
        for nanoseconds in 1..100_000 {
            let here = bucket(nanoseconds);
            if here != bucket(first) {
                assert_eq!(here, bucket(first) + 1, "at {nanoseconds}");
                assert!(first == 1 || nanoseconds - first <= 1.max(first / 64));
                first = nanoseconds;
            }
            let (middle, width) = (middle(here), 1.max(first / 64));
            assert!((first..first + width).contains(&middle), "{middle}");
        }
    }

    #[test]
    fn any_duration_finds_a_bucket() {
        let mut histogram = Histogram::new();
        histogram.add(Duration::ZERO);
        assert_eq!(histogram.percentile(99), Some(Duration::from_nanos(1)));
        histogram.add(Duration::MAX);
        let longest = Duration::from_nanos(LONGEST);
        assert_close(histogram.percentile(99), longest);
        assert_eq!(bucket(u64::MAX), bucket(LONGEST));
    }

    #[test]
    fn merged_is_as_if_counted_together() {
        let (mut all, mut odd) = (Histogram::new(), Histogram::new());
        let mut even = Histogram::new();
        for number in 0..1_000_u64 {
            let duration = Duration::from_nanos(number.pow(3));
            all.add(duration);
            let half = if number % 2 == 0 { &mut even } else { &mut odd };
            half.add(duration);
        }
        even.merge(&odd);
        assert_eq!(even, all);
    }
}

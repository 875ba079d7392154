//! The axes of a drawing, and where values are on them.

/// An axis from 0, or one on which each mark is ten times the one before.
pub struct Axis {
    pub marks: Vec<f64>,
    pub is_linear: bool,
}

impl Axis {
    pub fn from_zero(values: &[f64]) -> Axis {
        let (_, _, highest) = spread(values);
        let step = step(highest.max(1.0));
        let steps = (highest / step).ceil().max(1.0) as u32;
        let marks = (0..=steps).map(|it| f64::from(it) * step).collect();
        Axis { marks, is_linear: true }
    }

    pub fn of_powers(values: &[f64]) -> Axis {
        let (lowest, _, highest) = spread(values);
        let lowest = lowest.max(1.0).log10().floor() as i32;
        let highest = (highest.max(1.0).log10().ceil() as i32).max(lowest + 1);
        let marks = (lowest..=highest).map(|it| 10_f64.powi(it)).collect();
        Axis { marks, is_linear: false }
    }

    /// Where a value is: 0 is the first mark, and 1 the last.
    pub fn part(&self, value: f64) -> f64 {
        let (first, last) = (self.marks[0], self.marks[self.marks.len() - 1]);
        match self.is_linear {
            true => value / last,
            false => (value.max(1.0) / first).log10() / (last / first).log10(),
        }
    }
}

/// A round distance for the marks of an axis, of which four or five are enough.
fn step(highest: f64) -> f64 {
    let power = 10_f64.powf((highest / 4.0).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|it| it * power);
    steps.into_iter().find(|it| highest / it <= 4.0).unwrap_or(highest)
}

/// The lowest of the values, their median, and the highest.
pub fn spread(values: &[f64]) -> (f64, f64, f64) {
    let low = values.iter().copied().fold(f64::MAX, f64::min);
    let high = values.iter().copied().fold(0.0, f64::max);
    (low, median(values), high)
}

pub fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let (low, high) = ((values.len() - 1) / 2, values.len() / 2);
    (values[low] + values[high]) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_an_axis_are_round() {
        let cases = [(4.0, 1.0), (4.1, 2.0), (18_159.0, 5_000.0), (0.3, 0.1)];
        for (highest, expected) in cases {
            assert!((step(highest) - expected).abs() < 1e-9, "{highest}");
        }
    }
}

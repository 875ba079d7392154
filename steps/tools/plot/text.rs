//! Numbers and texts as a drawing shows them.

/// A number with a comma before each three digits.
pub fn count(number: f64) -> String {
    let mut text = format!("{number:.0}");
    let mut place = text.len();
    while place > 3 {
        place -= 3;
        text.insert(place, ',');
    }
    text
}

/// A time, given in microseconds.
pub fn time(us: f64) -> String {
    match us {
        ..999.5 => format!("{us:.0} µs"),
        ..999_950.0 => format!("{:.1} ms", us / 1e3),
        _ => format!("{:.2} s", us / 1e6),
    }
}

/// Lines that fit into the drawing.
pub fn wrapped(text: &str) -> Vec<String> {
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

pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_wrapped() {
        let text = "word ".repeat(20);
        let lines = wrapped(text.trim());
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert_eq!(lines.join(" "), text.trim());
    }
}

//! Text on lines that fit a terminal.

const WIDTH: usize = 80;

/// The text's words on lines of at most 80 characters, each after a margin. A
/// longer word has a line of its own.
pub fn wrapped(text: &str, margin: usize) -> String {
    let mut lines = Vec::<String>::new();
    for word in text.split_whitespace() {
        let length = word.chars().count() + 1;
        match lines.last_mut() {
            Some(line) if line.chars().count() + length <= WIDTH => {
                *line += &format!(" {word}");
            }
            _ => lines.push(" ".repeat(margin) + word),
        }
    }
    lines.iter().fold(String::new(), |text, line| text + line + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_a_terminal() {
        let text = wrapped(&"fünf ".repeat(20), 6);
        let widths: Vec<_> =
            text.lines().map(|line| line.chars().count()).collect();
        assert_eq!(widths, [80, 30]);
        assert_eq!(wrapped("one\ntwo ", 2), "  one two\n");
        assert_eq!(wrapped(&"x".repeat(90), 0), "x".repeat(90) + "\n");
        assert_eq!(wrapped("", 6), "");
    }
}

//! What two runs of the same commands have in common.

/// A server that finds a client gone says so, or not: that depends on when it
/// tries to write.
pub fn is_about_leaving(line: &str) -> bool {
    line.contains("Broken pipe") || line.contains("Connection reset")
}

/// What comes after these isn't the same twice: which worker it was, the number
/// of a thread, how long something took, the version of curl.
const BEFORE_NUMBERS: [&str; 6] =
    ["worker ", "thread '", " after ", "curl/", "Broken pipe", "waiting for "];

/// Of these numbers it only matters whether they are larger than this.
const COUNTS: [(&str, u64); 3] =
    [("VmHWM:", 10_000), ("lines: ", 100), ("bytes: ", 0)];

/// A transcript without what isn't the same twice.
pub fn normal(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", normal_line(line))).collect()
}

fn normal_line(line: &str) -> String {
    let count = COUNTS.iter().find(|(word, _)| line.starts_with(word));
    if let Some((word, least)) = count {
        let digits: String =
            line.chars().filter(char::is_ascii_digit).collect();
        let is_large = digits.parse().is_ok_and(|number: u64| number > *least);
        return format!("{word} more than {least}: {is_large}");
    }
    let field = line
        .split_once(": ")
        .filter(|(name, value)| value.ends_with(" GMT") && !name.contains(' '));
    let line = field.map_or(line, |(name, _)| name);
    // The time in an access log.
    let line = match line.split_once(" - - [") {
        Some((peer, rest)) => {
            let rest = rest.split_once(']').map_or("", |(_, rest)| rest);
            format!("{peer} - - []{rest}")
        }
        None => line.to_string(),
    };
    // Workers are waited for in the order of their numbers.
    if line.starts_with("waiting for worker ") {
        return line;
    }
    let mark = BEFORE_NUMBERS.iter().filter_map(|mark| line.find(mark)).min();
    let (same, varying) = line.split_at(mark.unwrap_or(line.len()));
    let varying = varying.replace(|c: char| c.is_ascii_digit(), "");
    format!("{same}{}", varying.replace("..", "."))
}

/// The same of a server's terminal, before and after each `^C`. Threads print
/// in an order that isn't the same twice either, and how often a worker is
/// found dead depends on when it is tried.
pub fn normal_server(text: &str) -> Vec<Vec<String>> {
    let text = normal(text);
    let lines = text.lines().filter(|line| !is_about_leaving(line));
    let lines: Vec<String> = lines.map(String::from).collect();
    let between = lines.split(|line| line == "^C");
    between
        .map(|lines| {
            let mut lines = lines.to_vec();
            lines.sort();
            lines.dedup_by(|a, b| a == b && a.ends_with(" is gone"));
            lines
        })
        .collect()
}

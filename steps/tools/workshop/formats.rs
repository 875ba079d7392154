//! The marks in formats that other programs read.

use crate::mark::Marked;
use crate::steps::Step;

/// A table for a spreadsheet: a line for each server, a column for each row.
pub fn csv(class: &[Marked]) -> String {
    let mut text = "server,points,of".to_string();
    for (_, row) in class.first().iter().flat_map(|marked| marked.rows()) {
        text += &format!(",{}", row.name);
    }
    text.push('\n');
    for marked in class {
        let name = marked.name.replace('"', "\"\"");
        let (points, of) = (marked.points(), marked.rows().count());
        text += &format!("\"{name}\",{points},{of}");
        for (_, row) in marked.rows() {
            text += if row.failure.is_none() { ",1" } else { ",0" };
        }
        text.push('\n');
    }
    text
}

/// JUnit's XML, which most systems for continuous integration show.
pub fn junit(step: &Step, class: &[Marked]) -> String {
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_string();
    text += &format!("<testsuites name=\"{}\">\n", step.name());
    for marked in class {
        let (name, tests) = (xml(&marked.name), marked.rows().count());
        let failures = tests - marked.points();
        text += &format!(
            "  <testsuite name=\"{name}\" tests=\"{tests}\" \
             failures=\"{failures}\" errors=\"0\">\n"
        );
        for (group, row) in marked.rows() {
            text += &format!(
                "    <testcase classname=\"step{:02}\" name=\"{}\"",
                group.step, row.name
            );
            text += &match &row.failure {
                None => "/>\n".to_string(),
                Some(failure) => {
                    let first = failure.lines().next().unwrap_or_default();
                    format!(
                        ">\n      <failure message=\"{}\">{}</failure>\n    \
                         </testcase>\n",
                        xml(first),
                        xml(failure)
                    )
                }
            };
        }
        text += "  </testsuite>\n";
    }
    text + "</testsuites>\n"
}

/// A line of JSON for each server.
pub fn json_lines(step: &Step, class: &[Marked]) -> String {
    let line = |marked: &Marked| {
        let rows = marked.rows().map(|(group, row)| {
            format!(
                "{{\"step\":{},\"row\":{},\"passed\":{}}}",
                group.step,
                json(&row.name),
                row.failure.is_none()
            )
        });
        let rows: Vec<_> = rows.collect();
        format!(
            "{{\"server\":{},\"step\":{},\"points\":{},\"of\":{},\
             \"rows\":[{}]}}\n",
            json(&marked.name),
            json(step.name()),
            marked.points(),
            rows.len(),
            rows.join(",")
        )
    };
    class.iter().map(line).collect()
}

/// Gradescope's `results.json`, which is about one student.
pub fn gradescope(class: &[Marked]) -> String {
    let test = |(number, name, failure): (usize, String, &Option<String>)| {
        let (score, status) = match failure {
            None => (1, "passed"),
            Some(_) => (0, "failed"),
        };
        let output = failure.as_deref().unwrap_or_default();
        format!(
            "\n  {{\"number\":\"{number}\",\"name\":{},\"score\":{score},\
             \"max_score\":1,\"status\":\"{status}\",\"output\":{}}}",
            json(&name),
            json(output)
        )
    };
    let rows = class.iter().flat_map(|marked| marked.rows());
    let rows = (1..).zip(rows).map(|(number, (group, row))| {
        let name = format!("step {:02}: {}", group.step, row.sentence());
        test((number, name, &row.failure))
    });
    let points: usize = class.iter().map(Marked::points).sum();
    let tests: Vec<_> = rows.collect();
    let tests = tests.join(",");
    format!("{{\"score\":{points},\"tests\":[{tests}\n]}}\n")
}

/// A text in XML. It can't contain control characters, not even escaped ones.
fn xml(text: &str) -> String {
    let mut xml = String::new();
    for letter in text.chars() {
        match letter {
            '&' => xml += "&amp;",
            '<' => xml += "&lt;",
            '>' => xml += "&gt;",
            '"' => xml += "&quot;",
            '\n' => xml += "&#10;",
            letter if letter.is_control() => xml.push('\u{fffd}'),
            letter => xml.push(letter),
        }
    }
    xml
}

/// A text as a JSON string.
fn json(text: &str) -> String {
    let mut json = "\"".to_string();
    for letter in text.chars() {
        match letter {
            '"' => json += "\\\"",
            '\\' => json += "\\\\",
            letter if letter < ' ' => {
                json += &format!("\\u{:04x}", u32::from(letter));
            }
            letter => json.push(letter),
        }
    }
    json + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_sends_is_escaped() {
        assert_eq!(json("a\"\\\n\u{1}é"), r#""a\"\\\u000a\u0001é""#);
        assert_eq!(
            xml("<a b=\"&\">\n\u{1}"),
            "&lt;a b=&quot;&amp;&quot;&gt;&#10;\u{fffd}"
        );
    }
}

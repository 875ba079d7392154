//! Text inside of other text.

/// A text inside of XML or HTML.
pub fn xml(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

/// A JSON string. It may also go into a script in a page, where `</script>`
/// would end it.
pub fn json(text: &str) -> String {
    let mut quoted = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '<' => quoted += "\\u003c",
            it if it.is_control() => quoted += &format!("\\u{:04x}", it as u32),
            it => quoted.push(it),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_is_escaped() {
        assert_eq!(xml("<a> & \"b\""), "&lt;a&gt; &amp; &quot;b&quot;");
        assert_eq!(json("a\"\\\n</é"), "\"a\\\"\\\\\\u000a\\u003c/é\"");
    }
}

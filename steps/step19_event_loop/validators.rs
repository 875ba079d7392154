//! Tells one version of a file from another, so that a client needn't load what
//! it already has (RFC 9110 §8.8, §13).

use crate::date;
use crate::request::Request;
use crate::response::{Response, Status};
use std::str;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The clocks of file systems are coarse: a file that has just changed may
/// change again and keep its time. So its tag is weak until this has passed.
const TAG_SETTLE: Duration = Duration::from_secs(3);

/// A date has only seconds, so we leave it out until the next second is certain
/// to have begun (RFC 9110 §8.8.2.2).
const DATE_SETTLE: Duration = Duration::from_secs(2);

/// What identifies a version of a file.
#[derive(Clone)]
pub struct Validators {
    /// The entity tag in its quotes, after a `W/` if it's weak.
    etag: String,
    modified: SystemTime,
    /// Whether `modified` is old enough to be sent as a date.
    has_date: bool,
}

impl Validators {
    /// The validators of a file of this length. Copies of it on two machines
    /// get the same validators if their times are the same.
    pub fn new(length: u64, modified: SystemTime) -> Validators {
        // A time in the future counts as now.
        let age = modified.elapsed().unwrap_or_default();
        let since = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
        let weak = if age < TAG_SETTLE { "W/" } else { "" };
        let etag = format!("{weak}\"{length:x}-{:x}\"", since.as_nanos());
        Validators { etag, modified, has_date: age >= DATE_SETTLE }
    }

    /// Adds `ETag` and `Last-Modified` to a response.
    pub fn add_to(&self, response: Response) -> Response {
        let response = response.with("ETag", &self.etag);
        if !self.has_date {
            return response;
        }
        response.with("Last-Modified", &date::imf_fixdate(self.modified))
    }

    /// Evaluates the preconditions of a request in their order (RFC 9110
    /// §13.2.2). Returns the status that replaces a 200, if one does.
    pub fn evaluate(&self, request: &Request) -> Option<Status> {
        let modified = date::seconds(self.modified);
        let date = |name| request.value(name).and_then(date::parse);
        let is_expected = match self.is_listed(request, "If-Match", is_equal) {
            Some(is_listed) => is_listed,
            None => date("If-Unmodified-Since").is_none_or(|it| modified <= it),
        };
        if !is_expected {
            return Some(Status::PRECONDITION_FAILED);
        }
        let is_known = match self.is_listed(request, "If-None-Match", is_alike)
        {
            Some(is_listed) => is_listed,
            // A later date isn't enough: an older file may have taken the place
            // of the one that the client knows.
            None => {
                self.has_date && date("If-Modified-Since") == Some(modified)
            }
        };
        is_known.then_some(Status::NOT_MODIFIED)
    }

    /// Whether a range may be sent: a client that has a part of an old version
    /// wants the whole new one (RFC 9110 §13.1.5).
    pub fn allow_range(&self, request: &Request) -> bool {
        let is_date = |value| value == date::imf_fixdate(self.modified);
        request.values("If-Range").all(|value| match str::from_utf8(value) {
            Ok(value) if is_date(value) => self.has_date,
            Ok(value) => is_equal(value, &self.etag),
            Err(_) => false,
        })
    }

    /// Whether a header field lists the current tag. `None` if the field is
    /// missing, or if it can't be read and so doesn't count.
    fn is_listed(
        &self,
        request: &Request,
        name: &str,
        matches: fn(&str, &str) -> bool,
    ) -> Option<bool> {
        let mut values = request.values(name).peekable();
        values.peek()?;
        let mut is_listed = false;
        for value in values {
            let list = str::from_utf8(value).ok()?;
            is_listed |= list == "*"
                || parse_tags(list)?.iter().any(|tag| matches(tag, &self.etag));
        }
        Some(is_listed)
    }
}

/// The strong comparison: a weak tag doesn't equal any other (RFC 9110
/// §8.8.3.2).
fn is_equal(one: &str, other: &str) -> bool {
    one == other && !one.starts_with("W/")
}

/// The weak comparison: it ignores whether a tag is weak.
fn is_alike(one: &str, other: &str) -> bool {
    one.trim_start_matches("W/") == other.trim_start_matches("W/")
}

/// The tags in a list such as `"a", W/"b"`, or `None` if it isn't one. A tag
/// may contain a comma, so we can't just split the list.
fn parse_tags(mut list: &str) -> Option<Vec<&str>> {
    let mut tags = Vec::new();
    loop {
        list = list.trim_start_matches([' ', '\t', ',']);
        if list.is_empty() {
            return Some(tags);
        }
        let opaque = list.strip_prefix("W/").unwrap_or(list);
        let (_, rest) = opaque.strip_prefix('"')?.split_once('"')?;
        let (tag, rest) = list.split_at(list.len() - rest.len());
        tags.push(tag);
        list = rest.trim_start_matches([' ', '\t']);
        if !list.is_empty() && !list.starts_with(',') {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_tags_is_read() {
        for (list, expected) in [
            ("", vec![]),
            (r#""a""#, vec![r#""a""#]),
            (r#""a,b" , W/"c d",,"""#, vec![r#""a,b""#, r#"W/"c d""#, r#""""#]),
        ] {
            assert_eq!(parse_tags(list), Some(expected));
        }
        for list in
            ["a", r#""a"#, r#""a" "b""#, r#"w/"a""#, r#"W/W/"a""#, "*, "]
        {
            assert_eq!(parse_tags(list), None, "{list}");
        }
    }

    #[test]
    fn a_weak_tag_is_like_a_strong_one_but_equals_none() {
        let (strong, weak, other) = ("\"a\"", "W/\"a\"", "\"b\"");
        for (one, two, are_alike, are_equal) in [
            (strong, strong, true, true),
            (strong, weak, true, false),
            (weak, strong, true, false),
            (weak, weak, true, false),
            (strong, other, false, false),
        ] {
            assert_eq!(is_alike(one, two), are_alike, "{one} {two}");
            assert_eq!(is_equal(one, two), are_equal, "{one} {two}");
        }
    }

    #[test]
    fn a_tag_is_the_length_and_the_time_in_nanoseconds() {
        let modified = UNIX_EPOCH + Duration::new(1, 0x23);
        assert_eq!(Validators::new(0xabc, modified).etag, "\"abc-3b9aca23\"");
    }

    #[test]
    fn a_young_file_has_a_weak_tag_and_no_date() {
        let now = SystemTime::now();
        for (modified, is_weak, has_date) in [
            (now + Duration::from_secs(60), true, false),
            (now, true, false),
            (now - Duration::from_millis(1_500), true, false),
            (now - Duration::from_millis(2_500), true, true),
            (now - Duration::from_secs(60), false, true),
            (UNIX_EPOCH - Duration::from_secs(1), false, true),
        ] {
            let validators = Validators::new(1, modified);
            assert_eq!(validators.etag.starts_with("W/"), is_weak);
            assert_eq!(validators.has_date, has_date, "{modified:?}");
        }
    }
}

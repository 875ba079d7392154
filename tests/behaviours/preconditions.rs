//! What a client demands of the file before it's sent, and which of several
//! demands counts.

use std::time::Duration;

use super::validators::*;
use crate::support::report::Outcome;
use crate::support::server::Server;

pub fn if_match_without_the_current_tag_is_412(server: &Server) -> Outcome {
    let site = Site::new(server)?;
    let tag = site.tag()?;
    let field = |value: &str| format!("If-Match: {value}");
    for value in [tag.clone(), "*".to_string(), format!("\"x\", {tag}")] {
        let hint = "the current tag is listed, so the condition is true.";
        site.gets(200, &[&field(&value)], hint)?;
    }
    for value in ["\"x\"".to_string(), "\"x\", \"y\"".to_string()] {
        let hint = "the client wants a version that isn't there.";
        site.gets(412, &[&field(&value)], hint)?;
    }
    let hint = "If-Match uses the strong comparison, in which a weak tag \
                doesn't even equal itself.";
    site.gets(412, &[&field(&format!("W/{tag}"))], hint)?;
    let head = site.ask("HEAD /a", &[&field("\"x\"")])?;
    head.has_status(412)?;
    site.set_modified(Duration::from_secs(FUTURE))?;
    let weak = site.tag()?;
    site.gets(412, &[&field(&weak)], hint)
}

pub fn if_unmodified_since_before_the_change_is_412(
    server: &Server,
) -> Outcome {
    let site = Site::new(server)?;
    let field = |date: &str| format!("If-Unmodified-Since: {date}");
    for date in [FIRST, SECOND_BEFORE] {
        let hint = "the file has changed since then.";
        site.gets(412, &[&field(date)], hint)?;
    }
    for date in [DATE, OLD_FORMS[0], OLD_FORMS[1], SECOND_AFTER, FUTURE_DATE] {
        let hint = "the file hasn't changed since then.";
        site.gets(200, &[&field(date)], hint)?;
    }
    // A date can't express a fraction of a second.
    let half = Duration::from_millis(500);
    site.set_modified(Duration::from_secs(CHANGED) + half)?;
    let hint = "look at how the dates are compared. The client's has whole \
                seconds, so the file's has to lose its fraction first.";
    site.gets(200, &[&field(DATE)], hint)
}

pub fn preconditions_are_evaluated_in_order(server: &Server) -> Outcome {
    let site = Site::new(server)?;
    let tag = site.tag()?;
    let matching = &format!("If-Match: {tag}");
    let other_match = "If-Match: \"x\"";
    let unmodified = &format!("If-Unmodified-Since: {DATE}");
    let too_late = &format!("If-Unmodified-Since: {FIRST}");
    let known = &format!("If-None-Match: {tag}");
    let unknown = "If-None-Match: \"x\"";
    let same_date = &format!("If-Modified-Since: {DATE}");
    let other_date = &format!("If-Modified-Since: {FIRST}");
    let hint = "look at the order (RFC 9110 §13.2.2): If-Match, or else \
                If-Unmodified-Since, decides whether it's a 412; only then \
                If-None-Match, or else If-Modified-Since, whether it's a 304.";
    for (first, second, status) in [
        // A tag is more exact than a date, so the date doesn't count.
        (matching.as_str(), too_late.as_str(), 200),
        (other_match, unmodified, 412),
        (known, other_date, 304),
        (unknown, same_date, 200),
        // 412 comes before 304.
        (other_match, known, 412),
        (other_match, same_date, 412),
        (too_late, known, 412),
        (too_late, same_date, 412),
        // What is true lets the next one decide.
        (matching, known, 304),
        (matching, same_date, 304),
        (matching, unknown, 200),
        (unmodified, known, 304),
        (unmodified, same_date, 304),
        (unmodified, other_date, 200),
    ] {
        site.gets(status, &[first, second], hint)?;
        site.gets(status, &[second, first], hint)?;
    }
    Ok(())
}

pub fn unreadable_precondition_is_ignored(server: &Server) -> Outcome {
    let site = Site::new(server)?;
    let tag = site.tag()?;
    let bare = tag.trim_matches('"');
    let hint = "a field that can't be read doesn't count, as if it weren't \
                there.";
    for date in [
        "tomorrow",
        "2020-01-02T03:04:05Z",
        "Thu, 02 Jan 2020 03:04:05",
        "Thu, 02 Jan 2020 03:04:05 CET",
        "Thu, 32 Jan 2020 03:04:05 GMT",
        "Thu, 02 Jan 2020 25:04:05 GMT",
        "Thu, 02 Jan 2020 +3:04:05 GMT",
        "Thu, 02-Jan-2020 03:04:05 GMT",
        "0",
        "",
    ] {
        for name in ["If-Modified-Since", "If-Unmodified-Since"] {
            site.gets(200, &[&format!("{name}: {date}")], hint)?;
        }
    }
    let lists =
        [bare, "x", "\"x", "\"x\" \"y\"", "w/\"x\"", "\"x,\"y\"", "*, \"x\""];
    for list in lists {
        let known = format!("If-None-Match: {tag} {list}");
        site.gets(200, &[&known], hint)?;
        let list = &format!("If-Match: {list}");
        site.gets(200, &[list], hint)?;
        // The next one decides.
        let too_late = &format!("If-Unmodified-Since: {FIRST}");
        site.gets(412, &[list, too_late], hint)?;
    }
    let same_date = &format!("If-Modified-Since: {DATE}");
    site.gets(304, &["If-None-Match: x", same_date], hint)?;
    // A date comes once.
    site.gets(200, &[same_date, same_date], hint)
}

pub fn precondition_replaces_no_other_status(server: &Server) -> Outcome {
    let site = Site::new(server)?;
    for (line, status) in [
        ("GET /none", 404),
        ("GET /b", 301),
        ("GET /%", 400),
        ("HEAD /none", 404),
        ("POST /a", 405),
        ("DELETE /a", 405),
        ("OPTIONS /a", 204),
        ("BREW /a", 501),
    ] {
        for field in [
            "If-None-Match: *",
            "If-Match: \"x\"",
            &format!("If-Unmodified-Since: {FIRST}"),
            &format!("If-Modified-Since: {DATE}"),
        ] {
            let response = site.ask(line, &[field])?;
            if response.status != status {
                let expected =
                    format!("{status} for {line}, even with {field}");
                return response.differs(&expected).map_err(|it| {
                    it.hint(
                        "preconditions count only for GET and HEAD, and only \
                         where the response would be a 200.",
                    )
                });
            }
        }
    }
    Ok(())
}

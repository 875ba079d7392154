//! A file is sent only if the client doesn't have it yet.
//!
//! Every test sets the time of its file, because what a server says about a file
//! depends on how long ago that was.

use std::fs;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::differs;
use super::directory::{Directory, is, soon};
use super::partial::with_fields;
use crate::support::DEADLINE;
use crate::support::report::Outcome;
use crate::support::response::Response;
use crate::support::server::Server;

/// A time long ago, in seconds and in the three forms of a date.
pub const CHANGED: u64 = 1_577_934_245;
pub const DATE: &str = "Thu, 02 Jan 2020 03:04:05 GMT";
pub const OLD_FORMS: [&str; 2] =
    ["Thursday, 02-Jan-20 03:04:05 GMT", "Thu Jan  2 03:04:05 2020"];
pub const SECOND_BEFORE: &str = "Thu, 02 Jan 2020 03:04:04 GMT";
pub const SECOND_AFTER: &str = "Thu, 02 Jan 2020 03:04:06 GMT";
pub const FIRST: &str = "Thu, 01 Jan 1970 00:00:00 GMT";

/// A time to come. A file with that time is younger than any other.
pub const FUTURE: u64 = 2_114_380_800;
pub const FUTURE_DATE: &str = "Thu, 01 Jan 2037 00:00:00 GMT";

/// A server, and the directory that it serves. The file `a` in it was last
/// changed at `CHANGED`.
pub struct Site {
    pub directory: Directory,
    server: Server,
}

impl Site {
    pub fn new(server: &Server) -> Outcome<Site> {
        let files = [("a", "old"), ("b/index.html", "b"), ("404.html", "404")];
        let directory = Directory::new(&files).and(
            "TZ=UTC touch -t 202001020304.05 \"$d/site/a\" \"$d/site/404.html\"\n",
        );
        let server = directory.served_by(server)?;
        let site = Site { directory, server };
        for file in ["a", "404.html"] {
            site.directory.set_modified(file, Duration::from_secs(CHANGED));
        }
        Ok(site)
    }

    /// Changes `a`, and waits until the server has seen that.
    fn change(&self, change: impl FnOnce()) -> Outcome {
        let before = self.tag()?;
        change();
        soon(&self.server, || match self.tag()? == before {
            false => Ok(()),
            true => {
                let expected = "another ETag after the length or the time \
                                changed, if only by a millisecond";
                differs(expected, &before)
            }
        })
    }

    /// Writes `a`, and gives it a time.
    fn write(&self, text: &str, since: Duration) -> Outcome {
        self.change(|| {
            fs::write(self.directory.site().join("a"), text).unwrap();
            self.directory.set_modified("a", since);
        })
    }

    /// Gives `a` a time.
    pub fn set_modified(&self, since: Duration) -> Outcome {
        self.change(|| self.directory.set_modified("a", since))
    }

    /// The head of the response to `GET /a`, or another such line, with these
    /// header fields. A 304 or the response to HEAD ends with its head.
    pub fn ask(&self, line: &str, fields: &[&str]) -> Outcome<Response> {
        let (method, path) = line.split_once(' ').unwrap();
        let options: String =
            fields.iter().map(|field| format!("-H '{field}' ")).collect();
        let method_option = match method {
            "GET" => "-i".to_string(),
            "HEAD" => "-I".to_string(),
            method => format!("-i -X {method}"),
        };
        self.directory.by_hand(
            &self.server,
            &format!(
                "curl -gs -m 3 {method_option} {options}http://ADDRESS{path}"
            ),
        );
        let mut client = self.server.send(with_fields(method, path, fields))?;
        let response = client.head(DEADLINE)?;
        if method == "HEAD" || response.status == 304 {
            client.is_closed(DEADLINE).map_err(|it| {
                it.expected("no byte after the head").hint(
                    "a 304, and any response to HEAD, ends with the blank line",
                )
            })?;
        }
        Ok(response)
    }

    /// `GET /a` with these header fields has that status, for this reason.
    pub fn gets(&self, status: u16, fields: &[&str], because: &str) -> Outcome {
        let response = self.ask("GET /a", fields)?;
        if response.status == status {
            return Ok(());
        }
        let expected = format!("{status} for {}", fields.join(" and "));
        response.differs(&expected).map_err(|it| it.hint(because))
    }

    /// The tag of `a`.
    pub fn tag(&self) -> Outcome<String> {
        let response = self.ask("GET /a", &[])?;
        match response.field("etag") {
            Some(tag) if response.status == 200 => Ok(tag.to_string()),
            _ => {
                let result = response.differs("200 with the field ETag, once");
                result.map_err(|it| {
                    it.hint(
                        "look at where a file becomes a response. A client can \
                         ask for another version only if this one has a name.",
                    )
                })
            }
        }
    }
}

/// Whether this is `"…"`, without another quote or a space in it.
fn is_strong(tag: &str) -> bool {
    let opaque = tag.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    opaque.is_some_and(|it| {
        !it.is_empty() && it.bytes().all(|byte| byte > b' ' && byte != b'"')
    })
}

pub fn file_carries_a_tag_and_a_date(server: &Server) -> Outcome {
    let site = Site::new(server)?;
    let tag = site.tag()?;
    for line in ["GET /a", "HEAD /a"] {
        let response = site.ask(line, &[])?;
        let has = |name, value: &str| response.field(name) == Some(value);
        if !is_strong(&tag) || !has("etag", &tag) {
            return response.differs("the same ETag each time, in quotes");
        }
        if !has("last-modified", DATE) {
            return response.differs(&format!("Last-Modified: {DATE}"));
        }
    }
    // A copy on another machine is the same version.
    let copy = Site::new(server)?;
    if copy.tag()? != tag {
        let saw = copy.tag()?;
        return differs(&format!("ETag: {tag} for a copy of the file"), &saw);
    }
    let millisecond = Duration::from_millis(1);
    for (text, since) in [
        ("new", Duration::from_secs(CHANGED) + millisecond),
        ("longer", Duration::from_secs(CHANGED)),
    ] {
        site.write(text, since)?;
    }
    // An error isn't a version of the file.
    let response = site.ask("GET /none", &[])?;
    for name in ["etag", "last-modified"] {
        if response.status != 404 || response.field(name).is_some() {
            return response.differs(&format!("404 without {name}"));
        }
    }
    Ok(())
}

pub fn young_file_carries_a_weak_tag_and_no_date(server: &Server) -> Outcome {
    let site = Site::new(server)?;
    let is_young = |response: &Response| {
        let tag = response.field("etag").unwrap_or_default();
        tag.strip_prefix("W/").is_some_and(is_strong)
            && response.field("last-modified").is_none()
    };
    let expected = "a weak ETag, as in W/\"a\", and no Last-Modified for a file \
                    that has just changed";
    site.set_modified(Duration::from_secs(FUTURE))?;
    let response = site.ask("GET /a", &[])?;
    if !is_young(&response) {
        return response.differs(expected);
    }
    let start = Instant::now();
    site.change(|| {
        fs::write(site.directory.site().join("a"), "new").unwrap();
    })?;
    let response = site.ask("GET /a", &[])?;
    // Unless the machine was so busy that the file has aged.
    if !is_young(&response) && start.elapsed() < Duration::from_secs(2) {
        return response.differs(expected);
    }
    // A minute later it's like any other.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    site.set_modified(now - Duration::from_secs(60))?;
    let response = site.ask("GET /a", &[])?;
    let tag = response.field("etag").unwrap_or_default();
    if !is_strong(tag) || response.field("last-modified").is_none() {
        return response.differs("a strong ETag and a date after a minute");
    }
    Ok(())
}

pub fn unchanged_file_is_304(server: &Server) -> Outcome {
    let site = Site::new(server)?;
    let whole = site.ask("GET /a", &[])?;
    let tag = site.tag()?;
    for line in ["GET /a", "HEAD /a"] {
        for field in [
            &format!("If-None-Match: {tag}"),
            &format!("If-Modified-Since: {DATE}"),
        ] {
            let response = site.ask(line, &[field])?;
            for name in ["etag", "last-modified", "cache-control"] {
                let value = whole.field(name);
                if response.status != 304 || response.field(name) != value {
                    let expected =
                        format!("304 for {field}, with the same {name}");
                    return response.differs(&expected).map_err(|it| {
                        it.hint(
                            "look at which header fields the 304 gets: those \
                             that keep the client's copy up to date.",
                        )
                    });
                }
            }
            if response.field("date").is_none() {
                return response.differs("a 304 with a Date");
            }
            for name in ["content-length", "content-type"] {
                if response.field(name).is_some() {
                    return response.differs(&format!("304 without {name}"));
                }
            }
        }
    }
    Ok(())
}

pub fn list_of_tags_is_read(server: &Server) -> Outcome {
    let site = Site::new(server)?;
    let tag = site.tag()?;
    let bare = tag.trim_matches('"');
    let field = |value: &str| format!("If-None-Match: {value}");
    for value in [
        "*".to_string(),
        format!("W/{tag}"),
        format!("\"x\", {tag}"),
        format!("{tag},\"x\""),
        format!("\"x\" ,, \t\"y\"\t,{tag} ,"),
        format!("W/\"x\", W/{tag}, \"\""),
        format!("\"x, y\", {tag}"),
    ] {
        let hint = "look at how the list is taken apart. A tag ends at its \
                    second quote, so it may contain a comma, and `W/` doesn't \
                    matter here.";
        site.gets(304, &[&field(&value)], hint)?;
    }
    let hint = "a list may be spread over several fields of the same name.";
    for several in [["\"x\"", &tag], [&tag, "\"x\""]] {
        let [first, second] = several.map(field);
        site.gets(304, &[&first, &second], hint)?;
    }
    for value in [
        "\"x\"".to_string(),
        "W/\"x\", \"y\"".to_string(),
        String::new(),
        format!("\"{bare}x\""),
        format!("\"x,{bare}\""),
        format!("\"W/{bare}\""),
        format!("\"{}\"", &bare[1..]),
    ] {
        let hint = "the current tag isn't among these.";
        site.gets(200, &[&field(&value)], hint)?;
    }
    Ok(())
}

pub fn if_modified_since_must_be_the_same_date(server: &Server) -> Outcome {
    let site = Site::new(server)?;
    let field = |date: &str| format!("If-Modified-Since: {date}");
    for date in [DATE, OLD_FORMS[0], OLD_FORMS[1]] {
        let hint = "a date has three forms, and this is the file's (RFC 9110 \
                    §5.6.7).";
        site.gets(304, &[&field(date)], hint)?;
    }
    for date in [SECOND_BEFORE, SECOND_AFTER, FIRST, FUTURE_DATE] {
        let hint = "look at how the dates are compared. If the client's is \
                    later, an older file may have been put in place of the one \
                    that the client has.";
        site.gets(200, &[&field(date)], hint)?;
    }
    Ok(())
}

pub fn different_content_is_never_304(server: &Server) -> Outcome {
    let site = Site::new(server)?;
    let known = format!("If-None-Match: {}", site.tag()?);
    let date = format!("If-Modified-Since: {DATE}");
    // What `mv` does with a file that's older than the one that it replaces.
    let path = |name| site.directory.site().join(name);
    fs::write(path("other"), "few").unwrap();
    site.directory.set_modified("other", Duration::from_secs(CHANGED - 86_400));
    site.change(|| fs::rename(path("other"), path("a")).unwrap())?;
    let hint = "an older file has taken the place of the one that the client \
                has, so its tag and its date are different.";
    site.gets(200, &[&known], hint)?;
    site.gets(200, &[&date], hint)?;
    site.gets(200, &[&known, &date], hint)?;
    // Twice within a second, at the same length.
    for second in [CHANGED, FUTURE] {
        let second = Duration::from_secs(second);
        site.write("one", second + Duration::from_millis(1))?;
        let known = format!("If-None-Match: {}", site.tag()?);
        site.write("two", second + Duration::from_millis(2))?;
        let hint = "the file was written twice within a second. Its tag has to \
                    contain more of the time than the seconds.";
        site.gets(200, &[&known], hint)?;
    }
    let date = format!("If-Modified-Since: {FUTURE_DATE}");
    let hint = "this file is so young that it may change again within the same \
                second, so the date says nothing about it.";
    site.gets(200, &[&date], hint)
}

/// A server may keep a file in memory, if it soon notices when the file changes.
pub fn changed_file_is_sent_as_it_is_now(server: &Server) -> Outcome {
    let site = Site::new(server)?;
    for _ in 0..3 {
        is(&site.directory.get(&site.server, "/a")?, 200, "old")?;
    }
    site.directory.by_hand(
        &site.server,
        "curl -s -m 3 http://ADDRESS/a; echo new > \"$d/site/a\"; sleep 1\n\
         curl -s -m 3 http://ADDRESS/a",
    );
    for (text, later) in [("new", 1), ("newer", 2), ("", 3), ("last", 4)] {
        fs::write(site.directory.site().join("a"), text).unwrap();
        let modified = Duration::from_secs(CHANGED + later);
        site.directory.set_modified("a", modified);
        let asks = || is(&site.server.get("/a")?, 200, text);
        soon(&site.server, asks).map_err(|it| {
            it.hint(
                "look at how long a file may stay in memory before its time is \
                 looked at again.",
            )
        })?;
    }
    Ok(())
}

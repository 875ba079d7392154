//! Requests for a part of a file, and what should come back.

use std::fs;
use std::ops::Range;
use std::sync::LazyLock;
use std::time::Duration;

use super::directory::Directory;
use crate::support::DEADLINE;
use crate::support::client::get;
use crate::support::report::{Deviation, Outcome, Symptom, difference};
use crate::support::response::Response;
use crate::support::server::Server;

pub const TEN: &str = "0123456789";

const NOT_PARSED: &str = "look at where the value of Range is parsed. Both \
    numbers are positions of bytes, counted from 0, and the second is the \
    last byte that is sent, not the end after it. In `bytes=-3`, the number \
    is a length: the last three bytes.";

/// A request for `path` with more header fields, one per line.
pub fn with_fields(method: &str, path: &str, fields: &[&str]) -> String {
    let mut lines = String::new();
    for field in fields {
        lines += &format!("{field}\r\n");
    }
    let request = get(path).replacen("GET", method, 1);
    request.replace("Host:", &format!("{lines}Host:"))
}

/// The command that sends the same request as `with_fields`.
pub fn curl(path: &str, fields: &[&str]) -> String {
    let mut command = "curl -gi -m 3".to_string();
    for field in fields {
        command += &format!(" -H '{field}'");
    }
    format!("{command} 'http://ADDRESS{path}'")
}

/// A served directory in which no file has changed for a long time.
pub struct Site {
    pub directory: Directory,
    pub server: Server,
}

impl Site {
    pub fn new(server: &Server) -> Outcome<Site> {
        let directory = Directory::new(&[]).and(
            "printf 0123456789 > \"$d/site/ten\"; : > \"$d/site/empty\"\n\
             printf 0 > \"$d/site/one\"\n\
             seq -f %05g 0 49999 > \"$d/site/large.txt\"\n\
             touch -t 200001010000 \"$d/site\"/*\n",
        );
        let small = [("ten", TEN), ("one", "0"), ("empty", "")];
        for (name, text) in small.into_iter().chain([("large.txt", &**LARGE)]) {
            fs::write(directory.site().join(name), text).unwrap();
            directory.set_modified(name, Duration::from_secs(946_684_800));
        }
        directory.by_hand(server, &curl("/ten", &["Range: bytes=2-4"]));
        let server = server.serving(&directory.site())?;
        Ok(Site { directory, server })
    }

    /// The response to a GET with these header fields.
    pub fn get(&self, path: &str, fields: &[&str]) -> Outcome<Response> {
        self.directory.by_hand(&self.server, &curl(path, fields));
        let request = with_fields("GET", path, fields);
        self.server.send(request)?.response(DEADLINE)
    }

    /// The value of a header field in the response to a plain GET.
    pub fn field_of(&self, path: &str, name: &str) -> Outcome<String> {
        let response = self.get(path, &[])?;
        match response.field(name) {
            Some(value) => Ok(value.to_string()),
            None => response.differs(&format!("the field {name}, once")),
        }
    }

    /// A request for bytes 2 to 4 gets them, if nothing stands in the way.
    pub fn sends_ranges(&self) -> Outcome {
        let fields = ["Range: bytes=2-4"];
        is_part(&self.get("/ten", &fields)?, &fields, 2..5, TEN)
    }
}

/// A file that is too large to be buffered, in which no two lines are alike.
pub static LARGE: LazyLock<String> = LazyLock::new(|| {
    (0..50_000).map(|number| format!("{number:05}\n")).collect()
});

/// It's a 206 with these bytes of the file.
pub fn is_part(
    response: &Response,
    fields: &[&str],
    part: Range<usize>,
    file: &str,
) -> Outcome {
    let (first, last, length) = (part.start, part.end - 1, file.len());
    let range = format!("bytes {first}-{last}/{length}");
    let found = response.field("content-range").unwrap_or_default();
    if response.status != 206 || found != range {
        let fields = fields.join(", ");
        let expected = format!("206 and Content-Range: {range} for {fields}");
        return response.differs(&expected).map_err(|it| it.hint(NOT_PARSED));
    }
    let expected = &file.as_bytes()[part];
    match response.body == expected {
        true => Ok(()),
        false => {
            let name = format!("the bytes {first} to {last} of the file");
            let saw = difference(expected, &response.body);
            let sent = response.sent.clone();
            let deviation = Deviation::new(Symptom::Differs, &name, &saw);
            Err(Deviation { sent, ..deviation })
        }
    }
}

/// It's a 200 with the whole file, as if no range had been asked for.
pub fn is_whole(response: &Response, fields: &[&str], file: &str) -> Outcome {
    if response.status != 200 || response.field("content-range").is_some() {
        let fields = fields.join(", ");
        return response.differs(&format!(
            "200, the whole file and no Content-Range for {fields}"
        ));
    }
    response.is(200, "the whole file", file.as_bytes())
}

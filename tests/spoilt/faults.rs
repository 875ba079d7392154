//! Faults that spoilt input must find: expressions of step 20, and what becomes
//! of them.

pub struct Fault {
    pub file: &'static str,
    /// What comes before the expression, where it needs that to be found.
    pub before: &'static str,
    pub old: &'static str,
    pub new: &'static str,
}

const fn fault(
    file: &'static str,
    old: &'static str,
    new: &'static str,
) -> Fault {
    Fault { file, before: "", old, new }
}

impl Fault {
    const fn after(self, before: &'static str) -> Fault {
        Fault { before, ..self }
    }
}

pub const FAULTS: &[Fault] = &[
    // Heads: how they arrive, and what's too much.
    fault("head.rs", "self.line_start..end", "self.searched..end"),
    fault(
        "head.rs",
        "line.ok_or(Status::BAD_REQUEST)?",
        "line.unwrap_or(b\"X:\")",
    ),
    fault("head.rs", "self.empty_lines < MAX_EMPTY_LINES", "true"),
    fault("head.rs", "self.lines > MAX_FIELDS", "self.lines >= MAX_FIELDS"),
    fault(
        "head.rs",
        "line.len() > MAX_REQUEST_LINE + 1",
        "line.len() > MAX_REQUEST_LINE",
    ),
    fault("head.rs", "self.start..self.searched", "0..self.searched"),
    fault("head.rs", "first != b'\\r'", "true"),
    // Requests: what the parser accepts, and what it makes of it.
    fault("request.rs", "!is_token(method)", "method.is_empty()"),
    fault("request.rs", "matches!(byte, b' '..=b'~')", "byte.is_ascii()"),
    fault("request.rs", "hosts > 1", "hosts > 2"),
    fault("request.rs", "target.contains('#')", "target.ends_with('#')"),
    fault("request.rs", "is_token(name)", "!name.is_empty()"),
    fault("request.rs", "target.split_once('?')", "target.rsplit_once('?')"),
    fault("request.rs", "!has(b\"close\")", "true"),
    fault(
        "request.rs",
        "field.0.eq_ignore_ascii_case(name)",
        "field.0.eq(name)",
    ),
    fault(
        "request.rs",
        "byte.is_ascii_alphanumeric() || b\"-._~\".contains(&byte)",
        "byte.is_ascii_graphic()",
    ),
    // Bodies: where they end.
    fault(
        "body.rs",
        "it.eq_ignore_ascii_case(b\"chunked\")",
        "it == b\"chunked\"",
    ),
    fault(
        "body.rs",
        "has(\"Content-Length\")",
        "!is_chunked && has(\"Content-Length\")",
    ),
    fault(
        "body.rs",
        "self.length.saturating_add(length)",
        "self.length.wrapping_add(length)",
    ),
    fault("body.rs", "!digits.starts_with('+')", "true"),
    fault(
        "body.rs",
        "rest[..end].strip_suffix(b\"\\r\").ok_or(Status::BAD_REQUEST)?",
        "crate::request::strip_cr(&rest[..end])",
    ),
    fault("body.rs", "return Ok(None)", "{ *rest = &[]; return Ok(None) }"),
    fault("body.rs", "line.is_empty()", "true").after("Part::ChunkEnd if "),
    fault("body.rs", "self.next = Part::Trailers(0)", "self.next = Part::End"),
    fault("body.rs", "codings.next().is_none()", "true"),
    fault("body.rs", "request.minor_version > 0", "true"),
    fault(
        "body.rs",
        "self.length <= MAX_SKIPPED_BODY",
        "length <= MAX_SKIPPED_BODY",
    ),
    fault("body.rs", "it.is_ascii_control() && it != '\\t'", "it == '\\0'"),
    fault(
        "body.rs",
        "end.unwrap_or(rest.len()) > MAX_CHUNK_LINE",
        "end.is_none() && rest.len() > MAX_CHUNK_LINE",
    ),
    fault(
        "body.rs",
        "left.min(rest.len() as u64)",
        "left.min(rest.len() as u64 + 1)",
    ),
    fault("body.rs", "Ok(count == left)", "Ok(true)"),
    // Paths: what they may lead to.
    fault("files.rs", "is_top", "false").after("\"..\" if "),
    fault("files.rs", "!name.starts_with('.')", "name != \".git\""),
    fault(
        "files.rs",
        "path.split('/')",
        "path.replace(\"%2f\", \"/\").leak().split('/')",
    ),
    fault("files.rs", "!bytes.contains(&0)", "true"),
    fault("files.rs", "!real.starts_with(&root)", "false"),
    fault("files.rs", "is_top", "true").after("\".well-known\" if "),
    fault("files.rs", "path.canonicalize()?.starts_with(&root)", "true"),
    // Ranges: which bytes they are.
    fault("ranges.rs", "last.saturating_add(1)", "last"),
    fault("ranges.rs", "first > last", "first >= last"),
    fault(
        "ranges.rs",
        "number(first)?..length",
        "number(first)?..length.saturating_add(1)",
    ),
    fault(
        "ranges.rs",
        "length.saturating_sub(number(count)?)",
        "length.wrapping_sub(number(count)?)",
    ),
    fault("ranges.rs", "ranges.next().is_some()", "false"),
    fault("ranges.rs", "request.method == \"GET\"", "true"),
    fault(
        "ranges.rs",
        "digits.bytes().all(|byte| byte.is_ascii_digit())",
        "digits.parse::<u64>().is_ok()",
    ),
    // Preconditions: in which order, and by which comparison.
    fault(
        "validators.rs",
        "one == other && !one.starts_with(\"W/\")",
        "one == other",
    ),
    fault("validators.rs", "modified <= it", "modified < it"),
    fault("validators.rs", "self.has_date", "true")
        .after("None => {\n                "),
    fault(
        "validators.rs",
        "date(\"If-Modified-Since\")",
        "date(\"If-Modified-Since\").map(|it| it.min(modified))",
    ),
    fault("validators.rs", "is_alike", "is_equal").after("\"If-None-Match\", "),
    fault("validators.rs", "list == \"*\"", "list.contains('*')"),
    fault("validators.rs", "self.has_date", "true").after("is_date(value) => "),
    fault("date.rs", "day > days_in(year, month)", "day > 31"),
    // Responses: what is sent of them, and what comes after.
    fault(
        "writer.rs",
        "range.start + self.sent - head",
        "range.start + self.sent",
    ),
    fault("writer.rs", "self.sent as usize", "(self.sent as usize).min(90)"),
    fault(
        "response.rs",
        "![Status::NO_CONTENT, Status::NOT_MODIFIED].contains(&self.status)",
        "self.status != Status::NO_CONTENT",
    ),
    fault("site.rs", "range.end - 1", "range.end"),
    fault(
        "answer.rs",
        "request.wants_keep_alive()",
        "request.minor_version > 0",
    ),
    // What only sockets show, because the driver has its own.
    fault(
        "connection.rs",
        "self.buffer.drain(start..start + count)",
        "self.buffer.drain(..count)",
    ),
    fault("connection.rs", "body.is_complete()", "true"),
    fault(
        "connection.rs",
        "self.buffer.drain(..head_end)",
        "self.buffer.drain(..)",
    ),
];

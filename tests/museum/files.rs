//! What a target, a range or a line of the log can do that it shouldn't.

use std::fs;

use crate::answer::Answer;
use crate::support::SHORT_WAIT;
use crate::support::report::{Deviation, Outcome, Symptom, shown};
use crate::support::server::Server;

fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
}

/// A file that isn't below any root isn't sent, not even for that target.
fn does_not_lead_out(server: &Server, target: &str, hint: &str) -> Outcome {
    let secret = fs::read("/etc/passwd").unwrap_or_default();
    let secret = secret.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let answer = Answer::to(server, get(target))?;
    let mut parts = answer.bytes.windows(secret.len().max(1));
    if !secret.is_empty() && parts.any(|part| part == secret) {
        return answer.differs("anything but /etc/passwd", hint);
    }
    answer.server_goes_on(server)
}

pub const ENCODED_DOTS: &str = "GET /%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/\
    %2e%2e/%2e%2e/%2e%2e/etc/passwd HTTP/1.1";

pub fn encoded_dots_do_not_lead_out(server: &Server) -> Outcome {
    let target = "/%2e%2e".repeat(8) + "/etc/passwd";
    does_not_lead_out(
        server,
        &target,
        "look at the order: decode first, and then look for `..`.",
    )
}

pub const HALF_ENCODED_DOTS: &str = "GET /cgi-bin/.%2E/%2E%2E/%2E%2E/%2E%2E/\
    %2E%2E/%2E%2E/%2E%2E/%2E%2E/etc/passwd HTTP/1.1";

pub fn half_encoded_dots_do_not_lead_out(server: &Server) -> Outcome {
    // Where there's no such directory, the same is tried without it.
    for directory in ["/cgi-bin", ""] {
        let dots = "/.%2E".to_string() + &"/%2E%2E".repeat(7);
        does_not_lead_out(
            server,
            &format!("{directory}{dots}/etc/passwd"),
            "look at how `..` is found. `.%2E` is one, and so is `%2E.`.",
        )?;
    }
    Ok(())
}

pub const TWO_SLASHES: &str = "GET //etc/passwd HTTP/1.1";

pub fn two_slashes_do_not_lead_out(server: &Server) -> Outcome {
    does_not_lead_out(
        server,
        "//etc/passwd",
        "look at what is joined to the root. An absolute path replaces it.",
    )
}

pub const NUL: &str = "GET /%00 HTTP/1.1";

pub fn encoded_nul_does_not_end_the_server(server: &Server) -> Outcome {
    let answer = Answer::to(server, get("/%00"))?;
    answer.server_goes_on(server)
}

pub const FOREIGN_PATH: &str = "GET //www.python.org/%2f.. HTTP/1.1";

pub fn path_does_not_redirect_to_another_host(server: &Server) -> Outcome {
    let answer = Answer::to(server, get("//www.python.org/%2f.."))?;
    let place = answer.field("location").unwrap_or_default();
    let is_foreign = ["//", "/\\", "http://www.", "https://www."];
    if is_foreign.iter().any(|it| place.starts_with(it)) {
        return answer.differs(
            "no redirect to www.python.org",
            "RFC 3986 §4.2: look at how `Location` is made. After two \
             slashes comes a host.",
        );
    }
    Ok(())
}

pub const FULL_RANGE: &str =
    "GET / HTTP/1.1\r\nHost: stuff\r\nRange: bytes=0-18446744073709551615";

pub fn range_up_to_the_last_number_does_no_harm(server: &Server) -> Outcome {
    let field = "Range: bytes=0-18446744073709551615\r\nConnection: close";
    let request = format!("GET / HTTP/1.1\r\nHost: stuff\r\n{field}\r\n\r\n");
    let answer = Answer::to(server, request)?;
    let length = answer.field("content-length").unwrap_or_default();
    let is_whole = length.parse() == Ok(answer.body().len());
    let is_known = [200, 206, 400, 416].map(|status| vec![status]);
    if is_known.contains(&answer.statuses) && (length.is_empty() || is_whole) {
        return answer.server_goes_on(server);
    }
    answer.differs(
        "the page, a refusal, or the status 416, with the right Content-Length",
        "RFC 9110 §14.1.2: look at the arithmetic. The last position plus one \
         doesn't fit into 64 bits.",
    )
}

pub const MANY_RANGES: &str =
    "GET / HTTP/1.1\r\nHost: a\r\nRange: bytes=0-,5-0,5-1,5-2, … ,5-1299";

pub fn thousand_ranges_do_not_multiply_the_file(server: &Server) -> Outcome {
    let page = Answer::to(server, get("/"))?.body().len();
    let ranges: String = (0..1300).map(|it| format!(",5-{it}")).collect();
    let field = format!("Range: bytes=0-{ranges}\r\nConnection: close");
    let request = format!("GET / HTTP/1.1\r\nHost: a\r\n{field}\r\n\r\n");
    let answer = Answer::to(server, request)?;
    if answer.body().len() > 2 * page + 10_000 {
        return answer.differs(
            "no more than the page, or a refusal",
            "RFC 9110 §14.2: look at how many ranges are taken, and whether \
             they may overlap. A server may ignore them.",
        );
    }
    answer.server_goes_on(server)
}

/// A terminal takes this for an order to change the window's title.
pub const ESCAPE: &str = "GET /%1b%5d%32%3b%6f%77%6e%65%64%07%0a HTTP/1.1";

pub fn log_contains_no_control_character(server: &Server) -> Outcome {
    let server = server.configured(&["--access-log"])?;
    let answer =
        Answer::to(&server, get("/%1b%5d%32%3b%6f%77%6e%65%64%07%0a"))?;
    answer.server_goes_on(&server)?;
    for output in [&server.stdout, &server.stderr] {
        output.wait(SHORT_WAIT, |_| false);
        let lines = output.lines();
        let control = |byte: u8| byte.is_ascii_control() && byte != b'\t';
        let bad = lines.iter().find(|line| line.bytes().any(control));
        if let Some(line) = bad {
            let saw = shown(line.as_bytes());
            let expected = "a line without control characters";
            let seen = Deviation::new(Symptom::Differs, expected, &saw);
            return Err(seen.hint(
                "look at what is printed. What a client has sent may command \
                 the terminal of anyone who reads the log: escape it.",
            ));
        }
    }
    Ok(())
}

pub const LONG_LINE: &str = "AAAA … 16 MiB, and no end of the line";

pub fn line_of_megabytes_is_refused(server: &Server) -> Outcome {
    let answer = Answer::to(server, vec![b'A'; 16 << 20])?;
    if answer.is_closed && answer.statuses.iter().all(|it| *it >= 400) {
        return answer.server_goes_on(server);
    }
    answer.differs(
        "an error, or the end of the connection, long before 16 MiB",
        "look at what reads a line. It needs a limit, or it fills the memory \
         with whatever comes, for as long as it comes.",
    )
}

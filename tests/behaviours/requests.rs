//! Bytes become a request, or a status that says what is wrong with them.

use super::responding::is_hello;
use crate::support::client::get;
use crate::support::report::{Deviation, Outcome, Symptom};
use crate::support::response::Response;
use crate::support::server::Server;
use crate::support::{DEADLINE, by_hand};

/// The head of the response to that request.
pub fn head(server: &Server, request: &str) -> Outcome<Response> {
    server.ask(request)?.head(DEADLINE)
}

/// Each of these requests gets that status, and a valid one after it is answered.
pub fn all_are(server: &Server, status: u16, requests: &[String]) -> Outcome {
    for request in requests {
        let response = head(server, request)?;
        response.has_status(status)?;
        is_hello(&server.get("/")?)?;
    }
    Ok(())
}

/// A request for `/` with these lines besides the request line.
fn with(lines: &str) -> String {
    format!("GET / HTTP/1.1\r\n{lines}Connection: close\r\n\r\n")
}

/// A whole request with that request line.
pub fn line(line: &str) -> String {
    format!("{line}\r\nHost: localhost\r\nConnection: close\r\n\r\n")
}

/// Adds the usual cause, if there was an answer, but a different one.
fn because(hint: &str) -> impl Fn(Deviation) -> Deviation {
    move |deviation| match deviation.symptom {
        Symptom::Differs => deviation.hint(hint),
        _ => deviation,
    }
}

/// Each of these requests is 400.
fn are_refused(server: &Server, requests: &[String], hint: &str) -> Outcome {
    all_are(server, 400, requests).map_err(because(hint))
}

/// Each of these requests gets the page.
fn are_served(server: &Server, requests: &[String], hint: &str) -> Outcome {
    for request in requests {
        let response = server.ask(request)?.response(DEADLINE)?;
        is_hello(&response).map_err(because(hint))?;
    }
    Ok(())
}

/// The requests that ask for these targets.
fn targets(method: &str, targets: &[&str]) -> Vec<String> {
    let request = |target: &&str| line(&format!("{method} {target} HTTP/1.1"));
    targets.iter().map(request).collect()
}

pub fn invalid_method_is_400(server: &Server) -> Outcome {
    let methods = ["GE(T", "G\u{e9}T", "GET:", "\"GET\"", "<GET>", "G\tT"];
    let request = |method| line(&format!("{method} / HTTP/1.1"));
    are_refused(
        server,
        &methods.map(request),
        "look at what you accept as a method. It's a token: ASCII letters, \
         digits, and some symbols, but no brackets, quotes or colons.",
    )
}

const FORMS: &str = "look at the forms that a target can have: a path that \
    begins with a slash, `http://` with a host and perhaps a path, `*` for \
    OPTIONS, and `host:port` for CONNECT. Anything else is 400.";

pub fn absolute_form_target_is_served(server: &Server) -> Outcome {
    let valid = [
        "http://localhost/",
        "http://a.example:80/?query",
        "HTTP://A.EXAMPLE",
        "http://a.example?query",
        "http://a.example/?http://b.example/",
        "http://[::1]:7878/",
    ];
    are_served(server, &targets("GET", &valid), FORMS)?;
    let elsewhere = targets("GET", &["http://a.example/no-such-page"]);
    all_are(server, 404, &elsewhere).map_err(because(FORMS))?;
    let invalid = ["http://", "http:///", "http:/a/", "http://u@h/"];
    are_refused(server, &targets("GET", &invalid), FORMS)
}

pub fn invalid_target_form_is_400(server: &Server) -> Outcome {
    let invalid =
        ["index.html", "?query", "ftp://a/", "/a#b", "/\u{e9}", "\\", "."];
    are_refused(server, &targets("GET", &invalid), FORMS)?;
    // A slash makes it a path, whatever follows.
    all_are(server, 404, &targets("GET", &["/ftp://a/", "//", "/a:80"]))
        .map_err(because(FORMS))
}

pub fn target_form_belongs_to_the_method(server: &Server) -> Outcome {
    for (method, target) in [
        ("GET", "*"),
        ("GET", "a.example:443"),
        ("OPTIONS", "**"),
        ("OPTIONS", "a.example:443"),
        ("CONNECT", "/"),
        ("CONNECT", "*"),
        ("CONNECT", "http://a.example/"),
        ("CONNECT", "a.example:port"),
        ("CONNECT", "a.example"),
        ("CONNECT", "a.example:"),
        ("CONNECT", "a.example:99999"),
    ] {
        are_refused(server, &targets(method, &[target]), FORMS)?;
    }
    // These are understood, although there's no page for them.
    for (method, target) in [("OPTIONS", "*"), ("CONNECT", "a.example:443")] {
        let response = head(server, &targets(method, &[target])[0])?;
        if [200, 400].contains(&response.status) {
            let expected = format!("neither 200 nor 400 for {method} {target}");
            return response.differs(&expected).map_err(because(FORMS));
        }
    }
    Ok(())
}

pub fn unsupported_major_version_is_505(server: &Server) -> Outcome {
    let versions = ["0.9", "2.0", "3.0", "9.9"];
    let requests = versions.map(|it| line(&format!("GET / HTTP/{it}")));
    // This is how a connection in HTTP/2 begins.
    let preface = "PRI * HTTP/2.0\r\n\r\n".to_string();
    all_are(server, 505, &[&requests[..], &[preface]].concat()).map_err(
        because(
            "look at what you do with the first digit of the version. A \
             well-formed version other than 1.x is 505. Check it before the \
             method and the target.",
        ),
    )
}

pub fn later_minor_version_is_treated_as_1_1(server: &Server) -> Outcome {
    let hint = "look at what you do with the second digit of the version. A \
                later 1.x follows the rules of 1.1, so HTTP/1.9 is served, and \
                needs a Host as well.";
    let served = ["1.2", "1.9"].map(|it| line(&format!("GET / HTTP/{it}")));
    are_served(server, &served, hint)?;
    let refused = ["1.2", "1.9"].map(|it| format!("GET / HTTP/{it}\r\n\r\n"));
    are_refused(server, &refused, hint)
}

pub fn http_1_0_needs_no_host(server: &Server) -> Outcome {
    are_served(
        server,
        &["GET / HTTP/1.0\r\n\r\n".to_string()],
        "look at when you require a Host. It came with HTTP/1.1, so an \
         HTTP/1.0 request may lack it.",
    )
}

pub fn missing_or_repeated_host_is_400(server: &Server) -> Outcome {
    let hosts = [
        "",
        "X-Host: a\r\n",
        "Host: a\r\nHost: a\r\n",
        "Host: a\r\nA: b\r\nhOsT: b\r\n",
    ];
    let mut requests = hosts.map(with).to_vec();
    requests.push("GET http://a/ HTTP/1.1\r\n\r\n".to_string());
    requests.push(line("GET / HTTP/1.0\r\nHost: a"));
    let hint = "count the fields called Host, whether in upper or lower case. \
                HTTP/1.1 requires exactly one, even if the target names a \
                host, and no version allows two.";
    are_refused(server, &requests, hint)?;
    are_served(server, &["HOST: a\r\n", "host:a\r\n"].map(with), hint)
}

pub fn invalid_host_is_400(server: &Server) -> Outcome {
    let invalid = [
        "", "a b", "a,b", "a/b", "a%zz", "user@a", "a:80:80", "a:port", "a:-1",
        ":80", "[::1", "[:::]", "[::1]a", "[]", "::1", "http://a", "\u{e9}",
    ];
    let valid = [
        "a",
        "a.example:8080",
        "127.0.0.1",
        "[::1]:80",
        "[2001:db8::7]",
        "A-b_c.d.",
        "a:",
        "a:000000000000080",
        "a:99999999999",
        "whitespace-around-a-value-is-not-part-of-it \t ",
    ];
    let request = |host: &&str| with(&format!("Host: {host}\r\n"));
    let all =
        |hosts: &[&str]| -> Vec<String> { hosts.iter().map(request).collect() };
    let hint = "look at what you accept as a host: a name of ASCII letters, \
                digits, `-`, `.`, `_` and `~`, or an IPv6 address in brackets. \
                A colon and any number of digits may follow.";
    are_refused(server, &all(&invalid), hint)?;
    are_served(server, &all(&valid), hint)
}

/// Each of these lines among the fields is 400.
fn lines_are_refused(server: &Server, lines: &[&str], hint: &str) -> Outcome {
    for line in lines {
        let before = with(&format!("{line}\r\nHost: a\r\n"));
        let after = with(&format!("Host: a\r\n{line}\r\n"));
        are_refused(server, &[before, after], hint)?;
    }
    Ok(())
}

pub fn malformed_header_field_is_400(server: &Server) -> Outcome {
    let lines = [": b", "no colon", "A B: c", "A(B): c", "\u{e4}: c", "A;: b"];
    let hint = "look at how you take a field apart. It's a token, a colon and \
                a value; a line without a colon isn't a field, and must not be \
                skipped.";
    lines_are_refused(server, &lines, hint)?;
    let odd = [
        "X-Odd!#$%&'*+-.^_`|~1: b\r\n",
        "A:\u{e9} \t b:c \t\r\n",
        "Empty:\r\n",
        "A: (b) \"c\"\r\n",
    ];
    are_served(server, &odd.map(|it| with(&format!("Host: a\r\n{it}"))), hint)
}

pub fn whitespace_before_the_colon_is_400(server: &Server) -> Outcome {
    lines_are_refused(
        server,
        &["A : b", "A\t: b", "Content-Length : 0", "A \t : b"],
        "look at what may stand between a field's name and its colon: nothing. \
         Another program may read `A :` as another field, or as none.",
    )
}

pub fn folded_header_field_is_400(server: &Server) -> Outcome {
    lines_are_refused(
        server,
        &[" A: b", "\tA: b", "A: b\r\n folded", "A: b\r\n\tfolded", " "],
        "look at lines that begin with a space or a tab. They once continued \
         the field above them, which is no longer allowed.",
    )
}

/// Heads with this character where it isn't allowed.
fn places(it: &str) -> [String; 8] {
    [
        line(&format!("GET{it} / HTTP/1.1")),
        line(&format!("GET /{it} HTTP/1.1")),
        line(&format!("GET / HTTP/1.1{it}")),
        with(&format!("Host: a{it}\r\n")),
        with(&format!("Host: a\r\nA{it}: b\r\n")),
        with(&format!("Host: a\r\nA:{it}b\r\n")),
        with(&format!("Host: a\r\nA: b{it}c\r\n")),
        with(&format!("Host: a\r\nA: b{it}\r\n")),
    ]
}

pub fn control_characters_are_400(server: &Server) -> Outcome {
    let hint = "look at which bytes you let through. In a value, a tab is the \
                only control character that is allowed; elsewhere, none is.";
    for it in ["\0", "\x01", "\x0b", "\x0c", "\x1b", "\x7f"] {
        are_refused(server, &places(it), hint)?;
    }
    Ok(())
}

pub fn bare_carriage_return_is_400(server: &Server) -> Outcome {
    are_refused(
        server,
        &places("\r"),
        "look at what becomes of a CR without an LF. It doesn't end a line, so \
         it must stay where it is and be refused. Don't use `trim` to remove a \
         line ending, because it removes every CR.",
    )
}

pub fn empty_lines_before_a_request_are_skipped(server: &Server) -> Outcome {
    are_skipped(server, ["\r\n", "\r\n\r\n"])
}

pub fn bare_line_feeds_before_a_request_are_skipped(
    server: &Server,
) -> Outcome {
    are_skipped(server, ["\n", "\n\n\r\n\n"])
}

fn are_skipped(server: &Server, lines: [&str; 2]) -> Outcome {
    let hint = "look at what comes before the request line. A few empty lines \
                are skipped there, whether they arrive with the request or \
                before it.";
    let requests = lines.map(|it| it.to_string() + &get("/"));
    are_served(server, &requests, hint)?;
    for (lines, request) in lines.iter().zip(&requests) {
        // The same, but not all at once.
        server.by_hand(by_hand::raw(request));
        let mut client = server.send(lines)?;
        client.send(get("/"))?;
        is_hello(&client.response(DEADLINE)?).map_err(because(hint))?;
    }
    Ok(())
}

pub fn empty_lines_without_end_are_refused(server: &Server) -> Outcome {
    let expected = "status 400, after some empty lines and no request";
    let hint = "look at how many empty lines you skip. Without a limit, a \
                client that sends nothing else holds a worker forever.";
    for lines in ["\r\n", "\n"] {
        let response = head(server, &lines.repeat(100));
        let checked = response.and_then(|it| it.has_status(400));
        checked.map_err(|it| it.expected(expected).hint(hint))?;
    }
    is_hello(&server.get("/")?)
}

//! Bytes become a request, or a status that says what is wrong with them.

use super::responding::is_hello;
use crate::support::DEADLINE;
use crate::support::client::get;
use crate::support::report::Outcome;
use crate::support::response::Response;
use crate::support::server::Server;

/// The head of the response to that request.
pub fn head(server: &Server, request: &str) -> Outcome<Response> {
    server.ask(request)?.head(DEADLINE)
}

/// Each of these requests has that status; a valid one is answered after it.
pub fn all_are(server: &Server, status: u16, requests: &[String]) -> Outcome {
    for request in requests {
        let response = head(server, request)?;
        response.has_status(status)?;
        is_hello(&server.get("/")?)?;
    }
    Ok(())
}

/// A request for `/` with these lines beside the request line.
fn with(lines: &str) -> String {
    format!("GET / HTTP/1.1\r\n{lines}Connection: close\r\n\r\n")
}

/// A whole request with that request line.
pub fn line(line: &str) -> String {
    format!("{line}\r\nHost: localhost\r\nConnection: close\r\n\r\n")
}

pub fn absolute_form_target_is_served(server: &Server) -> Outcome {
    for target in [
        "http://localhost/",
        "http://a.example:80/?query",
        "HTTP://A.EXAMPLE",
        "http://a.example?query",
        "http://[::1]:7878/",
    ] {
        let mut client = server.ask(line(&format!("GET {target} HTTP/1.1")))?;
        is_hello(&client.response(DEADLINE)?)?;
    }
    let elsewhere = line("GET http://a.example/no-such-page HTTP/1.1");
    all_are(server, 404, &[elsewhere])?;
    let invalid = ["http://", "http:///", "http://a b/", "http://u@h/"];
    let request = |it: &&str| line(&format!("GET {it} HTTP/1.1"));
    all_are(server, 400, &invalid.iter().map(request).collect::<Vec<_>>())
}

pub fn invalid_target_form_is_400(server: &Server) -> Outcome {
    let targets =
        ["index.html", "*", "?query", "localhost:80", "ftp://a/", "/a#b"];
    let request = |it: &&str| line(&format!("GET {it} HTTP/1.1"));
    all_are(server, 400, &targets.iter().map(request).collect::<Vec<_>>())
}

pub fn unsupported_major_version_is_505(server: &Server) -> Outcome {
    let versions = ["0.9", "2.0", "3.0", "9.9"];
    let request = |it: &&str| line(&format!("GET / HTTP/{it}"));
    all_are(server, 505, &versions.iter().map(request).collect::<Vec<_>>())?;
    // A later 1.x is understood as 1.1, and 1.0 needs no Host.
    for request in [line("GET / HTTP/1.9"), "GET / HTTP/1.0\r\n\r\n".into()] {
        is_hello(&server.ask(request)?.response(DEADLINE)?)?;
    }
    Ok(())
}

pub fn missing_or_invalid_host_is_400(server: &Server) -> Outcome {
    let hosts = [
        "",
        "Host:\r\n",
        "Host: a\r\nHost: a\r\n",
        "Host: a\r\nhost: b\r\n",
        "Host: a b\r\n",
        "Host: a/b\r\n",
        "Host: user@a\r\n",
        "Host: a:80:80\r\n",
        "Host: a:port\r\n",
        "Host: [::1\r\n",
        "Host: a,b c\r\n",
        "Host: http://a\r\n",
    ];
    all_are(server, 400, &hosts.map(with))?;
    for host in ["a", "a.example:8080", "127.0.0.1", "[::1]:80", "A-b_c.d."] {
        let mut client = server.ask(with(&format!("Host: {host}\r\n")))?;
        is_hello(&client.response(DEADLINE)?)?;
    }
    Ok(())
}

pub fn malformed_header_field_is_400(server: &Server) -> Outcome {
    let lines = [
        "A : b\r\n",
        "A\t: b\r\n",
        ": b\r\n",
        "no colon\r\n",
        " A: b\r\n",
        "A: b\r\n folded\r\n",
        "A: b\r\n\tfolded\r\n",
        "A B: c\r\n",
        "A(B): c\r\n",
        "\u{e4}: c\r\n",
    ];
    all_are(server, 400, &lines.map(|it| with(&format!("Host: a\r\n{it}"))))?;
    let mut client = server.ask(with(
        "Host: a\r\nX-Odd!#$%&'*+-.^_`|~1:\u{e9} \t b:c \r\nEmpty:\r\n",
    ))?;
    is_hello(&client.response(DEADLINE)?)
}

pub fn control_characters_are_400(server: &Server) -> Outcome {
    let controls = ["\r", "\0", "\x01", "\x0b", "\x0c", "\x1b", "\x7f"];
    for it in controls {
        let places = [
            with(&format!("Host: a\r\nA: b{it}c\r\n")),
            with(&format!("Host: a\r\nA: b{it}\r\n")),
            with(&format!("Host: a\r\nA{it}: b\r\n")),
            line(&format!("GET /{it} HTTP/1.1")),
            line(&format!("GET{it} / HTTP/1.1")),
        ];
        all_are(server, 400, &places)?;
    }
    Ok(())
}

pub fn empty_lines_before_a_request_are_skipped(server: &Server) -> Outcome {
    for lines in ["\r\n", "\r\n\r\n", "\n"] {
        let mut client = server.ask(lines.to_string() + &get("/"))?;
        is_hello(&client.response(DEADLINE)?)?;
        // The same, but not all at once.
        let mut client = server.send(lines)?;
        client.send(get("/"))?;
        is_hello(&client.response(DEADLINE)?)?;
    }
    Ok(())
}

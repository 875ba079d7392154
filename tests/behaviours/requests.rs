//! Bytes become a request, or a status that says what is wrong with them.

use super::responding::is_hello;
use crate::support::DEADLINE;
use crate::support::client::get;
use crate::support::report::Outcome;
use crate::support::response::Response;
use crate::support::server::Server;

/// The head of the response to that request.
fn head(server: &Server, request: &str) -> Outcome<Response> {
    server.ask(request)?.head(DEADLINE)
}

/// Each of these requests has that status; a valid one is answered after it.
fn all_are(server: &Server, status: u16, requests: &[String]) -> Outcome {
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
fn line(line: &str) -> String {
    format!("{line}\r\nHost: localhost\r\nConnection: close\r\n\r\n")
}

pub fn head_is_get_without_a_body(server: &Server) -> Outcome {
    for path in ["/", "/no-such-page"] {
        let got = server.get(path)?;
        let mut client = server.ask(line(&format!("HEAD {path} HTTP/1.1")))?;
        let head = client.head(DEADLINE)?;
        client.is_closed(DEADLINE).map_err(|it| {
            it.expected("no byte after the head of a response to HEAD")
        })?;
        // The date may have moved on by a second.
        let fields = |of: &Response| {
            let mut fields = of.fields.clone();
            fields.retain(|(name, _)| name != "date");
            (of.status, fields)
        };
        if fields(&head) != fields(&got) {
            let expected = format!("as for GET: {:?}", fields(&got));
            return head.differs(&expected);
        }
    }
    // The same if it's rejected, here because there's no Host.
    let mut client = server.ask("HEAD / HTTP/1.1\r\n\r\n")?;
    let response = client.head(DEADLINE)?;
    client.is_closed(DEADLINE)?;
    response.has_status(400)
}

pub fn other_methods_are_405_with_allow(server: &Server) -> Outcome {
    for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE"] {
        let response = head(server, &line(&format!("{method} / HTTP/1.1")))?;
        let allow = response.field("allow").unwrap_or_default();
        if response.status != 405 || allow != "GET, HEAD" {
            let expected = format!("405 and `Allow: GET, HEAD` for {method}");
            return response.differs(&expected);
        }
    }
    let connect = line("CONNECT example.org:443 HTTP/1.1");
    let response = head(server, &connect)?;
    if ![405, 501].contains(&response.status) {
        return response.differs("405 or 501 for CONNECT");
    }
    is_hello(&server.get("/")?)
}

pub fn unknown_methods_are_501(server: &Server) -> Outcome {
    let long = "A".repeat(40);
    let methods = ["BREW", "get", "G", "M-SEARCH", "!#$%&'*+-.^_`|~", &long];
    let request = |it: &&str| line(&format!("{it} / HTTP/1.1"));
    all_are(server, 501, &methods.iter().map(request).collect::<Vec<_>>())?;
    let no_tokens = ["GE(T", "G\u{e9}T", "GET:", "\"GET\"", "<GET>"];
    all_are(server, 400, &no_tokens.iter().map(request).collect::<Vec<_>>())
}

pub fn options_lists_allowed_methods(server: &Server) -> Outcome {
    for target in ["/", "*", "/no-such-page"] {
        let request = line(&format!("OPTIONS {target} HTTP/1.1"));
        let response = head(server, &request)?;
        let allow = response.field("allow").unwrap_or_default();
        let no_length = response.field("content-length").is_none();
        let valid = match response.status {
            204 => no_length,
            status => status == 200,
        };
        if !valid || !allow.contains("GET") {
            let expected = "204 (without a length) or 200, and Allow";
            return response.differs(expected);
        }
    }
    Ok(())
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

pub fn every_response_carries_a_date(server: &Server) -> Outcome {
    for request in [
        line("GET / HTTP/1.1"),
        line("GET /no-such-page HTTP/1.1"),
        line("nonsense"),
        line("DELETE / HTTP/1.1"),
    ] {
        let response = head(server, &request)?;
        let date = response.field("date").unwrap_or_default();
        let words: Vec<&str> = date.split(' ').collect();
        let valid = matches!(words[..], [day, number, _, year, time, "GMT"]
            if day.ends_with(',') && number.len() == 2 && year >= "2026"
                && time.len() == 8);
        if !valid {
            let expected = "a Date like: Sun, 06 Nov 1994 08:49:37 GMT";
            return response.differs(expected);
        }
    }
    Ok(())
}

//! A response by the book, whatever the method is.

use super::requests::{all_are, head, line};
use super::responding::is_hello;
use crate::support::DEADLINE;
use crate::support::report::Outcome;
use crate::support::response::Response;
use crate::support::server::Server;

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

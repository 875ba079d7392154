//! A response by the book, whatever the method is.

use std::time::{Instant, SystemTime};

use super::requests::{all_are, line};
use super::responding::is_hello;
use crate::support::DEADLINE;
use crate::support::report::{Deviation, Outcome, Symptom};
use crate::support::response::Response;
use crate::support::server::Server;

/// The head of a response that ends with it, after which the server closes.
fn bare_head(server: &Server, request: &str) -> Outcome<Response> {
    let mut client = server.ask(request)?;
    let head = client.head(DEADLINE)?;
    client.is_closed(DEADLINE).map_err(|deviation| {
        deviation
            .expected("no byte after the head of this response")
            .hint(NO_BODY)
    })?;
    Ok(head)
}

const NO_BODY: &str = "look at where the body is written. A response to HEAD \
    has none (RFC 9110 §9.3.2), even if the request was refused, and neither \
    does a 204. The client would take the bytes for the next response.";

pub fn head_is_get_without_a_body(server: &Server) -> Outcome {
    for rest in [
        line("/ HTTP/1.1"),
        line("/no-such-page HTTP/1.1"),
        line("/ HTTP/9.9"),
        "/ HTTP/1.1\r\n\r\n".into(), // No Host, so it's refused.
    ] {
        let get = server.send(format!("GET {rest}"))?.head(DEADLINE)?;
        let head = bare_head(server, &format!("HEAD {rest}"))?;
        // The date may have moved on by a second.
        let fields = |of: &Response| {
            let mut fields = of.fields.clone();
            fields.retain(|(name, _)| name != "date");
            (of.status, fields)
        };
        if fields(&head) != fields(&get) {
            let expected = format!("as for GET: {:?}", fields(&get));
            return head.differs(&expected).map_err(|it| it.hint(SAME_HEAD));
        }
    }
    Ok(())
}

const SAME_HEAD: &str = "look at where HEAD is treated differently from GET. \
    Make the same response for both, with the length that the body would have. \
    Leave the body out only when you send it.";

/// It has the field Allow, with the methods that the server offers.
fn lists_methods(response: &Response) -> bool {
    let allow = response.field("allow").unwrap_or_default();
    let mut methods: Vec<&str> = allow.split(',').map(str::trim).collect();
    methods.sort();
    methods == ["GET", "HEAD", "OPTIONS"]
}

const ALLOW: &str = "look at how a method becomes a status. The server knows \
    these methods but doesn't offer them, whatever the path is, so it's 405, \
    and `Allow: GET, HEAD, OPTIONS` says what it offers (RFC 9110 §15.5.6).";

pub fn other_methods_are_405_with_allow(server: &Server) -> Outcome {
    for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE"] {
        for path in ["/", "/no-such-page", "/sleep?ms=1", "/panic"] {
            let request = line(&format!("{method} {path} HTTP/1.1"));
            let response = server.ask(request)?.head(DEADLINE)?;
            if response.status != 405 || !lists_methods(&response) {
                return response
                    .differs("405 and `Allow: GET, HEAD, OPTIONS`")
                    .map_err(|it| it.hint(ALLOW));
            }
        }
    }
    let connect = line("CONNECT example.org:443 HTTP/1.1");
    let response = server.ask(connect)?.head(DEADLINE)?;
    if ![405, 501].contains(&response.status) {
        return response.differs("405 or 501 for CONNECT");
    }
    is_hello(&server.get("/")?)
}

pub fn unknown_methods_are_501(server: &Server) -> Outcome {
    let hint = |it: Deviation| {
        it.hint(
            "look at how a method becomes a status. Any token may be a method, \
             however long it is, and case matters: `get` isn't `GET` (RFC 9110 \
             §9.1). A method that the server doesn't know is 501, and one that \
             isn't a token is 400.",
        )
    };
    let long = ["A".repeat(33), "A".repeat(1000)];
    let methods = ["BREW", "get", "G", "M-SEARCH", "!#$%&'*+-.^_`|~"];
    let methods = methods.iter().copied().chain(long.iter().map(|it| &**it));
    let request = |it: &str| line(&format!("{it} / HTTP/1.1"));
    all_are(server, 501, &methods.map(request).collect::<Vec<_>>())
        .map_err(hint)?;
    let no_tokens = ["GE(T", "G\u{e9}T", "GET:", "\"GET\"", "<GET>"];
    all_are(server, 400, &no_tokens.map(request)).map_err(hint)
}

pub fn options_lists_allowed_methods(server: &Server) -> Outcome {
    for target in ["/", "*", "/no-such-page", "/panic"] {
        let request = line(&format!("OPTIONS {target} HTTP/1.1"));
        let response = server.ask(&request)?.head(DEADLINE)?;
        let valid = match response.status {
            204 => response.field("content-length").is_none(),
            status => status == 200,
        };
        if !valid || !lists_methods(&response) {
            let expected = "204 (without a length) or 200, and `Allow: GET, \
                            HEAD, OPTIONS`";
            return response.differs(expected).map_err(|it| {
                it.hint(
                    "look at how OPTIONS is answered: with the methods that the \
                     server offers, for a path, and for the server itself, \
                     whose target is `*` (RFC 9110 §9.3.7). A 204 has no body, \
                     and so no length (§8.6).",
                )
            });
        }
        if response.status == 204 {
            bare_head(server, &request)?;
        }
    }
    Ok(())
}

pub fn every_response_carries_a_date(server: &Server) -> Outcome {
    for request in [
        line("GET / HTTP/1.1"),
        line("HEAD / HTTP/1.1"),
        line("GET /no-such-page HTTP/1.1"),
        line("OPTIONS * HTTP/1.1"),
        line("DELETE / HTTP/1.1"),
        line("BREW / HTTP/1.1"),
        line("GET / HTTP/9.9"),
        line("nonsense"),
    ] {
        let response = server.ask(request)?.head(DEADLINE)?;
        let date = response.field("date").and_then(seconds);
        let now = SystemTime::UNIX_EPOCH.elapsed().expect("1970 is over");
        if date.is_none_or(|date| date.abs_diff(now.as_secs()) > 60) {
            let expected = "the Date of this moment, written like: \
                            Sun, 06 Nov 1994 08:49:37 GMT";
            return response.differs(expected).map_err(|it| {
                it.hint(
                    "look at where the head is written. Date is the time at \
                     which the response was made (RFC 9110 §6.6.1), in GMT and \
                     not in local time, and the weekday has to match.",
                )
            });
        }
    }
    Ok(())
}

pub fn later_response_gets_a_later_date(server: &Server) -> Outcome {
    server.by_hand(
        "curl -sI -m 3 http://ADDRESS/ | grep Date; sleep 1.1\n\
         curl -sI -m 3 http://ADDRESS/ | grep Date   # a later one",
    );
    let first = server.get("/")?;
    let start = Instant::now();
    while start.elapsed() < DEADLINE {
        let next = server.get("/")?;
        let dates =
            [&first, &next].map(|it| it.field("date").and_then(seconds));
        match dates {
            [Some(first), Some(next)] if first < next => return Ok(()),
            [Some(_), Some(_)] => _ = server.get("/sleep?ms=200")?,
            _ => break,
        }
    }
    first.differs("a later Date in a later response").map_err(|it| {
        it.hint(
            "look at when the date is made. Each response needs its own: a date \
             that was made once, at the start or for the first client, is soon \
             wrong.",
        )
    })
}

/// The seconds from 1970 to a date such as `Sun, 06 Nov 1994 08:49:37 GMT`.
fn seconds(date: &str) -> Option<u64> {
    const WEEKDAYS: [&str; 7] =
        ["Thu,", "Fri,", "Sat,", "Sun,", "Mon,", "Tue,", "Wed,"];
    // A leap day is easy to count if it's the last day of its year.
    const MONTHS: [&str; 12] = [
        "Mar", "Apr", "May", "Jun", "Jul", "Aug", //
        "Sep", "Oct", "Nov", "Dec", "Jan", "Feb",
    ];
    let words: Vec<&str> = date.split(' ').collect();
    let [weekday, day, month, year, time, "GMT"] = words[..] else {
        return None;
    };
    let two_digits = |text: &str| match text.len() {
        2 => text.parse::<u64>().ok(),
        _ => None,
    };
    let month = MONTHS.iter().position(|name| *name == month)? as u64;
    let year = year.parse::<u64>().ok()?.checked_sub(u64::from(month > 9))?;
    // The first n of these months have 31, 61, 92, 122, 153, 184, … days.
    let days = 365 * year + year / 4 - year / 100
        + year / 400
        + (153 * month + 2) / 5
        + two_digits(day)?;
    let days = days.checked_sub(719_469)?; // Those before 1970.
    let mut seconds = 0;
    let mut parts = 0;
    for part in time.split(':') {
        seconds = 60 * seconds + two_digits(part)?;
        parts += 1;
    }
    let valid = parts == 3 && weekday == WEEKDAYS[(days % 7) as usize];
    valid.then_some(86_400 * days + seconds)
}

pub fn error_page_is_true_for_its_status(server: &Server) -> Outcome {
    for (request, status, reason) in [
        ("GET / HTTP/1.1\r\n\r\n".into(), 400, "Bad Request"), // There's no Host.
        (line("nonsense"), 400, "Bad Request"),
        (line("GET / HTTP/9.9"), 505, "HTTP Version Not Supported"),
        (line("GET /no-such-page HTTP/1.1"), 404, "Not Found"),
        (line("DELETE / HTTP/1.1"), 405, "Method Not Allowed"),
        (line("HEADING / HTTP/1.1"), 501, "Not Implemented"), // It only begins like HEAD.
    ] {
        let mut client = server.ask(request)?;
        let response = client.response(DEADLINE)?;
        response.has_status(status)?;
        client.is_closed(DEADLINE)?;
        let page = String::from_utf8_lossy(&response.body);
        let title = title(&page);
        let names: Vec<u16> = title
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|number| number.parse().ok())
            .filter(|number| (400..600).contains(number))
            .collect();
        let named = match server.program.is_ours {
            true => names == [status] && title.contains(reason),
            // What else is in a title is up to the author of the server.
            false => names.iter().all(|number| *number == status),
        };
        let blames = ["first line", "request line"];
        let blamed = blames.iter().find(|words| page.contains(**words));
        let is_known = |it: &str| {
            !server.program.is_ours || it.ends_with("; charset=utf-8")
        };
        let has_type = response.field("content-type").is_some_and(is_known);
        let fault = match blamed {
            Some(words) => format!("a page that blames the {words}"),
            None if !named => format!("a page with the title {title:?}"),
            None if !has_type => "a page with another Content-Type".to_string(),
            None => continue,
        };
        let expected =
            format!("a page that is true for every {status} ({reason})");
        let deviation = client.deviation(Symptom::Differs, &expected, &fault);
        return Err(deviation.hint(
            "look at how the page of an error is chosen. A status can have many \
             causes, so a page for all of them may say only what they have in \
             common: the status itself.",
        ));
    }
    Ok(())
}

/// The title of a page, which is all of it if it's only text.
fn title(page: &str) -> &str {
    let title = page.split_once("<title>").map_or(page, |(_, rest)| rest);
    title.split("</title>").next().unwrap_or_default().trim()
}

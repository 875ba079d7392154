//! Each path gets its page, and what isn't a request gets 400.

use std::time::{Duration, Instant};

use super::differs;
use super::responding::{BAD_REQUEST, NOT_FOUND, is_hello, is_page};
use crate::support::client::get;
use crate::support::report::{Deviation, Outcome};
use crate::support::server::Server;
use crate::support::{DEADLINE, SHORT_WAIT, by_hand};

pub fn unknown_path_is_404(server: &Server) -> Outcome {
    for path in ["/no-such-page", "/hello.html/", "/sleepy", "/%41", "//"] {
        server.by_hand(by_hand::get(path));
        is_page(&server.get(path)?, 404, &NOT_FOUND).map_err(|deviation| {
            deviation.hint(
                "look at how a path becomes a status and a page. Only `/` and \
                 `/sleep` are known, to the letter; all others get \
                 `404 Not Found` in the status line, and 404.html.",
            )
        })?;
    }
    server.by_hand(by_hand::get("/"));
    is_hello(&server.get("/")?)
}

const QUERY: &str = "look at how the target is taken apart. The path ends at the \
    first `?`, and only the path is compared. What follows is the query: \
    `ms=400` says how long `/sleep` takes, in milliseconds.";

pub fn sleep_delays_the_response(server: &Server) -> Outcome {
    server.by_hand(
        "curl -i -m 3 'http://ADDRESS/sleep?ms=400'   # 200, after 0.4 s\n\
         curl -i -m 3 http://ADDRESS/sleep   # takes more than 3 s",
    );
    let pause = Duration::from_millis(400);
    let start = Instant::now();
    is_hello(&server.get("/sleep?ms=400")?)?;
    let took = start.elapsed();
    if took < pause {
        let expected =
            format!("the response to GET /sleep?ms=400 after {pause:?}");
        let saw = format!("the response after {took:.1?}");
        return differs(&expected, &saw)
            .map_err(|it: Deviation| it.hint(QUERY));
    }
    if took > pause + DEADLINE / 4 {
        let expected = "the response to GET /sleep?ms=400 after 400ms, and not \
                        after the five seconds of /sleep";
        let saw = format!("the response after {took:.1?}");
        return differs(expected, &saw).map_err(|it: Deviation| it.hint(QUERY));
    }
    server.send(get("/sleep"))?.is_not_answered(
        SHORT_WAIT,
        "nothing yet, because /sleep takes five seconds",
    )
}

pub fn query_is_not_part_of_the_path(server: &Server) -> Outcome {
    for path in
        ["/?page=no-such-page", "/?", "/?a=b?c", "/??", "/?at=http://a/b"]
    {
        server.by_hand(by_hand::get(path));
        is_hello(&server.get(path)?).map_err(|it| it.hint(QUERY))?;
    }
    for path in [
        "/no-such-page?page=/",
        "/no-such-page?",
        "/no?a=/?b",
        "/no?at=http://a/",
    ] {
        server.by_hand(by_hand::get(path));
        is_page(&server.get(path)?, 404, &NOT_FOUND)
            .map_err(|it| it.hint(QUERY))?;
    }
    Ok(())
}

const REQUEST_LINE: &str = "look at how the request line is taken apart. It has \
    a method, a target and a version, with one space between them, and nothing \
    else (RFC 9112 §3). The version is `HTTP/`, a digit, a dot and a digit. A \
    function that skips white space accepts too much.";

pub fn malformed_request_line_is_400(server: &Server) -> Outcome {
    for line in [
        "nonsense",
        "GET",
        "GET /",
        "GET / ",
        "/ HTTP/1.1",
        " / HTTP/1.1",
        "GET  HTTP/1.1",
        "GET  / HTTP/1.1",
        "GET /  HTTP/1.1",
        "GET / HTTP/1.1 ",
        "GET / HTTP/1.1 more",
        "GET /two words HTTP/1.1",
        "GET / HTTP/1",
        "GET / HTTP/1.",
        "GET / HTTP/11",
        "GET / HTTP/1.10",
        "GET / HTTP/a.1",
        "GET / HTTP/1.b",
        "GET / http/1.1",
        "GET / FTP/1.1",
        "GET\t/\tHTTP/1.1",
    ] {
        let request = format!("{line}\r\nHost: localhost\r\n\r\n");
        let response = server.ask(request)?.response(DEADLINE)?;
        if response.status != 400 {
            return response
                .differs("status 400, because that isn't a request line")
                .map_err(|it| it.hint(REQUEST_LINE));
        }
        // Which page goes with it is up to the author of the server. Ours is
        // 400.html, or, from step 08 on, the status as text.
        let body = &*response.body;
        let has_page = match server.program.is_ours {
            true => [BAD_REQUEST.bytes, b"400 Bad Request\n"].contains(&body),
            false => !body.is_empty(),
        };
        if !has_page {
            return response.differs("a page that goes with the status 400");
        }
    }
    // Whether a server speaks a version is another question.
    for version in ["0.1", "1.0", "1.9", "9.1"] {
        let request =
            format!("GET / HTTP/{version}\r\nHost: localhost\r\n\r\n");
        let response = server.ask(request)?.response(DEADLINE)?;
        if response.status == 400 {
            return response
                .differs("any status but 400, because that's well-formed")
                .map_err(|it| {
                    it.hint(
                        "look at how the version is checked. Two digits with \
                         a dot between them are well-formed, whatever digits \
                         they are.",
                    )
                });
        }
    }
    server.by_hand(by_hand::get("/"));
    is_hello(&server.get("/")?)
}

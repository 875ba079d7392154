//! Each path has its page, and nonsense has none.

use std::time::{Duration, Instant};

use super::differs;
use super::responding::{is_hello, is_page};
use crate::support::client::get;
use crate::support::report::Outcome;
use crate::support::server::Server;
use crate::support::{DEADLINE, SHORT_WAIT};

const BAD_REQUEST: &[u8] = include_bytes!("../../static/400.html");
const NOT_FOUND: &[u8] = include_bytes!("../../static/404.html");

pub fn an_unknown_path_is_404_with_its_page(server: &Server) -> Outcome {
    server.by_hand("curl -i http://ADDRESS/no-such-page");
    for path in ["/no-such-page", "/hello.html/", "/sleepy", "/%41", "//"] {
        is_page(&server.get(path)?, 404, NOT_FOUND)?;
    }
    is_hello(&server.get("/")?)
}

pub fn sleep_answers_later(server: &Server) -> Outcome {
    server.by_hand("curl -i 'http://ADDRESS/sleep?ms=400'");
    let pause = Duration::from_millis(400);
    let start = Instant::now();
    is_hello(&server.get("/sleep?ms=400")?)?;
    let took = start.elapsed();
    if took < pause {
        let expected = format!("an answer after {pause:?}");
        return differs(&expected, &format!("one after {took:?}"));
    }
    server.send(get("/sleep"))?.is_not_answered(
        SHORT_WAIT,
        "nothing yet, since /sleep takes five seconds",
    )
}

pub fn a_query_is_no_part_of_the_path(server: &Server) -> Outcome {
    server.by_hand("curl -i 'http://ADDRESS/no-such-page?page=/'");
    is_hello(&server.get("/?page=no-such-page")?)?;
    is_hello(&server.get("/?")?)?;
    is_page(&server.get("/no-such-page?page=/")?, 404, NOT_FOUND)?;
    is_page(&server.get("/no-such-page?")?, 404, NOT_FOUND)
}

pub fn a_malformed_request_line_is_400(server: &Server) -> Outcome {
    server
        .by_hand("printf 'nonsense\\r\\n\\r\\n' | curl -m 1 telnet://ADDRESS");
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
        "GET / HTTP/a.b",
        "GET / http/1.1",
        "GET / FTP/1.1",
        "GET\t/\tHTTP/1.1",
    ] {
        let request = format!("{line}\r\nHost: localhost\r\n\r\n");
        let mut client = server.send(request)?;
        let response = client.response(DEADLINE)?;
        if response.status != 400 {
            let saw = format!("{} for {line:?}", response.status);
            return differs("400 for a line that is no request line", &saw);
        }
        // Which page goes with it is up to whoever writes the server.
        if server.program.is_ours {
            is_page(&response, 400, BAD_REQUEST)?;
        }
    }
    is_hello(&server.get("/")?)
}

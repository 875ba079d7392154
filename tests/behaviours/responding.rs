//! A valid response, whole, to whoever sends a request.

use super::differs;
use crate::support::client::{Response, get};
use crate::support::report::{Outcome, shown};
use crate::support::server::Server;
use crate::support::{DEADLINE, SHORT_WAIT};

const HELLO: &[u8] = include_bytes!("../../static/hello.html");

/// It is `static/hello.html`, with the status 200.
pub fn is_hello(response: &Response) -> Outcome {
    is_page(response, 200, HELLO)
}

pub fn is_page(response: &Response, status: u16, page: &[u8]) -> Outcome {
    if response.status == status && response.body == page {
        return Ok(());
    }
    let expected = format!("{status} with the page: {}", shown(page));
    let saw = format!("{} with {}", response.status, shown(&response.body));
    differs(&expected, &saw)
}

pub fn a_client_gets_the_page(server: &Server) -> Outcome {
    server.by_hand("curl -i http://ADDRESS/");
    // First in bytes, which tell best what is wrong, then with a real client.
    is_hello(&server.get("/")?)?;
    let url = format!("http://{}/", server.address);
    let client = reqwest::blocking::Client::builder().no_proxy().build();
    let got = client
        .and_then(|client| client.get(url).send())
        .and_then(|response| Ok((response.status(), response.bytes()?)));
    match got {
        Ok((status, body)) if status == 200 && body == HELLO => Ok(()),
        other => differs("200 and static/hello.html", &format!("{other:?}")),
    }
}

pub fn a_response_is_valid_to_the_last_byte(server: &Server) -> Outcome {
    server.by_hand("curl -i --raw http://ADDRESS/");
    let mut client = server.send(get("/"))?;
    let response = client.response(DEADLINE)?;
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("content-length", &HELLO.len().to_string()),
        ("connection", "close"),
    ] {
        if response.field(name) != Some(value) {
            let expected = format!(
                "the field {name} once, with {value} (a length is in bytes)"
            );
            return differs(&expected, &format!("{:?}", response.fields));
        }
    }
    client.is_closed(DEADLINE).map_err(|deviation| {
        deviation.expected("the connection's end after Content-Length bytes")
    })
}

pub fn a_head_that_comes_byte_by_byte_is_understood(
    server: &Server,
) -> Outcome {
    server.by_hand("curl telnet://ADDRESS   # and type: GET / HTTP/1.1 ⏎ ⏎");
    let mut client = server.connect()?;
    for byte in get("/").bytes() {
        client.send([byte])?;
    }
    is_hello(&client.response(DEADLINE)?)
}

pub fn the_head_is_read_before_the_answer(server: &Server) -> Outcome {
    server.by_hand("curl telnet://ADDRESS   # and type: GET / HTTP/1.1 ⏎");
    is_hello(&server.get("/")?)?;
    let mut client = server.hold()?;
    client.is_not_answered(
        SHORT_WAIT,
        "nothing, before the blank line that ends the head",
    )?;
    client.finish()?;
    is_hello(&client.response(DEADLINE)?)
}

pub fn a_head_of_64_kib_costs_no_answer(server: &Server) -> Outcome {
    server.by_hand(
        "curl -i -H \"X-Long: $(head -c 65536 /dev/zero | tr '\\0' x)\" \
         http://ADDRESS/",
    );
    let mut client = server.hold()?;
    for number in 0..64 {
        client.send(format!("X-{number}: {}\r\n", "x".repeat(1024)))?;
    }
    client.finish()?;
    let response = client.response(DEADLINE)?;
    // A server may find it too long, if it says so.
    if response.status == 431 { Ok(()) } else { is_hello(&response) }
}

pub fn who_stops_sending_is_still_answered(server: &Server) -> Outcome {
    server
        .by_hand("printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -N 127.0.0.1 7878");
    let mut client = server.send(get("/"))?;
    client.stop_sending()?;
    is_hello(&client.response(DEADLINE)?)
}

pub fn an_upload_that_nobody_reads_costs_no_answer(server: &Server) -> Outcome {
    server.by_hand(
        "(printf 'POST / HTTP/1.1\\r\\nContent-Length: 16000000\\r\\n\\r\\n'; \
         head -c 16000000 /dev/zero) | curl -sS telnet://ADDRESS",
    );
    // More than all buffers between client and server hold together.
    const LENGTH: usize = 16_000_000;
    let mut client = server.connect()?;
    client.send(format!(
        "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Length: {LENGTH}\r\n\r\n"
    ))?;
    for _ in 0..LENGTH / 100_000 {
        client.send([0; 100_000])?;
    }
    client.response(DEADLINE).map(drop)
}

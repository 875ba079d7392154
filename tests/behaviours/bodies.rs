//! Where the body of a request ends.

use super::connections::{get, has_status};
use super::responding::{NOT_FOUND, is_hello, is_page};
use crate::support::report::Outcome;
use crate::support::server::Server;
use crate::support::{DEADLINE, by_hand};

fn post(fields: &str, body: &str) -> String {
    format!("POST / HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n{body}")
}

fn is_refused(server: &Server, status: u16, request: &str) -> Outcome {
    if request.len() < 1000 {
        server.by_hand(by_hand::raw(request));
    }
    // What follows must never be taken for a request.
    let mut client = server.send(format!("{request}{}", get("/")))?;
    let response = client.response(DEADLINE)?;
    let closes = response.field("connection") == Some("close");
    if response.status != status || !closes {
        let expected =
            format!("{status} and `Connection: close` for {request:?}");
        return response.differs(&expected);
    }
    client.is_closed(DEADLINE)?;
    is_hello(&server.send(get("/"))?.response(DEADLINE)?)
}

pub fn request_body_is_skipped(server: &Server) -> Outcome {
    let inner = "GET /inner HTTP/1.1\r\nHost: a\r\n\r\n";
    let length = format!("Content-Length: {}\r\n", inner.len());
    let chunk = format!("{:x}\r\n{inner}\r\n", inner.len());
    let chunked = "Transfer-Encoding: chunked\r\n";
    for (fields, body) in [
        (length.as_str(), inner.to_string()),
        ("Content-Length: 0\r\n", String::new()),
        ("Content-Length: 60000\r\n", "x".repeat(60_000)),
        (chunked, "0\r\n\r\n".to_string()),
        (chunked, format!("{chunk}{chunk}0\r\n\r\n")),
        (chunked, format!("00{chunk}0\r\nTrailer: a\r\n\r\n")),
        (chunked, "5 ;a=\"b\"\r\n12345\r\n0\r\n\r\n".to_string()),
    ] {
        if body.len() < 1000 {
            server.by_hand(by_hand::raw(post(fields, &body) + &get("/")));
        }
        let mut client = server.send(post(fields, &body) + &get("/"))?;
        has_status(&mut client, 405)?;
        is_hello(&client.response(DEADLINE)?)?;
    }
    // Byte by byte, and with a body that a GET has no use for.
    let whole = get("/").replace("\r\n\r\n", &format!("\r\n{chunked}\r\n"));
    let mut client = server.connect()?;
    for byte in (whole + &chunk + "0\r\n\r\n" + &get("/no")).bytes() {
        client.send([byte])?;
    }
    is_hello(&client.response(DEADLINE)?)?;
    is_page(&client.response(DEADLINE)?, 404, &NOT_FOUND)?;
    // One that is too long to be skipped costs the connection, and no answer.
    for (fields, body) in [
        ("Content-Length: 200000\r\n", "x".repeat(200_000)),
        (chunked, format!("30000\r\n{}\r\n0\r\n\r\n", "x".repeat(0x30000))),
    ] {
        is_refused(server, 405, &post(fields, &body))?;
    }
    Ok(())
}

pub fn ambiguous_body_framing_is_rejected(server: &Server) -> Outcome {
    for fields in [
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
        "Content-Length: 4\r\nContent-Length: 5\r\n",
        "Content-Length: 4, 5\r\n",
        "Content-Length: +4\r\n",
        "Content-Length: -4\r\n",
        "Content-Length: 0x4\r\n",
        "Content-Length: 4 4\r\n",
        "Content-Length:\r\n",
        "Content-Length: four\r\n",
        "Content-Length: 99999999999999999999\r\n",
    ] {
        is_refused(server, 400, &post(fields, ""))?;
    }
    let chunked = "Transfer-Encoding: chunked\r\n";
    for body in [
        "x\r\n\r\n",
        "\r\n\r\n",
        "4\nabcd\r\n0\r\n\r\n",
        "4\r\nabcd\n0\r\n\r\n",
        "4\r\nabcde\r\n0\r\n\r\n",
        "-1\r\n\r\n",
        "0x4\r\nabcd\r\n0\r\n\r\n",
        "fffffffffffffffff\r\n",
        "4;\u{1}\r\nabcd\r\n0\r\n\r\n",
        "4\r;a\r\nabcd\r\n0\r\n\r\n",
        "0\r\nno field\r\n\r\n",
    ] {
        is_refused(server, 400, &post(chunked, body))?;
    }
    let old = post(chunked, "0\r\n\r\n").replace("HTTP/1.1", "HTTP/1.0");
    is_refused(server, 400, &old)?;
    for coding in ["gzip", "gzip, chunked", "identity", "xchunked"] {
        let fields = format!("Transfer-Encoding: {coding}\r\n");
        is_refused(server, 501, &post(&fields, ""))?;
    }
    is_refused(server, 413, &post("Content-Length: 2000000\r\n", ""))
}

pub fn expectation_is_met_or_rejected(server: &Server) -> Outcome {
    is_refused(server, 417, &get("/").replace("Host", "Expect: cake\r\nHost"))?;
    // The body isn't sent before the client has been told that it may.
    let fields = "Expect: 100-continue\r\nContent-Length: 4\r\n";
    let mut client = server.ask(post(fields, ""))?;
    let first = client.head(DEADLINE)?;
    match first.status {
        405 => Ok(()),
        100 => {
            client.send("body")?;
            has_status(&mut client, 405)
        }
        _ => first.differs("405, or 100 first"),
    }?;
    let chunked = "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n";
    let first = server.ask(post(chunked, ""))?.head(DEADLINE / 2)?;
    match first.status {
        405 | 100 => Ok(()),
        _ => first.differs("405, or 100 first"),
    }
}

//! Where the body of a request ends, as its head announces it.

use std::time::{Duration, Instant};

use super::connections::{get, has_status};
use super::responding::{NOT_FOUND, is_hello, is_page};
use crate::support::client::Client;
use crate::support::report::{Deviation, Outcome, Symptom};
use crate::support::server::Server;
use crate::support::{DEADLINE, by_hand};

pub const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";

/// A request with a body, after which the connection may stay open.
pub fn post(fields: &str, body: &str) -> String {
    format!("POST / HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n{body}")
}

/// Adds the usual cause, if an answer came, but a different one.
pub fn because(hint: &str) -> impl Fn(Deviation) -> Deviation {
    move |deviation| match deviation.symptom {
        Symptom::Hangs | Symptom::Differs => deviation.hint(hint),
        _ => deviation,
    }
}

/// The request gets its response, and so does the one that follows its body on
/// the same connection.
pub fn is_skipped(server: &Server, request: &str, hint: &str) -> Outcome {
    if request.len() < 1000 {
        server.by_hand(by_hand::raw(request.to_string() + &get("/")));
    }
    let mut client = server.send(request.to_string() + &get("/"))?;
    has_status(&mut client, 405).map_err(because(hint))?;
    let next = client.response(DEADLINE)?;
    is_hello(&next).map_err(|deviation| {
        let expected = "the page, for the request that follows the body";
        because(hint)(deviation).expected(expected)
    })
}

/// The request is answered with that status, and the connection ends, so that
/// nothing that follows is ever taken for a request.
pub fn is_refused(
    server: &Server,
    status: u16,
    request: &str,
    hint: &str,
) -> Outcome {
    if request.len() < 1000 {
        server.by_hand(by_hand::raw(request));
    }
    let mut client = server.send(format!("{request}{}", get("/")))?;
    let response = client.response(DEADLINE).map_err(because(hint))?;
    let closes = response.field("connection") == Some("close");
    if response.status != status || !closes {
        let expected = format!("{status} and `Connection: close`");
        return response.differs(&expected).map_err(because(hint));
    }
    client.is_closed(DEADLINE)?;
    is_hello(&server.send(get("/"))?.response(DEADLINE)?)
}

/// The same for a POST with each of these fields, and a body that is complete if
/// it comes in chunks.
fn all_are_refused(
    server: &Server,
    status: u16,
    fields: &[&str],
    hint: &str,
) -> Outcome {
    let mut requests =
        fields.iter().map(|it| post(&format!("{it}\r\n"), "0\r\n\r\n"));
    requests.try_for_each(|it| is_refused(server, status, &it, hint))
}

const SKIPPED: &str = "look at what happens to the bytes that follow a head. As \
    many of them as its Content-Length says belong to the same request, and the \
    next one begins right after them.";

pub fn body_of_announced_length_is_skipped(server: &Server) -> Outcome {
    let inner = get("/inner");
    let length = format!("Content-Length: {}\r\n", inner.len());
    for (fields, body) in [
        (length.as_str(), inner.as_str()),
        ("content-length:0060000 \r\n", &"x".repeat(60_000)),
        ("Content-Length: 0\r\n", ""),
        ("", ""),
    ] {
        is_skipped(server, &post(fields, body), SKIPPED)?;
    }
    // The body of a GET, which has no use for it.
    let request = get("/").replace("\r\n\r\n", "\r\nContent-Length: 4\r\n\r\n");
    let mut client = server.ask(request + "body" + &get("/no"))?;
    is_hello(&client.response(DEADLINE)?)?;
    is_page(&client.response(DEADLINE)?, 404, &NOT_FOUND)
        .map_err(because(SKIPPED))?;
    // And that of a HEAD, whose response still has none.
    let head = post("Content-Length: 4\r\n", "body").replace("POST", "HEAD");
    let mut client = server.ask(head + &get("/no"))?;
    client.head(DEADLINE)?.has_status(200)?;
    is_page(&client.response(DEADLINE)?, 404, &NOT_FOUND)
        .map_err(because(SKIPPED))
}

pub fn body_that_comes_byte_by_byte_is_skipped(server: &Server) -> Outcome {
    let body = "5;a=b\r\n12345\r\n00a\r\nGET / HTTP\r\n0\r\nA: b\r\n\r\n";
    let chunked = post(CHUNKED, body);
    let announced = post("Content-Length: 12\r\n", "GET / HTTP/1");
    let all = chunked + &get("/") + &announced + &get("/no");
    server.by_hand(by_hand::raw(&all));
    // First, whether the connection outlasts a request without a body.
    let mut client = server.send(post("", "") + &get("/"))?;
    has_status(&mut client, 405)?;
    is_hello(&client.response(DEADLINE)?)?;
    for byte in all.bytes() {
        client.send([byte])?;
    }
    let hint = "look at what is kept between two reads. A body can arrive in \
                pieces of any size, and so can each of its lines. Whatever \
                belongs to the next request has to stay in the buffer.";
    has_status(&mut client, 405).map_err(because(hint))?;
    is_hello(&client.response(DEADLINE)?).map_err(because(hint))?;
    has_status(&mut client, 405).map_err(because(hint))?;
    is_page(&client.response(DEADLINE)?, 404, &NOT_FOUND).map_err(because(hint))
}

/// Closing costs less than reading it all, and doesn't cost the response.
pub fn body_above_64_kib_ends_the_connection(server: &Server) -> Outcome {
    server.by_hand(
        "for n in 65536 65537; do\n\
         head -c $n /dev/zero | curl -s -m 3 -H Expect: -o /dev/null \\\n\
         \x20 -w '%{http_code} %header{connection}\\n' --data-binary @- http://ADDRESS/\n\
         done   # `close` only for the second",
    );
    const MAX: usize = 64 * 1024;
    let announced = |length| format!("Content-Length: {length}\r\n");
    let hint = "look at which bodies you read to keep the connection: those of \
                up to 64 KiB, in one chunk or in many. Above that, respond at \
                once with `Connection: close`.";
    let most = "x".repeat(MAX);
    is_skipped(server, &post(&announced(MAX), &most), hint)?;
    let half = format!("8000\r\n{}\r\n", &most[MAX / 2..]);
    let chunks = format!("{half}{half}0\r\n\r\n");
    is_skipped(server, &post(CHUNKED, &chunks), hint)?;
    // A client needn't have sent any of it.
    is_refused(server, 405, &post(&announced(MAX + 1), ""), hint)?;
    is_refused(server, 405, &post(&announced(1024 * 1024), ""), hint)?;
    is_refused(server, 405, &post(CHUNKED, "10001\r\n"), hint)?;
    is_refused(
        server,
        405,
        &post(CHUNKED, &format!("{half}{half}1\r\n")),
        hint,
    )?;
    // If it has sent everything, it still gets its response.
    let long = post(&announced(200_000), &"x".repeat(200_000));
    is_refused(server, 405, &long, hint)
}

pub fn body_above_1_mib_is_413(server: &Server) -> Outcome {
    let hint = "look at how long a body may be. If more than 1 MiB is announced, \
                refuse it before it comes.";
    let fields = ["1048577", "18446744073709551615"]
        .map(|it| format!("Content-Length: {it}"));
    all_are_refused(server, 413, &fields.each_ref().map(|it| &**it), hint)?;
    is_refused(server, 413, &post(CHUNKED, "100001\r\n"), hint)
}

pub fn invalid_content_length_is_400(server: &Server) -> Outcome {
    all_are_refused(
        server,
        400,
        &[
            "Content-Length: +4",
            "Content-Length: -4",
            "Content-Length: 0x4",
            "Content-Length: 4 4",
            "Content-Length: 4.0",
            "Content-Length: four",
            "Content-Length:",
            "Content-Length: 18446744073709551616",
        ],
        "look at what you accept as a length: digits, and nothing else. \
         Another program may ignore a length like this one, and then the \
         two of you disagree about where the next request begins.",
    )
}

pub fn repeated_content_length_is_400(server: &Server) -> Outcome {
    all_are_refused(
        server,
        400,
        &[
            "Content-Length: 4\r\nContent-Length: 5",
            "Content-Length: 4\r\ncontent-length: 4",
            "Content-Length: 4, 5",
            "Content-Length: 4,4",
        ],
        "look at what you do with a second Content-Length. Some programs take \
         the first, and others the last, so neither is right.",
    )
}

pub fn ambiguous_body_framing_is_rejected(server: &Server) -> Outcome {
    all_are_refused(
        server,
        400,
        &[
            "Content-Length: 4\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked\r\nContent-Length: 0",
            "Transfer-Encoding: chunked\r\nContent-Length: 4\r\nExpect: a",
            "Transfer-Encoding: gzip\r\nContent-Length: 4",
        ],
        "look at a request that has both Transfer-Encoding and Content-Length. \
         A proxy in front of your server may believe one field, and your server \
         the other.",
    )
}

pub fn transfer_encoding_in_http_1_0_is_400(server: &Server) -> Outcome {
    let fields = format!("Connection: keep-alive\r\n{CHUNKED}");
    let request = post(&fields, "0\r\n\r\n");
    is_refused(
        server,
        400,
        &request.replace("HTTP/1.1", "HTTP/1.0"),
        "look at the version. HTTP/1.0 doesn't have Transfer-Encoding, so a \
         program that speaks only HTTP/1.0 sees no body where you see one.",
    )
}

pub fn transfer_coding_that_does_not_end_in_chunked_is_400(
    server: &Server,
) -> Outcome {
    all_are_refused(
        server,
        400,
        &[
            "Transfer-Encoding: gzip",
            "Transfer-Encoding: identity",
            "Transfer-Encoding: xchunked",
            "Transfer-Encoding: \"chunked\"",
            "Transfer-Encoding: chunked;a=b",
            "Transfer-Encoding: chunked, gzip",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
            "Transfer-Encoding:",
            "Transfer-Encoding: ,",
        ],
        "look at the last transfer coding. If it isn't `chunked`, nothing says \
         where the body ends, so you can't tell where the next request begins.",
    )
}

pub fn body_that_is_chunked_twice_is_400(server: &Server) -> Outcome {
    all_are_refused(
        server,
        400,
        &[
            "Transfer-Encoding: chunked, chunked",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: Chunked",
            "Transfer-Encoding: chunked, gzip, chunked",
        ],
        "look at a list in which `chunked` comes twice. Some programs decode the \
         body once, and others twice.",
    )
}

pub fn other_coding_before_chunked_is_501(server: &Server) -> Outcome {
    all_are_refused(
        server,
        501,
        &[
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: a , ,CHUNKED",
            "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
        ],
        "look at a list that ends in `chunked`. It's valid, but this server \
         doesn't implement the codings before `chunked`.",
    )
}

/// The client needn't wait to see whether its expectation is met.
pub fn expectation_is_met_at_once(server: &Server) -> Outcome {
    let hint = "look at `Expect: 100-continue`. The client holds back its body \
                until you've said `100 Continue`, or at least for a while. If \
                you wait for the body meanwhile, neither side moves. So respond \
                at once, and close, because the body may still come.";
    let expect = "Expect: 100-Continue\r\n";
    for fields in ["Content-Length: 4\r\n", CHUNKED] {
        let request = post(&format!("{fields}{expect}"), "");
        let mut client = server.ask(request)?;
        let first = client.head(DEADLINE / 2).map_err(because(hint))?;
        let closes = first.field("connection") == Some("close");
        match first.status {
            100 => {
                client.send(
                    ["body", "0\r\n\r\n"][(fields == CHUNKED) as usize],
                )?;
                has_status(&mut client, 405)?;
            }
            405 if closes => {}
            _ => {
                let expected = "405 and `Connection: close`, or 100 first";
                return first.differs(expected).map_err(because(hint));
            }
        }
    }
    // There's nothing to wait for, and no reason to close.
    is_skipped(server, &post(expect, ""), hint)?;
    let empty = format!("{expect}Content-Length: 0\r\n");
    is_skipped(server, &post(&empty, ""), hint)
}

pub fn unknown_expectation_is_417(server: &Server) -> Outcome {
    all_are_refused(
        server,
        417,
        &["Expect: cake", "Expect: 100-continue, cake", "Expect: 100"],
        "look at the value of Expect. If you don't know it, you can't meet it.",
    )
}

/// The client sends that again and again. Returns the status that comes in the
/// end.
fn trickles(client: &mut Client, bytes: &str, time: Duration) -> Outcome<u16> {
    let start = Instant::now();
    while start.elapsed() < time {
        match client.head(Duration::from_millis(50)) {
            Ok(response) => return Ok(response.status),
            Err(it) if it.symptom == Symptom::Hangs => client.send(bytes)?,
            Err(it) => return Err(it),
        }
    }
    let saw = "it's still reading";
    let expected = "status 408, even though more of the body keeps coming";
    Err(client.deviation(Symptom::Hangs, expected, saw))
}

pub fn incomplete_body_is_408(server: &Server) -> Outcome {
    server.by_hand(by_hand::with(
        "--body-seconds 1",
        "(printf 'POST / HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 4\\r\\n\\r\\nab'\n\
         sleep 3) | curl -m 9 telnet://ADDRESS   # 408 after a second",
    ));
    let server = server.impatient(&[])?;
    let mut clients = [
        server.send(post("Content-Length: 4\r\n", "abc"))?,
        server.send(post(CHUNKED, "4\r\nabcd\r\n0\r\n"))?,
    ];
    for client in &mut clients {
        let response = client.response(server.patience());
        let response = response.map_err(because(
            "look at how long you wait for a body. Without a deadline, a client \
             that stops halfway through it stays forever.",
        ))?;
        response.has_status(408)?;
        client.is_closed(DEADLINE)?;
    }
    is_hello(&server.send(get("/"))?.response(DEADLINE)?)
}

pub fn slow_body_times_out(server: &Server) -> Outcome {
    server.by_hand(by_hand::with(
        "--body-seconds 2",
        "(printf 'POST / HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 99\\r\\n\\r\\n'\n\
         for i in $(seq 9); do sleep 0.5; printf x; done) | \\\n\
         \x20 curl -m 9 telnet://ADDRESS   # 408 after two seconds",
    ));
    let server = server.impatient(&[])?;
    let hint = "look at the clock after each read, too. A timeout for each read \
                starts over with every byte, but a deadline covers the whole \
                body.";
    for (fields, bytes) in
        [("Content-Length: 9999\r\n", "x"), (CHUNKED, "1\r\nx\r\n")]
    {
        let mut client = server.send(post(fields, ""))?;
        let status = trickles(&mut client, bytes, server.patience());
        is_408(&client, status.map_err(because(hint))?)?;
    }
    Ok(())
}

fn is_408(client: &Client, status: u16) -> Outcome {
    if status == 408 {
        return Ok(());
    }
    let expected = "status 408, once the time for the body is up";
    let saw = format!("status {status}");
    Err(client.deviation(Symptom::Differs, expected, &saw))
}

/// Half a request gets no response, but costs no other client its own.
pub fn half_closed_client_with_partial_body_is_closed(
    server: &Server,
) -> Outcome {
    let mut client = server.ask(post("Content-Length: 4\r\n", "ab"))?;
    client.stop_sending()?;
    client.is_closed(DEADLINE)?;
    is_hello(&server.send(get("/"))?.response(DEADLINE)?)
}

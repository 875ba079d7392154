//! What one request on a connection means for the next one.

use std::time::Duration;

use super::connections::{get, idle};
use super::responding::is_hello;
use crate::support::report::{Deviation, Outcome, Symptom};
use crate::support::server::Server;
use crate::support::{DEADLINE, by_hand};

/// More than half of the time that each test gives a client to be idle, and to
/// send a head.
const PAUSE: Duration = Duration::from_millis(1_200);

pub fn each_request_gets_its_own_deadline(server: &Server) -> Outcome {
    server.by_hand(by_hand::with(
        "--head-seconds 3 --idle-seconds 3",
        "(for i in 1 2 3; do sleep 2; printf 'GET / HTTP/1.1\\r\\n'; sleep 2\n\
         printf 'Host: a\\r\\n\\r\\n'; done) | \
         curl -s -m 15 telnet://ADDRESS | grep -c HTTP/   # 3",
    ));
    let options = ["--head-seconds", "2.2", "--idle-seconds", "2.2"];
    let server = server.configured(&options)?;
    let mut client = idle(&server)?;
    let why = "nothing, because the client still has time to ask";
    client.is_not_answered(PAUSE, why).map_err(is_hurried)?;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n")?;
    let why = "nothing, because the client still has time for its head";
    client.is_not_answered(PAUSE, why).map_err(is_hurried)?;
    client.send("\r\n")?;
    is_hello(&client.response(DEADLINE)?)
}

fn is_hurried(deviation: Deviation) -> Deviation {
    deviation.hint(
        "look at when each deadline begins. The time in which a client may be \
         idle begins with the end of a response, and the time for a head with \
         the head's first byte. Usual causes: a deadline that's set once for \
         the whole connection; or a single one for being idle and for the head.",
    )
}

pub fn incomplete_next_request_is_408(server: &Server) -> Outcome {
    server.by_hand(by_hand::with(
        "--head-seconds 1",
        "(printf 'GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\nGET /'; sleep 4) | \
         curl -s -m 9 telnet://ADDRESS | grep -a HTTP/   # 200, then 408",
    ));
    let options = ["--head-seconds", "1", "--idle-seconds", "3600"];
    let server = server.configured(&options)?;
    // The first half comes together with the request before it, or alone.
    let mut first = server.send(get("/") + "GET / HTTP/1.1\r\n")?;
    is_hello(&first.response(DEADLINE)?)?;
    let mut second = idle(&server)?;
    second.send("GET / HTTP/1.1\r\n")?;
    for client in [&mut first, &mut second] {
        let response = client.response(DEADLINE).map_err(|it| {
            it.hint(
                "look at the deadline of a request that has begun. It's the \
                 one for a head (`--head-seconds`), even if the first bytes \
                 came together with the request before it. When it passes, the \
                 client gets a 408, because it has begun to ask.",
            )
        })?;
        response.has_status(408)?;
        client.is_closed(DEADLINE)?;
    }
    Ok(())
}

pub fn refused_request_ends_the_connection(server: &Server) -> Outcome {
    server.by_hand(by_hand::raw(get("/") + "GET\r\n\r\n" + &get("/")));
    for (request, status) in [
        ("GET\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    ] {
        let all = get("/") + request + &get("/");
        let mut client = server.send(all)?;
        is_hello(&client.response(DEADLINE)?)?;
        let response = client.response(DEADLINE)?;
        response.has_status(status)?;
        if response.field("connection") != Some("close") {
            return response.differs("`Connection: close`").map_err(goes_on);
        }
        client.is_closed(DEADLINE).map_err(goes_on)?;
    }
    Ok(())
}

fn goes_on(deviation: Deviation) -> Deviation {
    deviation.hint(
        "look at what follows a request that's refused. If the server couldn't \
         read it, it doesn't know where it ends either, so it can't tell where \
         the next one begins. The response says `Connection: close`, and the \
         connection ends.",
    )
}

/// The handler failed, but nothing is wrong with the connection.
pub fn panic_does_not_end_the_connection(server: &Server) -> Outcome {
    server.by_hand(by_hand::raw(get("/") + &get("/panic") + &get("/")));
    let mut client = idle(server)?;
    client.send(get("/panic"))?;
    client.response(DEADLINE)?.has_status(500)?;
    client.send(get("/"))?;
    is_hello(&client.response(DEADLINE)?)
}

/// A body isn't a request, whatever it looks like.
pub fn request_inside_a_body_is_not_answered(server: &Server) -> Outcome {
    let inner = get("/inner");
    let outer = format!(
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n",
        inner.len()
    );
    let mut client = server.ask(outer + &inner)?;
    client.stop_sending()?;
    client.response(DEADLINE)?;
    client.is_closed(DEADLINE).map_err(|deviation| {
        if deviation.symptom != Symptom::Differs {
            return deviation;
        }
        deviation.expected("one response, because it's one request").hint(
            "look at where the server thinks that a request ends. After the \
             blank line come as many more bytes as Content-Length says. A \
             server that doesn't skip them takes them for the next request.",
        )
    })
}

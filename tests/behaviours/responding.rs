//! A valid response, whole, for each request.

use super::differs;
use crate::support::client::{Client, get};
use crate::support::report::Outcome;
use crate::support::response::Response;
use crate::support::server::Server;
use crate::support::{DEADLINE, SHORT_WAIT, by_hand};

/// A page of the directory `static`.
pub struct Page {
    pub name: &'static str,
    pub bytes: &'static [u8],
}

pub const HELLO: Page = Page {
    name: "static/hello.html",
    bytes: include_bytes!("../../static/hello.html"),
};

pub const NOT_FOUND: Page = Page {
    name: "static/404.html",
    bytes: include_bytes!("../../static/404.html"),
};

pub const BAD_REQUEST: Page = Page {
    name: "static/400.html",
    bytes: include_bytes!("../../static/400.html"),
};

/// It is `static/hello.html`, with the status 200.
pub fn is_hello(response: &Response) -> Outcome {
    is_page(response, 200, &HELLO)
}

pub fn is_page(response: &Response, status: u16, page: &Page) -> Outcome {
    response.is(status, page.name, page.bytes)
}

/// The next response has that status.
pub fn has_status(
    client: &mut Client,
    status: u16,
    server: &Server,
) -> Outcome {
    client.response(server.patience())?.has_status(status)
}

pub fn client_gets_the_page(server: &Server) -> Outcome {
    server.by_hand(by_hand::get("/"));
    // First in bytes, which show best what's wrong, then with a real client.
    is_hello(&server.get("/")?)?;
    let url = format!("http://{}/", server.address);
    let client = reqwest::blocking::Client::builder().no_proxy().build();
    let got = client
        .and_then(|client| client.get(url).send())
        .and_then(|response| Ok((response.status(), response.bytes()?)));
    match got {
        Ok((status, body)) if status == 200 && body == HELLO.bytes => Ok(()),
        other => differs(
            "200 and static/hello.html, for reqwest as for curl",
            &format!("{other:?}"),
        ),
    }
}

pub fn response_is_well_formed(server: &Server) -> Outcome {
    server.by_hand("curl -i -m 3 --raw http://ADDRESS/");
    let mut client = server.send(get("/"))?;
    let response = client.response(DEADLINE)?;
    is_hello(&response)?;
    for (name, value) in
        [("Content-Type", "text/html; charset=utf-8"), ("Connection", "close")]
    {
        if response.field(&name.to_lowercase()) != Some(value) {
            let expected = format!("the field `{name}: {value}`, once");
            return response.differs(&expected);
        }
    }
    client.is_closed(DEADLINE).map_err(|deviation| {
        deviation.expected(
            "the end of the connection, after as many bytes of body as \
             Content-Length says",
        )
    })
}

pub fn request_head_sent_byte_by_byte_is_read(server: &Server) -> Outcome {
    server.by_hand(
        "(printf GE; sleep 1; printf 'T / HTTP/1.1\\r\\n\\r\\n'; sleep 1) | \
         curl -m 5 telnet://ADDRESS",
    );
    let mut client = server.connect()?;
    for byte in get("/").bytes() {
        client.send([byte])?;
    }
    is_hello(&client.response(DEADLINE)?)
}

pub fn whole_request_head_is_read_before_the_response(
    server: &Server,
) -> Outcome {
    server.by_hand(
        "(printf 'GET / HTTP/1.1\\r\\n'; sleep 2; echo now >&2; printf '\\r\\n'; \
         sleep 1) | curl -m 5 telnet://ADDRESS   # nothing before `now`",
    );
    is_hello(&server.get("/")?)?;
    let mut client = server.hold()?;
    client.is_not_answered(
        SHORT_WAIT,
        "nothing, before the blank line that ends the head",
    )
    .map_err(|deviation| {
        deviation.hint(
            "look at what the server waits for before it responds. It should be \
             the blank line, and not the first line, the first `read` or the \
             connection alone. What's still unread when it closes the connection \
             can cost the client the response.",
        )
    })?;
    client.finish()?;
    is_hello(&client.response(DEADLINE)?)
}

pub fn large_request_head_does_not_reset_the_response(
    server: &Server,
) -> Outcome {
    server.by_hand(
        "curl -i -m 3 -H \"X-Long: $(head -c 65536 /dev/zero | tr '\\0' x)\" \
         http://ADDRESS/",
    );
    let mut client = server.hold()?;
    let mut fields =
        (0..64).map(|number| format!("X-{number}: {}\r\n", "x".repeat(1024)));
    let sent = fields.try_for_each(|field| client.send(field));
    let sent = sent.and_then(|()| client.finish());
    match client.response(DEADLINE) {
        // A server may find it too long and stop reading, if it says so.
        Ok(response) if response.status == 431 => Ok(()),
        response => sent.and_then(|()| is_hello(&response?)),
    }
}

pub fn half_closed_client_gets_a_response(server: &Server) -> Outcome {
    // curl can't end one direction alone. Here at least its input has ended.
    server.by_hand(
        "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | curl -m 3 telnet://ADDRESS",
    );
    let mut client = server.send(get("/"))?;
    client.stop_sending()?;
    is_hello(&client.response(DEADLINE)?)
}

pub fn unread_body_does_not_reset_the_response(server: &Server) -> Outcome {
    server.by_hand(
        "(printf 'POST / HTTP/1.1\\r\\nContent-Length: 16000000\\r\\n\\r\\n'; \
         head -c 16000000 /dev/zero; sleep 1) | curl -m 5 telnet://ADDRESS",
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

pub fn request_head_with_bare_line_feeds_is_read(server: &Server) -> Outcome {
    for (line_end, last_end) in [("\n", "\n"), ("\r\n", "\n"), ("\n", "\r\n")] {
        let lines = ["GET / HTTP/1.1", "Host: localhost", "Connection: close"];
        let request = lines.join(line_end) + line_end + last_end;
        let response = server.ask(request)?.response(DEADLINE);
        is_hello(&response.map_err(|deviation| {
            deviation.hint(
                "look at how the end of the head is found. A line may end with \
                 \\n alone (RFC 9112 §2.2), which lets a person type a request.",
            )
        })?)?;
    }
    Ok(())
}

pub fn invalid_utf8_gets_a_response(server: &Server) -> Outcome {
    for request in [
        &b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n"[..],
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: \xc3\x28\r\n\r\n",
        b"\xff\xfe\x00\xc3\x28\r\nHost: localhost\r\n\r\n",
    ] {
        let response = server.ask(request)?.response(DEADLINE);
        let response = response.map_err(|deviation| {
            deviation.hint(
                "look at how the bytes become text. Usual cause: `lines` and \
                 `read_line` fail for bytes that aren't UTF-8, and so does \
                 `String::from_utf8`; `from_utf8_lossy` doesn't. Nor does Python's \
                 `decode`, if its errors are \"replace\".",
            )
        })?;
        if ![200, 400, 404].contains(&response.status) {
            return response.differs("a page, or 400, or 404");
        }
    }
    is_hello(&server.get("/")?)
}

//! No client sends more than its share.

use super::responding::{has_status, is_hello};
use crate::support::DEADLINE;
use crate::support::client::get;
use crate::support::report::Outcome;
use crate::support::server::Server;

pub fn long_request_line_is_414(server: &Server) -> Outcome {
    server.by_hand("curl -i -m 3 http://ADDRESS/$(printf %9000s | tr ' ' a)");
    let long = "a".repeat(9_000);
    let mut client = server.send(get(&format!("/{long}")))?;
    has_status(&mut client, 414, server)?;
    // The same when it never ends.
    let mut client = server.send(format!("GET /{long}"))?;
    has_status(&mut client, 414, server)?;
    let allowed = "a".repeat(7_900);
    let mut client = server.send(get(&format!("/{allowed}")))?;
    has_status(&mut client, 404, server)?;
    is_hello(&server.get("/")?)
}

/// A request with that many fields, of that length each.
fn with_fields(count: usize, length: usize) -> String {
    let field = |number| format!("X-{number}: {}\r\n", "x".repeat(length));
    let fields: String = (0..count).map(field).collect();
    get("/").replace("Host:", &format!("{fields}Host:"))
}

pub fn large_request_head_is_431(server: &Server) -> Outcome {
    server.by_hand(
        "curl -i -m 3 -H \"X: $(printf %20000s | tr ' ' x)\" http://ADDRESS/",
    );
    let mut client = server.send(with_fields(20, 1000))?;
    has_status(&mut client, 431, server)?;
    // The same when it never ends.
    let endless = with_fields(20, 1000).replace("\r\n\r\n", "\r\nX: ");
    let mut client = server.send(endless)?;
    has_status(&mut client, 431, server)?;
    let mut client = server.send(with_fields(15, 1000))?;
    is_hello(&client.response(DEADLINE)?)
}

pub fn too_many_header_fields_are_431(server: &Server) -> Outcome {
    server.by_hand(
        "curl -i -m 3 $(for i in $(seq 120); do echo -H a$i:b; done) http://ADDRESS/",
    );
    let mut client = server.send(with_fields(120, 1))?;
    has_status(&mut client, 431, server)?;
    // With Host and Connection, a hundred and one; and a hundred.
    let mut client = server.send(with_fields(99, 1))?;
    has_status(&mut client, 431, server)?;
    let mut client = server.send(with_fields(98, 1))?;
    is_hello(&client.response(DEADLINE)?)
}

//! Ordinary clients: ten requests on one connection.

use std::net::SocketAddr;

use crate::PATIENCE;
use crate::pages::{Page, Site};
use crate::support::client::Client;
use crate::support::report::{Outcome, Symptom};
use crate::support::response::Response;

/// How many requests a visitor sends.
pub const REQUESTS: usize = 10;

pub const WHOLE: &str = "look at where length, tag and body come from: all from \
     one file that's open, or from one copy in memory, and for how long the copy \
     is kept.";

/// One visit. Every second visitor leaves the end to the server.
pub fn visit(
    site: &Site,
    address: SocketAddr,
    number: usize,
) -> Outcome<usize> {
    let mut client = Client::connect(address)?;
    let mut copy = get(&mut client, &site.small, "")?;
    for _ in 0..2 {
        copy = revalidate(&mut client, &site.small, copy)?;
        get(&mut client, &site.small, "")?;
    }
    get(&mut client, &site.large, "")?;
    head(&mut client, &site.small)?;
    ask(&mut client, "GET", "missing", "")?.has_status(404)?;
    revalidate(&mut client, &site.small, copy)?;
    if number % 2 == 0 {
        get(&mut client, &site.small, "")?;
    } else {
        get(&mut client, &site.small, "Connection: close\r\n")?;
        client.is_closed(PATIENCE)?;
    }
    Ok(REQUESTS)
}

/// What a client has kept of a page.
struct Copy {
    tag: String,
    version: u64,
}

/// Sends a request with these further fields, and takes the whole response.
fn ask(
    client: &mut Client,
    method: &str,
    name: &str,
    fields: &str,
) -> Outcome<Response> {
    client.send(format!(
        "{method} /{name} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n"
    ))?;
    let mut response = client.head(PATIENCE)?;
    if method == "GET" && response.status != 304 {
        let Some(length) = response.content_length() else {
            return response.differs("Content-Length once, with a number");
        };
        response.body = client.part_of_body(length)?;
    }
    Ok(response)
}

fn get(client: &mut Client, page: &Page, fields: &str) -> Outcome<Copy> {
    let oldest = page.oldest();
    let response = ask(client, "GET", page.name, fields)?;
    shows(client, page, &response, oldest)
}

/// The response is a page that may be served.
fn shows(
    client: &Client,
    page: &Page,
    response: &Response,
    oldest: u64,
) -> Outcome<Copy> {
    response.has_status(200)?;
    let version = page.version(&response.body, oldest).map_err(|saw| {
        let expected = format!("all of {}, as it is now", page.name);
        client.deviation(Symptom::Differs, &expected, &saw).hint(WHOLE)
    })?;
    match response.field("etag") {
        Some(tag) => Ok(Copy { tag: tag.to_string(), version }),
        None => response.differs("an ETag"),
    }
}

/// Asks whether a copy is still good.
fn revalidate(client: &mut Client, page: &Page, copy: Copy) -> Outcome<Copy> {
    let oldest = page.oldest();
    let field = format!("If-None-Match: {}\r\n", copy.tag);
    let response = ask(client, "GET", page.name, &field)?;
    if response.status != 304 {
        return shows(client, page, &response, oldest);
    }
    page.is_current(copy.version, oldest).map_err(|why| {
        let expected = format!("{} as it is now, not a 304", page.name);
        let saw = format!("304, and so {why}");
        client.deviation(Symptom::Differs, &expected, &saw).hint(WHOLE)
    })?;
    Ok(copy)
}

fn head(client: &mut Client, page: &Page) -> Outcome {
    let oldest = page.oldest();
    let response = ask(client, "HEAD", page.name, "")?;
    response.has_status(200)?;
    let length = response.content_length().unwrap_or_default();
    match page.may_have_length(length, oldest) {
        true => Ok(()),
        false => response.differs("the length of a version that's current"),
    }
}

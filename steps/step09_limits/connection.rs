//! One connection, from its first byte to its end.

use crate::input::{Fault, Input};
use crate::limits::{LINGER, Limits};
use crate::output::{Output, has_more, linger};
use crate::request::Request;
use crate::response::Response;
use crate::site::Site;
use std::net::TcpStream;
use std::panic::{self, AssertUnwindSafe};
use std::{io, time::Instant};

/// Reads a request and answers it, within the limits.
pub fn handle(
    stream: &TcpStream,
    accepted: Instant,
    site: &Site,
    limits: Limits,
) -> io::Result<()> {
    stream.set_nonblocking(false)?; // macOS and Windows copy the listener's.
    let mut input = Input::new(stream);
    let output = Output::new(stream, limits.stall)?;
    let length = input.read_head(accepted + limits.head);
    let (response, has_body) = match length.and_then(|length| {
        let request = Request::parse(&input.bytes()[..length])?;
        Ok((answer(site, &request), request.has_body()))
    }) {
        Ok(answer) => answer,
        Err(Fault::Refused(status)) => (site.error_page(status), true),
        Err(Fault::Gone(error)) => return Err(error),
    };
    // Who asks for HEAD gets no body (RFC 9110 §9.3.2), be it a refusal.
    response.send(&output, !input.bytes().starts_with(b"HEAD "))?;
    if has_body || response.is_long() || has_more(stream) {
        linger(stream, Instant::now() + LINGER);
    }
    Ok(())
}

/// What the site says, or that it has panicked: nothing is sent by then.
fn answer(site: &Site, request: &Request) -> Response {
    let answer = AssertUnwindSafe(|| site.answer(request));
    panic::catch_unwind(answer)
        .unwrap_or_else(|_| site.error_page("500 Internal Server Error"))
}

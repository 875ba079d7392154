//! One connection, from its first byte to its end: request after request.

use crate::access_log;
use crate::body::Body;
use crate::crowd::{Guest, Phase};
use crate::input::{Fault, Input, is_timeout};
use crate::limits::{GRACE, LINGER, Limits, REQUESTS};
use crate::output::{Output, has_more, linger};
use crate::request::{After, Request};
use crate::response::Response;
use crate::site::Site;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::time::{Duration, Instant};

/// What all connections share.
pub struct Server {
    pub site: Site,
    pub limits: Limits,
    pub access_log: bool,
}

/// A connection, and what is known of it from one request to the next.
struct Connection<'a> {
    guest: &'a Guest,
    server: &'a Server,
    input: Input<'a>,
    output: Output<'a>,
    /// The first line of the request, for the access log.
    line: String,
    /// Who asks for HEAD gets no body (RFC 9110 §9.3.2), be it a refusal.
    with_body: bool,
}

/// How a connection goes on after an answer.
enum Next {
    Request,
    Close,
    /// More may come that nobody wants: it is closed gently.
    Linger,
}

/// Answers requests until the client leaves, asks for the end, or must go.
pub fn handle(guest: Guest, server: &Server) -> io::Result<()> {
    let stream = &*guest.stream;
    stream.set_nonblocking(false)?; // macOS and Windows copy the listener's.
    // What is sent next does not wait until the client has all before it.
    stream.set_nodelay(true)?;
    let input = Input::new(stream);
    let output = Output::new(stream, server.limits.stall)?;
    let mut connection = Connection {
        guest: &guest,
        server,
        input,
        output,
        line: String::new(),
        with_body: true,
    };
    match connection.serve() {
        Ok(Next::Linger) => {}
        Ok(_) => return Ok(()),
        Err(Fault::Refused(status)) => connection.refuse(status)?,
        Err(Fault::Gone(error)) => return Err(error),
    }
    linger(stream, Instant::now() + LINGER);
    Ok(())
}

impl Connection<'_> {
    fn serve(&mut self) -> Result<Next, Fault> {
        let mut left = REQUESTS;
        while self.wait_for_request(left == REQUESTS)? {
            left -= 1;
            match self.exchange(left == 0)? {
                Next::Request => {}
                next => return Ok(next),
            }
        }
        Ok(Next::Close)
    }

    /// Waits for a request, of which the first bytes are there after that. Empty
    /// lines are none.
    fn wait_for_request(&mut self, is_first: bool) -> io::Result<bool> {
        if is_first {
            // It has come to ask, and is not asked to leave before it could.
            let left = GRACE.saturating_sub(self.guest.entered.elapsed());
            self.input.set_timeout(left.max(Duration::from_millis(1)))?;
            match self.input.read() {
                Ok(0) => return Ok(false),
                Err(error) if !is_timeout(&error) => return Err(error),
                _ => {}
            }
        }
        let idle = self.server.limits.idle;
        let end = Instant::now() + idle;
        loop {
            self.input.skip_empty_lines();
            if !self.input.bytes().is_empty() {
                self.guest.is_at(Phase::Receiving);
                return Ok(true);
            }
            self.input.set_timeout(idle)?;
            if !self.guest.wait_for_byte(end) || self.input.read()? == 0 {
                return Ok(false);
            }
        }
    }

    /// Reads one request and answers it.
    fn exchange(&mut self, is_last: bool) -> Result<Next, Fault> {
        let deadline = Instant::now() + self.server.limits.head;
        let read = self.input.read_head(deadline);
        self.guest.is_at(Phase::Answering);
        let bytes = self.input.bytes();
        self.with_body = !bytes.starts_with(b"HEAD ");
        if self.server.access_log {
            self.line = access_log::first_line(bytes);
        }
        let length = read?;
        let request = Request::parse(&bytes[..length])?;
        let waits = request.has("Expect");
        let response = answer(&self.server.site, &request);
        let (mut body, wish) = (request.body, request.after);
        self.input.consume(length);
        // Whether chunks are valid turns out at their end: before the answer, if
        // the client does not wait for that.
        if body == Body::Chunked && !waits && self.drop_body(body)? {
            body = Body::None;
            self.guest.is_at(Phase::Answering);
        }
        let too_long = body == Body::Chunked || body.is_long();
        let stays = !is_last && !too_long && self.guest.may_stay();
        let after = if stays { wish } else { After::Close };
        self.send(&response, after)?;
        if after == After::Close {
            let more = body != Body::None
                || wish != After::Close
                || response.is_long()
                || has_more(&self.guest.stream);
            // Who may still be sending must not be asked to leave: that would
            // cost it the answer.
            let unread = body != Body::None;
            let idle = Phase::Idle(Instant::now());
            self.guest.is_at(if unread { Phase::Receiving } else { idle });
            return Ok(if more { Next::Linger } else { Next::Close });
        }
        match self.drop_body(body) {
            Ok(true) => Ok(Next::Request),
            Err(Fault::Gone(error)) => Err(error.into()),
            _ => Ok(Next::Linger), // It has had its answer.
        }
    }

    /// Gets a body out of the way.
    fn drop_body(&mut self, body: Body) -> Result<bool, Fault> {
        if body == Body::None {
            return Ok(true);
        }
        self.guest.is_at(Phase::Receiving);
        let deadline = Instant::now() + self.server.limits.body;
        body.drop(&mut self.input, deadline)
    }

    /// Answers what is no request.
    fn refuse(&mut self, status: &'static str) -> io::Result<()> {
        self.guest.is_at(Phase::Answering);
        let response = self.server.site.error_page(status);
        self.send(&response, After::Close)?;
        self.guest.is_at(Phase::Receiving);
        Ok(())
    }

    fn send(&mut self, response: &Response, after: After) -> io::Result<()> {
        response.send(&self.output, self.with_body, after)?;
        if self.server.access_log {
            let length = if self.with_body { response.length() } else { 0 };
            let peer = self.guest.stream.peer_addr();
            let peer = peer.map_or("-".into(), |it| it.ip().to_string());
            access_log::write(&peer, &self.line, response.status, length);
        }
        Ok(())
    }
}

/// What the site says, or that it has panicked: nothing is sent by then.
fn answer(site: &Site, request: &Request) -> Response {
    let answer = AssertUnwindSafe(|| site.answer(request));
    panic::catch_unwind(answer)
        .unwrap_or_else(|_| site.error_page("500 Internal Server Error"))
}

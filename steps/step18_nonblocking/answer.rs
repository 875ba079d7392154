//! From the head of a request to its response.

use crate::STOPPING;
use crate::body::BodyReader;
use crate::options::Options;
use crate::request::Request;
use crate::response::{Response, Status};
use crate::site;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::Ordering;

// ANCHOR: answer
/// The response to a request, which also says whether the connection stays open.
pub fn answer(
    head: &[u8],
    options: &Options,
) -> Result<(Response, BodyReader), Status> {
    let request = Request::parse(head)?;
    let body = BodyReader::new(&request)?;
    let mut response = respond(&request, options);
    response.keep_alive =
        request.wants_keep_alive() && !STOPPING.load(Ordering::SeqCst);
    Ok((response, body))
}
// ANCHOR_END: answer

/// A panic costs only this request, and its client is told.
fn respond(request: &Request, options: &Options) -> Response {
    let respond = || site::respond(request, options);
    panic::catch_unwind(AssertUnwindSafe(respond)).unwrap_or_else(|_| {
        Response::status_page(Status::INTERNAL_SERVER_ERROR)
    })
}

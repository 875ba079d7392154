use std::str;

struct Request<'a> {
    path: &'a str,
}

fn parse(head: &[u8]) -> Option<Request<'_>> {
    Some(Request { path: str::from_utf8(head).ok()? })
}

fn read_request<'a>() -> Option<Request<'a>> {
    let head = b"/hello".to_vec();
    parse(&head)
}

fn main() {}

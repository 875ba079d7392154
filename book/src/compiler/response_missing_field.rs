struct Response {
    status: u16,
    fields: String,
    body: Vec<u8>,
}

fn html(status: u16, page: Vec<u8>) -> Response {
    Response { status, body: page }
}

fn main() {}

struct Response {
    status: u16,
    fields: String,
    body: Vec<u8>,
}

fn main() {
    let response = Response { status: 404, body: Vec::new() };
}

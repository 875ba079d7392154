fn read_head(buffer: &mut Vec<u8>) -> &[u8] {
    buffer.extend_from_slice(b"HEAD / HTTP/1.1\r\n\r\n");
    buffer
}

fn main() {
    let mut buffer = Vec::new();
    let head = read_head(&mut buffer);
    let is_head = buffer.starts_with(b"HEAD ");
    println!("{} bytes, HEAD: {is_head}", head.len());
}

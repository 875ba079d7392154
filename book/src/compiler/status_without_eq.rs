struct Status(u16);

const NO_CONTENT: Status = Status(204);

fn main() {
    let status = Status(200);
    assert!(status != NO_CONTENT);
}

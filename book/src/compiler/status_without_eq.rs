struct Status(u16, &'static str);

const NO_CONTENT: Status = Status(204, "No Content");

fn has_length(status: &Status) -> bool {
    *status != NO_CONTENT
}

fn main() {}

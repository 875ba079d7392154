fn route(path: String) -> &'static str {
    match path {
        "/" => "hello.html",
        _ => "404.html",
    }
}

fn main() {}

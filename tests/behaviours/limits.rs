//! No client sends more than its share, or what can't become a request.

#[cfg(target_os = "linux")]
use super::differs;
use super::requests::line;
use super::responding::{has_status, is_hello};
use crate::support::client::{Client, get};
use crate::support::report::Outcome;
use crate::support::server::Server;
use crate::support::{DEADLINE, by_hand};

const MAX_REQUEST_LINE: usize = 8 * 1024;
const MAX_HEAD: usize = 16 * 1024;
const MAX_FIELDS: usize = 100;

/// Prints only the status of each response.
const STATUS: &str = "curl -s -m 3 -o /dev/null -w '%{http_code}\\n'";

pub fn long_request_line_is_414(server: &Server) -> Outcome {
    server.by_hand("curl -i -m 3 http://ADDRESS/$(printf %9000s | tr ' ' a)");
    let long = "a".repeat(9_000);
    let mut client = server.send(get(&format!("/{long}")))?;
    has_status(&mut client, 414, server)?;
    // The same when it never ends, and when it isn't the first line.
    for start in ["GET /", "\r\n\r\nGET /"] {
        let mut client = server.send(format!("{start}{long}"))?;
        has_status(&mut client, 414, server)?;
    }
    is_hello(&server.get("/")?)
}

/// A request with that many fields, of that length each.
fn with_fields(count: usize, length: usize) -> String {
    let field = |number| format!("X-{number}: {}\r\n", "x".repeat(length));
    let fields: String = (0..count).map(field).collect();
    get("/").replace("Host:", &format!("{fields}Host:"))
}

pub fn large_request_head_is_431(server: &Server) -> Outcome {
    server.by_hand(
        "curl -i -m 3 -H \"X: $(printf %20000s | tr ' ' x)\" http://ADDRESS/",
    );
    let mut client = server.send(with_fields(20, 1000))?;
    has_status(&mut client, 431, server)?;
    // The same when it never ends.
    let endless = with_fields(20, 1000).replace("\r\n\r\n", "\r\nX: ");
    let mut client = server.send(endless)?;
    has_status(&mut client, 431, server)?;
    is_hello(&server.get("/")?)
}

pub fn too_many_header_fields_are_431(server: &Server) -> Outcome {
    server.by_hand(
        "curl -i -m 3 $(for i in $(seq 120); do echo -H a$i:b; done) http://ADDRESS/",
    );
    let mut client = server.send(with_fields(120, 1))?;
    has_status(&mut client, 431, server)?;
    is_hello(&server.get("/")?)
}

/// A request for a path that makes the request line that long.
fn with_line(length: usize) -> String {
    get(&format!("/{}", "a".repeat(length - "GET / HTTP/1.1".len())))
}

/// A request with a field that makes the head that long.
fn with_head(length: usize) -> String {
    with_fields(1, length - with_fields(1, 0).len())
}

pub fn limits_are_exact(server: &Server) -> Outcome {
    let line = format!(
        "for n in 8178 8179; do\n\
         {STATUS} http://ADDRESS/$(printf %${{n}}s | tr ' ' a)\n\
         done   # 404 for a line of 8 KiB, 414 for one byte more"
    );
    let head = format!(
        "for n in 16356 16357; do\n\
         {STATUS} -0 -H Host: -H Accept: -H User-Agent: \\\n\
         \x20 -H \"X-Long: $(printf %${{n}}s | tr ' ' x)\" http://ADDRESS/\n\
         done   # 200 for a head of 16 KiB, 431 for one byte more"
    );
    let fields = format!(
        "for n in 97 98; do\n\
         {STATUS} $(for i in $(seq $n); do echo -H a$i:b; done) http://ADDRESS/\n\
         done   # curl adds three: 200 for 100 fields, 431 for 101"
    );
    // `get` has two fields.
    let few = with_fields(MAX_FIELDS - 2, 1);
    let many = with_fields(MAX_FIELDS - 1, 1);
    for (commands, request, status) in [
        (&line, with_line(MAX_REQUEST_LINE), 404),
        (&line, with_line(MAX_REQUEST_LINE + 1), 414),
        (&head, with_head(MAX_HEAD), 200),
        (&head, with_head(MAX_HEAD + 1), 431),
        (&fields, few, 200),
        (&fields, many, 431),
    ] {
        server.by_hand(commands);
        let mut client = server.send(request)?;
        has_status(&mut client, status, server)?;
    }
    Ok(())
}

/// Its next response has that status, although no blank line has arrived, and
/// the connection ends.
fn is_refused(client: &mut Client, status: u16, server: &Server) -> Outcome {
    has_status(client, status, server).map_err(|deviation| {
        let expected = format!("{status} at once, and no wait for more");
        deviation.expected(&expected).hint(
            "look at what's done with the bytes that have arrived. Usual cause: \
             nothing looks at them before the blank line that ends a head, and \
             this client sends none.",
        )
    })?;
    client.is_closed(DEADLINE)
}

pub fn invalid_first_byte_is_400_at_once(server: &Server) -> Outcome {
    server.by_hand("curl -k -m 3 https://ADDRESS/");
    let tls_hello = b"\x16\x03\x01\x00\x04\x01\x00\x00\x00";
    is_refused(&mut server.send(tls_hello)?, 400, server)?;
    for byte in *b"\0 \t:(\x7f\x80\xff" {
        is_refused(&mut server.ask([byte])?, 400, server)?;
        is_refused(&mut server.ask([b'\r', b'\n', byte])?, 400, server)?;
    }
    is_hello(&server.get("/")?)
}

pub fn invalid_request_line_is_refused_at_once(server: &Server) -> Outcome {
    for (line, status) in [
        ("GET /\r\n", 400), // HTTP/0.9
        ("GET /\n", 400),
        ("hello\r\n", 400),
        ("GET / HTTP/1.1 \r\n", 400),
        ("GET index.html HTTP/1.1\r\n", 400),
        ("\r\n\r\nGET /\r\n", 400),
        ("GET / HTTP/2.0\r\n", 505),
        ("PRI * HTTP/2.0\r\n", 505), // How HTTP/2 begins.
    ] {
        is_refused(&mut server.ask(line)?, status, server)?;
    }
    is_hello(&server.get("/")?)
}

pub fn fifth_empty_line_is_400_at_once(server: &Server) -> Outcome {
    server.by_hand(by_hand::raw("\r\n".repeat(4) + &get("/")));
    let mut client = server.send("\r\n".repeat(4) + &get("/"))?;
    is_hello(&client.response(DEADLINE)?)?;
    for lines in ["\r\n".repeat(5), "\n".repeat(5)] {
        is_refused(&mut server.ask(lines)?, 400, server)?;
    }
    Ok(())
}

pub fn refused_head_request_gets_no_body(server: &Server) -> Outcome {
    let long = format!("HEAD /{} HTTP/1.1", "a".repeat(9_000));
    server.by_hand("curl -I -m 3 http://ADDRESS/$(printf %9000s | tr ' ' a)");
    // The second one ends before its line does.
    for request in [line(&long), long] {
        for empty in ["", "\r\n"] {
            let mut client = server.send(format!("{empty}{request}"))?;
            client.head(server.patience())?.has_status(414)?;
            client.is_closed(DEADLINE)?;
        }
    }
    let mut client =
        server.ask("\r\n".to_string() + &line("HEAD / HTTP/1.1"))?;
    client.head(DEADLINE)?.has_status(200)?;
    client.is_closed(DEADLINE)
}

#[cfg(target_os = "linux")]
pub fn endless_request_head_does_not_fill_the_memory(
    server: &Server,
) -> Outcome {
    server.by_hand(
        "bash -c \"head -c 32000000 /dev/zero | tr '\\0' a > /dev/tcp/ADDRESS\"\n\
         grep VmHWM /proc/$server/status   # the most memory that it has had",
    );
    let most = server.peak_memory()? + 4 * 1024;
    let part = "a".repeat(1 << 20);
    for start in ["GET /", "GET / HTTP/1.1\r\nX: "] {
        let mut client = server.send(start)?;
        // It ends when the server refuses to read more.
        _ = (0..32).try_for_each(|_| client.send(&part));
        let peak = server.peak_memory()?;
        if peak > most {
            let expected = format!("at most {most} KiB of memory, ever");
            return differs(&expected, &format!("{peak} KiB")).map_err(|it| {
                it.hint(
                    "look at where the head is read. Usual cause: it's read up \
                     to its blank line, however far away that is.",
                )
            });
        }
    }
    is_hello(&server.get("/")?)
}

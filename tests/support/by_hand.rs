//! Commands with which a learner sees by hand what a test has seen.
//!
//! They need a shell and curl, and nothing else. Each ends by itself, so that a
//! server that never responds can be told from one that does.

/// Sends exactly these bytes, and shows what comes back.
pub fn raw(bytes: impl AsRef<[u8]>) -> String {
    let bytes = printf(bytes.as_ref());
    format!("({bytes}; sleep 1) | curl -m 3 telnet://ADDRESS")
}

/// Asks for a path, and shows the whole response.
pub fn get(path: &str) -> String {
    let path = path.replace('\'', "%27");
    format!("curl -gi -m 3 --path-as-is 'http://ADDRESS{path}'")
}

/// Connects that many times and sends nothing, for nine seconds.
pub fn silent(count: usize) -> String {
    in_background(count, "")
}

/// Sends half a request on that many connections, and the rest never.
pub fn held(count: usize) -> String {
    in_background(count, "GET / HTTP/1.1\\r\\n")
}

/// Asks for `/` on that many connections, and keeps them open for nine seconds.
pub fn idle(count: usize) -> String {
    in_background(count, "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
}

/// Starts the server with these options, and stops it at the end.
pub fn with(options: &str, commands: &str) -> String {
    format!(
        "SERVER ADDRESS {options} & server=$!; sleep 1\n\
         {commands}\n\
         kill $server"
    )
}

fn in_background(count: usize, bytes: &str) -> String {
    if count >= 100 {
        // So many processes would keep the machine busy.
        let sends = match bytes {
            "" => String::new(),
            bytes => format!("\n  printf \"{bytes}\" >&$fd"),
        };
        return format!(
            "bash -c 'ulimit -n 4096; for i in $(seq {count}); do\n\
             \x20 exec {{fd}}<>/dev/tcp/ADDRESS{sends}\n\
             done; sleep 9' & sleep 1"
        );
    }
    let waits = match bytes {
        "" => "sleep 9".to_string(),
        bytes => format!("(printf '{bytes}'; sleep 9)"),
    };
    let client = format!("{waits} | curl -s telnet://ADDRESS > /dev/null &");
    match count {
        1 => format!("{client} sleep 1"),
        _ => format!("for i in $(seq {count}); do {client} done; sleep 1"),
    }
}

/// Asks for `/` and prints no more than the status: 000 if no response came.
pub const STATUS: &str =
    "curl -sS -m 3 -o /dev/null -w '%{http_code}\\n' http://ADDRESS/";

fn printf(bytes: &[u8]) -> String {
    let mut format = String::new();
    for &byte in bytes {
        match byte {
            b'\r' => format.push_str("\\r"),
            b'\n' => format.push_str("\\n"),
            b'\t' => format.push_str("\\t"),
            b'%' => format.push_str("%%"),
            b'\\' => format.push_str("\\\\"),
            b'\'' => format.push_str("'\\''"),
            b' '..=b'~' => format.push(byte as char),
            _ => format.push_str(&format!("\\{byte:03o}")),
        }
    }
    format!("printf '{format}'")
}

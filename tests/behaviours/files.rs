//! A directory of files, and nothing outside of it.

use std::fs;
#[cfg(unix)]
use std::path::Path;

#[cfg(target_os = "linux")]
use super::differs;
use super::directory::{Directory, SECRET, is};
use super::responding::{NOT_FOUND, is_hello, is_page};
#[cfg(target_os = "linux")]
use crate::support::DEADLINE;
use crate::support::by_hand;
#[cfg(target_os = "linux")]
use crate::support::client::get;
use crate::support::report::Outcome;
use crate::support::response::Response;
use crate::support::server::Server;

/// The response has one of these statuses, and the secret isn't in it.
fn has_status(response: &Response, allowed: &[u16]) -> Outcome {
    let body = String::from_utf8_lossy(&response.body);
    if body.contains(SECRET) {
        return response.differs("a response without a file from elsewhere");
    }
    if allowed.contains(&response.status) {
        return Ok(());
    }
    response.differs(&format!("a status of {allowed:?}"))
}

pub fn any_file_below_the_root_is_served(server: &Server) -> Outcome {
    server.by_hand(by_hand::get("/404.html"));
    is_page(&server.get("/404.html")?, 200, &NOT_FOUND)?;
    let types = [
        ("a.html", "text/html; charset=utf-8"),
        ("b/c.css", "text/css; charset=utf-8"),
        ("b/d/e.js", "text/javascript; charset=utf-8"),
        ("f.TXT", "text/plain; charset=utf-8"),
        ("g.json", "application/json"),
        ("h.svg", "image/svg+xml; charset=utf-8"),
        ("i.png", "image/png"),
        ("j.jpg", "image/jpeg"),
        ("k.woff2", "font/woff2"),
        ("l.wasm", "application/wasm"),
        ("m.unknown", "application/octet-stream"),
        ("n", "application/octet-stream"),
    ];
    let directory = Directory::new(&types.map(|(path, _)| (path, path)));
    let server = directory.served_by(server)?;
    for (path, media_type) in types {
        let response = directory.get(&server, &format!("/{path}"))?;
        is(&response, 200, path)?;
        for (name, value) in [
            ("content-type", media_type),
            ("x-content-type-options", "nosniff"),
        ] {
            let found = response.field(name).unwrap_or_default();
            let charset = "; charset=utf-8";
            if found.trim_end_matches(charset)
                != value.trim_end_matches(charset)
                || (value.starts_with("text/") && found != value)
            {
                let expected = format!("{name}: {value} for {path}");
                return response.differs(&expected);
            }
        }
    }
    has_status(&directory.get(&server, "/b/none")?, &[404])?;
    has_status(&directory.get(&server, "/a.html/")?, &[404])?;
    server.is_well()
}

pub fn directory_serves_its_index(server: &Server) -> Outcome {
    server.by_hand(by_hand::get("/"));
    is_hello(&server.get("/")?)?;
    let directory = Directory::new(&[
        ("index.html", "the index"),
        ("hello.html", "not the index"),
        ("a/index.html", "the index of a"),
        ("b/hello.html", "no index"),
        ("c/index.html/d", "an index that is a directory"),
    ]);
    let with_index = directory.served_by(server)?;
    is(&directory.get(&with_index, "/")?, 200, "the index")?;
    is(&directory.get(&with_index, "/a/")?, 200, "the index of a")?;
    has_status(&directory.get(&with_index, "/b/")?, &[404])?;
    has_status(&directory.get(&with_index, "/c/")?, &[404])?;
    fs::remove_file(directory.site().join("index.html")).unwrap();
    is(&directory.get(&with_index, "/")?, 200, "not the index")
}

pub fn directory_without_slash_is_redirected(server: &Server) -> Outcome {
    let directory = Directory::new(&[("a/b c/index.html", "here")]);
    let server = directory.served_by(server)?;
    for (path, location) in
        [("/a", "/a/"), ("/a?q=1", "/a/?q=1"), ("/a/b%20c", "/a/b%20c/")]
    {
        let response = directory.get(&server, path)?;
        let found = response.field("location").unwrap_or_default();
        if response.status != 301 || found != location {
            return response.differs(&format!("301 to {location} for {path}"));
        }
    }
    // A target that a browser would take for another host.
    has_status(&directory.get(&server, "//a")?, &[404, 400])
}

pub fn percent_escapes_are_decoded(server: &Server) -> Outcome {
    server.by_hand(by_hand::get("/hello%2Ehtml"));
    is_hello(&server.get("/hello%2Ehtml")?)?;
    is_hello(&server.get("/%68ello.htm%6c?query")?)?;
    let files = [("a b/é+.txt", "found"), ("100%.txt", "percent")];
    let directory = Directory::new(&files);
    let server = directory.served_by(server)?;
    for (path, body) in [
        ("/a%20b/%c3%a9+.txt", "found"),
        ("/a%20b/%C3%A9%2B.txt", "found"),
        ("/100%25.txt", "percent"),
    ] {
        is(&directory.get(&server, path)?, 200, body)?;
    }
    // Decoded once, and never twice.
    has_status(&directory.get(&server, "/100%2525.txt")?, &[404])?;
    has_status(&directory.get(&server, "/a+b/%c3%a9+.txt")?, &[404])?;
    has_status(&directory.get(&server, "/%ff.txt")?, &[404, 400])
}

pub fn malformed_percent_escape_is_400(server: &Server) -> Outcome {
    for path in ["/%", "/a%2", "/%zz", "/%+1", "/%2g", "/hello.html%00"] {
        server.by_hand(by_hand::get(path));
        has_status(&server.get(path)?, &[400])?;
    }
    is_hello(&server.get("/")?)
}

pub fn nothing_outside_the_root_is_served(server: &Server) -> Outcome {
    let directory =
        Directory::new(&[("a/b.txt", "inside"), ("hello.html", "hello")]);
    let served = directory.served_by(server)?;
    is(&directory.get(&served, "/a/../a/./b.txt")?, 200, "inside")?;
    let secret = directory.all.0.join("secret.txt").display().to_string();
    let absolute = [
        secret.clone(),
        format!("/{secret}"),
        secret.replace('/', "%2f"),
        format!("/a/{}", secret.replace('/', "%2F")),
        format!("/{}", secret.replace('/', "\\")),
    ];
    let mut paths: Vec<String> = absolute.into();
    for dots in ["..", "%2e%2e", ".%2E", "%2e."] {
        for slash in ["/", "%2f", "\\", "%5c", "//", "/./"] {
            for start in ["/", "/a/", "/a/b.txt/", "/a/../"] {
                let up = format!("{dots}{slash}");
                paths.push(format!("{start}{up}secret.txt"));
                paths.push(format!("{start}{up}{up}secret.txt"));
                paths.push(format!("{start}{up}{up}{up}secret.txt"));
            }
        }
    }
    for path in paths {
        // What doesn't begin with a slash isn't a target.
        let slash = if path.starts_with('/') { "" } else { "/" };
        has_status(
            &directory.get(&served, &format!("{slash}{path}"))?,
            &[400, 404],
        )?;
    }
    is(&directory.get(&served, "/a/b.txt")?, 200, "inside")?;
    served.is_well()
}

pub fn hidden_files_are_not_served(server: &Server) -> Outcome {
    let files = [(".hidden", SECRET), (".git/config", SECRET), ("a", "a")];
    let directory = Directory::new(&files);
    let server = directory.served_by(server)?;
    for path in ["/.hidden", "/%2ehidden", "/.git/config", "/.git", "/.git/"] {
        has_status(&directory.get(&server, path)?, &[404, 403])?;
    }
    is(&directory.get(&server, "/a")?, 200, "a")
}

#[cfg(unix)]
pub fn symlink_out_of_the_root_is_not_followed(server: &Server) -> Outcome {
    let directory = Directory::new(&[("a/b.txt", "inside")]).and(
        "ln -s ../secret.txt \"$d/site/file.txt\"\n\
         ln -s .. \"$d/site/directory\"\n\
         ln -s ../../secret.txt \"$d/site/a/relative.txt\"\n\
         ln -s a \"$d/site/within\"; ln -s b.txt \"$d/site/a/c.txt\"\n",
    );
    let link = |to: &Path, from: &str| {
        std::os::unix::fs::symlink(to, directory.site().join(from)).unwrap();
    };
    link(&directory.all.0.join("secret.txt"), "file.txt");
    link(&directory.all.0, "directory");
    link(Path::new("../../secret.txt"), "a/relative.txt");
    link(Path::new("loop"), "loop");
    link(Path::new("nowhere"), "dangling");
    link(Path::new("a"), "within");
    link(Path::new("b.txt"), "a/c.txt");
    fs::write(directory.site().join(".hidden"), SECRET).unwrap();
    link(Path::new(".hidden"), "shown.txt");
    let server = directory.served_by(server)?;
    for _ in 0..2 {
        for path in ["/within/b.txt", "/a/c.txt", "/within/c.txt"] {
            is(&directory.get(&server, path)?, 200, "inside")?;
        }
        for path in [
            "/file.txt",
            "/directory/secret.txt",
            "/directory/site/a/b.txt/../../../secret.txt",
            "/directory",
            "/directory/",
            "/a/relative.txt",
            "/dangling",
            "/shown.txt",
            "/loop",
        ] {
            has_status(&directory.get(&server, path)?, &[404, 403])?;
        }
    }
    server.is_well()
}

#[cfg(unix)]
pub fn named_pipe_does_not_block_a_worker(server: &Server) -> Outcome {
    let directory =
        Directory::new(&[("a", "a")]).and("mkfifo \"$d/site/pipe\"\n");
    let pipe = directory.site().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    let socket = directory.site().join("socket");
    let listener = std::os::unix::net::UnixListener::bind(&socket);
    assert!(made.is_ok_and(|it| it.success()) && listener.is_ok());
    let server = directory.served_by(server)?;
    for path in ["/pipe", "/socket", "/pipe"] {
        has_status(&directory.get(&server, path)?, &[404, 403])?;
    }
    is(&directory.get(&server, "/a")?, 200, "a")
}

#[cfg(target_os = "linux")]
pub fn large_file_is_sent_in_constant_memory(server: &Server) -> Outcome {
    const LENGTH: u64 = 100_000_000;
    let directory = Directory::new(&[("a", "a")])
        .and("head -c 100000000 /dev/zero > \"$d/site/large\"\n");
    let large = fs::File::create(directory.site().join("large"));
    large.and_then(|file| file.set_len(LENGTH)).unwrap();
    let server = directory.served_by(server)?;
    is(&directory.get(&server, "/a")?, 200, "a")?;
    let before = server.peak_memory()?;
    directory.by_hand(
        &server,
        "curl -m 9 -o /dev/null -w '%{size_download}\\n' http://ADDRESS/large\n\
         grep VmHWM /proc/$server/status   # the most memory that it has had",
    );
    let mut client = server.send(get("/large"))?;
    let head = client.head(DEADLINE)?;
    let length = head.field("content-length").unwrap_or_default().to_string();
    let count = client.drain();
    if head.status != 200 || length != LENGTH.to_string() || count != LENGTH {
        let saw = format!("{}, {length}, {count} bytes", head.status);
        return differs(&format!("200 and {LENGTH} bytes"), &saw);
    }
    let more = server.peak_memory()?.saturating_sub(before);
    if more > 4 * 1024 {
        let saw = format!("{more} KiB");
        return differs("less than 4 MiB of memory for a large file", &saw);
    }
    Ok(())
}

pub fn not_found_page_comes_from_the_root(server: &Server) -> Outcome {
    let directory = Directory::new(&[("a", "a")]);
    let served = directory.served_by(server)?;
    let none = directory.get(&served, "/none")?;
    if none.status != 404 || none.body.len() >= 200 {
        return none.differs("404 with a short text");
    }
    fs::write(directory.site().join("404.html"), "not here").unwrap();
    is(&directory.get(&served, "/none")?, 404, "not here")
}

pub fn demonstration_routes_can_be_turned_off(server: &Server) -> Outcome {
    server.by_hand(by_hand::with("--no-demo", &by_hand::get("/sleep?ms=100")));
    let plain = server.configured(&["--no-demo"])?;
    has_status(&plain.get("/sleep?ms=100")?, &[404])?;
    has_status(&plain.get("/panic")?, &[404])
}

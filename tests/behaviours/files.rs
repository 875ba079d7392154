//! A folder of files, and nothing outside of it.

#[cfg(unix)]
use std::path::Path;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, process};

use super::differs;
use super::responding::is_hello;
use crate::support::DEADLINE;
use crate::support::client::{Response, get};
use crate::support::report::{Outcome, shown};
use crate::support::server::Server;

/// A folder for one test, gone when the test is over. `site` in it is served;
/// what lies beside it must never be.
struct Folder(PathBuf);

const SECRET: &str = "nobody may read this";

impl Folder {
    fn new(files: &[(&str, &str)]) -> Folder {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        // Relaxed: no two may be the same, and that is all.
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("site-{}-{number}", process::id());
        let folder = Folder(env::temp_dir().join(name));
        fs::create_dir_all(folder.site()).unwrap();
        fs::write(folder.0.join("secret.txt"), SECRET).unwrap();
        for (path, text) in files {
            let path = folder.site().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn site(&self) -> PathBuf {
        self.0.join("site")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

/// The response has that status and, if any is named, that body.
fn is(response: &Response, status: u16, body: &str, path: &str) -> Outcome {
    if response.status == status && response.body == body.as_bytes() {
        return Ok(());
    }
    let saw = format!("{} with {}", response.status, shown(&response.body));
    differs(&format!("{status} with {body:?} for {path}"), &saw)
}

fn has_status(server: &Server, path: &str, allowed: &[u16]) -> Outcome {
    let response = server.get(path)?;
    let body = String::from_utf8_lossy(&response.body).into_owned();
    if allowed.contains(&response.status) && !body.contains(SECRET) {
        return Ok(());
    }
    let saw = format!("{} with {}", response.status, shown(&response.body));
    differs(&format!("a status of {allowed:?} for {path}"), &saw)
}

/// A request for `path` with one more field.
fn get_with(server: &Server, path: &str, field: &str) -> Outcome<Response> {
    let request = get(path).replace("Host:", &format!("{field}\r\nHost:"));
    server.send(request)?.head(DEADLINE)
}

pub fn any_file_below_the_root_is_served(server: &Server) -> Outcome {
    server.by_hand("curl -i http://ADDRESS/404.html");
    let page = include_str!("../../static/404.html");
    is(&server.get("/404.html")?, 200, page, "/404.html")?;
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
    let folder = Folder::new(&types.map(|(path, _)| (path, path)));
    let server = server.serving(&folder.site())?;
    for (path, media_type) in types {
        let response = server.get(&format!("/{path}"))?;
        is(&response, 200, path, path)?;
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
                return differs(&expected, &format!("{:?}", response.fields));
            }
        }
    }
    has_status(&server, "/b/none", &[404])?;
    has_status(&server, "/a.html/", &[404])?;
    server.is_well()
}

pub fn a_folder_is_its_index(server: &Server) -> Outcome {
    server.by_hand("curl -i http://ADDRESS/   # index.html, else hello.html");
    is_hello(&server.get("/")?)?;
    let folder = Folder::new(&[
        ("index.html", "the index"),
        ("hello.html", "not the index"),
        ("a/index.html", "a's index"),
        ("b/hello.html", "no index"),
        ("c/index.html/d", "an index that is a folder"),
    ]);
    let with_index = server.serving(&folder.site())?;
    is(&with_index.get("/")?, 200, "the index", "/")?;
    is(&with_index.get("/a/")?, 200, "a's index", "/a/")?;
    has_status(&with_index, "/b/", &[404])?;
    has_status(&with_index, "/c/", &[404])?;
    fs::remove_file(folder.site().join("index.html")).unwrap();
    is(&with_index.get("/")?, 200, "not the index", "/")
}

pub fn a_folder_without_its_slash_is_moved(server: &Server) -> Outcome {
    server.by_hand("curl -i http://ADDRESS/folder   # Location: /folder/");
    let folder = Folder::new(&[("a/b c/index.html", "here")]);
    let server = server.serving(&folder.site())?;
    for (path, location) in
        [("/a", "/a/"), ("/a?q=1", "/a/?q=1"), ("/a/b%20c", "/a/b%20c/")]
    {
        let response = server.get(path)?;
        let found = response.field("location").unwrap_or_default();
        if response.status != 301 || found != location {
            let saw = format!("{} {:?}", response.status, response.fields);
            return differs(&format!("301 to {location} for {path}"), &saw);
        }
    }
    // A target that a browser would take for another host.
    has_status(&server, "//a", &[404, 400])
}

pub fn percent_escapes_are_decoded(server: &Server) -> Outcome {
    server.by_hand("curl -i http://ADDRESS/hello%2Ehtml");
    is_hello(&server.get("/hello%2Ehtml")?)?;
    is_hello(&server.get("/%68ello.htm%6c?query")?)?;
    let files = [("a b/é+.txt", "found"), ("100%.txt", "percent")];
    let folder = Folder::new(&files);
    let server = server.serving(&folder.site())?;
    for (path, body) in [
        ("/a%20b/%c3%a9+.txt", "found"),
        ("/a%20b/%C3%A9%2B.txt", "found"),
        ("/100%25.txt", "percent"),
    ] {
        is(&server.get(path)?, 200, body, path)?;
    }
    // Decoded once, and never twice.
    has_status(&server, "/100%2525.txt", &[404])?;
    has_status(&server, "/a+b/%c3%a9+.txt", &[404])?;
    has_status(&server, "/%ff.txt", &[404, 400])
}

pub fn broken_escapes_are_400(server: &Server) -> Outcome {
    server.by_hand("curl -i http://ADDRESS/%zz");
    for path in ["/%", "/a%2", "/%zz", "/%+1", "/%2g", "/hello.html%00"] {
        has_status(server, path, &[400])?;
    }
    is_hello(&server.get("/")?)
}

pub fn nothing_outside_the_root_is_served(server: &Server) -> Outcome {
    server.by_hand("curl -i --path-as-is http://ADDRESS/../Cargo.toml");
    let folder = Folder::new(&[("a/b.txt", "inside"), ("hello.html", "hello")]);
    let served = server.serving(&folder.site())?;
    is(&served.get("/a/../a/./b.txt")?, 200, "inside", "/a/../a/./b.txt")?;
    let secret = folder.0.join("secret.txt").display().to_string();
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
        // What does not begin with a slash is no target at all.
        let slash = if path.starts_with('/') { "" } else { "/" };
        has_status(&served, &format!("{slash}{path}"), &[400, 404])?;
    }
    is(&served.get("/a/b.txt")?, 200, "inside", "/a/b.txt")?;
    served.is_well()
}

pub fn hidden_files_are_not_served(server: &Server) -> Outcome {
    server.by_hand("curl -i http://ADDRESS/.git/config");
    let files = [(".hidden", SECRET), (".git/config", SECRET), ("a", "a")];
    let folder = Folder::new(&files);
    let server = server.serving(&folder.site())?;
    for path in ["/.hidden", "/%2ehidden", "/.git/config", "/.git", "/.git/"] {
        has_status(&server, path, &[404, 403])?;
    }
    is(&server.get("/a")?, 200, "a", "/a")
}

#[cfg(unix)]
pub fn a_symlink_leads_nowhere_else(server: &Server) -> Outcome {
    server.by_hand("ln -s /etc static/etc; curl -i http://ADDRESS/etc/passwd");
    let folder = Folder::new(&[("a/b.txt", "inside")]);
    let link = |to: &Path, from: &str| {
        std::os::unix::fs::symlink(to, folder.site().join(from)).unwrap();
    };
    link(&folder.0.join("secret.txt"), "file.txt");
    link(&folder.0, "folder");
    link(Path::new("../../secret.txt"), "a/relative.txt");
    link(Path::new("loop"), "loop");
    link(Path::new("nowhere"), "dangling");
    link(Path::new("a"), "within");
    link(Path::new("b.txt"), "a/c.txt");
    fs::write(folder.site().join(".hidden"), SECRET).unwrap();
    link(Path::new(".hidden"), "shown.txt");
    let server = server.serving(&folder.site())?;
    for _ in 0..2 {
        for path in ["/within/b.txt", "/a/c.txt", "/within/c.txt"] {
            is(&server.get(path)?, 200, "inside", path)?;
        }
        for path in [
            "/file.txt",
            "/folder/secret.txt",
            "/folder/site/a/b.txt/../../../secret.txt",
            "/folder",
            "/folder/",
            "/a/relative.txt",
            "/dangling",
            "/shown.txt",
            "/loop",
        ] {
            has_status(&server, path, &[404, 403])?;
        }
    }
    server.is_well()
}

#[cfg(unix)]
pub fn a_pipe_holds_nobody_up(server: &Server) -> Outcome {
    server.by_hand("mkfifo static/pipe; curl -i http://ADDRESS/pipe");
    let folder = Folder::new(&[("a", "a")]);
    let pipe = folder.site().join("pipe");
    let made = process::Command::new("mkfifo").arg(&pipe).status();
    let socket = folder.site().join("socket");
    let listener = std::os::unix::net::UnixListener::bind(&socket);
    assert!(made.is_ok_and(|it| it.success()) && listener.is_ok());
    let server = server.serving(&folder.site())?;
    for path in ["/pipe", "/socket", "/pipe"] {
        has_status(&server, path, &[404, 403])?;
    }
    is(&server.get("/a")?, 200, "a", "/a")
}

pub fn a_file_that_is_known_is_304(server: &Server) -> Outcome {
    server.by_hand(
        "curl -i http://ADDRESS/   # and with its Last-Modified:\n\
         curl -i -H 'If-Modified-Since: …' http://ADDRESS/",
    );
    let response = server.get("/")?;
    is_hello(&response)?;
    let Some(date) = response.field("last-modified") else {
        let fields = format!("{:?}", response.fields);
        return differs("Last-Modified", &fields);
    };
    for (field, status) in [
        (format!("If-Modified-Since: {date}"), 304),
        ("If-Modified-Since: Fri, 31 Dec 9999 23:59:59 GMT".into(), 304),
        ("If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT".into(), 200),
        ("If-Modified-Since: Sun Nov  6 08:49:37 1994".into(), 200),
        ("If-Modified-Since: Fri Dec 31 23:59:59 9999".into(), 304),
        ("If-Modified-Since: tomorrow".into(), 200),
        (format!("If-Modified-Since: {date}\r\nIf-None-Match: \"a\""), 200),
    ] {
        let response = get_with(server, "/", &field)?;
        let known = response.status == 304;
        let bare = response.field("content-length").is_none()
            && response.field("content-type").is_none()
            && response.field("last-modified") == Some(date);
        if response.status != status || (known && !bare) {
            let saw = format!("{} {:?}", response.status, response.fields);
            return differs(&format!("{status} for {field}"), &saw);
        }
    }
    gets_what_has_changed(server)?;
    // Who has the old one gets the new one, however short the time between.
    let folder = Folder::new(&[("a", "old")]);
    let server = server.serving(&folder.site())?;
    let old = server.get("/a")?;
    let date = old.field("last-modified").unwrap_or_default();
    is(&old, 200, "old", "/a")?;
    fs::write(folder.site().join("a"), "new").unwrap();
    is(&server.get("/a")?, 200, "new", "/a")?;
    let tomorrow =
        std::time::SystemTime::now() + std::time::Duration::from_secs(86_400);
    let file = fs::File::options().write(true).open(folder.site().join("a"));
    file.and_then(|file| file.set_modified(tomorrow)).unwrap();
    // What comes from the future is told as if it were of now.
    let response = server.get("/a")?;
    let day = |name| Some(response.field(name)?.get(..16)?.to_string());
    if day("last-modified") != day("date") {
        let saw = format!("{:?}", response.fields);
        return differs("Last-Modified no later than Date", &saw);
    }
    let since = format!("If-Modified-Since: {date}");
    match get_with(&server, "/a", &since)?.status {
        200 => Ok(()),
        status => differs("200, since it has changed", &status.to_string()),
    }
}

/// A server may keep a file in memory, if it notices when the file changes.
fn gets_what_has_changed(server: &Server) -> Outcome {
    let folder = Folder::new(&[("a", "old")]);
    let path = folder.site().join("a");
    let minutes_ago = |minutes: u64| {
        let age = std::time::Duration::from_secs(minutes * 60);
        let file = fs::File::options().write(true).open(&path);
        let time = std::time::SystemTime::now() - age;
        file.and_then(|file| file.set_modified(time)).unwrap();
    };
    minutes_ago(9);
    let server = server.serving(&folder.site())?;
    for _ in 0..3 {
        is(&server.get("/a")?, 200, "old", "/a")?;
    }
    for (text, minutes) in [("new", 8), ("newer", 7), ("", 6), ("last", 5)] {
        fs::write(&path, text).unwrap();
        minutes_ago(minutes);
        let start = std::time::Instant::now();
        while server.get("/a")?.body != text.as_bytes() {
            if start.elapsed() > DEADLINE / 10 {
                let expected = format!("{text:?}, since the file has changed");
                return differs(&expected, "what it held before");
            }
        }
    }
    Ok(())
}

#[cfg(target_os = "linux")]
pub fn a_large_file_takes_little_memory(server: &Server) -> Outcome {
    server.by_hand(
        "head -c 100000000 /dev/zero > static/large\n\
         curl -o /dev/null http://ADDRESS/large   # and watch its memory",
    );
    const LENGTH: u64 = 100_000_000;
    let folder = Folder::new(&[("a", "a")]);
    let large = fs::File::create(folder.site().join("large"));
    large.and_then(|file| file.set_len(LENGTH)).unwrap();
    let server = server.serving(&folder.site())?;
    is(&server.get("/a")?, 200, "a", "/a")?;
    let before = server.peak_memory()?;
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

pub fn the_404_page_is_that_of_the_root(server: &Server) -> Outcome {
    server.by_hand("curl -i http://ADDRESS/no-such-page   # with --root DIR");
    let folder = Folder::new(&[("a", "a")]);
    let served = server.serving(&folder.site())?;
    let none = served.get("/none")?;
    let short = none.status == 404 && none.body.len() < 200;
    if !short {
        return differs("404 with a short text", &shown(&none.body));
    }
    fs::write(folder.site().join("404.html"), "not here").unwrap();
    is(&served.get("/none")?, 404, "not here", "/none")
}

pub fn demonstrations_can_be_turned_off(server: &Server) -> Outcome {
    server.by_hand(
        "# start it with --no-demo\n\
         curl -i 'http://ADDRESS/sleep?ms=100'",
    );
    let plain = server.configured(&["--no-demo"])?;
    has_status(&plain, "/sleep?ms=100", &[404])?;
    has_status(&plain, "/panic", &[404])
}

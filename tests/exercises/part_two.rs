//! What the exercises of chapters 7 to 11 ask for.

use crate::part_one::{differs, reports};
use crate::support::DEADLINE;
use crate::support::client::get;
use crate::support::report::{Deviation, Outcome, Symptom, shown};
use crate::support::response::Response;
use crate::support::scratch::Scratch;
use crate::support::server::Server;
use std::fs::{self, File};
use std::time::{Duration, Instant, UNIX_EPOCH};

/// A second server with these options. A step doesn't know the new one.
pub fn with(server: &Server, options: &[&str]) -> Outcome<Server> {
    server.with_options(options).map_err(|it| {
        it.expected(&format!("a server that takes {}", options.join(" "))).hint(
            "look at what reads the command line. Usual cause: the option isn't \
             there yet, or it's spelt differently.",
        )
    })
}

/// A directory for a server to serve, below one that isn't served.
struct Site(Scratch);

impl Site {
    fn new(files: &[(&str, &str)]) -> Site {
        let scratch = Scratch::new("exercise");
        fs::create_dir(scratch.0.join("site")).unwrap();
        fs::write(scratch.0.join("secret.txt"), "secret").unwrap();
        let site = Site(scratch);
        for (name, text) in files {
            let path = site.path(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        site
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.0.join("site").join(name)
    }

    /// A server of it, with these options, too.
    fn served(&self, server: &Server, options: &[&str]) -> Outcome<Server> {
        let root = self.path("").display().to_string();
        with(server, &[options, &["--root", &root]].concat())
    }
}

/// The response to a request for a path, with one more header field.
fn ask(server: &Server, path: &str, field: &str) -> Outcome<Response> {
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n");
    let mut client = server.send(format!("{request}{field}\r\n\r\n"))?;
    client.head(DEADLINE).and_then(|mut head| {
        let length = match head.status {
            304 => 0, // It has no body, whatever its length.
            _ => head.content_length().unwrap_or_default(),
        };
        head.body = client.part_of_body(length)?;
        Ok(head)
    })
}

/// The response has that status and that body.
fn is(response: &Response, status: u16, body: &str, hint: &str) -> Outcome {
    if response.status == status && response.body == body.as_bytes() {
        return Ok(());
    }
    let told = |status: u16, body: &[u8]| {
        format!("status {status} and {} bytes: {}", body.len(), shown(body))
    };
    let expected = told(status, body.as_bytes());
    let saw = told(response.status, &response.body);
    let deviation = Deviation::new(Symptom::Differs, &expected, &saw);
    Err(Deviation { sent: response.sent.clone(), ..deviation }.hint(hint))
}

/// The response has that field, with that value.
fn has(response: &Response, field: &str, value: &str, hint: &str) -> Outcome {
    if response.field(field) == Some(value) {
        return Ok(());
    }
    let expected = format!("{field}: {value}");
    response.differs(&expected).map_err(|it| it.hint(hint))
}

pub fn refused_head_is_explained_on_standard_error(server: &Server) -> Outcome {
    for (request, why) in [
        ("GET / HTTP/1.1\r\n\r\n", "no Host"),
        ("GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", "more than one Host"),
        ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "Host: a b"),
        ("GET / HTTP/1.1\r\nHost: a\r\nbad line\r\n\r\n", "bad line"),
        ("GET /\r\nHost: a\r\n\r\n", "GET /"),
        ("GET /new HTTP/2.0\r\nHost: a\r\n\r\n", "GET /new HTTP/2.0"),
    ] {
        server.send(request)?.response(DEADLINE)?;
        let line = format!("rejected: {why}");
        let hint = "look at what is returned with the status. Usual cause: for \
                    one of the rules, `?` returns without a reason, or with \
                    another rule's.";
        reports(server, &line, hint, |it| it == line)?;
    }
    server
        .send("GET / HTTP/1.1\r\n\x1b[31mA: b\r\nHost: a\r\n\r\n")?
        .response(DEADLINE)?;
    let hint = "look at how the line gets into the reason. Usual cause: it's \
                printed as it came, so that the terminal obeys what's in it.";
    reports(server, "rejected: \\x1b[31mA: b, escaped", hint, |line| {
        let is_it = line.starts_with("rejected: ") && line.contains("[31mA: b");
        is_it && !line.contains('\x1b')
    })
}

pub fn ambiguous_length_is_400(server: &Server) -> Outcome {
    let get = |fields: &str| {
        let head = format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n");
        server.send(head)?.response(DEADLINE)
    };
    get("content-length: 0")?.has_status(200)?;
    for fields in [
        "Content-Length: 0\r\ncontent-length: 0",
        "Content-Length: 0\r\nX-Other: a\r\nContent-Length: 7",
        "Content-Length: +0",
        "Content-Length: 0, 0",
        "Content-Length:",
        "Content-Length: 0\r\nTransfer-Encoding: chunked",
        "transfer-encoding: chunked\r\nContent-Length: 0",
    ] {
        let hint = "look at the loop over the fields. Usual causes: case \
                    counts when names are compared; `parse` accepts `+0`; or \
                    the two fields are only noticed in one order.";
        get(fields)?.has_status(400).map_err(|it| it.hint(hint))?;
    }
    Ok(())
}

pub fn brew_coffee_is_418(server: &Server) -> Outcome {
    for (line, status) in [
        ("BREW /coffee", 418),
        ("BREW /coffee?milk=yes", 418),
        ("BREW /", 501),
        ("BREW /coffees", 501),
        ("brew /coffee", 501),
        ("GET /coffee", 404),
    ] {
        let head = format!("{line} HTTP/1.1\r\nHost: a\r\n\r\n");
        let hint = "look at the arm for BREW. Usual causes: it comes after the \
                    one for every method, the path isn't checked, or the path \
                    is checked before the method.";
        let response = server.send(head)?.response(DEADLINE)?;
        response.has_status(status).map_err(|it| it.hint(hint))?;
    }
    Ok(())
}

pub fn response_says_how_long_it_took(server: &Server) -> Outcome {
    let slow = get("/sleep?ms=300");
    for (request, least) in [(&*slow, 300.0), ("GET /\r\n\r\n", 0.0)] {
        let start = Instant::now();
        let response = server.send(request)?.response(DEADLINE)?;
        let most = (start.elapsed().as_secs_f64() * 1000.0).ceil();
        let timing = response.field("server-timing").unwrap_or_default();
        let time = timing.strip_prefix("total;dur=");
        let time = time.and_then(|time| time.parse::<f64>().ok());
        if time.is_some_and(|time| (least..=most).contains(&time)) {
            continue;
        }
        let expected = format!(
            "Server-Timing: total;dur=N, where N is from {least} to {most}"
        );
        return response.differs(&expected).map_err(|it| {
            it.hint(
                "look at where the time begins and ends, and at its unit. Usual \
                 causes: it's taken after the response was made, it's in \
                 seconds, or a refused request is answered elsewhere.",
            )
        });
    }
    Ok(())
}

pub fn extension_of_a_page_may_be_left_out(server: &Server) -> Outcome {
    let site = Site::new(&[
        ("about.html", "about us"),
        ("docs/v1.2.html", "news"),
        ("both", "no extension"),
        ("both.html", "with extension"),
        ("sub.html", "not the directory"),
        ("sub/index.html", "the directory"),
    ]);
    #[cfg(unix)]
    std::os::unix::fs::symlink("../secret.txt", site.path("out.html")).unwrap();
    let server = site.served(server, &[])?;
    let hint = "look at how the second name is chosen. Usual causes: it's tried \
                for a name that exists, or it takes the place of what follows a \
                dot (`set_extension`).";
    for (path, body) in [
        ("/about", "about us"),
        ("/about.html", "about us"),
        ("/docs/v1.2", "news"),
        ("/both", "no extension"),
        ("/sub/", "the directory"),
    ] {
        is(&server.get(path)?, 200, body, hint)?;
    }
    for (path, status) in [("/sub", 301), ("/no-such-page", 404)] {
        let response = server.get(path)?;
        response.has_status(status).map_err(|it| it.hint(hint))?;
    }
    let outside = server.get("/out")?;
    outside.has_status(404).map_err(|it| {
        it.hint(
            "out.html is a symlink to a file outside the root. Look at what's \
             checked about the second name. Usual cause: it's opened without a \
             check that it's inside.",
        )
    })
}

pub fn directory_shows_the_index_of_your_choice(server: &Server) -> Outcome {
    let site = Site::new(&[
        ("docs/start.html", "start here"),
        ("docs/index.html", "not here"),
        ("other/index.html", "not here either"),
    ]);
    let chosen = site.served(server, &["--index", "start.html"])?;
    let hint = "look at where the name is used. Usual cause: the directory still \
                shows index.html, at least if the other file isn't there.";
    is(&chosen.get("/docs/")?, 200, "start here", hint)?;
    let without = chosen.get("/other/")?;
    without.has_status(404).map_err(|it| it.hint(hint))?;
    let hint = "look at the option's default. Without the option, a directory \
                shows index.html.";
    let plain = site.served(server, &[])?;
    is(&plain.get("/docs/")?, 200, "not here", hint)
}

pub fn index_in_another_directory_is_refused(server: &Server) -> Outcome {
    for name in ["../secret.txt", "sub/index.html", ".."] {
        let mut command = server.program.command();
        command.args(["--index", name, "127.0.0.1:0"]);
        let run = assert_cmd::Command::from_std(command);
        let run = { run }.timeout(DEADLINE).output();
        let hint = "look at what reads the option. Usual causes: any text is \
                    taken for a name, or only `..` at its beginning is refused.";
        let expected = format!(
            "exit status 2, and a line on standard error with --index and \
             {name:?}"
        );
        let run = match run {
            Ok(run) => run,
            Err(error) => return differs(&expected, &error.to_string(), hint),
        };
        let said = String::from_utf8_lossy(&run.stderr).into_owned();
        let is_one_line = said.trim_end().lines().count() == 1;
        let is_named = said.contains("--index") && said.contains(name);
        if run.status.code() != Some(2) || !is_one_line || !is_named {
            let saw = match run.status.code() {
                Some(_) => format!("{}: {said}", run.status),
                None => format!("it still ran after {DEADLINE:?}"),
            };
            return differs(&expected, &saw, hint);
        }
    }
    Ok(())
}

pub fn style_sheet_may_be_used_for_a_minute(server: &Server) -> Outcome {
    let site = Site::new(&[("a.css", "p { color: red }"), ("a.txt", "text")]);
    let server = site.served(server, &[])?;
    for (path, value) in [("/a.css", "max-age=60"), ("/a.txt", "no-cache")] {
        let hint = "look at who says how long a copy is good. Usual causes: the \
                    304 says something other than the 200, or all files are \
                    treated like a style sheet.";
        let response = server.get(path)?;
        response.has_status(200)?;
        has(&response, "cache-control", value, hint)?;
        let tag = response.field("etag").unwrap_or_default();
        let known = ask(&server, path, &format!("If-None-Match: {tag}"))?;
        known.has_status(304)?;
        has(&known, "cache-control", value, hint)?;
    }
    Ok(())
}

pub fn changed_byte_changes_the_tag(server: &Server) -> Outcome {
    let large = "large ".repeat(20_000);
    let changed = large.clone() + "end";
    let large = large + "END";
    let site = Site::new(&[("file", "")]);
    let server = site.served(server, &[])?;
    let get_tag = |text: &str| {
        fs::write(site.path("file"), text).unwrap();
        let file = File::options().append(true).open(site.path("file"));
        let time = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        file.and_then(|file| file.set_modified(time)).unwrap();
        let response = server.get("/file")?;
        let hint = "look at where the file is read. Usual cause: it was hashed \
                    up to its end, and is sent from there.";
        is(&response, 200, text, hint)?;
        match response.field("etag") {
            Some(tag) if !tag.starts_with("W/") => Ok(tag.to_string()),
            _ => response.differs("a strong ETag, for an old file"),
        }
    };
    for (text, other) in [("one", "two"), (&*large, &*changed)] {
        let first = get_tag(text)?;
        if get_tag(other)? == first {
            return differs(
                "another tag for other bytes of the same length",
                &first,
                "look at what goes into the tag. Usual cause: only the first \
                 bytes of the file are hashed, or only its length and time.",
            );
        }
        let again = get_tag(text)?;
        if again != first {
            return differs(
                &format!("{first}, as for the same bytes before"),
                &again,
                "look at what goes into the hash. Usual cause: something other \
                 than the bytes, or the hasher starts with a random key.",
            );
        }
    }
    Ok(())
}

pub fn ranges_can_be_turned_off(server: &Server) -> Outcome {
    let site = Site::new(&[("digits", "0123456789")]);
    let hint = "look at what the option changes. Usual causes: the offer is \
                gone, but the range is still sent; or `none` is said even \
                without the option.";
    let with = site.served(server, &[])?;
    let part = ask(&with, "/digits", "Range: bytes=2-4")?;
    is(&part, 206, "234", hint)?;
    has(&part, "accept-ranges", "bytes", hint)?;
    let without = site.served(server, &["--no-ranges"])?;
    for range in ["bytes=2-4", "bytes=99-"] {
        let all = ask(&without, "/digits", &format!("Range: {range}"))?;
        is(&all, 200, "0123456789", hint)?;
        has(&all, "accept-ranges", "none", hint)?;
    }
    Ok(())
}

pub fn ranges_that_touch_are_one_range(server: &Server) -> Outcome {
    let site = Site::new(&[("digits", "0123456789")]);
    let server = site.served(server, &[])?;
    for (ranges, part, content_range) in [
        ("0-1,2-3", "0123", "bytes 0-3/10"),
        ("4-5, 2-3", "2345", "bytes 2-5/10"),
        ("0-5,2-3", "012345", "bytes 0-5/10"),
        ("-3,5-6,6-7", "56789", "bytes 5-9/10"),
        ("2-3,99-", "23", "bytes 2-3/10"),
        ("4-4", "4", "bytes 4-4/10"),
    ] {
        let hint = "look at how two ranges become one. Usual causes: the second \
                    one's end counts even if the first one's is larger, they \
                    aren't sorted, or ranges that touch count as a gap.";
        let field = format!("Range: bytes={ranges}");
        let response = ask(&server, "/digits", &field)?;
        is(&response, 206, part, hint)?;
        has(&response, "content-range", content_range, hint)?;
    }
    for (ranges, status) in [("0-0,9-9", 200), ("0-1,x", 200), ("10-,99-", 416)]
    {
        let hint = "look at what isn't one range. Usual causes: bytes in a gap \
                    are sent, or a list that can't be read is cut short.";
        let field = format!("Range: bytes={ranges}");
        let response = ask(&server, "/digits", &field)?;
        response.has_status(status).map_err(|it| it.hint(hint))?;
    }
    Ok(())
}

//! What the larger tasks ask for, which have no solution: your own step.

use crate::support::DEADLINE;
use crate::support::report::{Deviation, Outcome};
use crate::support::response::Response;
use crate::support::scratch::Scratch;
use crate::support::server::Server;
use std::fs;

/// The response to a request with these header fields.
fn ask(server: &Server, line: &str, fields: &str) -> Outcome<Response> {
    post(server, line, fields, "")
}

/// The response to one with a body.
fn post(
    server: &Server,
    line: &str,
    fields: &str,
    body: &str,
) -> Outcome<Response> {
    let connection = "Host: localhost\r\nConnection: close\r\n";
    let head = format!("{line} HTTP/1.1\r\n{connection}{fields}\r\n");
    server.send(head + body)?.response(DEADLINE)
}

const PAGE: &[u8] = b"<p>as it is</p>";
const COMPRESSED: &[u8] = b"\x1f\x8b bytes that need not be valid";

/// A server of a page and its compressed form.
fn with_both(server: &Server) -> Outcome<(Scratch, Server)> {
    let scratch = Scratch::new("gzip");
    fs::write(scratch.0.join("page.html"), PAGE).unwrap();
    fs::write(scratch.0.join("page.html.gz"), COMPRESSED).unwrap();
    let server = server.serving(&scratch.0)?;
    Ok((scratch, server))
}

pub fn compressed_file_goes_to_clients_that_accept_it(
    server: &Server,
) -> Outcome {
    let (_scratch, server) = with_both(server)?;
    // Twice, because a cache may have the other one now.
    for (accepted, is_compressed) in [
        ("Accept-Encoding: gzip\r\n", true),
        ("", false),
        ("Accept-Encoding: br, GZip;q=0.5\r\n", true),
        ("Accept-Encoding: br\r\nAccept-Encoding: gzip\r\n", true),
        ("Accept-Encoding: gzip;q=0\r\n", false),
        ("Accept-Encoding: *\r\n", true),
        ("Accept-Encoding: gzip; q=0.000, *\r\n", false),
        ("Accept-Encoding: br, x-gzip-not\r\n", false),
    ] {
        let response = ask(&server, "GET /page.html", accepted)?;
        let (name, body, coding) = match is_compressed {
            true => ("the bytes of page.html.gz", COMPRESSED, Some("gzip")),
            false => ("the bytes of page.html", PAGE, None),
        };
        let hint = "RFC 9110 §12.5.3: look at how `Accept-Encoding` is read. \
                    Usual causes: case, weights or `*` are overlooked; or the \
                    cache has the other file under the same name.";
        response.is(200, name, body).map_err(|it| it.hint(hint))?;
        let media_type = response.field("content-type").unwrap_or("");
        if response.field("content-encoding") != coding
            || !media_type.starts_with("text/html")
        {
            let expected = match coding {
                Some(_) => "Content-Encoding: gzip, Content-Type: text/html",
                None => "no Content-Encoding, and Content-Type: text/html",
            };
            return response.differs(expected).map_err(|it| {
                it.hint(
                    "RFC 9110 §8.4: `Content-Encoding` names the coding, and \
                     `Content-Type` is that of the page inside.",
                )
            });
        }
    }
    Ok(())
}

pub fn response_says_that_it_depends_on_accept_encoding(
    server: &Server,
) -> Outcome {
    let (_scratch, server) = with_both(server)?;
    let mut tags = Vec::new();
    for accepted in ["Accept-Encoding: gzip\r\n", ""] {
        let response = ask(&server, "GET /page.html", accepted)?;
        let vary = response.field("vary").unwrap_or("");
        let mut names = vary.split(',').map(str::trim);
        if !names.any(|it| it.eq_ignore_ascii_case("Accept-Encoding")) {
            let expected = "Vary: Accept-Encoding, in both responses";
            return response.differs(expected).map_err(|it| {
                it.hint(
                    "RFC 9110 §12.5.5: a cache on the way has to know that \
                     another client would get something else, whichever of \
                     the two it has seen.",
                )
            });
        }
        let tag = response.field("etag").unwrap_or("").to_string();
        if tags.contains(&tag) {
            let expected = "a different ETag from that of the compressed form";
            return response.differs(expected).map_err(|it| {
                it.hint(
                    "RFC 9110 §8.8.3: a tag stands for these bytes. With the \
                     same tag, a client could join parts of both.",
                )
            });
        }
        tags.push(tag);
    }
    Ok(())
}

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

fn post_form(server: &Server, body: &str) -> Outcome<Response> {
    let fields = format!("{FORM}Content-Length: {}\r\n", body.len());
    post(server, "POST /hello", &fields, body)
}

/// The response is a page that contains this.
fn greets(response: &Response, greeting: &str, hint: &str) -> Outcome {
    let page = String::from_utf8_lossy(&response.body).into_owned();
    let media_type = response.field("content-type").unwrap_or("");
    let is_page = media_type.starts_with("text/html");
    if response.status == 200 && is_page && page.contains(greeting) {
        return Ok(());
    }
    let saw = format!("status {}, {media_type}: {page}", response.status);
    let expected = format!("status 200, text/html, and in it: {greeting}");
    let differs = response.differs(&expected);
    differs.map_err(|it| Deviation { saw, ..it }.hint(hint))
}

pub fn form_is_decoded(server: &Server) -> Outcome {
    let hint = "The URL Standard, section 5.1: look at the order. Split at `&`, \
                then at the first `=`, then decode `+` and `%XX`.";
    for (body, greeting) in [
        ("name=Ada+Lovelace", "Hello, Ada Lovelace!"),
        ("lang=en&name=Zo%C3%AB&x=name%3Dno", "Hello, Zoë!"),
        ("name=1%2B1%3D2", "Hello, 1+1=2!"),
    ] {
        greets(&post_form(server, body)?, greeting, hint)?;
    }
    let fields = format!("{FORM}Transfer-Encoding: chunked\r\n");
    let chunks = "7\r\nname=Gr\r\n6\r\nace+H.\r\n0\r\n\r\n";
    let response = post(server, "POST /hello", &fields, chunks)?;
    let hint = "RFC 9112 §7.1: look at a body in chunks. Only the data of the \
                chunks is the form.";
    greets(&response, "Hello, Grace H.!", hint)
}

pub fn form_cannot_inject_markup(server: &Server) -> Outcome {
    let response = post_form(server, "name=%3Cscript%3E+%26+so+on")?;
    let hint = "look at where the name is put into the page. Usual causes: it's \
                put there as it came; or `&` is escaped last, and so twice.";
    greets(&response, "Hello, &lt;script&gt; &amp; so on!", hint)
}

pub fn form_of_another_media_type_is_415(server: &Server) -> Outcome {
    for (media_type, status) in [
        ("Content-Type: text/plain\r\n", 415),
        ("", 415),
        (
            "Content-Type: Application/X-WWW-Form-URLencoded; charset=utf-8\r\n",
            200,
        ),
    ] {
        let fields = format!("{media_type}Content-Length: 6\r\n");
        let response = post(server, "POST /hello", &fields, "name=A")?;
        response.has_status(status).map_err(|it| {
            it.hint(
                "RFC 9110 §15.5.16 and §8.3.1: look at `Content-Type`. Case \
                 doesn't matter in it, and parameters may follow a semicolon.",
            )
        })?;
    }
    Ok(())
}

/// A server that wants a password, and one whose password has colons.
fn with_passwords(server: &Server) -> Outcome<(Server, Server)> {
    let start = |user| {
        server.with_options(&["--user", user]).map_err(|it| {
            it.hint(
                "look at `options.rs`: it has to take `--user NAME:PASSWORD`.",
            )
        })
    };
    Ok((start("Aladdin:open sesame")?, start("a:b:c")?))
}

pub fn stranger_is_challenged(server: &Server) -> Outcome {
    let (server, other) = with_passwords(server)?;
    for (server, credentials) in [
        (&server, ""),
        // Aladdin:open, and Aladdin without a password
        (&server, "Authorization: Basic QWxhZGRpbjpvcGVu\r\n"),
        (&server, "Authorization: Basic QWxhZGRpbg==\r\n"),
        (&server, "Authorization: Basic\r\n"),
        (&server, "Authorization: Basic ====\r\n"),
        (&server, "Authorization: Basic !\r\n"),
        (&server, "Authorization: Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"),
        // a:b
        (&other, "Authorization: Basic YTpi\r\n"),
    ] {
        for line in ["GET /", "GET /no-such-page", "DELETE /"] {
            let response = ask(server, line, credentials)?;
            let challenge = response.field("www-authenticate").unwrap_or("");
            let challenge = challenge.to_ascii_lowercase();
            if response.status == 401 && challenge.starts_with("basic realm=\"")
            {
                continue;
            }
            let expected = "status 401, WWW-Authenticate: Basic realm=\"…\"";
            return response.differs(expected).map_err(|it| {
                it.hint(
                    "RFC 7617 §2 and RFC 9110 §11.6.1: look at who is let in. \
                     Usual causes: only some paths or methods ask; what isn't \
                     Base64 is let through; or a password is compared up to \
                     its first colon.",
                )
            });
        }
    }
    Ok(())
}

pub fn user_is_let_in(server: &Server) -> Outcome {
    let (server, other) = with_passwords(server)?;
    for (server, credentials) in [
        // The example of the RFC
        (&server, "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"),
        (&server, "authorization: BASIC QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"),
        (&other, "Authorization: Basic YTpiOmM=\r\n"),
    ] {
        ask(server, "GET /", credentials)?.has_status(200).map_err(|it| {
            it.hint(
                "RFC 7617 §2: the name, a colon and the password, in Base64. \
                 Usual causes: the padding with `=` is wrong; case counts \
                 when schemes are compared; or the password ends at its first \
                 colon.",
            )
        })?;
    }
    Ok(())
}

/// A server of two sites.
fn with_sites(server: &Server) -> Outcome<(Scratch, Server)> {
    let scratch = Scratch::new("hosts");
    for site in ["a.example", "b.example"] {
        let directory = scratch.0.join("hosts").join(site);
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("page.html"), site).unwrap();
    }
    // Neither of them is a site.
    fs::write(scratch.0.join("page.html"), "secret").unwrap();
    fs::write(scratch.0.join("hosts/page.html"), "secret").unwrap();
    let hosts = scratch.0.join("hosts");
    let options = ["--hosts", hosts.to_str().unwrap()];
    let server = server.with_options(&options).map_err(|it| {
        it.hint("look at `options.rs`: it has to take `--hosts DIR`.")
    })?;
    Ok((scratch, server))
}

/// The response to a request for a page, by its target and its host.
fn page(server: &Server, target: &str, host: &str) -> Outcome<Response> {
    let head = format!(
        "GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    );
    server.send(head)?.response(DEADLINE)
}

pub fn host_chooses_the_site(server: &Server) -> Outcome {
    let (_scratch, server) = with_sites(server)?;
    for (host, site) in [
        ("a.example", "a.example"),
        ("b.example", "b.example"),
        ("A.Example:7878", "a.example"),
        ("b.example:80", "b.example"),
    ] {
        let response = page(&server, "/page.html", host)?;
        let name = format!("the page of {site}");
        response.is(200, &name, site.as_bytes()).map_err(|it| {
            it.hint(
                "RFC 9110 §7.2: look at how the host becomes a directory. Usual \
                 causes: its port or its case is part of the name; or the cache \
                 has the other site's page under the same path.",
            )
        })?;
    }
    Ok(())
}

pub fn host_of_the_target_comes_first(server: &Server) -> Outcome {
    let (_scratch, server) = with_sites(server)?;
    for (target, host, site) in [
        ("http://a.example/page.html", "b.example", "a.example"),
        ("http://B.example:80/page.html", "a.example", "b.example"),
    ] {
        let response = page(&server, target, host)?;
        let name = format!("the page of {site}");
        response.is(200, &name, site.as_bytes()).map_err(|it| {
            it.hint(
                "RFC 9112 §3.2.2: if the target has a host, the field `Host` is \
                 ignored.",
            )
        })?;
    }
    Ok(())
}

pub fn host_without_a_site_is_421(server: &Server) -> Outcome {
    let (_scratch, server) = with_sites(server)?;
    for host in ["c.example", "localhost:7878", "[::1]"] {
        page(&server, "/page.html", host)?.has_status(421).map_err(|it| {
            it.hint(
                "RFC 9110 §15.5.20: a client that asks the wrong server has to \
                 be told. Usual cause: another site answers instead.",
            )
        })?;
    }
    for host in ["..", ".", "a.example.", "page.html"] {
        let response = page(&server, "/page.html", host)?;
        if ![400, 421].contains(&response.status) {
            let expected = "status 421 or 400, and no file";
            return response.differs(expected).map_err(|it| {
                it.hint(
                    "look at what a stranger can do with a host. Usual cause: \
                     it's joined to a path as it came, and `..` is the \
                     directory above.",
                )
            });
        }
    }
    Ok(())
}

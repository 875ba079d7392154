//! What `own-directory-listing` asks for.

use crate::support::DEADLINE;
use crate::support::report::{Deviation, Outcome};
use crate::support::response::Response;
use crate::support::scratch::Scratch;
use crate::support::server::Server;
use std::fs;
use std::path::Path;

/// A server that lists the directories below that one.
fn listing(server: &Server, root: &Path) -> Outcome<Server> {
    let options = ["--list", "--root", root.to_str().unwrap()];
    server
        .with_options(&options)
        .map_err(|it| it.hint("look at `options.rs`: it has to take `--list`."))
}

/// A link as a browser understands it.
struct Link {
    /// Where it leads, as it's written in the page.
    href: String,
    text: String,
}

/// The list at a path, and the links in it.
fn list(server: &Server, path: &str) -> Outcome<(Response, Vec<Link>)> {
    let response = server.get(path)?;
    let media_type = response.field("content-type").unwrap_or("");
    let media_type = media_type.to_ascii_lowercase().replace([' ', '"'], "");
    if response.status != 200 || media_type != "text/html;charset=utf-8" {
        let expected = format!(
            "status 200, text/html; charset=utf-8, and a list of {path}"
        );
        return response.differs(&expected).map_err(|it| {
            it.hint(
                "look at what becomes of a directory that has no `index.html`. \
                 Usual causes: `find` has tried to open that page, and knows \
                 nothing of its directory any more; or the page doesn't say \
                 that it's UTF-8.",
            )
        });
    }
    let links = links(&String::from_utf8_lossy(&response.body));
    Ok((response, links))
}

/// All of `<a href="…">…</a>`.
fn links(page: &str) -> Vec<Link> {
    let link = |element: &str| {
        let (_, value) = element.split_once("href=")?;
        let quote = value.chars().next().filter(|it| "\"'".contains(*it))?;
        let (href, rest) = value[1..].split_once(quote)?;
        let (_, text) = rest.split_once('>')?;
        let (text, _) = text.split_once("</a>")?;
        // There may be markup in it, such as `<code>`.
        let mut pieces = text.split('<');
        let mut text = pieces.next()?.to_string();
        text.extend(pieces.filter_map(|it| Some(it.split_once('>')?.1)));
        Some(Link { href: unescape(href), text: unescape(text.trim()) })
    };
    page.split("<a ").skip(1).filter_map(link).collect()
}

/// Text without the character references that HTML needs.
fn unescape(text: &str) -> String {
    let mut pieces = text.split('&');
    let mut plain = pieces.next().unwrap_or_default().to_string();
    for piece in pieces {
        let (name, rest) = piece.split_once(';').unwrap_or(("", ""));
        let code = match name.strip_prefix("#x") {
            Some(digits) => u32::from_str_radix(digits, 16).ok(),
            None => name.strip_prefix('#').and_then(|it| it.parse().ok()),
        };
        let letter = match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => code.and_then(char::from_u32),
        };
        match letter {
            Some(letter) => plain.extend([&letter.to_string(), rest]),
            None => plain.extend(["&", piece]),
        }
    }
    plain
}

/// What a browser asks for when this link is clicked in the page at that path, or
/// why it doesn't ask this server.
fn target(path: &str, href: &str) -> Result<String, String> {
    let allowed = |it: char| {
        it.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(it)
    };
    if let Some(letter) = href.chars().find(|it| !allowed(*it)) {
        return Err(format!("{letter:?} has no place in a URL"));
    }
    let first = href.split(['/', '?', '#']).next().unwrap_or_default();
    if first.contains(':') {
        return Err(format!(
            "what comes before the colon in {first} is taken \
                            for a scheme, such as http:"
        ));
    }
    if href.starts_with("//") {
        return Err("after // comes the name of a host".to_string());
    }
    // What follows a `#` stays in the browser.
    let href = href.split('#').next().unwrap_or_default();
    Ok(match href.starts_with('/') {
        true => href.to_string(),
        false => format!("{path}{href}"),
    })
}

const ESCAPED: &str = "look at how a name gets into the page. It's written twice: \
    in the link, as a segment of a URL, where all but letters, digits and `-._~` \
    are escaped as `%XX` (RFC 3986 §2); and as text, where HTML needs `&amp;`, \
    `&lt;` and `&gt;`. Usual causes: one of the two is missing; `&` is escaped \
    last, and so twice; or a space becomes a `+`, which it does only in forms.";

const SLASH: &str = "look at the link to a directory, and at its text. Both have \
    a slash at their end, so that a person sees what it is, and a browser gets \
    there without a redirect.";

/// The response to a click on the link with this text.
fn click(server: &Server, path: &str, text: &str) -> Outcome<Response> {
    let (response, links) = list(server, path)?;
    let expected = format!("a link to {text:?} in the list at {path}");
    let hint = match text.ends_with('/') {
        true => SLASH,
        false => ESCAPED,
    };
    let differs = |saw: String| {
        let differs = response.differs(&expected);
        differs.map_err(|it| Deviation { saw, ..it }.hint(hint))
    };
    let Some(link) = links.iter().find(|it| it.text == text) else {
        let texts: Vec<_> = links.iter().map(|it| &it.text).collect();
        return differs(format!("links to {texts:?}"));
    };
    match target(path, &link.href) {
        Ok(target) => server.get(&target),
        Err(fault) => {
            differs(format!("a link to {:?}, but {fault}", link.href))
        }
    }
}

/// Each of these names is a link to a file that contains its name.
fn has_files(server: &Server, path: &str, names: &[&str]) -> Outcome {
    for name in names {
        let response = click(server, path, name)?;
        let content = format!("the content of {name:?}");
        response
            .is(200, &content, name.as_bytes())
            .map_err(|it| it.hint(ESCAPED))?;
    }
    Ok(())
}

/// Makes files that contain their names.
fn make(directory: &Path, names: &[&str]) {
    fs::create_dir_all(directory).unwrap();
    for name in names {
        fs::write(directory.join(name), name).unwrap();
    }
}

pub fn directory_without_an_index_is_listed(server: &Server) -> Outcome {
    let scratch = Scratch::new("list");
    make(&scratch.0, &["a.txt", "b.txt"]);
    make(&scratch.0.join("inner"), &["c.txt"]);
    make(&scratch.0.join("empty"), &[]);
    make(&scratch.0.join("with-index"), &["index.html"]);
    let server = listing(server, &scratch.0)?;
    has_files(&server, "/", &["a.txt", "b.txt"])?;
    has_files(&server, "/inner/", &["c.txt"])?;
    for name in ["inner/", "empty/", "with-index/"] {
        let response = click(&server, "/", name)?;
        response.has_status(200).map_err(|it| it.hint(SLASH))?;
    }
    let response = server.get("/with-index/")?;
    response.is(200, "its index", b"index.html")?;
    server.get("/none/")?.has_status(404)?;
    let response = server.get("/inner")?;
    let location = response.field("location").unwrap_or("");
    if response.status != 301 || !location.ends_with("/inner/") {
        let expected = "status 301, Location: /inner/";
        return response.differs(expected).map_err(|it| {
            it.hint(
                "look at a path without a slash at its end. The links in the \
                 list are relative, and at /inner, `c.txt` would be /c.txt.",
            )
        });
    }
    let head =
        "HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut client = server.send(head)?;
    client.head(DEADLINE)?.has_status(200)?;
    client.is_closed(DEADLINE).map_err(|it| {
        it.hint(
            "RFC 9110 §9.3.2: look at HEAD, which gets the head and no body.",
        )
    })
}

pub fn names_are_escaped(server: &Server) -> Outcome {
    let scratch = Scratch::new("list");
    let mut names = vec![
        "100%.txt",
        "100%25.txt",
        "a&lt;b.txt",
        "a#b.txt",
        "a+b c.txt",
        "it's.txt",
        "Zoë.txt",
    ];
    // Windows has no such names.
    #[cfg(unix)]
    names.extend([
        "<img src=x onerror=alert(1)>.txt",
        "\" onclick=\"alert(1)",
        "really?.txt",
        "javascript:alert(1)",
    ]);
    make(&scratch.0, &names);
    make(&scratch.0.join("a&lt;b"), &names);
    let server = listing(server, &scratch.0)?;
    for path in ["/", "/a&lt;b/"] {
        has_files(&server, path, &names)?;
        let (response, _) = list(&server, path)?;
        let page = String::from_utf8_lossy(&response.body).into_owned();
        // The path may be in the page, too, as its title.
        for markup in ["<img src=x", "a&lt;b"] {
            if page.contains(markup) {
                let saw = format!("{markup} as it is, in the list at {path}");
                let differs = response.differs("names that aren't markup");
                return differs
                    .map_err(|it| Deviation { saw, ..it }.hint(ESCAPED));
            }
        }
    }
    Ok(())
}

/// A directory with things in it that the server keeps to itself, and their
/// names.
fn with_secrets() -> (Scratch, Scratch, Vec<&'static str>) {
    let (scratch, elsewhere) = (Scratch::new("list"), Scratch::new("secret"));
    make(&elsewhere.0, &["secret.txt"]);
    make(&scratch.0, &["a.txt", ".hidden.txt"]);
    make(&scratch.0.join(".private"), &["config.txt"]);
    #[allow(unused_mut)]
    let mut secrets = vec![".hidden.txt", ".private"];
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        for (original, link) in [
            (elsewhere.0.join("secret.txt"), "outside.txt"),
            (elsewhere.0.clone(), "outside"),
            (scratch.0.join("no-such-file"), "broken.txt"),
        ] {
            symlink(original, scratch.0.join(link)).unwrap();
        }
        secrets.extend(["outside", "secret.txt", "broken.txt"]);
        symlink(scratch.0.join("a.txt"), scratch.0.join("inside.txt")).unwrap();
        make(&scratch.0, &["back\\slash.txt"]);
        secrets.push("slash.txt");
    }
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::ffi::OsStrExt;
        let name = std::ffi::OsStr::from_bytes(b"unreadable-\xff.txt");
        fs::write(scratch.0.join(name), "").unwrap();
        secrets.push("unreadable-");
    }
    (scratch, elsewhere, secrets)
}

pub fn what_is_not_served_is_not_listed(server: &Server) -> Outcome {
    let (scratch, _elsewhere, secrets) = with_secrets();
    let server = listing(server, &scratch.0)?;
    let hint = "look at which names are left out. A list shows what a request \
                would get, and nothing else: ask the function that opens files. \
                Usual causes: it shows what's hidden, what a symlink reaches \
                outside the root, or what can't be a path (RFC 3986 §2).";
    let (response, links) = list(&server, "/")?;
    let page = String::from_utf8_lossy(&response.body).into_owned();
    for secret in secrets {
        if page.contains(secret) {
            let saw = format!("{secret:?} in the list at /");
            let differs =
                response.differs(&format!("a list without {secret:?}"));
            return differs.map_err(|it| Deviation { saw, ..it }.hint(hint));
        }
    }
    for Link { href, text } in &links {
        let response = match target("/", href) {
            Ok(target) => server.get(&target)?,
            Err(_) => click(&server, "/", text)?,
        };
        response.has_status(200).map_err(|it| it.hint(hint))?;
    }
    has_files(&server, "/", &["a.txt"])?;
    if cfg!(unix) {
        let expected = "the content of a.txt";
        let inside = click(&server, "/", "inside.txt")?;
        inside.is(200, expected, b"a.txt").map_err(|it| it.hint(hint))?;
    }
    for path in ["/outside/", "/.private/"] {
        let response = server.get(path)?;
        response.has_status(404).map_err(|it| {
            it.hint(
                "look at what is checked before a directory is read. Usual \
                 cause: only files are compared with the root, after symlinks \
                 are followed.",
            )
        })?;
    }
    Ok(())
}

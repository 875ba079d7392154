//! Which file a path leads to, and what a response says about it.

use std::fs;

#[cfg(target_os = "linux")]
use super::differs;
use super::directory::{Directory, SECRET, has_status, is, soon};
use super::responding::{NOT_FOUND, is_hello, is_page};
use crate::support::by_hand;
use crate::support::report::Outcome;
use crate::support::server::Server;

pub fn any_file_below_the_root_is_served(server: &Server) -> Outcome {
    server.by_hand(by_hand::get("/404.html"));
    is_page(&server.get("/404.html")?, 200, &NOT_FOUND)?;
    let mut files = vec!["a.html", "b/c.css", "b/d/e.js", "f", "g/h.tar.gz"];
    if cfg!(unix) {
        files.extend(["12:30.txt", "g/k~1"]); // On Windows, these are special.
    }
    let both: Vec<_> = files.iter().map(|path| (*path, *path)).collect();
    let directory = Directory::new(&both);
    let server = directory.served_by(server)?;
    for path in files {
        is(&directory.get(&server, &format!("/{path}"))?, 200, path)?;
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
    soon(&with_index, || {
        is(&directory.get(&with_index, "/")?, 200, "not the index")
    })
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
    let directory = Directory::new(&[
        ("a/b.txt", "inside"),
        ("hello.html", "hello"),
        ("c\\d.txt", SECRET),
    ]);
    let served = directory.served_by(server)?;
    is(&directory.get(&served, "/a/../a/./b.txt")?, 200, "inside")?;
    let secret = directory.all.0.join("secret.txt").display().to_string();
    let absolute = [
        secret.clone(),
        format!("/{secret}"),
        secret.replace('/', "%2f"),
        format!("/a/{}", secret.replace('/', "%2F")),
        format!("/{}", secret.replace('/', "\\")),
        format!("/c:{secret}"),
        format!("/file:{secret}"),
    ];
    let mut paths: Vec<String> = absolute.into();
    // Each of these would lead to a file below the root, if a path were taken
    // less seriously.
    let astray = [
        "/../a/b.txt",
        "/a/../../site/a/b.txt",
        "/c%5cd.txt",
        "/a%2f",
        "/a%2f.",
    ];
    paths.extend(astray.map(String::from));
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

pub fn media_type_follows_the_extension(server: &Server) -> Outcome {
    // Which other types a server knows is up to it.
    let others = if server.program.is_ours { OTHER_MEDIA_TYPES } else { &[] };
    let media_types = [MEDIA_TYPES, others].concat();
    let files: Vec<_> = media_types
        .iter()
        .flat_map(|(_, extensions)| extensions.split(' '))
        .map(|extension| format!("a.{extension}"))
        .collect();
    let files: Vec<_> = files.iter().map(|name| (&**name, "a")).collect();
    let directory = Directory::new(&files);
    let server = directory.served_by(server)?;
    for (media_type, extensions) in media_types {
        for extension in extensions.split(' ') {
            let path = format!("/a.{extension}");
            let response = directory.get(&server, &path)?;
            is(&response, 200, "a")?;
            let found = response.field("content-type").unwrap_or_default();
            // Text needs its encoding. What isn't text may say it.
            let is_right = match media_type.starts_with("text/") {
                true => found == format!("{media_type}; charset=utf-8"),
                false => {
                    found.trim_end_matches("; charset=utf-8") == media_type
                }
            };
            if !is_right {
                let expected = format!("Content-Type: {media_type} for {path}");
                return response.differs(&expected).map_err(|it| {
                    it.hint(
                        "look at the table of media types. Text has `; \
                         charset=utf-8` after its type, an extension may be in \
                         upper or lower case, and anything else is \
                         application/octet-stream.",
                    )
                });
            }
        }
    }
    Ok(())
}

/// What browsers show, play or load, as IANA or MDN list it.
const MEDIA_TYPES: &[(&str, &str)] = &[
    ("text/html", "html htm HTML"),
    ("application/xhtml+xml", "xhtml"),
    ("text/plain", "txt TXT"),
    ("application/pdf", "pdf"),
    ("application/epub+zip", "epub"),
    ("text/css", "css"),
    ("text/javascript", "js mjs cjs"),
    ("application/wasm", "wasm"),
    ("application/json", "json"),
    ("application/ld+json", "jsonld"),
    ("application/manifest+json", "webmanifest"),
    ("text/csv", "csv"),
    ("application/atom+xml", "atom"),
    ("application/rss+xml", "rss"),
    ("text/calendar", "ics"),
    ("font/woff", "woff"),
    ("font/woff2", "woff2"),
    ("font/ttf", "ttf"),
    ("font/otf", "otf"),
    ("image/svg+xml", "svg"),
    ("image/png", "png"),
    ("image/jpeg", "jpg jpeg JPG"),
    ("image/gif", "gif"),
    ("image/webp", "webp"),
    ("image/avif", "avif"),
    ("image/jxl", "jxl"),
    ("image/bmp", "bmp"),
    ("image/tiff", "tiff"),
    ("image/vnd.microsoft.icon", "ico"),
    ("audio/mpeg", "mp3"),
    ("audio/mp4", "m4a"),
    ("audio/flac", "flac"),
    ("audio/wav", "wav"),
    ("audio/ogg", "ogg opus"),
    ("video/mp4", "mp4 m4v"),
    ("video/webm", "webm"),
    ("video/quicktime", "mov"),
    ("video/mp2t", "ts"),
    ("text/vtt", "vtt"),
    ("application/vnd.apple.mpegurl", "m3u8"),
    ("application/zip", "zip"),
    ("application/gzip", "gz"),
    ("application/octet-stream", "unknown bin x"),
];

/// The other types of the steps' table.
const OTHER_MEDIA_TYPES: &[(&str, &str)] = &[
    ("text/plain", "text log"),
    ("text/markdown", "md markdown"),
    ("text/xml", "xml xsl"),
    ("text/tab-separated-values", "tsv"),
    ("text/vcard", "vcf"),
    ("application/rtf", "rtf"),
    ("application/json", "map"),
    ("application/geo+json", "geojson"),
    ("application/yaml", "yaml yml"),
    ("font/collection", "ttc"),
    ("image/apng", "apng"),
    ("image/tiff", "tif"),
    ("audio/aac", "aac"),
    ("audio/midi", "mid midi"),
    ("audio/ogg", "oga"),
    ("audio/webm", "weba"),
    ("video/mpeg", "mpg mpeg"),
    ("video/ogg", "ogv"),
    ("application/x-tar", "tar"),
    ("application/gzip", "tgz"),
];

pub fn browser_does_not_guess_the_media_type(server: &Server) -> Outcome {
    server.by_hand(by_hand::get("/"));
    for (path, status) in [("/", 200), ("/none", 404), ("/%", 400)] {
        server.by_hand(by_hand::get(path));
        let response = server.get(path)?;
        response.has_status(status)?;
        if response.field("x-content-type-options") != Some("nosniff") {
            return response.differs("X-Content-Type-Options: nosniff");
        }
    }
    Ok(())
}

pub fn copy_may_be_kept_but_must_be_revalidated(server: &Server) -> Outcome {
    for path in ["/", "/hello.html"] {
        server.by_hand(by_hand::get(path));
        let response = server.get(path)?;
        is_hello(&response)?;
        if response.field("cache-control") != Some("no-cache") {
            return response.differs("Cache-Control: no-cache").map_err(|it| {
                it.hint(
                    "without this field, a browser decides for itself how long \
                     its copy stays good. A reload after an edit may then show \
                     the old page.",
                )
            });
        }
    }
    Ok(())
}

pub fn well_known_files_are_served(server: &Server) -> Outcome {
    let directory = Directory::new(&[
        (".well-known/security.txt", "found"),
        (".well-known/.hidden", SECRET),
        (".well-known-not/a", SECRET),
        ("a/.well-known/b", SECRET),
    ]);
    let server = directory.served_by(server)?;
    for path in [
        "/.well-known/security.txt",
        "/%2ewell-known/security.txt",
        "/a/../.well-known/security.txt",
    ] {
        is(&directory.get(&server, path)?, 200, "found")?;
    }
    for path in
        ["/.well-known/.hidden", "/.well-known-not/a", "/a/.well-known/b"]
    {
        has_status(&directory.get(&server, path)?, &[404, 403])?;
    }
    Ok(())
}

/// As root, a server may read everything, so this one isn't given that right.
#[cfg(target_os = "linux")]
pub fn unreadable_file_is_404(server: &Server) -> Outcome {
    let directory =
        Directory::new(&[("a", SECRET), ("b/c", SECRET), ("d", "d")]).and(
            "chmod 0 \"$d/site/a\" \"$d/site/b\"   # root may read them\n",
        );
    directory.set_mode("site/a", 0);
    directory.set_mode("site/b", 0);
    let server = directory.served_to_ordinary_user(server)?;
    for path in ["/a", "/b/c", "/b/", "/a"] {
        has_status(&directory.get(&server, path)?, &[404]).map_err(|it| {
            it.hint(
                "look at what the error of `File::open` becomes. For a client, \
                 a file that the server isn't allowed to read doesn't exist.",
            )
        })?;
    }
    let found = is(&directory.get(&server, "/d")?, 200, "d");
    directory.set_mode("site/b", 0o755); // It has to be removed again.
    found
}

/// Such a directory may be entered, but not listed.
#[cfg(target_os = "linux")]
pub fn root_that_cannot_be_listed_is_served(server: &Server) -> Outcome {
    let directory = Directory::new(&[("a", "a"), ("b/c", "c")])
        .and("chmod 311 \"$d/site\"   # root may list it\n");
    directory.set_mode("site", 0o311);
    let server = directory.served_to_ordinary_user(server)?;
    is(&directory.get(&server, "/a")?, 200, "a")?;
    let found = is(&directory.get(&server, "/b/c")?, 200, "c");
    directory.set_mode("site", 0o755);
    found
}

#[cfg(target_os = "linux")]
pub fn number_of_workers_can_be_chosen(server: &Server) -> Outcome {
    server.by_hand(
        "for n in 2 9; do\n  \
         SERVER ADDRESS --workers $n & server=$!; sleep 1\n  \
         ls /proc/$server/task 2>&- | wc -l; kill $server; wait $server\n\
         done",
    );
    let few = server.configured(&["--workers", "2"])?.threads()?;
    let more = server.configured(&["--workers", "9"])?.threads()?;
    if more == few + 7 {
        return Ok(());
    }
    let expected = "seven more threads with --workers 9 than with --workers 2";
    differs(expected, &format!("{few} threads, and then {more}"))
}

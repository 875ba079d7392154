//! The tool that draws what clients and threads do, `timeline`: used as a person
//! would.

#[path = "support/place.rs"]
mod place;

#[path = "support/scratch.rs"]
mod scratch;

use place::binary;
use scratch::Scratch;
use std::fs;
#[cfg(target_os = "linux")]
use std::net::TcpStream;
use std::time::Duration;
#[cfg(target_os = "linux")]
use std::time::Instant;

use assert_cmd::Command;
use assert_cmd::assert::Assert;

/// A tool that hangs would never end.
const LIMIT: Duration = Duration::from_secs(60);

/// Runs the tool where the programs are, because a command is split at blanks,
/// and the path of this repository may have some.
fn timeline(arguments: &[&str]) -> Assert {
    let tool = binary("timeline");
    let mut command = Command::new(&tool);
    command.current_dir(tool.parent().unwrap());
    command.args(arguments).timeout(LIMIT).assert()
}

/// The path of a server: a step that's named is built first, and that takes a
/// while.
fn path(name: &str) -> String {
    binary(name).into_os_string().into_string().unwrap()
}

fn stdout(run: &Assert) -> String {
    String::from_utf8(run.get_output().stdout.clone()).unwrap()
}

/// One line on standard error that begins so, no output, and this status. Returns
/// the line.
fn assert_refused(arguments: &[&str], status: i32, line: &str) -> String {
    let run = timeline(arguments).code(status).stdout("");
    let said = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
    assert!(
        said.starts_with(line) && said.ends_with('\n'),
        "timeline {arguments:?} should say: {line}…\nbut says: {said}"
    );
    assert_eq!(said.lines().count(), 1, "{arguments:?}: {said}");
    said
}

#[test]
fn help_names_the_scenes() {
    let help = stdout(&timeline(&["--help"]).success());
    for scene in ["slow-and-quick", "six-at-once", "silent", "drip", "panic"] {
        assert!(help.contains(&format!("\n  {scene} ")), "{help}");
    }
    assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
}

#[test]
fn a_bad_command_line_is_one_line() {
    let cases: [(&[&str], &str); 14] = [
        (&[], "no scene is named"),
        (&["bogus", "step05"], "no scene \"bogus\"; there are slow-and-quick,"),
        (&["silent"], "no server is named"),
        (&["--bogus"], "no option \"--bogus\""),
        (&["silent", "step05", "-x"], "no option \"-x\""),
        (&["silent", "step05", "--out"], "--out needs a file"),
        (&["silent", "step05", "--html", "--out"], "--html needs a file"),
        (&["silent", "step05", "--trace", "--shape"], "--trace needs a file"),
        (&["silent", ""], "\"\" isn't a server's name"),
        (&["silent", "step99"], "no step \"step99\"; there are step01 to"),
        (&["silent", "load"], "no step \"load\"; there are step01 to step20, "),
        (&["silent", "a\nb"], "\"a\\nb\" isn't a server's name"),
        (&["silent", "x= "], "\"x= \" isn't NAME=COMMAND"),
        (&["silent", "=x"], "\"=x\" isn't NAME=COMMAND"),
    ];
    for (arguments, line) in cases {
        assert_refused(arguments, 2, line);
    }
}

#[test]
fn a_server_that_does_not_start_is_named() {
    assert_refused(&["silent", "./nothing"], 1, "cannot start \"./nothing\": ");
    let line = "\"load\" should print `listening on http://ADDRESS`";
    assert_refused(&["silent", "./load"], 1, line);
    let line = "\"mine\" should print `listening on http://ADDRESS`";
    assert_refused(&["silent", "mine=./load"], 1, line);
    let command = "mine=./load --bogus {port}";
    let line = "\"mine\" ended before it listened on 127.0.0.1:";
    let said = assert_refused(&["silent", command], 1, line);
    assert!(said.contains("; it says \"no option \\\"--bogus"), "{said}");
    let said =
        assert_refused(&["silent", "mine=./load --bogus"], 1, "\"mine\"");
    assert!(said.contains("; it says \"no option \\\"--bogus"), "{said}");
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let file = "/no/such/directory/a.svg";
    let step = path("step03");
    let line = format!("cannot write {file:?}: ");
    assert_refused(&["slow-and-quick", &step, "--out", file], 1, &line);
}

/// Draws a scene into all kinds of files, and returns them.
fn draw(scene: &str, servers: &[&str]) -> [String; 3] {
    let scratch = Scratch::new("timeline");
    let names = ["a picture.svg", "b.html", "c.json"];
    let files = names.map(|name| scratch.0.join(name));
    let mut command = Command::new(binary("timeline"));
    let options = ["--out", "--html", "--trace"].iter().zip(&files);
    for (option, file) in options {
        command.arg(option).arg(file);
    }
    let run = command.arg(scene).args(servers).timeout(LIMIT).assert();
    let said = stdout(&run.success());
    for file in &files {
        let line = format!("written: {}\n", file.display());
        assert!(said.contains(&line), "{said}");
    }
    files.map(|file| fs::read_to_string(file).unwrap())
}

#[test]
#[ignore = "in .ci/run"]
fn a_run_is_drawn_in_three_ways() {
    let servers = [path("step03"), path("step04")];
    let servers = servers.each_ref().map(String::as_str);
    let [svg, html, trace] = draw("slow-and-quick", &servers);
    assert_well_formed(&svg);
    assert!(svg.starts_with("<svg class=\"timeline\" viewBox=\"0 0 400 "));
    assert!(!svg.lines().any(|line| line.trim().is_empty()), "{svg}");
    for part in ["role=\"img\"", "<title id=", "<desc id=", "</style>"] {
        assert!(svg.contains(part), "no {part} in {svg}");
    }
    let expected = [("1 /sleep", 2), ("2 quick", 2), ("200", 4)];
    for (words, count) in expected {
        let text = format!(">{words}</text>");
        assert_eq!(svg.matches(&text).count(), count, "{words} in {svg}");
    }
    let picture =
        &html[html.find("<svg").unwrap()..html.find("</svg>").unwrap()];
    assert_well_formed(&format!("{picture}</svg>"));
    for part in
        ["type=\"range\"", "aria-live=\"polite\"", "<label for=\"time\""]
    {
        assert!(html.contains(part), "no {part} in {html}");
    }
    assert_eq!(html.matches("<li>client 1 /sleep: <b></b>").count(), 2);
    // A page that asks for nothing works anywhere.
    assert!(!html.contains("src=") && !html.contains("href="), "{html}");
    assert_json(&trace);
    for part in ["{\"traceEvents\":[", "\"ph\":\"M\"", "\"ph\":\"X\""] {
        assert!(trace.contains(part), "no {part} in {trace}");
    }
}

/// Each element of an XML document is closed, in order, and each `&` begins an
/// entity.
fn assert_well_formed(xml: &str) {
    let mut open = Vec::new();
    for part in xml.split('<').skip(1) {
        let (tag, text) = part.split_once('>').expect("a tag ends");
        let name = tag.split([' ', '\n']).next().unwrap();
        assert_eq!(tag.matches('"').count() % 2, 0, "<{tag}>");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "</{name}>");
        } else if !tag.ends_with('/') {
            open.push(name);
        }
        for entity in text.split('&').skip(1) {
            let known = ["amp;", "lt;", "gt;", "quot;"];
            assert!(known.iter().any(|it| entity.starts_with(it)), "{text}");
        }
    }
    assert!(open.is_empty(), "not closed: {open:?}");
}

#[test]
fn the_check_of_xml_fails_where_it_should() {
    for xml in ["<a><b></a></b>", "<a>", "<a b=\"></a>", "<a>&</a>"] {
        let run = std::panic::catch_unwind(|| assert_well_formed(xml));
        assert!(run.is_err(), "{xml}");
    }
}

/// A text is JSON, with nothing behind it.
fn assert_json(text: &str) {
    let rest = after_value(text.trim_start());
    let rest = rest.unwrap_or_else(|| panic!("no JSON: {text}"));
    assert_eq!(rest.trim(), "", "behind the value");
}

/// What follows a value of JSON.
fn after_value(text: &str) -> Option<&str> {
    let text = text.trim_start();
    match text.chars().next()? {
        '{' => after_items(&text[1..], '}', |item| {
            let rest = after_string(item)?.trim_start();
            after_value(rest.strip_prefix(':')?)
        }),
        '[' => after_items(&text[1..], ']', after_value),
        '"' => after_string(text),
        _ => {
            let end = text.find([',', '}', ']', ' ', '\n'])?;
            text[..end].parse::<f64>().ok()?;
            Some(&text[end..])
        }
    }
}

fn after_items(
    mut text: &str,
    end: char,
    after: impl Fn(&str) -> Option<&str>,
) -> Option<&str> {
    if let Some(rest) = text.trim_start().strip_prefix(end) {
        return Some(rest);
    }
    loop {
        text = after(text.trim_start())?.trim_start();
        if let Some(rest) = text.strip_prefix(end) {
            return Some(rest);
        }
        text = text.strip_prefix(',')?;
    }
}

fn after_string(text: &str) -> Option<&str> {
    let text = text.strip_prefix('"')?;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' if !escaped => return Some(&text[at + 1..]),
            0..32 => return None,
            _ => escaped = byte == b'\\' && !escaped,
        }
    }
    None
}

#[test]
fn the_check_of_json_fails_where_it_should() {
    for text in ["{\"a\":}", "[1,]", "[1", "{1:2}", "[\"a]", "[x]", "[] 1 x"] {
        let run = std::panic::catch_unwind(|| assert_json(text));
        assert!(run.is_err(), "{text}");
    }
    assert_json("{\"a\": [1, -2.5, \"b\\\"\"], \"c\": {}}\n");
}

/// A server in any language is seen with the processes that it starts, and they
/// all end with it.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "in .ci/run"]
fn a_server_of_several_processes_is_seen_and_ended() {
    let scratch = Scratch::new("timeline");
    let script = scratch.0.join("server.sh");
    let step = path("step05");
    let port = scratch.0.join("port");
    let text = format!(
        "echo $1 > '{}'\n'{step}' 127.0.0.1:$1 > /dev/null &\nwait\n",
        port.display()
    );
    fs::write(&script, text).unwrap();
    // A command is split at blanks: a path may have some.
    let run = Command::new(binary("timeline"))
        .current_dir(&scratch.0)
        .args(["--shape", "silent", "mine=sh server.sh {port}"])
        .timeout(LIMIT)
        .assert()
        .success();
    let shape = stdout(&run);
    assert!(shape.starts_with("# mine\n"), "{shape}");
    assert!(shape.contains("\n  process: "), "{shape}");
    assert!(shape.contains("\n  worker: "), "{shape}");
    let port = fs::read_to_string(port).unwrap();
    let address = format!("127.0.0.1:{}", port.trim());
    // A process that was killed takes a moment to end.
    let start = Instant::now();
    while TcpStream::connect(&address).is_ok() {
        assert!(start.elapsed() < LIMIT, "step05 is still there");
    }
}

/// The page says what each lane does at the moment that its address names.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "in .ci/run"]
fn the_page_tells_who_does_what() {
    let scratch = Scratch::new("timeline");
    let page = scratch.0.join("page.html");
    let mut command = Command::new(binary("timeline"));
    command.arg("--html").arg(&page).args(["slow-and-quick", &path("step03")]);
    command.timeout(LIMIT).assert().success();
    let page = page.to_str().unwrap();
    // `None` if there's no browser here.
    let said = |moment: u32| {
        let mut browser = std::process::Command::new("timeout");
        browser.args(["-k", "1", "60", "chromium", "--headless"]);
        browser.args(["--no-sandbox", "--disable-gpu", "--dump-dom"]);
        browser.arg(format!("--user-data-dir={}", scratch.0.display()));
        browser.arg(format!("file://{page}#{moment}")).env("HOME", &scratch.0);
        let run = browser.output().unwrap();
        let is_there = run.status.code() != Some(127);
        is_there.then(|| String::from_utf8(run.stdout).unwrap())
    };
    let Some(before) = said(600) else {
        eprintln!("skipped, because chromium isn't installed");
        return;
    };
    let lines = |main: &str, client: &str| {
        [("main", main), ("client 1 /sleep", client)]
            .map(|(name, what)| format!("<li>{name}: <b>{what}</b></li>"))
    };
    let sleeps = "sleeps, while it makes an answer";
    for line in lines(sleeps, "waits for the answer") {
        assert!(before.contains(&line), "no {line} in {before}");
    }
    let after = said(60_000).unwrap();
    for line in lines("in accept: waits for a client", "200") {
        assert!(after.contains(&line), "no {line} in {after}");
    }
}

//! The pages in `static/`, and what a browser makes of the first one.
//!
//! `hello.html` is an instrument: at `/#six` it sends six requests at the same
//! moment, and says in which shape the answers came.
//!
//! And the book's page "You are the scheduler": each of its levels is played.

#[cfg(unix)]
#[path = "scheduler/levels.rs"]
#[allow(dead_code)] // `cargo test --test scheduler` needs more of it,
mod levels;

#[cfg(unix)]
#[path = "support/output.rs"]
mod output;

// Only the tests in a browser start programs.
#[cfg_attr(not(unix), allow(dead_code))]
#[path = "support/place.rs"]
mod place;

#[cfg(unix)]
#[path = "scheduler/rules.rs"]
mod rules;

#[cfg(unix)]
#[path = "support/running.rs"]
mod running;

#[cfg(unix)]
#[path = "support/scratch.rs"]
mod scratch;

#[cfg(unix)]
#[path = "support/walker.rs"]
#[allow(dead_code)] // and of this.
mod walker;

use place::repository;
use std::fs;
use std::path::Path;

/// So that `curl` shows a page on a few screens.
const MAX_PAGE: usize = 8 * 1024;

/// A file's text, with line ends as they are in the repository.
fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap().replace("\r\n", "\n")
}

/// What is between `start` and `end`, each time that both are there.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Vec<&'a str> {
    let parts = text.split(start).skip(1);
    parts.filter_map(|part| Some(part.split_once(end)?.0)).collect()
}

#[test]
fn pages_are_small_complete_and_need_no_other_request() {
    let mut names = Vec::new();
    for entry in fs::read_dir(repository().join("static")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_string();
        let page = read(&path);
        let size = page.len();
        assert!(size <= MAX_PAGE, "{name}: {size} bytes, not {MAX_PAGE}");
        for (start, end) in [
            ("<!doctype html>\n", "</html>\n"),
            ("<html lang=\"en\">", "</html>"),
            ("<meta charset=\"utf-8\">", "</head>"),
            ("<meta name=\"viewport\"", "</head>"),
            ("<title>", "</title>"),
            ("<main>", "</main>"),
            ("<h1>", "</h1>"),
        ] {
            let count = between(&page, start, end).len();
            assert_eq!(count, 1, "{name}: {start} … {end}, not once");
        }
        for other in ["http:", "https:", "src=", "@import", "url(", "<iframe"] {
            assert!(!page.contains(other), "{name} asks for more: {other}");
        }
        for link in between(&page, "href=\"", "\"") {
            assert!(["/", "data:,"].contains(&link), "{name} links to {link}");
        }
        // Content-Length counts bytes, and a page shows if it doesn't.
        assert!(!page.is_ascii(), "{name}: each character is one byte");
        names.push(name);
    }
    names.sort();
    assert_eq!(names, ["400.html", "404.html", "hello.html"]);
}

#[test]
fn pages_say_what_they_should() {
    let page = |name: &str| read(&repository().join("static").join(name));
    let hello = page("hello.html");
    for text in [
        "<title>Hello World!</title>",
        "<h1>Hello World!</h1>",
        "<p>Hi from a Rustian.</p>",
    ] {
        assert!(hello.contains(text), "hello.html lacks {text}");
    }
    let long = hello.lines().find(|line| line.chars().count() > 100);
    assert_eq!(
        long, None,
        "a line of hello.html is hard to read in a terminal"
    );
    let missing = page("404.html");
    for text in [
        "<title>404 - Page Not Found</title>",
        "<h1>Oops! Page Not Found</h1>",
        "Sorry, the page you are looking for might be in another dimension. \
         Let's get you back to reality!",
    ] {
        assert!(missing.contains(text), "404.html lacks {text}");
    }
}

/// Processes are started in a group of their own, which only Unix has.
#[cfg(unix)]
mod in_a_browser {
    use super::*;
    use crate::place::binary;
    use crate::running::{Running, prepare};
    use crate::scratch::Scratch;
    use std::env;
    use std::ffi::OsStr;
    use std::io::Read;
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Command, Stdio};
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    /// A browser that takes longer than this hangs. A run takes nine seconds.
    const DEADLINE: Duration = Duration::from_secs(120);

    /// A browser and all processes that it starts. They end with the test.
    struct Browser(Child);

    impl Drop for Browser {
        fn drop(&mut self) {
            let group = format!("-{}", self.0.id());
            let mut kill = Command::new("kill");
            kill.args(["-KILL", "--", &group]).stderr(Stdio::null());
            _ = kill.status();
            _ = self.0.wait();
        }
    }

    /// The browser's name, if there is one here.
    fn browser() -> Option<&'static str> {
        let names = ["chromium", "chromium-browser", "google-chrome"];
        let found = names.into_iter().find(|name| {
            let mut command = Command::new(name);
            let version = command.arg("--version").stderr(Stdio::null());
            version.output().is_ok_and(|output| output.status.success())
        });
        if found.is_none() {
            eprintln!("skipped, because none of {names:?} is installed");
        }
        found
    }

    /// What the page at `url` has become when all of its requests are done.
    fn dump_dom(browser: &str, url: &str) -> String {
        let port = url.rsplit(':').next().unwrap().replace('/', "-");
        let profile = Scratch::new(&format!("browser-{port}"));
        let mut directory = "--user-data-dir=".to_string();
        directory +=
            profile.0.to_str().expect("a temporary directory in UTF-8");
        let mut command = Command::new(browser);
        command
            .args("--headless --no-sandbox --disable-gpu".split(' '))
            .args("--disable-quic --no-first-run --no-proxy-server".split(' '))
            .args("--disable-background-networking --disable-sync".split(' '))
            .args(["--disable-component-update", &directory])
            // This clock stands still while requests are in flight. The page
            // takes its times from the browser's record, which doesn't.
            .args(["--virtual-time-budget=30000", "--dump-dom", url])
            .env("HOME", &profile.0)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        prepare(&mut command, 9); // If the tests are interrupted, SIGKILL.
        let mut browser = Browser(command.spawn().unwrap());
        let mut stdout = browser.0.stdout.take().unwrap();
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut dom = String::new();
            _ = stdout.read_to_string(&mut dom);
            _ = sender.send(dom);
        });
        let dom = receiver.recv_timeout(DEADLINE);
        drop(browser);
        dom.unwrap_or_else(|_| panic!("the browser hangs at {url}"))
    }

    /// Sends the six requests to a server, and checks in which shape the page
    /// saw the answers, and what it says about them.
    fn check(program: impl AsRef<OsStr>, shape: &str, status: &str) {
        let Some(browser) = browser() else { return };
        let mut server = Command::new(program);
        server.arg("127.0.0.1:0").env("CARGO_MANIFEST_DIR", repository());
        let server = Running::spawn(&mut server).unwrap();
        let address = server.address().unwrap();
        let dom = dump_dom(browser, &format!("http://{address}/#six"));
        let shapes = between(&dom, "data-shape=\"", "\"");
        let said = between(&dom, "role=\"status\">", "<");
        assert_eq!(shapes, [shape], "the page says {said:?}");
        assert!(said[0].starts_with(status), "{said:?}, not {status:?}");
    }

    #[test]
    #[ignore = "in .ci/run"]
    fn page_says_that_step02_does_not_know_sleep() {
        let step = binary("step02");
        check(step, "none", "This server doesn’t know /sleep yet");
    }

    #[test]
    #[ignore = "in .ci/run"]
    fn page_shows_a_staircase_for_step03() {
        let step = binary("step03");
        check(step, "staircase", "Served one after another.");
    }

    #[test]
    #[ignore = "in .ci/run"]
    fn page_shows_a_block_for_step04() {
        let step = binary("step04");
        check(step, "block", "Served all at once.");
    }

    #[test]
    #[ignore = "in .ci/run"]
    fn page_shows_four_and_two_for_step05() {
        let step = binary("step05");
        check(step, "four-and-two", "Served four, then two.");
    }

    #[test]
    #[ignore = "in .ci/run"]
    fn page_shows_four_and_two_for_step06() {
        let step = binary("step06");
        check(step, "four-and-two", "Served four, then two.");
    }

    /// The riddle of chapter 5: in a `while let`, the guard lives as long as
    /// the job runs, so the four workers run one job at a time.
    #[test]
    #[ignore = "in .ci/run"]
    fn page_shows_a_staircase_for_a_pool_that_holds_its_lock() {
        let step = repository().join("steps/step05_thread_pool");
        let scratch = Scratch::new("riddle");
        let main = read(&step.join("main.rs"));
        let pool = read(&step.join("thread_pool.rs"));
        let (before, rest) = pool.split_once("    loop {\n").unwrap();
        let (_, after) = rest.split_once("else { return };\n").unwrap();
        let faulty = "    while let Ok(job) = jobs.lock().unwrap().recv() {\n";
        let pool = [before, faulty, after].concat();
        fs::write(scratch.0.join("main.rs"), main).unwrap();
        fs::write(scratch.0.join("thread_pool.rs"), pool).unwrap();
        let rustc = env::var_os("RUSTC").unwrap_or("rustc".into());
        let run = Command::new(rustc)
            .args(["--edition", "2024", "main.rs", "-o", "program"])
            .env("CARGO_MANIFEST_DIR", repository())
            .current_dir(&scratch.0)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success(), "{said}");
        let program = scratch.0.join("program");
        check(program, "staircase", "Served one after another.");
    }

    /// What the page says of the moves that the rules in Rust have found: the
    /// rules in the page are the same.
    #[test]
    #[ignore = "in .ci/run"]
    fn page_plays_every_level_of_the_scheduler_to_its_end() {
        let Some(browser) = browser() else { return };
        let book = Scratch::new("book-scheduler");
        let mut mdbook = Command::new("mdbook");
        mdbook.arg("build").arg(repository().join("book"));
        mdbook.arg("--dest-dir").arg(&book.0);
        let Ok(built) = mdbook.output() else {
            return eprintln!("skipped: this needs mdbook, which isn't here");
        };
        let said = String::from_utf8_lossy(&built.stderr);
        assert!(built.status.success(), "{said}");
        let size = ["html", "css"].map(|extension| {
            let file = book.0.join("scheduler").with_extension(extension);
            fs::metadata(file).unwrap().len()
        });
        assert!(
            size[0] + size[1] < 60 * 1024,
            "the page is too large: {size:?}"
        );
        let levels = repository().join("book/src/scheduler_levels.txt");
        for level in levels::parse(read(&levels)) {
            let walk = level.walk();
            let way = walk.shortest(|it| level.holds(&level.goal, it));
            let expected = match &way {
                Some(way) => ("reached", format!("in {} moves", way.len())),
                None => ("impossible", format!("{} states", walk.states.len())),
            };
            let moves = way.map(|way| {
                let keys = way.iter().map(|it| (it + 1).to_string());
                keys.collect::<Vec<_>>().join(",")
            });
            let moves = moves.unwrap_or("impossible".to_string());
            let page = book.0.join("scheduler.html");
            let page = page.to_str().expect("a temporary directory in UTF-8");
            let url = format!("file://{page}#play={}:{moves}", level.name);
            let dom = dump_dom(browser, &url);
            let outcome = between(&dom, "data-outcome=\"", "\"");
            let said = between(&dom, "aria-live=\"polite\">", "<");
            assert_eq!(outcome, [expected.0], "{url}: {said:?}");
            assert!(said[0].contains(&expected.1), "{url}: {said:?}");
        }
    }
}

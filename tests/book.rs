//! The book is true: whatever it shows of the programs comes out of them.
//!
//!     cargo test --test book            fails where the book has drifted
//!     BLESS=1 cargo test --test book    writes anew what is generated
//!
//! Generated are `diffs/`, `matrix.md`, the output in `transcripts/` and the
//! messages in `compiler/`, all below `book/src`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, process};

/// The headings of a chapter, in this order. The first of them tells what is
/// wrong with the step before, so it has other words in the first chapter.
const PARTS: [&str; 9] = [
    "Predict",
    "The idea",
    "The change",
    "Run it",
    "Traps",
    "What it still gets wrong",
    "Check yourself",
    "Exercises",
    "Read more",
];

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn source() -> PathBuf {
    repository().join("book/src")
}

fn read(path: &Path) -> String {
    match fs::read_to_string(path) {
        Ok(text) => text.replace("\r\n", "\n"),
        Err(error) => panic!("{}: {error}", path.display()),
    }
}

/// The files in a folder, or below it, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|it| it == extension)
}

/// The name of a file as the book's pages write it.
fn name(path: &Path) -> String {
    let path = path.strip_prefix(source()).unwrap_or(path);
    path.display().to_string().replace('\\', "/")
}

fn pages() -> Vec<PathBuf> {
    let files = files(&source()).into_iter();
    files.filter(|path| has_extension(path, "md")).collect()
}

fn chapters() -> Vec<PathBuf> {
    let is_chapter = |path: &PathBuf| name(path).starts_with("step");
    pages().into_iter().filter(is_chapter).collect()
}

fn steps() -> Vec<String> {
    let folder = repository().join("steps");
    let mut steps: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|it| it.unwrap().file_name().to_string_lossy().to_string())
        .filter(|name| name.starts_with("step"))
        .collect();
    steps.sort();
    steps
}

/// Collects what is wrong, so that one run shows all of it.
#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn add(&mut self, fault: String) {
        self.0.push(fault);
    }

    /// Compares what is generated with what is there, and writes it if asked.
    fn compare(&mut self, path: &Path, fresh: &str, same: bool) {
        if same {
            return;
        }
        if env::var_os("BLESS").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, fresh).unwrap();
            return;
        }
        self.add(format!(
            "{} is stale. What it should say:\n{fresh}\nTo write it anew: \
             BLESS=1 cargo test --test book; then read what has changed, and \
             mend the text around it",
            name(path)
        ));
    }
}

impl Drop for Faults {
    fn drop(&mut self) {
        if !self.0.is_empty() && !std::thread::panicking() {
            panic!("\n\n{}\n\n", self.0.join("\n\n"));
        }
    }
}

// Includes and anchors

/// What follows `{{#include ` in a page, and the number of its line.
fn includes(text: &str) -> Vec<(usize, &str)> {
    let lines = text.lines().enumerate();
    lines
        .filter_map(|(number, line)| {
            let (_, rest) = line.split_once("{{#include ")?;
            Some((number + 1, rest.split_once("}}")?.0))
        })
        .collect()
}

/// The anchors that a text opens or closes.
fn anchors<'a>(text: &'a str, mark: &str) -> Vec<&'a str> {
    let marked = text.lines().filter_map(|line| line.split_once(mark));
    marked.map(|(_, name)| name.trim()).collect()
}

#[test]
fn includes_resolve_and_anchors_are_used() {
    let mut faults = Faults::default();
    let mut used: BTreeMap<PathBuf, BTreeSet<String>> = BTreeMap::new();
    for page in pages() {
        let text = read(&page);
        for (line, target) in includes(&text) {
            let place = format!("{}:{line}", name(&page));
            let (file, anchor) = match target.split_once(':') {
                Some((file, anchor)) => (file, Some(anchor)),
                None => (target, None),
            };
            let path = page.parent().unwrap().join(file);
            let Ok(path) = path.canonicalize() else {
                faults.add(format!("{place}: there is no {file} to include"));
                continue;
            };
            let included = read(&path);
            let Some(anchor) = anchor else {
                if included.trim().is_empty() {
                    faults.add(format!("{place}: {file} is empty"));
                }
                if included.contains("ANCHOR: ") {
                    faults.add(format!(
                        "{place}: {file} has anchors, which would be seen \
                         when all of it is included; include them one by one"
                    ));
                }
                continue;
            };
            let open = format!("ANCHOR: {anchor}\n");
            let close = format!("ANCHOR_END: {anchor}\n");
            let inside = included
                .split_once(&open)
                .and_then(|(_, rest)| rest.split_once(&close))
                .map(|(inside, _)| inside.rsplit_once('\n'))
                .is_some_and(|it| it.is_some_and(|(text, _)| text.len() > 1));
            if !inside {
                faults.add(format!(
                    "{place}: {file} has no anchor {anchor}, or nothing in it; \
                     mdBook would show an empty block without a word"
                ));
            }
            used.entry(path).or_default().insert(anchor.to_string());
        }
    }
    for file in files(&repository().join("steps")) {
        let text = read(&file);
        let opened = anchors(&text, "// ANCHOR: ");
        if opened != {
            let mut closed = anchors(&text, "// ANCHOR_END: ");
            closed.sort_by_key(|it| opened.iter().position(|o| o == it));
            closed
        } {
            faults.add(format!("{}: anchors do not pair up", file.display()));
        }
        let distinct: BTreeSet<_> = opened.iter().collect();
        if distinct.len() != opened.len() {
            faults.add(format!("{}: an anchor comes twice", file.display()));
        }
        // A later step keeps a file as it is, with its anchors.
        let is_used = |anchor: &str| {
            used.iter().any(|(path, anchors)| {
                anchors.contains(anchor) && read(path) == text
            })
        };
        for anchor in opened {
            if !is_used(anchor) {
                faults.add(format!(
                    "{}: no page includes the anchor {anchor}; remove it",
                    file.display()
                ));
            }
        }
    }
}

// Diffs

/// The files of a step, without the lines that mark anchors.
fn step_files(step: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for path in files(&repository().join("steps").join(step)) {
        let text = read(&path);
        let lines = text.lines().filter(|line| !line.contains("// ANCHOR"));
        let text: String = lines.map(|line| format!("{line}\n")).collect();
        let name = path.file_name().unwrap().to_string_lossy().to_string();
        found.insert(name, text);
    }
    found
}

/// The hunks of the unified diff of two texts, as git finds them.
fn hunks(before: &str, after: &str) -> Vec<String> {
    static NEXT: std::sync::atomic::AtomicUsize =
        std::sync::atomic::AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let folder = format!("book-diff-{}-{number}", process::id());
    let folder = env::temp_dir().join(folder);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("a"), before).unwrap();
    fs::write(folder.join("b"), after).unwrap();
    let diff = Command::new("git")
        .args(["-c", "core.autocrlf=false", "diff", "--no-index"])
        .args(["--no-ext-diff", "--no-color", "--diff-algorithm=myers"])
        .args(["--no-indent-heuristic", "-U3", "a", "b"])
        .current_dir(&folder)
        .output()
        .unwrap_or_else(|error| panic!("git is needed for diffs: {error}"));
    fs::remove_dir_all(&folder).unwrap();
    let diff = String::from_utf8(diff.stdout).unwrap();
    let mut hunks: Vec<String> = Vec::new();
    for line in diff.lines() {
        if let Some(rest) = line.strip_prefix("@@ ") {
            // What git adds behind the numbers differs between its versions.
            let numbers = rest.split(" @@").next().unwrap();
            hunks.push(format!("@@ {numbers} @@\n"));
        } else if let Some(hunk) = hunks.last_mut() {
            hunk.push_str(&format!("{line}\n"));
        }
    }
    hunks
}

#[test]
fn diffs_are_the_differences_of_the_steps() {
    if Command::new("git").arg("--version").output().is_err() {
        eprintln!("skipped: the diffs need git, which is not here");
        return;
    }
    let mut faults = Faults::default();
    let mut fresh = BTreeSet::new();
    for pair in steps().windows(2) {
        let (before, after) = (step_files(&pair[0]), step_files(&pair[1]));
        let folder = format!("diffs/{}-{}", &pair[0][..6], &pair[1][..6]);
        for (file, text) in after {
            // A file that is new is shown as it is.
            let Some(old) = before.get(&file) else { continue };
            let hunks = hunks(old, &text);
            let head =
                format!("--- {}/{file}\n+++ {}/{file}\n", pair[0], pair[1]);
            let mut parts = vec![(
                format!("{folder}/{file}.diff"),
                format!("{head}{}", hunks.concat()),
            )];
            for (number, hunk) in hunks.iter().enumerate() {
                let name = format!("{folder}/{file}.{}.diff", number + 1);
                parts.push((name, hunk.clone()));
            }
            if hunks.is_empty() {
                continue;
            }
            for (name, text) in parts {
                let path = source().join(&name);
                let same = path.exists() && read(&path) == text;
                faults.compare(&path, &text, same);
                fresh.insert(path);
            }
        }
    }
    for path in files(&source().join("diffs")) {
        if fresh.contains(&path) {
            continue;
        }
        if env::var_os("BLESS").is_some() {
            fs::remove_file(&path).unwrap();
        } else {
            faults.add(format!(
                "{} is the difference of nothing; remove it, or run \
                 BLESS=1 cargo test --test book",
                name(&path)
            ));
        }
    }
}

// The matrix

/// The table of tests/behaviours/mod.rs: a heading, or a behaviour and its cells.
enum Row {
    Heading(String),
    Behaviour(String, Vec<String>),
}

/// The name of a behaviour as a person would write it.
fn sentence(name: &str) -> String {
    let words = name.split('_').map(|word| match word {
        "utf8" => "UTF-8",
        "kib" => "KiB",
        "sigterm" => "SIGTERM",
        word => word,
    });
    words.collect::<Vec<_>>().join(" ").replace("ctrl c", "Ctrl-C")
}

fn table() -> Vec<Row> {
    let text = read(&repository().join("tests/behaviours/mod.rs"));
    let (_, text) = text.split_once("macro_rules! table").unwrap();
    let (text, _) = text.split_once("macro_rules! contract").unwrap();
    let mut rows = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(heading) = line.strip_prefix("// ") {
            rows.push(Row::Heading(heading.to_string()));
            continue;
        }
        let row = line.split_once(" [").and_then(|(behaviour, cells)| {
            Some((behaviour.split_once("::")?.1, cells))
        });
        if let Some((name, cells)) = row {
            let cells = cells.trim_end_matches(']').split(' ');
            let cells = cells.map(String::from).collect();
            rows.push(Row::Behaviour(sentence(name), cells));
        }
    }
    rows
}

#[test]
fn the_matrix_is_the_table_of_the_tests() {
    let steps = steps();
    let mut matrix = String::from("| the server … |");
    for step in &steps {
        matrix += &format!(" [{}]({step}.md) |", &step[4..6]);
    }
    matrix += &format!("\n| --- |{}\n", " :-: |".repeat(steps.len()));
    let mut behaviours = 0;
    for row in table() {
        match row {
            Row::Heading(heading) => {
                matrix += &format!("| **{heading}** |");
                matrix += &format!("{}\n", " |".repeat(steps.len()));
            }
            Row::Behaviour(name, cells) => {
                assert_eq!(cells.len(), steps.len(), "the row of {name}");
                let cells: Vec<&str> = cells
                    .iter()
                    .map(|it| if it == "yes" { "✓" } else { it.as_str() })
                    .collect();
                matrix += &format!("| {name} | {} |\n", cells.join(" | "));
                behaviours += 1;
            }
        }
    }
    assert!(behaviours > 30, "the table is not where this test looks for it");
    let path = source().join("matrix.md");
    let same = path.exists() && read(&path) == matrix;
    Faults::default().compare(&path, &matrix, same);
}

/// A chapter that names a test, `has::…` or `lacks::…`, names one of its step.
#[test]
fn tests_that_are_named_are_there() {
    let mut faults = Faults::default();
    let rows: BTreeMap<String, Vec<String>> = table()
        .into_iter()
        .filter_map(|row| match row {
            Row::Behaviour(name, cells) => Some((name, cells)),
            Row::Heading(_) => None,
        })
        .collect();
    for chapter in chapters() {
        let step: usize = name(&chapter)[4..6].parse().unwrap();
        let text = read(&chapter);
        for (group, holds) in [("`has::", true), ("`lacks::", false)] {
            for rest in text.split(group).skip(1) {
                let test = rest.split('`').next().unwrap();
                let cell = rows.get(&sentence(test));
                let cell = cell.and_then(|cells| cells.get(step - 1));
                // What is left out after `::` names the group, not a test.
                let group_alone = test.is_empty() || test == "…";
                if !group_alone && cell.is_none_or(|it| (it == "yes") != holds)
                {
                    faults.add(format!(
                        "{}: step {step:02} has no test {group}{test}`",
                        name(&chapter)
                    ));
                }
            }
        }
    }
}

// What the compiler says

/// Each `compiler/NAME.rs` does not compile, and `NAME.txt` beside it is what
/// rustc says. Wording around an error changes with the compiler's version,
/// the error itself hardly: only the lines that begin with `error` must agree.
#[test]
fn compiler_messages_are_what_rustc_says() {
    let mut faults = Faults::default();
    let errors = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| line.starts_with("error"));
        lines.map(String::from).collect()
    };
    for path in files(&source().join("compiler")) {
        if !has_extension(&path, "rs") {
            continue;
        }
        let rustc = env::var_os("RUSTC").unwrap_or("rustc".into());
        let run = Command::new(rustc)
            .args(["--edition", "2024", "--crate-type", "lib"])
            .args(["--emit", "metadata", "-o"])
            .arg(env::temp_dir().join(format!("book-{}", process::id())))
            .args(["-A", "dead_code", "-A", "unused"])
            .args(["--diagnostic-width", "80"])
            .arg(path.file_name().unwrap())
            .current_dir(path.parent().unwrap())
            .output()
            .unwrap();
        let said = String::from_utf8(run.stderr).unwrap();
        // The last lines count the errors and name a command to explain them.
        let said = said.split("\nerror: aborting").next().unwrap();
        let said = without_library(said.trim_end());
        if run.status.success() {
            faults.add(format!("{} compiles, and should not", name(&path)));
            continue;
        }
        let message = path.with_extension("txt");
        let same = message.exists() && errors(&read(&message)) == errors(&said);
        faults.compare(&message, &said, same);
    }
}

/// A message without what points into the standard library's source.
fn without_library(message: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in message.lines() {
        if line.contains("/rustc/") {
            lines.pop();
        } else if !line.contains("long-type") && !line.contains("--verbose") {
            lines.push(line);
        }
    }
    format!("{}\n", lines.join("\n"))
}

// Transcripts

/// `transcripts/NAME.server.txt` is what the server's terminal shows, and
/// `NAME.client.txt` the other terminal, where there is one. The lines that
/// begin with `$ ` are typed, and so is `^C`.
/// Only on Linux, since one of them counts threads in `/proc`.
#[cfg(target_os = "linux")]
mod transcripts {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::process::{Child, Stdio};
    use std::sync::Mutex;
    use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
    use std::time::Duration;

    /// What must be printed gets this long.
    const DEADLINE: Duration = Duration::from_secs(20);
    /// Who has printed all that the transcript has may still print more.
    const REST: Duration = Duration::from_millis(200);

    struct Terminal {
        step: String,
        process: Child,
        lines: Receiver<String>,
        port: String,
        output: Vec<String>,
    }

    impl Terminal {
        /// Runs the commands in a folder. The last of them starts a server, here
        /// on a port that is free, and may be in parentheses, with `ulimit`
        /// before it: `$ cargo run --bin stepNN -- --option 1`.
        fn start(commands: &[&str], folder: &Path) -> Terminal {
            let (command, before) = commands.split_last().unwrap();
            for command in before {
                let sh = ["-c", &command[2..]];
                Command::new("sh")
                    .args(sh)
                    .current_dir(folder)
                    .status()
                    .unwrap();
            }
            let command = command[2..].trim_matches(['(', ')']);
            let (before, run) = command
                .split_once("cargo run --bin ")
                .expect("$ cargo run --bin stepNN");
            let (step, options) =
                run.split_at(run.find(' ').unwrap_or(run.len()));
            let options = options.replacen(" --", "", 1);
            let binary = Path::new(env!("CARGO_BIN_EXE_step01"));
            let binary = binary.parent().unwrap().join(step);
            let script =
                format!("exec 2>&1; {before}exec \"$0\" 127.0.0.1:0{options}");
            let mut process = Command::new("sh")
                .args(["-c", &script])
                .arg(binary)
                .current_dir(folder)
                .env("RUST_BACKTRACE", "0")
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let stdout = BufReader::new(process.stdout.take().unwrap());
            let (sender, lines) = channel();
            std::thread::spawn(move || {
                for line in stdout.lines().map_while(Result::ok) {
                    _ = sender.send(line);
                }
            });
            let first = lines.recv_timeout(DEADLINE).unwrap();
            let port = first.rsplit(':').next().unwrap().to_string();
            let step = step.to_string();
            Terminal { step, process, lines, port, output: vec![first] }
        }

        fn id(&self) -> String {
            self.process.id().to_string()
        }

        /// Waits for as many lines as there should be, and a little for more.
        fn collect(&mut self, lines: usize) {
            loop {
                let enough = self.output.len() >= lines;
                let time = if enough { REST } else { DEADLINE };
                match self.lines.recv_timeout(time) {
                    Ok(line) => self.output.push(line),
                    Err(RecvTimeoutError::Timeout) => return,
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        }
    }

    impl Drop for Terminal {
        fn drop(&mut self) {
            _ = self.process.kill();
            _ = self.process.wait();
        }
    }

    fn typed(text: &str) -> Vec<&str> {
        text.lines().filter(|line| line.starts_with("$ ")).collect()
    }

    /// Leaves out what is not the same twice: which worker it was, the number
    /// of a thread, how long something took, the version of curl, the time in
    /// an access log, a date. Of some numbers it only matters whether they are large.
    fn normal(text: &str) -> String {
        let marks = [
            "worker ",
            "thread '",
            " after ",
            "curl/",
            "Broken pipe",
            "waiting for ",
        ];
        let many = [("VmHWM:", 10_000), ("lines: ", 100), ("bytes: ", 0)];
        let mut normal = String::new();
        for line in text.lines() {
            let dated = line.split_once(": ").filter(|(name, value)| {
                value.ends_with(" GMT") && !name.contains(' ')
            });
            let line = dated.map_or(line, |(name, _)| name);
            let mut line = line.to_string();
            if let Some((peer, rest)) = line.split_once(" - - [") {
                let rest = rest.split_once(']').map_or("", |(_, rest)| rest);
                line = format!("{peer} - - []{rest}");
            }
            let known = many.iter().find(|(word, _)| line.starts_with(word));
            if let Some((word, many)) = known {
                let digits: String =
                    line.chars().filter(char::is_ascii_digit).collect();
                let number: u64 = digits.parse().unwrap_or(0);
                normal += &format!("{word} more than {many}: ");
                normal += &format!("{}\n", number > *many);
                continue;
            }
            // Workers are waited for in the order of their numbers.
            let fixed = line.starts_with("waiting for worker ");
            let mark = marks.iter().filter_map(|it| line.find(it)).min();
            let varies = mark.filter(|_| !fixed).unwrap_or(line.len());
            let (kept, varies) = line.split_at(varies);
            let varies = varies.replace(|it: char| it.is_ascii_digit(), "");
            normal += &format!("{kept}{}\n", varies.replace("..", "."));
        }
        normal
    }

    /// Two threads print in an order that is not the same twice either. How
    /// often a worker is found gone, and whether a client that has left is
    /// missed at once, depends on when it is tried.
    fn normal_server(text: &str) -> Vec<String> {
        let text = normal(text);
        let lines = text.lines();
        let lines = lines.filter(|line| !tells_of_leaving(line));
        let mut lines: Vec<String> = lines.map(String::from).collect();
        lines.sort();
        lines.dedup_by(|a, b| a == b && a.ends_with(" is gone"));
        lines
    }

    fn tells_of_leaving(line: &str) -> bool {
        line.contains("Broken pipe") || line.contains("Connection reset")
    }

    fn play(server: &Path, faults: &mut Faults) {
        let old_server = read(server);
        let commands = typed(&old_server);
        let stem = server.file_name().unwrap().to_string_lossy();
        let stem = stem.strip_suffix(".server.txt").unwrap();
        let client = server.with_file_name(format!("{stem}.client.txt"));
        let folder = format!("book-{stem}-{}", process::id());
        let folder = env::temp_dir().join(folder);
        fs::create_dir_all(&folder).unwrap();
        let mut terminal = Terminal::start(&commands, &folder);
        if client.exists() {
            let old = read(&client);
            let mut fresh = String::new();
            for command in typed(&old) {
                let step = terminal.step.as_str();
                let script = command[2..]
                    .replace("7878", &terminal.port)
                    .replace(&format!("$(pgrep -n {step})"), &terminal.id());
                let run = Command::new("timeout")
                    .args(["60", "sh", "-c", &format!("exec 2>&1; {script}")])
                    .current_dir(&folder)
                    .output()
                    .unwrap();
                let said = String::from_utf8_lossy(&run.stdout);
                fresh += &format!("{command}\n{said}");
                if !fresh.ends_with('\n') {
                    fresh.push('\n');
                }
            }
            let fresh = fresh.replace('\r', "");
            let fresh = fresh.replace(&terminal.port, "7878");
            let same = normal(&old) == normal(&fresh);
            faults.compare(&client, &fresh, same);
        }

        fs::remove_dir_all(&folder).unwrap();

        let stops = old_server.lines().position(|line| line == "^C");
        let before = stops.unwrap_or(old_server.lines().count());
        let lines = old_server.lines().take(before).skip(commands.len());
        terminal.collect(lines.filter(|it| !tells_of_leaving(it)).count());
        if stops.is_some() {
            let kill = format!("kill -INT {}", terminal.id());
            Command::new("sh").args(["-c", &kill]).status().unwrap();
            terminal.output.push("^C".to_string());
            while let Ok(line) = terminal.lines.recv_timeout(DEADLINE) {
                terminal.output.push(line);
            }
        }
        let mut fresh = format!("{}\n", commands.join("\n"));
        for line in &terminal.output {
            fresh += &format!("{line}\n");
        }
        let root = format!("{}/", repository().display());
        let fresh = fresh.replace(&terminal.port, "7878").replace(&root, "");
        let same = normal_server(&old_server) == normal_server(&fresh);
        faults.compare(server, &fresh, same);
    }

    /// The faults of the third try, if the first two had some. The commands count
    /// on a second being long enough, as a reader's do; on a machine that is busy
    /// with other things it may not be.
    fn played(server: &Path) -> Vec<String> {
        let mut last = Vec::new();
        for _ in 0..3 {
            let mut found = Faults::default();
            play(server, &mut found);
            last = std::mem::take(&mut found.0);
            if last.is_empty() {
                break;
            }
            eprintln!("once more, since {last:?}");
        }
        last
    }

    #[test]
    fn transcripts_are_what_the_commands_print() {
        if Command::new("curl").arg("--version").output().is_err() {
            eprintln!("skipped: the transcripts need curl, which is not here");
            return;
        }
        let servers: Vec<PathBuf> = files(&source().join("transcripts"))
            .into_iter()
            .filter(|path| name(path).ends_with(".server.txt"))
            .collect();
        assert!(!servers.is_empty(), "there are no transcripts");
        // Side by side, since most of the time they wait; but one begins after
        // the other, since to start programs takes the processors.
        let faults = Mutex::new(Faults::default());
        std::thread::scope(|scope| {
            for server in &servers {
                std::thread::sleep(Duration::from_millis(50));
                let faults = &faults;
                scope.spawn(move || {
                    let found = played(server);
                    faults.lock().unwrap().0.extend(found);
                });
            }
        });
    }
}

// The text

#[test]
fn every_chapter_has_its_parts() {
    let mut faults = Faults::default();
    for step in steps() {
        let path = source().join(format!("{step}.md"));
        if !path.exists() {
            faults.add(format!("{step} has no chapter book/src/{step}.md"));
        }
    }
    for chapter in chapters() {
        let text = prose(&read(&chapter));
        let headings: Vec<&str> =
            text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        if headings.get(1..) != Some(&PARTS) {
            faults.add(format!(
                "{} should have one heading of its own and then {PARTS:?}, \
                 but has {headings:?}",
                name(&chapter)
            ));
        }
        let part = |title: &str| {
            let start = text.find(&format!("## {title}\n")).unwrap_or(0);
            let rest = &text[start..];
            let end = rest[2..].find("\n## ").map_or(rest.len(), |at| at + 2);
            rest[..end].to_string()
        };
        let words = text.split_whitespace().count();
        for (what, count, allowed) in [
            ("words", words, 1_000..=2_900),
            ("traps", part("Traps").matches("\n### ").count(), 2..=8),
            (
                "questions",
                part("Check yourself").matches("\n### ").count(),
                3..=5,
            ),
            ("exercises", part("Exercises").matches("\n### ").count(), 2..=4),
            ("figures", text.matches("<figure>").count(), 1..=4),
        ] {
            if !allowed.contains(&count) {
                faults.add(format!(
                    "{} has {count} {what}, and should have {allowed:?}",
                    name(&chapter)
                ));
            }
        }
    }
}

/// A page without its code blocks.
fn prose(text: &str) -> String {
    let mut prose = String::new();
    let mut inside = false;
    for line in text.lines() {
        if line.starts_with("```") {
            inside = !inside;
        } else if !inside {
            prose += &format!("{line}\n");
        }
    }
    prose
}

#[test]
fn every_code_block_has_a_language_and_steps_are_included() {
    let mut faults = Faults::default();
    for page in pages() {
        let text = read(&page);
        let mut language: Option<&str> = None;
        for (number, line) in text.lines().enumerate() {
            let place = format!("{}:{}", name(&page), number + 1);
            match (line.strip_prefix("```"), language) {
                (Some(""), None) => {
                    faults.add(format!("{place}: a block without a language"));
                    language = Some("");
                }
                (Some(word), None) => language = Some(word),
                (Some(_), Some(_)) => language = None,
                (None, Some(word)) => {
                    let include = line.split_once("{{#include ");
                    let target = include.map_or("", |(_, target)| target);
                    let wanted = match target {
                        it if it.starts_with("../../steps") => "rust,ignore",
                        it if it.starts_with("diffs") => "diff",
                        it if it.starts_with("transcripts") => "console",
                        _ => word,
                    };
                    if word != wanted {
                        faults.add(format!("{place}: {word} for {wanted}"));
                    }
                    if word == "console"
                        && include.is_none()
                        && !text.is_empty()
                    {
                        let typed = line.starts_with("$ ");
                        if !typed {
                            faults.add(format!(
                                "{place}: what a command prints belongs into \
                                 a transcript, which is run: {line}"
                            ));
                        }
                    }
                }
                (None, None) => {}
            }
        }
    }
}

/// The id that mdBook gives to a heading.
fn id(heading: &str) -> String {
    let mut id = String::new();
    for letter in heading.trim().chars() {
        if letter.is_alphanumeric() || letter == '_' || letter == '-' {
            id.extend(letter.to_lowercase());
        } else if letter.is_whitespace() {
            id.push('-');
        }
    }
    id
}

/// The targets of `[…](target)` in a page.
fn links(text: &str) -> Vec<&str> {
    let parts = text.split("](").skip(1);
    parts.filter_map(|it| it.split_once(')').map(|(link, _)| link)).collect()
}

#[test]
fn links_lead_somewhere() {
    let mut faults = Faults::default();
    let mut pages = pages();
    pages.push(repository().join("README.md"));
    for page in &pages {
        for link in links(&prose(&read(page))) {
            if link.contains("://") {
                continue;
            }
            let (file, fragment) = match link.split_once('#') {
                Some((file, fragment)) => (file, fragment),
                None => (link, ""),
            };
            let target = match file {
                "" => page.clone(),
                _ => page.parent().unwrap().join(file),
            };
            if !target.exists() {
                faults.add(format!("{}: {link} leads nowhere", name(page)));
                continue;
            }
            let found = fragment.is_empty()
                || prose(&read(&target)).lines().any(|line| {
                    let heading = line.trim_start_matches('#');
                    heading != line && id(heading) == fragment
                });
            if !found {
                let page = name(page);
                faults.add(format!("{page}: {link} has no such heading"));
            }
        }
    }
}

#[test]
fn every_page_is_in_the_summary() {
    let mut faults = Faults::default();
    let summary = read(&source().join("SUMMARY.md"));
    let listed: BTreeSet<&str> = links(&summary).into_iter().collect();
    let texts: Vec<String> = pages().iter().map(|it| read(it)).collect();
    let included: BTreeSet<&str> = texts
        .iter()
        .flat_map(|text| includes(text))
        .map(|(_, target)| target)
        .collect();
    for page in pages() {
        let name = name(&page);
        let known = name == "SUMMARY.md"
            || listed.contains(name.as_str())
            || included.contains(name.as_str());
        if !known {
            faults.add(format!("{name} is missing in SUMMARY.md"));
        }
    }
    // What is generated or drawn, and shown nowhere, is left over.
    for folder in ["transcripts", "diagrams", "compiler"] {
        for file in files(&source().join(folder)) {
            let file = name(&file);
            // What a server prints need not be shown where its client's is.
            let client = file.replace(".server.", ".client.");
            let shown = [file.as_str(), client.as_str()];
            if !shown.iter().any(|file| included.contains(file)) {
                faults.add(format!("no page includes {file}"));
            }
        }
    }
}

#[test]
fn diagrams_can_be_read_by_everybody() {
    let mut faults = Faults::default();
    let mut ids = BTreeSet::new();
    for path in files(&source().join("diagrams")) {
        let svg = read(&path);
        let mut fault = |what: &str| {
            faults.add(format!("{}: {what}", name(&path)));
        };
        if svg.lines().any(|line| line.trim().is_empty()) {
            fault("a blank line ends the HTML block in the page");
        }
        for needed in ["role=\"img\"", "<title", "<desc", "viewBox="] {
            if !svg.contains(needed) {
                fault(&format!("{needed} is missing"));
            }
        }
        for colour in ["fill=\"#", "stroke=\"#", "fill=\"black", "style="] {
            if svg.contains(colour) {
                fault("colours come from classes in custom.css");
            }
        }
        let stem = path.file_stem().unwrap().to_string_lossy().to_string();
        for id in svg.split(" id=\"").skip(1) {
            let id = id.split('"').next().unwrap();
            if !id.starts_with(&format!("{stem}-")) {
                fault(&format!("the id {id} should begin with {stem}-"));
            }
            if !ids.insert(id.to_string()) {
                fault(&format!("the id {id} is there twice"));
            }
        }
    }
}

/// Questions are plain HTML: of each, one answer is open at a time, and the
/// Markdown inside begins after a blank line.
#[test]
fn answers_can_be_opened() {
    let mut faults = Faults::default();
    for page in pages() {
        let text = read(&page);
        let lines: Vec<&str> = text.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            let place = format!("{}:{}", name(&page), number + 1);
            if line.contains("<summary>") && line.contains('`') {
                faults.add(format!("{place}: <code> for ` in a summary"));
            }
            if line.contains("</summary>")
                && lines.get(number + 1).is_none_or(|next| !next.is_empty())
            {
                faults.add(format!("{place}: a blank line must follow"));
            }
        }
        let opened = text.matches("<details").count();
        if opened != text.matches("</details>").count() {
            faults.add(format!("{}: <details> left open", name(&page)));
        }
    }
}

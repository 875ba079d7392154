//! The figures of the book's chapter on speed are drawn from measurements.
//!
//!     cargo test --test plots                        fails where they are not
//!     BLESS=1 cargo test --test plots                draws them anew
//!     MEASURE=1 cargo test --release --test plots    measures anew, and draws
//!
//! The measurements are the files of `book/src/measurements`. To measure takes
//! two minutes, nginx, and a machine that has nothing else to do.

#[cfg(target_os = "linux")]
#[path = "support/output.rs"]
mod output;

#[path = "support/place.rs"]
mod place;

#[cfg(target_os = "linux")]
#[path = "support/running.rs"]
mod running;

#[path = "support/scratch.rs"]
mod scratch;

use place::{binary, repository};
use scratch::Scratch;
use std::collections::BTreeMap;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::Once;
use std::{env, fs};

/// What all measurements have in common: three rounds, of which the median
/// counts.
const COMMON: [&str; 4] = ["--rounds", "3", "--seconds", "3"];

/// Each measurement, and what `load` is asked for beside that.
const MEASUREMENTS: [(&str, &[&str]); 4] = [
    ("speed_keep_alive", &["step04", "step05", "step16"]),
    ("speed_close", &["--close", "step04", "step05", "step16"]),
    (
        "speed_workers",
        &[
            "--path",
            "/sleep?ms=10",
            "step16 --workers 2",
            "step16 --workers 256",
        ],
    ),
    ("speed_nginx", &["step16", NGINX]),
];

/// Where nginx listens, by the configuration in the chapter.
const NGINX: &str = "127.0.0.1:8081";

fn source() -> PathBuf {
    repository().join("book/src")
}

fn csv(name: &str) -> PathBuf {
    source().join(format!("measurements/{name}.csv"))
}

fn read(path: &Path) -> String {
    match fs::read_to_string(path) {
        Ok(text) => text.replace("\r\n", "\n"),
        Err(error) => panic!("{}: {error}", path.display()),
    }
}

/// Measures, if that is asked for. Every test calls this first, so that they
/// all wait and none of them takes part of the processors.
fn measure() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if env::var_os("MEASURE").is_none() {
            return;
        }
        if cfg!(debug_assertions) {
            panic!("a debug build's figures mean little: cargo test --release");
        }
        let taken = TcpStream::connect(NGINX).is_ok();
        assert!(!taken, "{NGINX} is taken; nginx is to be measured there");
        let _nginx = Nginx::start();
        for (name, arguments) in MEASUREMENTS {
            let mut load = Command::new(binary("load"));
            let load = load.args(COMMON).arg("--csv").arg(csv(name));
            let status = load.args(arguments).status().unwrap();
            assert!(status.success(), "{name}: {status}");
        }
    });
}

/// nginx with the configuration in the chapter, but for its directories.
fn nginx(scratch: &Scratch) -> Option<Command> {
    let folders = env::var_os("PATH").unwrap_or_default();
    let mut folders = env::split_paths(&folders).chain(["/usr/sbin".into()]);
    let program = folders.find_map(|folder| {
        let program = folder.join("nginx");
        program.is_file().then_some(program)
    })?;
    let text = read(&source().join("how_fast.md"));
    let (_, rest) = text.split_once("```nginx\n").unwrap();
    let (configuration, _) = rest.split_once("```").unwrap();
    let root = format!("root \"{}/static\"", repository().display());
    let configuration = configuration.replace("root static", &root);
    let configuration = configuration.replace("/tmp/nginx-book/", "");
    fs::write(scratch.0.join("nginx.conf"), configuration).unwrap();
    let mut nginx = Command::new(program);
    nginx.arg("-p").arg(&scratch.0).args(["-c", "nginx.conf"]);
    Some(nginx)
}

/// nginx, which ends with the measurements.
struct Nginx {
    process: Child,
    _scratch: Scratch,
}

impl Nginx {
    fn start() -> Nginx {
        let scratch = Scratch::new("measured-nginx");
        let nginx = nginx(&scratch);
        let mut nginx = nginx.expect("nginx is installed, to be measured");
        let process = nginx.spawn().unwrap();
        Nginx { process, _scratch: scratch }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its workers end with it, if it can tell them.
        let process = self.process.id().to_string();
        _ = Command::new("kill").args(["-TERM", &process]).status();
        _ = self.process.wait();
    }
}

#[test]
#[cfg(target_os = "linux")]
fn nginx_understands_its_configuration() {
    measure();
    let scratch = Scratch::new("tested-nginx");
    let Some(mut nginx) = nginx(&scratch) else {
        eprintln!("skipped: this needs nginx, which is not here");
        return;
    };
    let run = nginx.arg("-t").output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
}

/// Compares what is generated with what is there, and writes it if asked.
fn compare(path: &Path, fresh: &str) {
    if path.exists() && read(path) == fresh {
        return;
    }
    let wanted = ["BLESS", "MEASURE"];
    assert!(
        wanted.iter().any(|it| env::var_os(it).is_some()),
        "{} is stale. To write it anew: BLESS=1 cargo test --test plots; \
         it should say:\n{fresh}",
        path.display()
    );
    fs::write(path, fresh).unwrap();
}

#[test]
fn every_plot_is_drawn_from_its_measurement() {
    measure();
    for (name, _) in MEASUREMENTS {
        let mut plot = Command::new(binary("plot"));
        let run = plot.arg(csv(name)).output().unwrap();
        let said = String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success(), "{name}: {said}");
        let svg = String::from_utf8(run.stdout).unwrap();
        compare(&source().join(format!("diagrams/{name}.svg")), &svg);
    }
}

/// The figures of each server: requests per second (their median), and errors.
fn figures(name: &str) -> BTreeMap<String, (f64, f64)> {
    let text = read(&csv(name));
    assert!(!text.contains("debug"), "{name} was measured with a debug build");
    let mut rates: BTreeMap<String, (Vec<f64>, f64)> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |place: usize| -> f64 { cells[place].parse().unwrap() };
        let (all, errors) = rates.entry(cells[0].to_string()).or_default();
        all.push(number(5));
        *errors += number(8);
    }
    let medians = rates.into_iter().map(|(name, (mut all, errors))| {
        all.sort_by(f64::total_cmp);
        (name, (all[all.len() / 2], errors))
    });
    medians.collect()
}

/// What the chapter says in words, it says of these figures. A machine where
/// this fails deserves other words.
#[test]
fn the_chapter_says_what_was_measured() {
    measure();
    let all = MEASUREMENTS.map(|(name, _)| figures(name));
    for (name, (_, errors)) in all.iter().flatten() {
        assert_eq!(*errors, 0.0, "{name} had errors");
    }
    let [keep_alive, close, workers, nginx] = all;
    let several = "several times as many requests as step 05";
    let same = "about as many requests as step 05";
    let tenfold = "more than ten times as many";
    let ahead = "step 05 is ahead of step 04";
    let class = "are in the same class";
    for (words, figures, high, low, ratios) in [
        (several, &keep_alive, "step16", "step05", 2.5..=100.0),
        (ahead, &keep_alive, "step05", "step04", 1.1..=100.0),
        (same, &close, "step16", "step05", 0.6..=1.6),
        (ahead, &close, "step05", "step04", 1.1..=100.0),
        (
            tenfold,
            &workers,
            "step16 --workers 256",
            "step16 --workers 2",
            10.0..=100.0,
        ),
        (class, &nginx, "step16", NGINX, 0.5..=2.0),
    ] {
        let ratio = figures[high].0 / figures[low].0;
        assert!(ratios.contains(&ratio), "{high} is {ratio} times {low}");
        let text = read(&source().join("how_fast.md")).replace('\n', " ");
        assert!(text.contains(words), "the chapter does not say: {words}");
    }
    let readme = repository().join("README.md");
    let says = read(&readme).replace('\n', " ").contains(class);
    assert!(says, "README does not say: {class}");
}

/// The commands of the chapter are those by which the figures were measured.
#[test]
fn the_chapter_measures_in_the_same_way() {
    let text = read(&source().join("how_fast.md"));
    for (name, arguments) in MEASUREMENTS {
        let quoted = arguments.iter().map(|it| match it.contains([' ', '?']) {
            true => format!("'{it}'"),
            false => it.to_string(),
        });
        let command = format!(
            "$ cargo run --release --bin load -- {} --csv {name}.csv {}\n",
            COMMON.join(" "),
            quoted.collect::<Vec<_>>().join(" ")
        );
        assert!(text.contains(&command), "the chapter lacks: {command}");
        let command =
            format!("$ cargo run --bin plot -- {name}.csv > {name}.svg\n");
        let drawn = name != "speed_keep_alive" || text.contains(&command);
        assert!(drawn, "the chapter lacks: {command}");
    }
}

#[test]
fn a_bad_command_line_is_told_in_one_line() {
    let folder = source();
    let folder = folder.to_str().unwrap();
    for (arguments, status, line) in [
        (&[] as &[&str], 2, "no file is named"),
        (&["--bogus"], 2, "no option \"--bogus\""),
        (&["a", "b"], 2, "\"b\" is one file too many"),
        (&["/nowhere.csv"], 1, "cannot read \"/nowhere.csv\": "),
        (&[folder], 1, "cannot read "),
    ] {
        let mut plot = Command::new(binary("plot"));
        let run = plot.args(arguments).output().unwrap();
        let said = String::from_utf8(run.stderr).unwrap();
        assert_eq!(run.status.code(), Some(status), "{said}");
        assert!(said.starts_with(line), "{said}");
        assert_eq!((said.lines().count(), run.stdout.len()), (1, 0), "{said}");
    }
}

/// How many system calls a request takes, with `strace` where there is one.
#[cfg(target_os = "linux")]
mod calls {
    use super::*;
    use crate::running::Running;
    use std::time::Duration;

    /// Enough to hide what is called at the start and at the end.
    const REQUESTS: u32 = 200;

    /// What must happen gets this long. Only a fault ever takes it.
    const DEADLINE: Duration = Duration::from_secs(20);

    /// Those whose number is the same whenever it is counted.
    const CALLS: [&str; 7] =
        ["accept4", "recvfrom", "openat", "read", "close", "write", "sendto"];

    fn is_there(program: &str) -> bool {
        Command::new(program).arg("--version").output().is_ok()
    }

    /// What `strace` has counted, or `None` if it may not count here.
    fn count(server: &str) -> Option<BTreeMap<String, u32>> {
        // If strace has to be killed, its server goes on.
        let end = "kill -KILL $(cat id) 2> /dev/null";
        let scratch = Scratch::ending_with(end, &format!("calls-{server}"));
        let counts = scratch.0.join("counts");
        let script = "echo $$ > id; exec \"$0\" 127.0.0.1:0";
        let mut strace = Command::new("strace");
        strace.args(["-f", "-c", "-o"]).arg(&counts);
        strace.args(["sh", "-c", script]).arg(binary(server));
        let strace = Running::spawn(strace.current_dir(&scratch.0)).unwrap();
        if let Ok(address) = strace.address() {
            let url = format!("http://{address}/?[1-{REQUESTS}]");
            let curl = Command::new("curl")
                .args(["-q", "-s", "-o", "/dev/null", "--noproxy", "*"])
                .args(["--max-time", "60", &url])
                .status();
            assert!(curl.unwrap().success());
        }
        // Strace itself does not heed it, but writes when its server has ended.
        let stop = Command::new("sh")
            .args(["-c", "kill -TERM $(cat id)"])
            .current_dir(&scratch.0)
            .status();
        stop.unwrap();
        assert!(strace.stdout.wait_for_end(DEADLINE), "strace goes on");
        let text = fs::read_to_string(&counts).unwrap_or_default();
        let rows = text.lines().filter_map(|line| {
            let cells: Vec<&str> = line.split_whitespace().collect();
            Some((cells.last()?.to_string(), cells.get(3)?.parse().ok()?))
        });
        let rows: BTreeMap<String, u32> = rows.collect();
        rows.contains_key("total").then_some(rows)
    }

    #[test]
    fn the_system_calls_are_those_that_strace_counts() {
        measure();
        if !is_there("strace") || !is_there("curl") {
            eprintln!("skipped: to count system calls takes strace and curl");
            return;
        }
        let servers = ["step05", "step16"];
        let [Some(pool), Some(last)] = servers.map(count) else {
            eprintln!("skipped: strace may not look at other processes here");
            return;
        };
        let mut table = String::from(
            "| system call | step 05 | step 16 |\n| --- | --: | --: |\n",
        );
        for call in CALLS {
            let [pool, last] = [&pool, &last].map(|counts| {
                let count = counts.get(call).copied().unwrap_or_default();
                (f64::from(count) / f64::from(REQUESTS)).round()
            });
            table += &format!("| `{call}` | {pool} | {last} |\n");
        }
        compare(&source().join("measurements/calls.md"), &table);
    }
}

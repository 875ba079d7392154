//! The figures of the book's chapter on speed are drawn from measurements.
//!
//!     cargo test --test plots                        fails where they are not
//!     BLESS=1 cargo test --test plots                draws them anew
//!     MEASURE=1 cargo test --release --test plots    measures anew, and draws
//!
//! The measurements are the files of `book/src/measurements`. To measure takes
//! four minutes, nginx, 20,000 file descriptors (`ulimit -n 20000`), and a machine
//! that has nothing else to do.

#[cfg(target_os = "linux")]
mod calls;

#[cfg(target_os = "linux")]
mod pause;

#[cfg(target_os = "linux")]
#[path = "../support/output.rs"]
mod output;

#[path = "../support/place.rs"]
mod place;

#[cfg(target_os = "linux")]
#[path = "../support/running.rs"]
mod running;

#[path = "../support/scratch.rs"]
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
const COMMON: [&str; 4] = ["--rounds", "3", "--seconds", "1"];

/// Each measurement: its name, what `load` is asked for beside that, and of
/// which servers.
const MEASUREMENTS: [(&str, &[&str], &[&str]); 5] = [
    ("speed_keep_alive", &[], &SERVERS),
    ("speed_close", &["--close"], &SERVERS),
    ("speed_rate", &["--rate", "1000"], &SERVERS),
    (
        "speed_idle",
        &["--connections", "4", "--idle", "0,1000,4000,9000"],
        &["step19", "step20", NGINX],
    ),
    (
        "speed_workers",
        &["--path", "/sleep?ms=10"],
        &["step20 --workers 2", "step20 --workers 4", "step20 --workers 256"],
    ),
];

const SERVERS: [&str; 9] = [
    "step04", "step05", "step15", "step17", "step18", "step19", "step20",
    NGINX, TUNED,
];

/// Each plot, the measurement that it shows, and what `plot` is asked for.
const PLOTS: [(&str, &str, &[&str]); 6] = [
    ("speed_keep_alive", "speed_keep_alive", &[]),
    ("speed_keep_alive_cpu", "speed_keep_alive", &["--show", "cpu"]),
    ("speed_close", "speed_close", &[]),
    ("speed_rate", "speed_rate", &[]),
    ("speed_idle", "speed_idle", &[]),
    ("speed_workers", "speed_workers", &[]),
];

/// Where nginx listens, by the configuration in the chapter, and where with a
/// cache of open files.
const NGINX: &str = "nginx=127.0.0.1:8081";
const TUNED: &str = "nginx tuned=127.0.0.1:8082";

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
        for server in [NGINX, TUNED] {
            let (_, address) = server.split_once('=').unwrap();
            let taken = TcpStream::connect(address).is_ok();
            assert!(!taken, "{address} is taken; nginx is measured there");
        }
        let _nginx = Nginx::start();
        for (name, options, servers) in MEASUREMENTS {
            let mut load = Command::new(binary("load"));
            let load = load.args(COMMON).arg("--csv").arg(csv(name));
            let status = load.args(options).args(servers).status().unwrap();
            let hint = "were there too few file descriptors?";
            assert!(status.success(), "{name}: {status}; {hint}");
        }
        #[cfg(target_os = "linux")]
        pause::measure();
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
    for (name, measurement, options) in PLOTS {
        let mut plot = Command::new(binary("plot"));
        let plot = plot.args(options).arg(csv(measurement));
        let run = plot.output().unwrap();
        let said = String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success(), "{name}: {said}");
        let svg = String::from_utf8(run.stdout).unwrap();
        compare(&source().join(format!("diagrams/{name}.svg")), &svg);
    }
}

/// A measurement, a row for each line.
fn rows(name: &str) -> Vec<BTreeMap<String, String>> {
    let text = read(&csv(name));
    assert!(!text.contains("debug"), "{name} was measured with a debug build");
    let mut lines = text.lines().map(|line| line.split(',').map(String::from));
    let head = lines.next().unwrap();
    lines.map(|cells| head.clone().zip(cells).collect()).collect()
}

/// The median of a server's figures.
fn median(name: &str, server: &str, column: &str, idle: &str) -> f64 {
    let (server, _) = server.split_once('=').unwrap_or((server, ""));
    let rows = rows(name).into_iter();
    let rows = rows.filter(|it| it["server"] == server && it["idle"] == idle);
    let mut all: Vec<f64> =
        rows.map(|row| row[column].parse().unwrap()).collect();
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

fn chapter() -> String {
    read(&source().join("how_fast.md")).replace('\n', " ")
}

/// What the chapter says in words, it says of these figures. A machine where
/// this fails deserves other words.
#[test]
fn the_chapter_says_what_was_measured() {
    measure();
    let text = chapter();
    let class = "are in the same class";
    let ahead = "step 05 is ahead of step 04";
    for (words, name, high, low, ratios) in [
        (
            "more than twice as many requests as step 05",
            "speed_keep_alive",
            "step20",
            "step05",
            2.0..=100.0,
        ),
        (ahead, "speed_keep_alive", "step05", "step04", 1.1..=100.0),
        (class, "speed_keep_alive", "step20", NGINX, 0.5..=2.0),
        (class, "speed_keep_alive", "step20", TUNED, 0.5..=2.0),
        (
            "Now step 20's lead is gone",
            "speed_close",
            "step20",
            "step05",
            0.6..=1.6,
        ),
        (ahead, "speed_close", "step05", "step04", 1.1..=100.0),
        (
            "more than ten times as many requests",
            "speed_workers",
            "step20 --workers 256",
            "step20 --workers 2",
            10.0..=100.0,
        ),
    ] {
        let [high_rate, low_rate] =
            [high, low].map(|it| median(name, it, "requests_per_second", "0"));
        let ratio = high_rate / low_rate;
        assert!(ratios.contains(&ratio), "{high} is {ratio} times {low}");
        assert!(text.contains(words), "the chapter does not say: {words}");
    }
    let [step17, step20] =
        ["step17", "step20"].map(|it| median("speed_rate", it, "p99_us", "0"));
    assert!(step17 > 0.5e6 && step17 > 5.0 * step20, "{step17}, {step20}");
    assert!(
        text.contains(
            "Step 17's p99 is about as long as the whole measurement"
        )
    );
    let readme = repository().join("README.md");
    let says = read(&readme).replace('\n', " ").contains(class);
    assert!(says, "README does not say: {class}");
}

/// At a fixed rate, each request gets so long that step 17 comes to it.
#[test]
fn only_step_17_leaves_clients_without_an_answer() {
    measure();
    for (name, ..) in MEASUREMENTS {
        for row in rows(name) {
            let starves =
                name == "speed_keep_alive" && row["server"] == "step17";
            let errors = row["errors"] != "0";
            assert_eq!(errors, starves, "{name}: {row:?}");
        }
    }
    assert!(chapter().contains("It has errors."));
}

#[test]
fn the_cost_against_idle_connections_is_as_the_chapter_says() {
    measure();
    let growth = |server: &str| {
        let cost = |idle| median("speed_idle", server, "processor_us", idle);
        cost("9000") / cost("0")
    };
    let text = chapter();
    for (words, server, ratios) in [
        ("several times as much processor time", "step19", 3.0..=1000.0),
        ("hardly changes", "step20", 0.5..=2.0),
        ("hardly changes", NGINX, 0.5..=2.0),
    ] {
        let ratio = growth(server);
        assert!(ratios.contains(&ratio), "{server}: {ratio} times");
        assert!(text.contains(words), "the chapter does not say: {words}");
    }
}

/// What the pool could answer at most, and what it did.
#[test]
fn the_table_of_workers_is_that_of_the_measurement() {
    measure();
    let mut table = String::from(
        "| workers | requests per second at most | answered |\n\
         | --: | --: | --: |\n",
    );
    for workers in [2, 4, 256] {
        let server = format!("step20 --workers {workers}");
        let rate = median("speed_workers", &server, "requests_per_second", "0");
        // 64 clients keep no more than 64 workers busy.
        let most = workers.min(64) * 100;
        assert!(rate <= f64::from(most), "{server}: {rate}");
        table += &format!("| {workers} | {most} | {rate:.0} |\n");
    }
    compare(&source().join("measurements/workers.md"), &table);
}

/// The commands of the chapter are those by which the figures were measured.
#[test]
fn the_chapter_measures_in_the_same_way() {
    let text = read(&source().join("how_fast.md"));
    for (name, options, servers) in MEASUREMENTS {
        let quoted = options.iter().chain(servers).map(|it| {
            match it.contains([' ', '?']) {
                true => format!("'{it}'"),
                false => it.to_string(),
            }
        });
        let command = format!(
            "$ cargo run --release --bin load -- {} --csv {name}.csv {}\n",
            COMMON.join(" "),
            quoted.collect::<Vec<_>>().join(" ")
        );
        assert!(text.contains(&command), "the chapter lacks: {command}");
    }
    for (name, measurement, options) in &PLOTS[..2] {
        let command = ["$ cargo run --bin plot --", &options.join(" ")];
        let command = command.join(" ").trim_end().to_string();
        let command = format!("{command} {measurement}.csv > {name}.svg\n");
        assert!(text.contains(&command), "the chapter lacks: {command}");
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

//! The tool that measures servers, `load`: used as a person would, for a part of
//! a second each time.

mod fake;

#[path = "../support/place.rs"]
mod place;

#[path = "../support/scratch.rs"]
mod scratch;

use fake::{Fake, GOOD};
use place::binary;
use scratch::Scratch;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use assert_cmd::Command;
use assert_cmd::assert::Assert;

/// The path of the tool, or of a server for it.
fn path(name: &str) -> String {
    binary(name).into_os_string().into_string().unwrap()
}

/// A tool that hangs would never end.
const LIMIT: Duration = Duration::from_secs(30);

fn load(arguments: &[&str]) -> Assert {
    Command::new(binary("load")).args(arguments).timeout(LIMIT).assert()
}

/// A short load from few clients.
fn short_load(arguments: &[&str]) -> Assert {
    let short = ["--seconds", "0.4", "--connections", "4"];
    load(&[&short, arguments].concat())
}

fn stdout(run: &Assert) -> String {
    String::from_utf8(run.get_output().stdout.clone()).unwrap()
}

fn stderr(run: &Assert) -> String {
    String::from_utf8(run.get_output().stderr.clone()).unwrap()
}

/// The requests and errors in a server's row of the table.
fn row(run: &Assert, server: &str) -> (u64, u64) {
    let table = stdout(run);
    let name = format!("{server} ");
    let row = table.lines().find(|line| line.starts_with(&name));
    let row = row.unwrap_or_else(|| panic!("no row for {server}:\n{table}"));
    let mut cells = row.split_whitespace().rev().map(|cell| {
        let cell = cell.replace(',', "");
        cell.parse().unwrap_or_else(|_| panic!("{cell} in {row}"))
    });
    let (errors, requests) = (cells.next().unwrap(), cells.next().unwrap());
    (requests, errors)
}

/// All requests of a server were answered, and there were some.
fn assert_good(run: &Assert, server: &str) {
    let (requests, errors) = row(run, server);
    assert!(requests > 0 && errors == 0, "{}", stdout(run));
}

/// One line on standard error that begins so, no output, and this status.
fn assert_refused(arguments: &[&str], status: i32, line: &str) {
    let run = load(arguments).code(status).stdout("");
    let said = stderr(&run);
    assert!(
        said.starts_with(line) && said.ends_with('\n'),
        "load {arguments:?} should say: {line}…\nbut says: {said}"
    );
    assert_eq!(said.lines().count(), 1, "{arguments:?}: {said}");
}

#[test]
fn steps_are_measured_by_their_names() {
    let run = short_load(&["step04", "step06"]).success();
    let table = stdout(&run);
    let title = "4 connections, 0.4 s each, keep-alive asked for, path /, ";
    assert!(table.starts_with(title), "{table}");
    assert_good(&run, "step04");
    assert_good(&run, "step06");
    let said = stderr(&run);
    let debug = said.contains("this is a debug build");
    assert_eq!(debug, cfg!(debug_assertions), "{said}");
    let lines = "loading step04 for 0.4 s\nloading step06 for 0.4 s\n";
    assert!(said.ends_with(lines), "{said}");
}

#[test]
#[ignore = "in .ci/run"]
fn any_program_is_measured_by_its_path() {
    let step06 = path("step06");
    let run = short_load(&["--close", &step06]).success();
    let title = "4 connections, 0.4 s each, a new connection for each request";
    assert!(stdout(&run).starts_with(title));
    assert_good(&run, &step06);
}

#[test]
#[ignore = "in .ci/run"]
fn a_program_of_this_package_is_given_its_options() {
    let server = "step20 --workers 1 --connections 1";
    let run = short_load(&["--rounds", "2", server]).success();
    let table = stdout(&run);
    let rows =
        table.lines().filter(|it| it.starts_with(&format!("{server}  ")));
    assert_eq!(rows.count(), 2, "{table}");
    // Of four clients, one is served, one waits, and two are turned away.
    assert!(table.contains(": status 503"), "{table}");
    let refused = "\"step20 --bogus\" should print `listening on http://";
    assert_refused(&["step20 --bogus"], 1, refused);
}

#[test]
#[ignore = "in .ci/run"]
fn csv_has_the_figures_of_the_table() {
    let scratch = Scratch::new("load-csv");
    let file = scratch.0.join("figures.csv");
    let steps = ["step04", "step06"].map(path);
    let [step04, step06] = &steps;
    let run = short_load(&["--csv", file.to_str().unwrap(), step04, step06]);
    let run = run.success();
    let csv = fs::read_to_string(file).unwrap();
    let mut lines = csv.lines();
    assert_eq!(
        lines.next(),
        Some(
            "server,mode,connections,idle,rate,seconds,requests,\
             requests_per_second,p50_us,p99_us,processor_us,errors,path,date,\
             machine"
        )
    );
    for step in &steps {
        let (requests, errors) = row(&run, step);
        let line = lines.next().expect("a line for each server");
        let start = format!("{step},keep-alive,4,0,,0.4,{requests},");
        assert!(line.starts_with(&start), "{line}");
        let figures = line.split(',').skip(6).take(6);
        let figures: Vec<f64> = figures.map(|it| it.parse().unwrap()).collect();
        let [count, per_second, p50, p99, processor, failed] = figures[..]
        else {
            panic!("{line}");
        };
        // Two servers on two processors could use no more.
        assert!(0.0 < processor && processor < 0.41e6, "{line}");
        assert!((per_second - count / 0.4).abs() < 0.1, "{line}");
        assert!(0.0 < p50 && p50 <= p99 && p99 < 0.41e6, "{line}");
        assert_eq!(failed, errors as f64);
        let (_, setting) = line.split_once(&format!(",{errors},/,20")).unwrap();
        assert!(setting.contains(" processor"), "{line}");
    }
    assert_eq!(lines.next(), None);
}

#[test]
#[ignore = "in .ci/run"]
fn a_connection_is_used_for_as_long_as_it_stays_open() {
    let server = Fake::start(GOOD, usize::MAX);
    let run = short_load(&["--path", "/a?b", &server.address]).success();
    assert_good(&run, &server.address);
    let head = format!(
        "GET /a?b HTTP/1.1\r\nHost: {}\r\nConnection: keep-alive\r\n\r\n",
        server.address
    );
    let connections = server.connections();
    assert!(connections.len() <= 4, "{} connections", connections.len());
    let mut heads = connections.iter().flatten();
    assert!(heads.all(|it| *it == head), "{connections:?}");
    assert!(connections.concat().len() > 4);
}

#[test]
#[ignore = "in .ci/run"]
fn with_close_each_request_has_a_connection_of_its_own() {
    let server = Fake::start(GOOD, usize::MAX);
    let run = short_load(&["--close", &server.address]).success();
    assert_good(&run, &server.address);
    let connections = server.connections();
    assert!(connections.len() > 4, "{} connections", connections.len());
    for heads in connections {
        assert_eq!(heads.len(), 1, "{heads:?}");
        assert!(heads[0].contains("\r\nConnection: close\r\n"), "{heads:?}");
    }
}

#[test]
#[ignore = "in .ci/run"]
fn an_idle_connection_may_be_closed_without_a_word() {
    let server = Fake::start(GOOD, 3);
    let run = short_load(&[&server.address]).success();
    assert_good(&run, &server.address);
    let connections = server.connections();
    assert!(connections.len() > 4, "{} connections", connections.len());
    assert!(connections.iter().any(|heads| heads.len() == 3));
}

#[test]
#[ignore = "in .ci/run"]
fn a_server_that_says_close_gets_a_new_connection() {
    let server = Fake::start(
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        usize::MAX,
    );
    let run = short_load(&[&server.address]).success();
    assert_good(&run, &server.address);
    let connections = server.connections();
    assert!(connections.len() > 4, "{} connections", connections.len());
    assert!(connections.iter().all(|heads| heads.len() == 1));
}

/// No request is answered well, and the table says why.
fn assert_bad(answer: &'static str, most: usize, cause: &str) {
    let server = Fake::start(answer, most);
    let run = short_load(&[&server.address]).code(1);
    let (requests, errors) = row(&run, &server.address);
    assert!(requests == 0 && errors > 0, "{}", stdout(&run));
    // After a failure, each of the four clients waits for 10 ms.
    let patient = cause.starts_with("status") || errors <= 4 * 41;
    assert!(patient, "{errors} errors: {cause}");
    assert!(stdout(&run).ends_with(&format!("s: {cause}\n")), "{cause}");
    let line = format!("{} answered no request\n", server.address);
    assert!(stderr(&run).ends_with(&line), "{}", stderr(&run));
}

#[test]
#[ignore = "in .ci/run"]
fn invalid_response_is_an_error() {
    let full = "HTTP/1.1 503 Full\r\nContent-Length: 0\r\n\r\n";
    let short = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello";
    let old = "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n";
    thread::scope(|scope| {
        scope.spawn(|| assert_bad(full, usize::MAX, "status 503"));
        scope.spawn(|| assert_bad(short, 1, "closed mid-answer"));
        scope.spawn(|| assert_bad("", 1, "closed without an answer"));
        let cause = "not HTTP/1.1 with a Content-Length";
        scope.spawn(move || assert_bad(old, usize::MAX, cause));
    });
}

/// Only Linux has this address without being told. Nobody else takes a port of
/// it, which would be a server that answers after all.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "in .ci/run"]
fn a_server_that_ends_meanwhile_is_an_error() {
    let listener = std::net::TcpListener::bind("127.0.0.7:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = thread::spawn(move || drop(listener.accept().unwrap()));
    let run = short_load(&[&address]).code(1);
    server.join().unwrap();
    assert!(stdout(&run).contains(": cannot connect: "), "{}", stdout(&run));
}

#[test]
#[ignore = "in .ci/run"]
fn the_end_does_not_wait_for_a_silent_server() {
    let server = Fake::start("", usize::MAX);
    // A request may take 5 s. On a busy machine, so may a whole run, but hardly
    // three in a row.
    let run = (0..3).find_map(|_| {
        let start = Instant::now();
        let run = short_load(&[&server.address]).code(1);
        (start.elapsed() < Duration::from_secs(5)).then_some(run)
    });
    let run = run.expect("a run that doesn't wait for the silent server");
    assert_eq!(row(&run, &server.address), (0, 4));
    assert!(stdout(&run).ends_with(": 4 errors: no answer by the end\n"));
    assert!(stderr(&run).ends_with("answered no request\n"));
}

#[test]
fn invalid_command_line_is_refused() {
    assert_refused(&[], 2, "no server is named");
    assert_refused(&["--bogus"], 2, "no option \"--bogus\"");
    assert_refused(&["step04", "--csv"], 2, "--csv needs a value");
    for value in ["0", "many", "10001"] {
        let line = format!("--connections {value:?} is not from 1 to 10000");
        assert_refused(&["--connections", value, "step04"], 2, &line);
    }
    for value in ["0", "-1", "NaN", "1e300"] {
        let line = format!("--seconds {value:?} is not from 0.01 to 3600");
        assert_refused(&["--seconds", value, "step04"], 2, &line);
    }
    assert_refused(&["--path", "/a b", "step04"], 2, "--path \"/a b\" is not");
    assert_refused(&[""], 2, "\"\" isn't a server's name");
}

#[test]
fn another_machine_is_left_alone() {
    for name in ["192.0.2.1:80", "http://192.0.2.1:80", "0.0.0.0:80"] {
        let line = format!("{name:?} is not this machine's");
        assert_refused(&[name], 2, &line);
    }
    let line = "\"example.com:80\" isn't an address and port";
    assert_refused(&["step04", "example.com:80"], 2, line);
}

#[test]
fn unreachable_server_is_an_error() {
    let line = "`cargo build --bin=step99` fails: error: no bin target";
    assert_refused(&["step99"], 1, line);
    assert_refused(&["./step99"], 1, "cannot start \"./step99\": ");
    // Port 1 belongs to a service that no longer exists.
    let line = "cannot reach 127.0.0.1:1: ";
    assert_refused(&["127.0.0.1:1"], 1, line);
    let line = format!("cannot write {:?}: ", env::temp_dir());
    let folder = env::temp_dir();
    assert_refused(&["--csv", folder.to_str().unwrap(), "step04"], 1, &line);
}

/// `load` itself takes an address, but no server is at port 0.
#[test]
#[ignore = "in .ci/run"]
fn program_that_is_not_a_server_keeps_earlier_figures() {
    let (load, step04) = (path("load"), path("step04"));
    let expected = format!("{load:?} should print `listening on http://");
    assert_refused(&[&load], 1, &expected);
    let run = short_load(&[&step04, &load]).code(1);
    assert_good(&run, &step04);
    let said = stderr(&run);
    let last = said.lines().last().unwrap();
    assert!(last.starts_with(&expected), "{said}");
    assert!(last.ends_with("but prints nothing"), "{said}");
}

#[test]
fn help_exits_with_0() {
    for option in ["--help", "-h"] {
        let run = load(&[option]).success().stderr("");
        let help = stdout(&run);
        for word in ["load: ", "--connections N", "p99", "step04 step05"] {
            assert!(help.contains(word), "{help}");
        }
        assert!(help.lines().all(|line| line.chars().count() <= 80));
    }
}

/// What Linux says of a process, `/proc`, has its command line: a link gives the
/// server one that nobody else has.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "in .ci/run"]
fn a_server_that_was_started_is_ended() {
    let scratch = Scratch::new("load-ends");
    let link = scratch.0.join("linked");
    let name = link.to_str().unwrap();
    let is_alive = || {
        fs::read_dir("/proc").unwrap().flatten().any(|process| {
            let line = fs::read(process.path().join("cmdline"));
            let line = line.unwrap_or_default();
            String::from_utf8_lossy(&line).contains(name)
        })
    };
    std::os::unix::fs::symlink(binary("step06"), &link).unwrap();
    assert_good(&short_load(&[name]).success(), name);
    assert!(!is_alive(), "after the load");
    // This one repeats its argument forever, and that is not an announcement.
    let which = Command::new("sh").args(["-c", "command -v yes"]).unwrap();
    let yes = String::from_utf8(which.stdout).unwrap();
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(yes.trim_end(), &link).unwrap();
    assert_refused(&[name], 1, &format!("{name:?} should print"));
    assert!(!is_alive(), "after a failure");
}

/// `/dev/full` is a file that can never be written to; only Linux has it.
#[cfg(target_os = "linux")]
#[test]
fn an_output_that_takes_nothing() {
    for arguments in ["--help", "--seconds 0.1 --connections 1 \"$1\""] {
        let script = format!("exec \"$0\" {arguments} > /dev/full");
        let mut command = Command::new("sh");
        let programs = ["load", "step04"].map(binary);
        let command = command.args(["-c", &script]).args(programs);
        let run = command.timeout(LIMIT).assert().code(1);
        let expected = "cannot print: No space left on device (os error 28)\n";
        assert!(stderr(&run).ends_with(expected), "{}", stderr(&run));
    }
}

//! What every binary says about a command line that it can't follow: one line on
//! standard error that names the thing and the cause, and exit status 1; where
//! there are options, 2 for a command line that cannot be understood.

#[cfg(target_os = "linux")]
#[allow(dead_code)] // Servers need more of these two.
#[path = "support/output.rs"]
mod output;
#[path = "support/place.rs"]
mod place;
#[cfg(target_os = "linux")]
#[allow(dead_code)]
#[path = "support/running.rs"]
mod running;
#[cfg(target_os = "linux")]
#[path = "support/scratch.rs"]
mod scratch;

use std::net::TcpListener;
use std::time::Duration;

use assert_cmd::Command;
use place::binary;

/// How every line about an address that can't be used ends.
const HINT: &str = "; an address looks like 127.0.0.1:7878";

/// A server that starts after all would run forever.
const LIMIT: Duration = Duration::from_secs(30);

const STEPS: &[&str] = &[
    "step01", "step02", "step03", "step04", "step05", "step06", "step07",
    "step08", "step09", "step10", "step11", "step12", "step13", "step14",
    "step15", "step16", "step17", "step18", "step19", "step20",
];

/// The first steps with options, with time limits, with a limited queue, with
/// connections that last, with bodies, with a limit of connections instead of the
/// queue's, and with a limit for the shutdown.
const OPTIONS: usize = 9;
const DEADLINES: usize = 13;
const QUEUE: usize = 15;
const KEEP_ALIVE: usize = 16;
const BODIES: usize = 17;
const NONBLOCKING: usize = 18;
const EVENT_LOOP: usize = 19;

/// The steps before the one of that number, and those from it on.
fn split_at(
    first: usize,
) -> (&'static [&'static str], &'static [&'static str]) {
    let number = |step: &str| step["step".len()..].parse::<usize>().unwrap();
    STEPS.split_at(STEPS.partition_point(|step| number(step) < first))
}

/// Every step refuses these arguments in one line that begins with `line` and
/// ends with what an address looks like.
fn all_refuse(arguments: &[&str], line: &str) {
    refuse(STEPS, arguments, 1, line, HINT);
}

fn refuse(
    steps: &[&str],
    arguments: &[&str],
    code: i32,
    line: &str,
    end: &str,
) {
    for step in steps {
        let mut command = Command::new(binary(step));
        let run = command.args(arguments).timeout(LIMIT).assert();
        let run = run.code(code).stdout("");
        let said = String::from_utf8_lossy(&run.get_output().stderr);
        assert!(
            said.starts_with(line) && said.ends_with(&format!("{end}\n")),
            "{step} {arguments:?} should say: {line}…{end}\nbut says: {said}"
        );
        assert_eq!(said.lines().count(), 1, "{step} says {said}");
    }
}

#[test]
fn invalid_address_is_refused() {
    for address in ["no-address", "8080"] {
        let line = format!("cannot bind {address:?}: invalid socket address");
        all_refuse(&[address], &line);
    }
}

#[test]
fn invalid_port_is_refused() {
    all_refuse(
        &["127.0.0.1:99999"],
        "cannot bind \"127.0.0.1:99999\": invalid port value",
    );
}

#[test]
fn address_of_another_machine_is_refused() {
    all_refuse(&["192.0.2.1:80"], "cannot bind \"192.0.2.1:80\": ");
}

/// It takes bodies for requests, so no network may reach it.
#[test]
fn step_that_ignores_bodies_serves_its_own_machine_only() {
    let end = ": this step serves only its own machine; use 127.0.0.1 or a \
               later step";
    let mut hosts = vec!["0.0.0.0"];
    if TcpListener::bind("[::1]:0").is_ok() {
        hosts.push("[::]");
    }
    for host in hosts {
        let address = format!("{host}:0");
        let line = format!("cannot serve {host}:");
        refuse(&["step16"], &[&address], 1, &line, end);
    }
}

#[test]
fn port_in_use_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    all_refuse(&[&address], &format!("cannot bind \"{address}\": "));
}

/// Without an address, that's 127.0.0.1:7878, which is taken: by this test, or by
/// another program.
#[test]
fn default_address_is_a_port_of_this_machine() {
    let taken = TcpListener::bind("127.0.0.1:7878");
    refuse(STEPS, &[], 1, "cannot bind \"127.0.0.1:7878\": ", HINT);
    drop(taken);
}

#[test]
fn unknown_option_is_refused() {
    let (without, with) = split_at(OPTIONS);
    for arguments in [
        &["--bogus"][..],
        &["127.0.0.1:0", "--bogus"],
        &["--bogus", "127.0.0.1:0"],
    ] {
        let all = arguments.join(" ");
        let line = format!("cannot bind \"{all}\": ");
        refuse(without, arguments, 1, &line, HINT);
        refuse(
            with,
            arguments,
            2,
            "there is no option \"--bogus\"",
            " (see --help)",
        );
    }
}

#[test]
fn invalid_option_value_is_refused() {
    let (_, with) = split_at(OPTIONS);
    for (arguments, line) in [
        (&["--root"][..], "--root needs a value"),
        (&["--workers"], "--workers needs a value"),
        (&["--workers", "0"], "--workers \"0\" isn't a number from 1 to 65536"),
        (
            &["--workers", "65537"],
            "--workers \"65537\" isn't a number from 1 to 65536",
        ),
        (
            &["--workers=many"],
            "--workers \"many\" isn't a number from 1 to 65536",
        ),
        (&["--no-demo=yes"], "--no-demo takes no value"),
        (&["a:1", "b:2"], "\"b:2\" is a second address"),
    ] {
        refuse(with, arguments, 2, line, " (see --help)");
    }
    for option in ["--head-seconds", "--stall-seconds"] {
        for time in ["0", "0.0009", "86400.1", "NaN"] {
            let line = format!(
                "{option} \"{time}\" isn't a time from 0.001 to 86400 seconds"
            );
            refuse(split_at(DEADLINES).1, &[option, time], 2, &line, "");
        }
    }
    let (queue, connections) = split_at(NONBLOCKING);
    let queue = &queue[split_at(QUEUE).0.len()..];
    for (steps, option) in [(queue, "--queue"), (connections, "--connections")]
    {
        let line = format!("{option} \"-1\" isn't a number");
        refuse(steps, &[option, "-1"], 2, &line, " (see --help)");
    }
    for (first, option) in [
        (KEEP_ALIVE, "--idle-seconds"),
        (BODIES, "--body-seconds"),
        (EVENT_LOOP, "--drain-seconds"),
    ] {
        let line = format!(
            "{option} \"soon\" isn't a time from 0.001 to 86400 seconds"
        );
        refuse(split_at(first).1, &[option, "soon"], 2, &line, "");
    }
}

/// The program goes on to the address, which is invalid.
#[test]
fn value_at_its_limit_is_understood() {
    let line = "cannot bind \"no-address\": ";
    let (_, with) = split_at(OPTIONS);
    for number in ["--workers=1", "--workers=65536"] {
        refuse(with, &[number, "no-address"], 1, line, HINT);
    }
    let (_, with) = split_at(DEADLINES);
    for time in ["--head-seconds=0.001", "--head-seconds=86400"] {
        refuse(with, &[time, "no-address"], 1, line, HINT);
    }
}

#[test]
fn option_that_is_gone_names_its_successor() {
    let (_, steps) = split_at(NONBLOCKING);
    let line = "--queue is gone; --connections limits how many clients are \
                connected";
    for arguments in [&["--queue", "8"][..], &["--queue=8"], &["--queue"]] {
        refuse(steps, arguments, 2, line, " (see --help)");
    }
}

#[test]
fn root_that_is_not_a_directory_is_refused() {
    const HINT: &str = "; --root takes a directory";
    let (_, with) = split_at(OPTIONS);
    let file = binary("step01").display().to_string();
    for root in ["no-such-directory", &file] {
        let line = format!("cannot serve {root:?}: ");
        refuse(with, &["127.0.0.1:0", "--root", root], 1, &line, HINT);
        let joined = format!("--root={root}");
        refuse(with, &["127.0.0.1:0", &joined], 1, &line, HINT);
    }
}

/// A directory's name needn't be UTF-8. The root is looked at before the address,
/// so an error about the address means that the root is fine.
#[cfg(target_os = "linux")]
#[test]
fn root_that_is_not_utf8_is_understood() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let scratch = scratch::Scratch::new("root");
    let root = scratch.0.join(OsStr::from_bytes(b"\xff"));
    std::fs::create_dir(&root).unwrap();
    let (_, with) = split_at(OPTIONS);
    for step in with {
        let mut command = Command::new(binary(step));
        command.args(["nowhere", "--root"]).arg(&root).timeout(LIMIT);
        let run = command.assert().code(1).stdout("");
        let said = String::from_utf8_lossy(&run.get_output().stderr);
        assert!(
            said.starts_with("cannot bind \"nowhere\": "),
            "{step}: {said}"
        );
    }
}

/// Cargo knows where the package is, even if it has moved since the build. What a
/// step says about a page that isn't there shows where it has looked.
#[cfg(target_os = "linux")]
#[test]
fn pages_are_looked_for_where_the_package_is_now() {
    use std::io::Write;
    use std::net::TcpStream;
    let scratch = scratch::Scratch::new("moved");
    let root = scratch.0.join("static");
    let (without, with) = split_at(OPTIONS);
    for step in with {
        let mut command = Command::new(binary(step));
        command.arg("127.0.0.1:0").env("CARGO_MANIFEST_DIR", &scratch.0);
        let run = command.timeout(LIMIT).assert().code(1).stdout("");
        let said = String::from_utf8_lossy(&run.get_output().stderr);
        let start = format!("cannot serve {root:?}: ");
        assert!(said.starts_with(&start), "{step}: {start}…, not {said}");
    }
    // Step 01 has no pages.
    for step in &without[1..] {
        let mut command = std::process::Command::new(binary(step));
        command.arg("127.0.0.1:0").env("CARGO_MANIFEST_DIR", &scratch.0);
        let server = running::Running::spawn(&mut command).unwrap();
        let mut client = TcpStream::connect(server.address().unwrap()).unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        server.stderr.wait(LIMIT, |lines| !lines.is_empty());
        let said = server.stderr.lines().concat();
        let start = format!(
            "connection failed: {}: ",
            root.join("hello.html").display()
        );
        assert!(said.starts_with(&start), "{step}: {start}…, not {said}");
    }
}

/// A shell usually gives a program fewer descriptors than it may have. A step that
/// takes thousands of connections asks for the rest.
#[cfg(target_os = "linux")]
#[test]
fn more_descriptors_are_asked_for() {
    use std::io::{Read, Write};
    let (_, with) = split_at(NONBLOCKING);
    for step in with {
        let mut shell = std::process::Command::new("sh");
        let script = "ulimit -Sn 100 && exec \"$0\" 127.0.0.1:0";
        shell.args(["-c", script]).arg(binary(step));
        let server = running::Running::spawn(&mut shell).unwrap();
        let address = server.address().unwrap();
        // With 100 descriptors, a step would take 24.
        let connect = |_| std::net::TcpStream::connect(address).unwrap();
        let mut clients: Vec<_> = (0..40).map(connect).collect();
        for (number, client) in clients.iter_mut().enumerate() {
            let mut start = [0; 12];
            client.set_read_timeout(Some(LIMIT)).unwrap();
            client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
            client.read_exact(&mut start).unwrap();
            let start = String::from_utf8_lossy(&start);
            assert_eq!(
                start, "HTTP/1.1 200",
                "{step} has room for {number} clients, as if it could have only \
                 the 100 descriptors that it's given, and not ask for more"
            );
        }
    }
}

/// What `--help` says has to be true: each option in it is understood.
#[test]
fn help_lists_the_options() {
    let (without, with) = split_at(OPTIONS);
    for step in without {
        Command::new(binary(step)).arg("--help").assert().code(1);
    }
    for step in with {
        let run = Command::new(binary(step)).arg("--help").assert();
        let run = run.success().stderr("");
        let help =
            String::from_utf8_lossy(&run.get_output().stdout).to_string();
        assert!(help.lines().all(|line| line.chars().count() < 80), "{help}");
        // One option under the other, to the last line.
        let (_, list) = help.split_once("Options:\n").unwrap();
        let aligned = list.lines().all(|line| line.starts_with("  --"));
        assert!(aligned, "{help}");
        let options = list.lines().filter_map(|line| line.strip_prefix("  --"));
        let mut count = 0;
        for option in options {
            let mut words = option.split_whitespace();
            let name = format!("--{}", words.next().unwrap());
            let value = match words.next() {
                Some("N" | "S") => Some("3"),
                Some("DIR") => Some("no-such-directory"),
                _ => None,
            };
            // An invalid address ends it after the options are read.
            let mut command = Command::new(binary(step));
            let command = command.arg(&name).args(value).arg("no-address");
            let run = command.timeout(LIMIT).assert();
            if name != "--help" {
                run.code(1);
            }
            count += 1;
        }
        assert!(count >= 4, "{help}");
        Command::new(binary(step)).arg("-h").assert().success().stdout(help);
    }
}

#[cfg(unix)]
#[test]
fn argument_in_invalid_utf8_is_refused() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    for step in STEPS {
        let argument = OsStr::from_bytes(b"\xff");
        let run = Command::new(binary(step))
            .arg(argument)
            .assert()
            .code(1)
            .stdout("");
        let said = String::from_utf8_lossy(&run.get_output().stderr);
        let shown = ["\\xFF", "\u{fffd}"].map(|it| {
            format!("cannot bind \"{it}\": invalid socket address{HINT}\n")
        });
        assert!(shown.contains(&said.to_string()), "{step}: {said}");
    }
}

/// `/dev/full` is a file that can never be written to; only Linux has it.
#[cfg(target_os = "linux")]
#[test]
fn full_standard_output_ends_the_start() {
    let (_, with) = split_at(OPTIONS);
    for step in STEPS {
        let script = "exec \"$0\" 127.0.0.1:0 > /dev/full";
        let mut shell = Command::new("sh");
        let run = shell.args(["-c", script]).arg(binary(step)).assert();
        let run = run.code(1);
        let said = String::from_utf8_lossy(&run.get_output().stderr);
        assert!(
            said.contains("No space left on device")
                && said.lines().count() == 1
                && !said.contains("127.0.0.1"),
            "{step} should name the full device, not the address: {said}"
        );
        // A line for a person, where there's more to start than a listener.
        let whole = said.starts_with("cannot write to standard output: ")
            && said.ends_with("a file with room, or /dev/null\n");
        assert!(
            whole || !with.contains(step),
            "{step} should say what can't be written, why, and what would be \
             right: {said}"
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn help_that_cannot_be_printed_is_an_error() {
    let (_, with) = split_at(OPTIONS);
    for step in with {
        let mut shell = Command::new("sh");
        shell.args(["-c", "exec \"$0\" --help > /dev/full"]).arg(binary(step));
        let run = shell.timeout(LIMIT).assert().code(2);
        let said = String::from_utf8_lossy(&run.get_output().stderr);
        let line = "cannot print the help: No space left on device ";
        assert!(
            said.starts_with(line) && said.lines().count() == 1,
            "{step} should say: {line}…\nbut says: {said}"
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn full_standard_error_does_not_change_the_exit_status() {
    for step in STEPS {
        let script = "exec \"$0\" no-address 2> /dev/full";
        let mut shell = Command::new("sh");
        shell.args(["-c", script]).arg(binary(step)).assert().code(1);
    }
}

/// Where there are no signals, the line `quit` stops the server (step 06).
#[cfg(not(unix))]
#[test]
fn quit_stops_the_last_step() {
    let mut last = Command::new(binary(STEPS[STEPS.len() - 1]));
    last.arg("127.0.0.1:0").write_stdin("quit\n").timeout(LIMIT);
    last.assert().success();
}

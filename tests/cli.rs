//! What every binary says of a command line that it cannot follow: one line on
//! standard error that names the thing and the cause, and exit status 1; where
//! there are options, 2 for a command line that cannot be understood.

use std::net::TcpListener;
use std::time::Duration;

use assert_cmd::Command;

/// A server that starts after all would run for ever.
const LIMIT: Duration = Duration::from_secs(30);

const STEPS: [&str; 10] = [
    env!("CARGO_BIN_EXE_step01"),
    env!("CARGO_BIN_EXE_step02"),
    env!("CARGO_BIN_EXE_step03"),
    env!("CARGO_BIN_EXE_step04"),
    env!("CARGO_BIN_EXE_step05"),
    env!("CARGO_BIN_EXE_step06"),
    env!("CARGO_BIN_EXE_step07"),
    env!("CARGO_BIN_EXE_step08"),
    env!("CARGO_BIN_EXE_step09"),
    env!("CARGO_BIN_EXE_step10"),
];

/// The steps without options, and those that have them.
fn by_options() -> (&'static [&'static str], &'static [&'static str]) {
    STEPS.split_at(7)
}

/// Every step refuses these arguments in one line that begins so.
fn all_refuse(arguments: &[&str], line: &str) {
    refuse(&STEPS, arguments, 1, line);
}

fn refuse(steps: &[&str], arguments: &[&str], code: i32, line: &str) {
    for step in steps {
        let mut command = Command::new(step);
        let run = command.args(arguments).timeout(LIMIT).assert();
        let run = run.code(code).stdout("");
        let said = String::from_utf8_lossy(&run.get_output().stderr);
        assert!(
            said.starts_with(line) && said.ends_with('\n'),
            "{step} {arguments:?} should say: {line}…\nbut says: {said}"
        );
        assert_eq!(said.lines().count(), 1, "{step} says {said}");
    }
}

#[test]
fn an_address_that_is_none() {
    all_refuse(
        &["no-address"],
        "cannot serve on \"no-address\": invalid socket address",
    );
}

#[test]
fn a_port_that_is_none() {
    all_refuse(
        &["127.0.0.1:99999"],
        "cannot serve on \"127.0.0.1:99999\": invalid port value",
    );
}

#[test]
fn an_address_of_another_machine() {
    all_refuse(&["192.0.2.1:80"], "cannot serve on \"192.0.2.1:80\": ");
}

#[test]
fn a_port_that_is_taken() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    all_refuse(&[&address], &format!("cannot serve on \"{address}\": "));
}

#[test]
fn an_unknown_option() {
    let (without, with) = by_options();
    for arguments in [
        &["--bogus"][..],
        &["127.0.0.1:0", "--bogus"],
        &["--bogus", "127.0.0.1:0"],
    ] {
        let all = arguments.join(" ");
        refuse(without, arguments, 1, &format!("cannot serve on \"{all}\": "));
        refuse(
            with,
            arguments,
            2,
            "there is no option \"--bogus\" (see --help)",
        );
    }
}

#[test]
fn a_command_line_that_cannot_be_understood() {
    let (_, with) = by_options();
    for (arguments, line) in [
        (&["--root"][..], "--root needs a value"),
        (&["--workers"], "--workers needs a value"),
        (&["--workers", "0"], "--workers \"0\" is no number from 1 to 65536"),
        (
            &["--workers", "many"],
            "--workers \"many\" is no number from 1 to 65536",
        ),
        (&["a:1", "b:2"], "\"b:2\" is one address too many"),
    ] {
        refuse(with, arguments, 2, line);
    }
    let limited = &with[1..];
    for option in ["--head-seconds", "--stall-seconds"] {
        let line = format!("{option} \"0\" is no time in seconds");
        refuse(limited, &[option, "0"], 2, &line);
    }
    refuse(limited, &["--queue", "-1"], 2, "--queue \"-1\" is no number");
    for option in ["--idle-seconds", "--body-seconds", "--drain-seconds"] {
        let line = format!("{option} \"soon\" is no time in seconds");
        refuse(&with[2..], &[option, "soon"], 2, &line);
    }
}

#[test]
fn a_root_that_is_no_folder() {
    let (_, with) = by_options();
    for root in ["no-such-folder", env!("CARGO_BIN_EXE_step01")] {
        let line = format!("cannot serve {root:?}: ");
        refuse(with, &["127.0.0.1:0", "--root", root], 1, &line);
    }
}

/// What `--help` says has to be true: each option in it is understood.
#[test]
fn help_names_the_options_that_there_are() {
    let (without, with) = by_options();
    for step in without {
        Command::new(step).arg("--help").assert().code(1);
    }
    for step in with {
        let run = Command::new(step).arg("--help").assert();
        let run = run.success().stderr("");
        let help =
            String::from_utf8_lossy(&run.get_output().stdout).to_string();
        assert!(help.lines().all(|line| line.chars().count() < 80), "{help}");
        let options = help.lines().filter_map(|line| line.strip_prefix("  --"));
        let mut count = 0;
        for option in options {
            let mut words = option.split_whitespace();
            let name = format!("--{}", words.next().unwrap());
            let value = match words.next() {
                Some("N" | "S") => Some("3"),
                Some("DIR") => Some("no-such-folder"),
                _ => None,
            };
            // An address that is none ends it after the options are read.
            let mut command = Command::new(step);
            let command = command.arg(&name).args(value).arg("no-address");
            let run = command.timeout(LIMIT).assert();
            if name != "--help" {
                run.code(1);
            }
            count += 1;
        }
        assert!(count >= 4, "{help}");
        Command::new(step).arg("-h").assert().success().stdout(help);
    }
}

#[cfg(unix)]
#[test]
fn an_argument_that_is_not_utf8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    for step in STEPS {
        let argument = OsStr::from_bytes(b"\xff");
        let run = Command::new(step).arg(argument).assert().code(1).stdout("");
        let said = String::from_utf8_lossy(&run.get_output().stderr);
        let shown = ["\\xFF", "\u{fffd}"].map(|it| {
            format!("cannot serve on \"{it}\": invalid socket address\n")
        });
        assert!(shown.contains(&said.to_string()), "{step}: {said}");
    }
}

/// `/dev/full` is a file that can never be written to; only Linux has it.
#[cfg(target_os = "linux")]
#[test]
fn an_output_that_takes_nothing() {
    for step in STEPS {
        let script = "exec \"$0\" 127.0.0.1:0 > /dev/full";
        let run = Command::new("sh").args(["-c", script, step]).assert();
        run.code(1).stderr(
            "cannot serve on \"127.0.0.1:0\": \
             No space left on device (os error 28)\n",
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_error_that_nobody_takes() {
    for step in STEPS {
        let script = "exec \"$0\" no-address 2> /dev/full";
        Command::new("sh").args(["-c", script, step]).assert().code(1);
    }
}

/// Where there are no signals, a line `quit` stops the server (step 06).
#[cfg(not(unix))]
#[test]
fn quit_stops_the_last_step() {
    let mut last = Command::new(STEPS[9]);
    last.arg("127.0.0.1:0").write_stdin("quit\n").timeout(LIMIT);
    last.assert().success();
}

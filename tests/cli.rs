//! What every binary says of a command line that it cannot follow: one line on
//! standard error that names the thing and the cause, and exit status 1.

use std::net::TcpListener;
use std::time::Duration;

use assert_cmd::Command;

/// A server that starts after all would run for ever.
const LIMIT: Duration = Duration::from_secs(30);

const STEPS: [&str; 6] = [
    env!("CARGO_BIN_EXE_step01"),
    env!("CARGO_BIN_EXE_step02"),
    env!("CARGO_BIN_EXE_step03"),
    env!("CARGO_BIN_EXE_step04"),
    env!("CARGO_BIN_EXE_step05"),
    env!("CARGO_BIN_EXE_step06"),
];

/// Every step refuses these arguments in one line that begins so.
fn all_refuse(arguments: &[&str], line: &str) {
    for step in STEPS {
        let mut command = Command::new(step);
        let run = command.args(arguments).timeout(LIMIT).assert();
        let run = run.code(1).stdout("");
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
    all_refuse(&["--bogus"], "cannot serve on \"--bogus\": ");
    all_refuse(
        &["127.0.0.1:0", "--bogus"],
        "cannot serve on \"127.0.0.1:0 --bogus\": ",
    );
    all_refuse(
        &["--bogus", "127.0.0.1:0"],
        "cannot serve on \"--bogus 127.0.0.1:0\": ",
    );
}

#[cfg(unix)]
#[test]
fn an_argument_that_is_not_utf8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    for step in STEPS {
        let argument = OsStr::from_bytes(b"\xff");
        let run = Command::new(step).arg(argument).assert();
        run.code(1)
            .stdout("")
            .stderr("cannot serve on \"\\xFF\": invalid socket address\n");
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
    let mut last = Command::new(STEPS[5]);
    last.arg("127.0.0.1:0").write_stdin("quit\n").timeout(LIMIT);
    last.assert().success();
}

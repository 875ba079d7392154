//! How many system calls a request takes, with `strace` where there is one.

use super::*;
use crate::running::Running;
use std::time::Duration;

/// Enough to hide what is called at the start and at the end.
const REQUESTS: u32 = 200;

/// What must happen gets this long. Only a fault ever takes that long.
const DEADLINE: Duration = Duration::from_secs(20);

/// Those whose number is the same whenever it is counted.
const CALLS: [&str; 2] = ["accept4", "write"];

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
    // Not its standard output, which it closes as soon as it begins.
    assert!(strace.stderr.wait_for_end(DEADLINE), "strace goes on");
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
    let servers = ["step05", "step20"];
    let [Some(pool), Some(last)] = servers.map(count) else {
        eprintln!("skipped: strace may not look at other processes here");
        return;
    };
    let mut table = String::from(
        "| system call | step 05 | step 20 |\n| --- | --: | --: |\n",
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

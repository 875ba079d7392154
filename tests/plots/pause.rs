//! What a pause of the server does to p99, by a load that waits for answers and
//! by one that doesn't.

use super::*;
use crate::running::Running;
use std::process::Stdio;

fn file() -> PathBuf {
    source().join("measurements/pause.txt")
}

/// Puts step 20 under load for four seconds, in one of which it stands still.
pub fn measure() {
    let tables = [&[] as &[&str], &["--rate", "1000"]].map(|options| {
        let mut server = Command::new(binary("step20"));
        let server = Running::spawn(server.arg("127.0.0.1:0")).unwrap();
        let address = server.address().unwrap();
        let script = "sleep 2; kill -STOP $0; sleep 1; kill -CONT $0";
        let mut pause = Command::new("sh");
        pause.args(["-c", script, &server.id().to_string()]);
        let mut pause = pause.stdin(Stdio::null()).spawn().unwrap();
        let mut load = Command::new(binary("load"));
        load.args(["--seconds", "4"]).args(options);
        let run = load.arg(format!("step20={address}")).output().unwrap();
        assert!(pause.wait().unwrap().success());
        String::from_utf8(run.stdout).unwrap()
    });
    fs::write(file(), tables.join("\n")).unwrap();
}

/// The p99 in a row of the table, in seconds.
fn p99(row: &str) -> f64 {
    let cells: Vec<&str> = row.split_whitespace().collect();
    let time: f64 = cells[4].parse().unwrap();
    match cells[5] {
        "s" => time,
        "ms" => time / 1e3,
        _ => time / 1e6,
    }
}

#[test]
fn a_pause_is_seen_at_a_fixed_rate() {
    super::measure();
    let text = read(&file());
    let rows = text.lines().filter(|line| line.starts_with("step20 "));
    let times: Vec<f64> = rows.map(p99).collect();
    let [polite, fixed] = times[..] else { panic!("{text}") };
    assert!(fixed > 0.8 && polite < fixed / 5.0, "{text}");
}

//! Runs a program to its end, or until it has taken too long.

use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// What a program prints, if it ends in time.
pub fn output(
    command: &mut Command,
    limit: Option<Duration>,
) -> Result<Output, String> {
    let name = command.get_program().to_owned();
    let cannot = |error| format!("cannot run {name:?}: {error}");
    let Some(limit) = limit else {
        return command.output().map_err(cannot);
    };
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    // A group of its own, so that what it has started ends with it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    let process = command.spawn().map_err(cannot)?;
    let id = process.id();
    let (sender, output) = mpsc::channel();
    let wait = move || _ = sender.send(process.wait_with_output());
    thread::Builder::new().spawn(wait).map_err(cannot)?;
    match output.recv_timeout(limit) {
        Ok(output) => output.map_err(cannot),
        Err(_) => {
            end(id);
            Err(format!("it takes longer than {} s", limit.as_secs()))
        }
    }
}

/// Ends a process that leads a group, and the others in the group.
fn end(leader: u32) {
    let mut command = match cfg!(windows) {
        true => Command::new("taskkill"),
        false => Command::new("kill"),
    };
    match cfg!(windows) {
        true => command.args(["/t", "/f", "/pid", &leader.to_string()]),
        false => command.args(["-KILL", "--", &format!("-{leader}")]),
    };
    _ = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_hangs_is_ended() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "sleep 60 & wait"]);
        let limit = Some(Duration::from_secs(1));
        let error = output(&mut shell, limit).err().unwrap();
        assert_eq!(error, "it takes longer than 1 s");
    }

    #[test]
    fn a_program_that_ends_in_time_is_read() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "echo hello"]);
        let limit = Some(Duration::from_secs(60));
        assert_eq!(output(&mut shell, limit).unwrap().stdout, b"hello\n");
    }
}

//! What Linux says about threads in `/proc`. Elsewhere, there's no such
//! directory, so no threads are seen.

use std::fs;
use std::io::{self, ErrorKind};

use crate::record::State;
use crate::syscalls;

/// A thread as it is at this moment.
pub struct Seen {
    pub process: u32,
    pub id: u32,
    /// Its own name, if it has one.
    pub name: Option<String>,
    pub state: State,
}

/// The threads of a process and of all that it has started.
pub fn threads(pid: u32, note: &mut Option<String>) -> Vec<Seen> {
    let mut seen = Vec::new();
    let mut processes = vec![pid];
    while let Some(process) = processes.pop() {
        let ids = ids(process);
        let own_name = read(process, process, "comm").unwrap_or_default();
        for &id in &ids {
            // It may have ended in the meantime.
            let Ok(state) = state(process, id, &ids, note) else {
                continue;
            };
            let name = read(process, id, "comm").ok();
            let name = name.filter(|it| *it != own_name);
            seen.push(Seen { process, id, name, state });
            let children = read(process, id, "children");
            let children = children.unwrap_or_default();
            let children = children.split_whitespace();
            processes.extend(children.filter_map(|it| it.parse::<u32>().ok()));
        }
    }
    // Those of a process are in the order in which they have started. Their
    // numbers aren't, once the system has used up all numbers.
    seen.sort_by_key(|it| (it.process != pid, it.process));
    seen
}

fn state(
    process: u32,
    id: u32,
    ids: &[u32],
    note: &mut Option<String>,
) -> io::Result<State> {
    let stat = || match read(process, id, "stat") {
        Ok(stat) if syscalls::has_ended(&stat) => {
            Err(ErrorKind::NotFound.into())
        }
        stat => stat,
    };
    stat()?;
    match read(process, id, "syscall") {
        Ok(line) => Ok(syscalls::state(&line, ids)),
        Err(_) => {
            // Unless it has just ended.
            let stat = stat()?;
            note.get_or_insert(UNREADABLE.to_string());
            Ok(syscalls::state_of_stat(&stat))
        }
    }
}

const UNREADABLE: &str = "this system doesn't let you see where a thread \
    waits (/proc/PID/task/TID/syscall), only whether it does";

fn ids(process: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{process}/task"));
    let names = tasks.into_iter().flatten().flatten();
    let ids = names.filter_map(|it| it.file_name().to_str()?.parse().ok());
    ids.collect()
}

fn read(process: u32, id: u32, what: &str) -> io::Result<String> {
    let path = format!("/proc/{process}/task/{id}/{what}");
    Ok(fs::read_to_string(path)?.trim_end().to_string())
}

//! What a thread does, by the system call that it is in.

use crate::record::State;

/// The numbers differ from one kind of processor to the next.
#[cfg(target_arch = "x86_64")]
const NUMBERS: &[(u64, State)] = &[
    (0, State::Reading),            // read
    (1, State::Writing),            // write
    (7, State::Polling),            // poll
    (20, State::Writing),           // writev
    (23, State::Polling),           // select
    (34, State::WaitingForSignal),  // pause
    (35, State::Sleeping),          // nanosleep
    (40, State::Writing),           // sendfile
    (43, State::Accepting),         // accept
    (44, State::Writing),           // sendto
    (45, State::Reading),           // recvfrom
    (128, State::WaitingForSignal), // rt_sigtimedwait
    (130, State::WaitingForSignal), // rt_sigsuspend
    (230, State::Sleeping),         // clock_nanosleep
    (232, State::Polling),          // epoll_wait
    (270, State::Polling),          // pselect6
    (271, State::Polling),          // ppoll
    (281, State::Polling),          // epoll_pwait
    (288, State::Accepting),        // accept4
    (441, State::Polling),          // epoll_pwait2
];
#[cfg(target_arch = "x86_64")]
const FUTEX: u64 = 202;

#[cfg(target_arch = "aarch64")]
const NUMBERS: &[(u64, State)] = &[
    (22, State::Polling),           // epoll_pwait
    (63, State::Reading),           // read
    (64, State::Writing),           // write
    (66, State::Writing),           // writev
    (71, State::Writing),           // sendfile
    (72, State::Polling),           // pselect6
    (73, State::Polling),           // ppoll
    (101, State::Sleeping),         // nanosleep
    (115, State::Sleeping),         // clock_nanosleep
    (133, State::WaitingForSignal), // rt_sigsuspend
    (137, State::WaitingForSignal), // rt_sigtimedwait
    (202, State::Accepting),        // accept
    (206, State::Writing),          // sendto
    (207, State::Reading),          // recvfrom
    (242, State::Accepting),        // accept4
    (441, State::Polling),          // epoll_pwait2
];
#[cfg(target_arch = "aarch64")]
const FUTEX: u64 = 98;

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const NUMBERS: &[(u64, State)] = &[];
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const FUTEX: u64 = u64::MAX;

/// The state in a line of `/proc/PID/task/TID/syscall`: `running`, or the number
/// of a system call and its arguments. `threads` are those of the process.
pub fn state(line: &str, threads: &[u32]) -> State {
    let mut words = line.split_whitespace();
    let Some(first) = words.next().filter(|it| *it != "running") else {
        return State::Running;
    };
    // What isn't a number is -1: the thread waits, but in no system call.
    let Ok(number) = first.parse::<u64>() else { return State::Blocked };
    if number == FUTEX {
        return futex(words.nth(2), threads);
    }
    let found = NUMBERS.iter().find(|(known, _)| *known == number);
    found.map_or(State::Blocked, |(_, state)| *state)
}

/// A thread in `futex` sleeps as long as a variable has the value that it names.
/// Nothing says what the variable is for, but the values tell. They are habits
/// of Rust's standard library on Linux, and no promise: its channels wait in
/// `thread::park`, whose variable is then -1, and a `Mutex` for which a thread
/// sleeps is 2. In C, a `pthread_mutex_t` is 2 as well, and `pthread_join` waits
/// for a variable that holds the thread's number.
fn futex(value: Option<&str>, threads: &[u32]) -> State {
    let digits = value.and_then(|it| it.strip_prefix("0x"));
    let value = digits.and_then(|it| u64::from_str_radix(it, 16).ok());
    // The argument has 32 bits. What's above them is left over.
    match value.map(|it| it as u32) {
        Some(u32::MAX) => State::WaitingForMessage,
        Some(2) => State::WaitingForLock,
        Some(thread) if threads.contains(&thread) => State::Joining,
        _ => State::Blocked,
    }
}

/// The same, as far as `/proc/PID/task/TID/stat` tells it, which everybody may
/// read: whether the thread waits.
pub fn state_of_stat(stat: &str) -> State {
    match letter(stat) {
        Some('R') => State::Running,
        _ => State::Blocked,
    }
}

/// Whether a thread has ended, but is still in the list.
pub fn has_ended(stat: &str) -> bool {
    matches!(letter(stat), Some('Z' | 'X'))
}

fn letter(stat: &str) -> Option<char> {
    // The name is in parentheses, and may have some of its own.
    stat.rsplit_once(") ")?.1.chars().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_futex_is_known_by_the_value_that_it_waits_for() {
        let cases = [
            ("0xffffffff", State::WaitingForMessage),
            ("0xffffffffffffffff", State::WaitingForMessage),
            ("0x2", State::WaitingForLock),
            ("0x7b", State::Joining),
            ("0x7c", State::Blocked),
            ("nothing", State::Blocked),
        ];
        for (value, expected) in cases {
            let line =
                format!("{FUTEX} 0x55d0 0x89 {value} 0x0 0x0 0xf 0x1 0x2");
            assert_eq!(state(&line, &[122, 123]), expected, "{value}");
        }
    }

    #[test]
    fn a_thread_is_in_a_system_call_or_runs() {
        assert_eq!(state("running", &[]), State::Running);
        assert_eq!(state("", &[]), State::Running);
        assert_eq!(state("-1 0x7ffd 0x7f00", &[]), State::Blocked);
        assert_eq!(state("99999 0x0 0x0", &[]), State::Blocked);
        for (number, expected) in NUMBERS {
            let line = format!("{number} 0x3 0x0 0x0 0x0 0x0 0x0 0x7ff 0x7f0");
            assert_eq!(state(&line, &[]), *expected, "{number}");
        }
    }

    #[test]
    fn stat_tells_whether_a_thread_runs() {
        assert_eq!(state_of_stat("7 (a) S 1) R 1 7"), State::Running);
        assert_eq!(state_of_stat("7 (R ) S 1 7"), State::Blocked);
        assert_eq!(state_of_stat(""), State::Blocked);
        assert!(has_ended("7 (a) Z 1 7") && !has_ended("7 (Z) S 1 7"));
    }
}

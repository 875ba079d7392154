//! How many file descriptors the process may have. On Unix this takes unsafe code,
//! because std doesn't say.

/// The most that we use, even where the system sets no limit.
const MAX_DESCRIPTORS: u64 = 3 * 16_384 / 2 + 64;

/// Raises the limit as far as an ordinary user may, and returns it.
#[cfg(unix)]
pub fn limit() -> usize {
    const LINUX: bool = cfg!(any(target_os = "linux", target_os = "android"));
    const RLIMIT_NOFILE: i32 = if LINUX { 7 } else { 8 };
    /// The C type `struct rlimit` of 64-bit systems.
    #[repr(C)]
    struct Limit {
        current: u64,
        maximum: u64,
    }
    unsafe extern "C" {
        fn getrlimit(resource: i32, limit: *mut Limit) -> i32;
        fn setrlimit(resource: i32, limit: *const Limit) -> i32;
    }
    let mut limit = Limit { current: 0, maximum: 0 };
    // SAFETY: `limit` may be written to, and is filled before it's read.
    unsafe {
        if getrlimit(RLIMIT_NOFILE, &mut limit) != 0 {
            return 1024;
        }
        let wanted = limit.maximum.min(MAX_DESCRIPTORS);
        let raised = Limit { current: wanted, maximum: limit.maximum };
        if wanted > limit.current && setrlimit(RLIMIT_NOFILE, &raised) == 0 {
            limit = raised;
        }
    }
    limit.current.min(MAX_DESCRIPTORS) as usize
}

#[cfg(not(unix))]
pub fn limit() -> usize {
    MAX_DESCRIPTORS as usize
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_limit_is_raised_as_far_as_it_may_be() {
        let (before, _) = limits();
        let limit = limit() as u64;
        let (current, maximum) = limits();
        assert!(current >= maximum.min(MAX_DESCRIPTORS), "it's {current}");
        assert!(current >= before, "it was {before}, and is {current}");
        assert_eq!(limit, current.min(MAX_DESCRIPTORS));
    }

    /// The process's limit, and the one that it may raise it to.
    fn limits() -> (u64, u64) {
        let text = fs::read_to_string("/proc/self/limits").expect("text");
        let line = text.lines().find(|line| line.starts_with("Max open files"));
        let numbers = line.expect("a limit").split_ascii_whitespace();
        let mut numbers = numbers.filter_map(|word| word.parse::<u64>().ok());
        let current = numbers.next().expect("a number");
        (current, numbers.next().expect("another"))
    }
}

//! A directory for a test to use.

use std::path::PathBuf;
use std::process::Child;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, process};

/// A directory that is empty at first and gone when the test is over, even if
/// the test was killed: on Unix a shell waits for that, and removes it.
pub struct Scratch(pub PathBuf, Option<Child>);

impl Scratch {
    /// Makes one, which isn't any other test's, whatever its name.
    pub fn new(name: &str) -> Scratch {
        Scratch::ending_with("", name)
    }

    /// Makes one in which this shell command runs before it's removed.
    pub fn ending_with(command: &str, name: &str) -> Scratch {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        // Relaxed: no two may be the same, and that's all.
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{name}-{}-{number}", process::id());
        let path = env::temp_dir().join(name);
        _ = fs::remove_dir_all(&path);
        // The shell comes first: whenever the test is killed, it's there already.
        let shell = cfg!(unix).then(|| {
            // The end of its input wakes it. Where a test has taken rights away,
            // even from the owner, only the second try succeeds.
            let script = format!(
                "read -r _; cd \"$0\" 2>/dev/null && {{ :; {command}\n}}\n\
                 cd /; rm -rf \"$0\" 2>/dev/null || \
                 {{ chmod -R u+rwX \"$0\"; rm -rf \"$0\"; }}"
            );
            let mut shell = process::Command::new("sh");
            shell.args(["-c", &script]).arg(&path);
            #[cfg(unix)] // Ctrl-C isn't for it.
            std::os::unix::process::CommandExt::process_group(&mut shell, 0);
            shell.stdin(process::Stdio::piped()).spawn().unwrap()
        });
        fs::create_dir_all(&path).unwrap();
        Scratch(path, shell)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        match &mut self.1 {
            Some(shell) => _ = shell.wait(),
            None => _ = fs::remove_dir_all(&self.0),
        }
    }
}

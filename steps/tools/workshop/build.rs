//! Builds what is checked, and the tests that check it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::place::repository;
use crate::run;
use crate::steps;

/// A server to be tested.
pub struct Server {
    /// What the tests find in `SERVER`.
    pub path: String,
    /// What the user calls it, if the path is a script that runs that.
    command: Option<String>,
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.command.is_some() {
            _ = fs::remove_file(&self.path);
        }
    }
}

impl Server {
    /// Builds the crate in a directory, or finds a program or a command.
    pub fn new(name: &str, limit: Option<Duration>) -> Result<Server, String> {
        let is_step = name.starts_with("step") && steps::find(name).is_ok();
        let path = match Path::new(name).canonicalize() {
            _ if is_step => name.to_string(),
            Ok(path) if path.is_dir() => text(&build(&path, limit)?)?,
            Ok(path) => text(&path)?,
            Err(_) if name.trim().contains(' ') => {
                let command = Some(name.to_string());
                return Ok(Server { path: script(name)?, command });
            }
            Err(_) => {
                return Err(format!(
                    "{name:?} isn't a directory with a crate, or a program; \
                     a command with arguments looks like \"python3 server.py\""
                ));
            }
        };
        Ok(Server { path, command: None })
    }

    /// What a test says about the server, with the user's name for it.
    pub fn named(&self, said: &str) -> String {
        match &self.command {
            Some(command) => said.replace(&self.path, command),
            None => said.to_string(),
        }
    }
}

fn text(path: &Path) -> Result<String, String> {
    let text = path.to_str().map(String::from);
    text.ok_or_else(|| format!("{path:?} is not UTF-8"))
}

/// A script that runs a command in this directory, because the tests start a
/// program in another one, and can't pass it a command's arguments.
fn script(command: &str) -> Result<String, String> {
    if !cfg!(unix) {
        return Err(format!(
            "{command:?} needs a Unix shell; give the path of a program"
        ));
    }
    let here = env::current_dir().map_err(|error| {
        format!("cannot tell which directory this is: {error}")
    })?;
    let here = text(&here)?.replace('\'', "'\\''");
    let script =
        format!("#!/bin/sh\ncd '{here}' || exit\nexec {command} \"$@\"\n");
    let name = format!("workshop-server-{}", std::process::id());
    let path = env::temp_dir().join(name);
    let written = fs::write(&path, script).and_then(|()| {
        #[cfg(unix)]
        fs::set_permissions(
            &path,
            std::os::unix::fs::PermissionsExt::from_mode(0o755),
        )?;
        Ok(())
    });
    written.map_err(|error| format!("cannot write {path:?}: {error}"))?;
    text(&path)
}

/// Builds a crate, in a target directory of its own: in one that is shared,
/// each crate called `my-server` would take the place of the one before it.
fn build(directory: &Path, limit: Option<Duration>) -> Result<PathBuf, String> {
    let manifest = directory.join("Cargo.toml");
    if !manifest.is_file() {
        return Err(format!(
            "{directory:?} has no Cargo.toml; `workshop start` makes a crate"
        ));
    }
    let mut command = cargo("build");
    command.args(["--quiet", "--message-format=json-render-diagnostics"]);
    command.arg("--manifest-path").arg(&manifest);
    command.arg("--target-dir").arg(directory.join("target"));
    let run = run::output(command.current_dir(directory), limit)?;
    if !run.status.success() {
        let said = String::from_utf8_lossy(&run.stderr);
        let error = first_error(&said);
        return Err(format!("{directory:?} can't be built.\n\n{error}"));
    }
    let said = String::from_utf8_lossy(&run.stdout);
    let programs: Vec<_> = said.lines().filter_map(executable).collect();
    match &programs[..] {
        [program] => Ok(program.into()),
        _ => Err(format!(
            "{directory:?} builds {} programs; give the path of the one to check",
            programs.len()
        )),
    }
}

/// The program that a line of cargo's JSON names.
fn executable(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("\"executable\":\"")?;
    let (path, _) = rest.split_once("\",\"")?;
    Some(path.replace("\\\\", "\\").replace("\\\"", "\""))
}

/// The first thing that's wrong, as the compiler puts it.
fn first_error(said: &str) -> &str {
    let mut parts = said.split("\n\n");
    let error = parts.find(|part| part.starts_with("error"));
    error.unwrap_or(said).trim_end()
}

/// Builds a test target, that of a step or `exercises`, and returns the program
/// that runs it.
pub fn build_tests(target: &str) -> Result<PathBuf, String> {
    let mut command = cargo("test");
    command.args(["--quiet", "--message-format=json-render-diagnostics"]);
    command.args(["--no-run", "--test", target]);
    if !cfg!(debug_assertions) {
        command.arg("--release"); // Like this program, which is built already.
    }
    let run = run::output(&mut command, None)?;
    let said = String::from_utf8_lossy(&run.stdout);
    let mut lines = said.lines().filter(|it| it.contains(r#""kind":["test"]"#));
    match lines.find_map(executable) {
        Some(program) if run.status.success() => Ok(program.into()),
        _ => {
            let said = String::from_utf8_lossy(&run.stderr);
            let error = first_error(&said);
            Err(format!("the tests of {target} can't be built.\n\n{error}"))
        }
    }
}

/// Runs tests with a server, and returns what they print.
pub fn run_tests(
    tests: &Path,
    names: &[String],
    server: &Server,
    limit: Option<Duration>,
) -> Result<String, String> {
    let mut command = Command::new(tests);
    command.current_dir(repository()).stdin(Stdio::null()).args(names);
    command.env("SERVER", &server.path).env("RUST_BACKTRACE", "0");
    let run = run::output(&mut command, limit)?;
    Ok(server.named(&String::from_utf8_lossy(&run.stdout)))
}

/// Cargo, where it finds this repository's configuration.
fn cargo(command: &str) -> Command {
    // Cargo sets this variable to its own path.
    let mut cargo =
        Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args([command, "--color=never"]);
    cargo.current_dir(repository()).stdin(Stdio::null());
    cargo
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_in_cargos_json() {
        let line =
            r#"{"reason":"a","executable":"C:\\a b\\c.exe","fresh":true}"#;
        assert_eq!(executable(line).as_deref(), Some(r"C:\a b\c.exe"));
        assert_eq!(executable(r#"{"executable":null,"fresh":true}"#), None);
    }

    #[test]
    fn the_first_error_is_shown_without_the_warnings() {
        let said =
            "warning: a\n --> b\n\nerror[E0001]: c\n --> d\n\nerror: e\n";
        assert_eq!(first_error(said), "error[E0001]: c\n --> d");
        assert_eq!(first_error("no error\n"), "no error");
    }
}

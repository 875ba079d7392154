//! The program under test.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fmt};

use super::place::{binary, repository};

/// What `SERVER` names, if anything: a learner's own server, or another step.
pub fn named_server() -> Option<String> {
    env::var("SERVER").ok().filter(|name| !name.is_empty())
}

/// A program that can be started as a server.
#[derive(Clone)]
pub struct Program {
    pub(super) path: PathBuf,
    /// Whether it's a step of this repository.
    pub(super) is_step: bool,
    /// Whether it's the step that the test is about, and not what `SERVER`
    /// names. Only then may a test ask for what is up to a server, such as
    /// what it prints.
    pub is_ours: bool,
}

impl Program {
    /// The step's binary, or what `SERVER` names instead: a step (`step04`) or
    /// the path of any executable, seen from the repository's root.
    pub fn under_test(step: &str) -> Program {
        match named_server() {
            Some(name) => Program::named(&name, false),
            None => Program::named(step, true),
        }
    }

    /// The program of that name, as above.
    pub fn named(name: &str, is_ours: bool) -> Program {
        // A path may lead anywhere: only a bare name is one of ours.
        let number = name.strip_prefix("step").unwrap_or_default();
        let is_step = number.len() == 2 && number.parse::<u8>().is_ok();
        let path = match is_step {
            true => binary(name),
            false => Path::new(name).canonicalize().unwrap_or(name.into()),
        };
        Program { path, is_step, is_ours }
    }

    /// A command that starts it. A step starts in another directory, because it
    /// must find its pages from anywhere: Cargo's variable says where they are.
    /// A learner's server mustn't find our pages instead of its own.
    pub fn command(&self) -> Command {
        self.command_of(&self.path)
    }

    /// The same for what runs it, a shell.
    pub(super) fn command_of(&self, program: &Path) -> Command {
        const ROOT: &str = "CARGO_MANIFEST_DIR";
        let mut command = Command::new(program);
        match self.is_step {
            true => {
                command.current_dir(env::temp_dir()).env(ROOT, repository())
            }
            false => command.env_remove(ROOT),
        };
        // A backtrace takes time, and would bury the message of a panic.
        command.env("RUST_BACKTRACE", "0");
        command
    }

    /// Whether it may answer for a moment with a file as it was before it changed.
    /// The steps before 20 look at a file for each request.
    pub fn may_remember(&self) -> bool {
        !self.is_step || self.to_string().as_str() >= "step20"
    }

    /// Its path as a shell takes it, seen from the repository's root.
    pub fn in_shell(&self) -> String {
        let path = self.path.strip_prefix(repository()).unwrap_or(&self.path);
        let path = path.display().to_string();
        let plain = |letter: char| {
            letter.is_ascii_alphanumeric() || "/._-".contains(letter)
        };
        match path.chars().all(plain) {
            true => path,
            false => format!("'{}'", path.replace('\'', "'\\''")),
        }
    }
}

impl fmt::Display for Program {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self.path.file_stem() {
            Some(name) if self.is_step => {
                write!(out, "{}", name.to_string_lossy())
            }
            _ => write!(out, "{}", self.path.display()),
        }
    }
}

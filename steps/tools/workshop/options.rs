//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::pieces::{self, Holes};
use crate::steps::{self, Step};

const HELP: &str = "\
workshop: starts a step of the course in a crate of your own, and checks it

  cargo run --bin workshop -- start step05 ../my-server --holes few
  cargo run --bin workshop -- check step05 ../my-server --hint 1

start STEP DIR   writes a crate for the step: all of its files, but with holes,
                 todo!(\"what it has to do\"), in place of functions that the
                 chapter has you write. In a crate of an earlier step, it adds
                 the files that are new, and says what to change in yours. It
                 never overwrites what you've written
  --holes HOW    how many holes: few, some (if you don't say), all, or none,
                 which is the finished step. @PIECES@

check STEP DIR|COMMAND
                 builds the crate, and asks its server for all that the step can
                 do. A COMMAND runs any program, in any language, that takes an
                 address and prints `listening on http://ADDRESS` first:
                 ./my-server or \"python3 server.py\". The first check builds the
                 tests, which takes a few minutes
  --hint N       a hint for the first test that fails. 1 says where to look, 2
                 what the idea is, and 3 where the book and the finished step
                 have it
  --watch        check again whenever a file of the crate, or one that the
                 command names, is saved, until the step is complete

--help           this text

The exit status is 0 if all is well (for check: if the step is complete), 1 if
it isn't, and 2 if the command line can't be understood.
";

pub fn help() -> String {
    let last = pieces::last_step();
    HELP.replace("@PIECES@", &format!("step01 to {last} have holes"))
}

pub enum Command {
    Start { step: Step, directory: PathBuf, holes: Holes },
    Check(Check),
}

pub struct Check {
    pub step: Step,
    /// A directory or a command.
    pub server: String,
    /// From 1 to 3.
    pub hint: Option<usize>,
    pub watch: bool,
}

/// The command, or `None` if help is asked for. An error is a line for the user.
pub fn parse(
    arguments: impl Iterator<Item = OsString>,
) -> Result<Option<Command>, String> {
    let mut arguments = arguments.map(|argument| {
        argument.into_string().map_err(|it| format!("{it:?} is not UTF-8"))
    });
    let mut names = Vec::new();
    let (mut holes, mut hint, mut watch) = (None, None, false);
    while let Some(argument) = arguments.next() {
        let argument = argument?;
        let mut value = || arguments.next().transpose();
        match argument.as_str() {
            "--help" | "-h" => return Ok(None),
            "--holes" => holes = Some(parse_holes(value()?)?),
            "--hint" => hint = Some(parse_hint(value()?)?),
            "--watch" => watch = true,
            option if option.starts_with('-') => {
                return Err(format!("no option {option:?}; see --help"));
            }
            _ => names.push(argument),
        }
    }
    let Some((command, names)) = names.split_first() else {
        return Err("no command is named, as in `workshop start step05 \
                    ../my-server`; see --help"
            .to_string());
    };
    match command.as_str() {
        "start" => {
            if hint.is_some() || watch {
                return Err("--hint and --watch belong to check".to_string());
            }
            let (step, directory) = step_and_name(command, names, "DIR")?;
            let holes = holes.unwrap_or(Holes::Some);
            let directory = directory.into();
            Ok(Some(Command::Start { step, directory, holes }))
        }
        "check" => {
            if holes.is_some() {
                return Err("--holes belongs to start".to_string());
            }
            let (step, server) = step_and_name(command, names, "DIR|COMMAND")?;
            Ok(Some(Command::Check(Check { step, server, hint, watch })))
        }
        _ => Err(format!("no command {command:?}; there are start and check")),
    }
}

fn step_and_name(
    command: &str,
    names: &[String],
    what: &str,
) -> Result<(Step, String), String> {
    match names {
        [step, name] if !name.trim().is_empty() => {
            Ok((steps::find(step)?, name.clone()))
        }
        _ => Err(format!(
            "{command} needs a step and one name: `workshop {command} STEP \
             {what}`; see --help"
        )),
    }
}

fn parse_holes(value: Option<String>) -> Result<Holes, String> {
    let value = value.unwrap_or_default();
    Holes::parse(&value).ok_or(format!(
        "--holes {value:?} isn't one of few, some, all and none"
    ))
}

fn parse_hint(value: Option<String>) -> Result<usize, String> {
    let value = value.unwrap_or_default();
    let hint = value.parse().ok().filter(|it| (1..=3).contains(it));
    hint.ok_or(format!("--hint {value:?} isn't one of 1, 2 and 3"))
}

//! The command line.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::exercise;
use crate::hunt;
use crate::pieces::Holes;
use crate::steps::{self, Step};

pub const HELP: &str = "\
workshop: starts a step of the course in a crate of your own, and checks it;
and gives you programs with a fault to find

  cargo run --bin workshop -- start step05 ../my-server --holes few
  cargo run --bin workshop -- check step05 ../my-server --hint 1

start STEP DIR   writes a crate for the step: all of its files, but with holes,
                 todo!(\"what it has to do\"), in place of functions that the
                 chapter has you write. In a crate of an earlier step, it adds
                 the files that are new, and says what to change in yours. It
                 never overwrites what you've written
  --holes HOW    how many holes: few, some (if you don't say), all, or none,
                 which is the finished step
  --record       keep a record of your checks, times and scores, in the crate's
                 workshop-record.csv. Delete that file, and it's over

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

mark STEP DIR|COMMAND...
                 checks one server after the other, and shows each one's points
                 by step, and what they lack, most common first. A behaviour
                 that fails is tried up to three times. Each crate is built in
                 its own directory, whatever CARGO_TARGET_DIR says: in a shared
                 one, cargo takes one student's my-server for another's
  --limit N      how many seconds a build or a run of the tests may take (120)
  --csv FILE     the marks as a table, a line for each server
  --json FILE    the same, a line of JSON for each server
  --junit FILE   the same, as JUnit's XML
  --gradescope FILE
                 results.json for Gradescope, for one server

minutes DIR...   what these crates' records say about the time that each step
                 took, without breaks of more than 15 minutes

Mark strangers' programs in a container. Build the tests in it first, and then
take its network away:
  docker run --name class -it -v \"$PWD/..:/course\" -w /course/REPOSITORY \\
    --memory 2g --pids-limit 2000 rust sh
  cargo test --no-run
  docker network disconnect bridge class      (in another terminal)

exercise         lists the exercises that have tests
exercise NAME DIR
                 writes the finished step of its chapter, and says what to do
  --check        instead, says whether it's done (a DIR, or a COMMAND)
  --hint N       with --check, a hint as above
exercise NAME --answer
                 shows a solution

hunt             lists the bug hunts
hunt NAME DIR    writes a program with one fault, and shows what it gets wrong
  --check        instead, says whether the fault is gone
hunt NAME --answer
                 shows the fault, and the mistaken belief behind it

--help           this text

The exit status is 0 if all is well (for a check, if all tests pass), 1 if it
isn't, and 2 if the command line can't be understood.
";

pub enum Command {
    Start {
        step: Step,
        directory: PathBuf,
        holes: Holes,
        record: bool,
    },
    Check(Check),
    Mark(Mark),
    /// The crates whose records to read.
    Minutes(Vec<String>),
    Exercise(exercise::Task),
    Hunt(hunt::Task),
}

pub struct Mark {
    pub step: Step,
    pub servers: Vec<String>,
    pub limit: Duration,
    pub csv: Option<PathBuf>,
    pub json: Option<PathBuf>,
    pub junit: Option<PathBuf>,
    pub gradescope: Option<PathBuf>,
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
    let (mut names, mut options) = (Vec::new(), BTreeMap::new());
    while let Some(argument) = arguments.next() {
        let argument = argument?;
        match argument.as_str() {
            "--help" | "-h" => return Ok(None),
            "--watch" | "--check" | "--answer" | "--record" => {
                _ = options.insert(argument, String::new())
            }
            "--holes" | "--hint" | "--limit" | "--csv" | "--json"
            | "--junit" | "--gradescope" => {
                let value = arguments.next().transpose()?;
                options.insert(argument, value.unwrap_or_default());
            }
            option if option.starts_with('-') => {
                return Err(format!("no option {option:?}; see --help"));
            }
            _ => names.push(argument),
        }
    }
    let Some((command, names)) = names.split_first() else {
        return Err("no command is named; try `workshop start step05 \
                    ../my-server`, or see --help"
            .to_string());
    };
    let parsed = match command.as_str() {
        "start" => start(names, &mut options)?,
        "check" => Command::Check(check(names, &mut options)?),
        "mark" => Command::Mark(mark(names, &mut options)?),
        "minutes" if !names.is_empty() => Command::Minutes(names.to_vec()),
        "minutes" => {
            return Err(
                "minutes needs one or more crates, as in `workshop minutes \
                        class/*`; see --help"
                    .to_string(),
            );
        }
        "exercise" => Command::Exercise(exercise(names, &mut options)?),
        "hunt" => Command::Hunt(hunt(names, &mut options)?),
        _ => {
            return Err(format!(
                "no command {command:?}; there are start, check, mark, minutes, \
                 exercise and hunt"
            ));
        }
    };
    match options.keys().next() {
        Some(option) => Err(format!("{command} has no {option}; see --help")),
        None => Ok(Some(parsed)),
    }
}

/// Options that are still to be read, with their values.
type Values = BTreeMap<String, String>;

fn start(names: &[String], options: &mut Values) -> Result<Command, String> {
    let (step, directory) = step_and_name("start", names, "DIR")?;
    let holes = options.remove("--holes").map(parse_holes).transpose()?;
    let holes = holes.unwrap_or(Holes::Some);
    let record = options.remove("--record").is_some();
    Ok(Command::Start { step, directory: directory.into(), holes, record })
}

fn check(names: &[String], options: &mut Values) -> Result<Check, String> {
    let (step, server) = step_and_name("check", names, "DIR|COMMAND")?;
    let hint = options.remove("--hint").map(parse_hint).transpose()?;
    let watch = options.remove("--watch").is_some();
    Ok(Check { step, server, hint, watch })
}

fn mark(names: &[String], options: &mut Values) -> Result<Mark, String> {
    let (step, servers) = names.split_first().ok_or(
        "mark needs a step and servers, as in `workshop mark step05 class/*`; \
         see --help",
    )?;
    let (step, servers) = (steps::find(step)?, servers.to_vec());
    if servers.is_empty() {
        return Err(
            "mark needs one or more servers, as in `workshop mark step05 \
                    class/*`; see --help"
                .to_string(),
        );
    }
    let limit = options.remove("--limit").map(parse_limit).transpose()?;
    let limit = limit.unwrap_or(Duration::from_secs(120));
    let mut file = |option: &str| match options.remove(option) {
        Some(path) if path.is_empty() => Err(format!("{option} needs a file")),
        path => Ok(path.map(PathBuf::from)),
    };
    let (csv, json) = (file("--csv")?, file("--json")?);
    let (junit, gradescope) = (file("--junit")?, file("--gradescope")?);
    if gradescope.is_some() && servers.len() > 1 {
        return Err("--gradescope is about one server, so name just one; for \
                    several, there are --csv, --json and --junit"
            .to_string());
    }
    Ok(Mark { step, servers, limit, csv, json, junit, gradescope })
}

fn exercise(
    names: &[String],
    options: &mut Values,
) -> Result<exercise::Task, String> {
    let Some((name, places)) = names.split_first() else {
        return Ok(exercise::Task::List);
    };
    let exercise = exercise::find(name)?;
    let mut has = |option| options.remove(option).is_some();
    match places {
        [] if has("--answer") => Ok(exercise::Task::Answer(exercise)),
        [server] if has("--check") => {
            let hint = options.remove("--hint").map(parse_hint).transpose()?;
            Ok(exercise::Task::Check(exercise, server.clone(), hint))
        }
        [directory] => Ok(exercise::Task::Start(exercise, directory.into())),
        _ => Err(format!(
            "exercise needs one directory: `workshop exercise {name} \
             ../{name}`; see --help"
        )),
    }
}

fn hunt(names: &[String], options: &mut Values) -> Result<hunt::Task, String> {
    let Some((name, places)) = names.split_first() else {
        return Ok(hunt::Task::List);
    };
    let hunt = hunt::find(name)?;
    let mut has = |option| options.remove(option).is_some();
    match places {
        [] if has("--answer") => Ok(hunt::Task::Answer(hunt)),
        [directory] if has("--check") => {
            Ok(hunt::Task::Check(hunt, directory.into()))
        }
        [directory] => Ok(hunt::Task::Start(hunt, directory.into())),
        _ => Err(format!(
            "hunt needs one directory: `workshop hunt {name} ../{name}`; see \
             --help"
        )),
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

fn parse_holes(value: String) -> Result<Holes, String> {
    Holes::parse(&value).ok_or(format!(
        "--holes {value:?} isn't one of few, some, all and none"
    ))
}

fn parse_hint(value: String) -> Result<usize, String> {
    let hint = value.parse().ok().filter(|it| (1..=3).contains(it));
    hint.ok_or(format!("--hint {value:?} isn't one of 1, 2 and 3"))
}

fn parse_limit(value: String) -> Result<Duration, String> {
    let seconds = value.parse().ok().filter(|it| (1..=3600).contains(it));
    let seconds = seconds.ok_or(format!(
        "--limit {value:?} isn't a number of seconds from 1 to 3600"
    ));
    seconds.map(Duration::from_secs)
}

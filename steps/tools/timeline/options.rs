//! The command line.

use std::ffi::OsString;
use std::path::{Path, PathBuf, is_separator};

use crate::scene::{self, SCENES, Scene};

const HELP: &str = "\
timeline: draws what clients and a server's threads do, and when

  cargo run --bin timeline -- six-at-once step03 step04 step05
  cargo run --bin timeline -- --html six.html six-at-once ./my-server
  cargo run --bin timeline -- --shape silent step05

The clients of the SCENE visit each SERVER, one server after the other. A server
is one of these:
  step04             a step of this package; it is built if need be
  \"step15 --queue 2\" a step, with options
  ./my-server        any program, by a path with a slash in it, that takes an
                     address and prints `listening on http://ADDRESS` first
  \"python=python3 -m http.server {port}\"
                     any command, with the name for the picture before it. In
                     place of {port}, it gets a port that is free. Without a
                     {port}, it's like ./my-server. Only spaces separate its
                     words. A server that wants its port in a file needs a
                     small script, which ends with `exec`

Scenes:
";

const HELP_OPTIONS: &str = "
Options:
  --out FILE     the picture, an SVG (timeline.svg)
  --html FILE    a page with the picture, and with a slider that says who does
                 what at any moment
  --trace FILE   the same for https://ui.perfetto.dev, as JSON
  --shape        print who waits for whom and which thread is where at the
                 moments that the scene names, and draw nothing unless --out,
                 --html or --trace asks for it
  --help         this text

It looks at the threads every few milliseconds, in /proc, so systems other than
Linux show only the clients. What's shorter than that isn't shown.
";

/// How many steps there are.
const STEPS: u32 = 20;

pub fn help() -> String {
    let line = |scene: &Scene| format!("  {:15}{}\n", scene.name, scene.about);
    let scenes: String = SCENES.iter().map(line).collect();
    format!("{HELP}{scenes}{HELP_OPTIONS}")
}

pub struct Options {
    pub scene: &'static Scene,
    pub servers: Vec<Server>,
    pub out: Option<PathBuf>,
    pub html: Option<PathBuf>,
    pub trace: Option<PathBuf>,
    pub shape: bool,
}

#[derive(Debug, PartialEq)]
pub struct Server {
    /// What the user calls it.
    pub name: String,
    pub place: Place,
    pub command: Vec<String>,
}

#[derive(Debug, PartialEq)]
pub enum Place {
    Package,
    /// It takes an address, and prints the one that it listens on.
    Program,
    /// It takes a port, and prints anything.
    AnyCommand,
}

/// The options, or `None` if help is asked for. An error is a line for the user.
pub fn parse(
    arguments: impl Iterator<Item = OsString>,
) -> Result<Option<Options>, String> {
    let mut arguments = arguments.map(|argument| {
        argument.into_string().map_err(|it| format!("{it:?} is not UTF-8"))
    });
    let mut names = Vec::new();
    let (mut out, mut html, mut trace, mut shape) = (None, None, None, false);
    while let Some(argument) = arguments.next() {
        let argument = argument?;
        let mut file = || {
            let value = arguments.next().transpose()?;
            let value = value.filter(|it| !it.starts_with("--"));
            let value = value.map(PathBuf::from);
            value.ok_or(format!("{argument} needs a file; see --help"))
        };
        match argument.as_str() {
            "--help" | "-h" => return Ok(None),
            "--out" => out = Some(file()?),
            "--html" => html = Some(file()?),
            "--trace" => trace = Some(file()?),
            "--shape" => shape = true,
            option if option.starts_with('-') => {
                return Err(format!("no option {option:?}; see --help"));
            }
            _ => names.push(argument),
        }
    }
    let Some((scene, servers)) = names.split_first() else {
        return Err("no scene is named; try `timeline six-at-once step05`, \
                    or see --help"
            .to_string());
    };
    let scene = scene::find(scene)?;
    if servers.is_empty() {
        return Err(format!(
            "no server is named; try `timeline {} step05`, or see --help",
            scene.name
        ));
    }
    let servers =
        servers.iter().map(|it| server(it)).collect::<Result<_, _>>()?;
    if !shape && html.is_none() && trace.is_none() {
        out.get_or_insert("timeline.svg".into());
    }
    Ok(Some(Options { scene, servers, out, html, trace, shape }))
}

fn server(argument: &str) -> Result<Server, String> {
    // It has to fit in a line of the picture.
    if argument.trim().is_empty() || argument.contains(char::is_control) {
        return Err(format!("{argument:?} isn't a server's name"));
    }
    let words = |it: &str| it.split_whitespace().map(String::from).collect();
    // What a program's options contain doesn't matter here.
    let (first, _) = argument.split_once(" -").unwrap_or((argument, ""));
    let named = argument.split_once('=').filter(|(name, _)| {
        first.contains('=') && !name.contains(is_separator)
    });
    if let Some((name, command)) = named {
        let place = match command.contains("{port}") {
            true => Place::AnyCommand,
            false => Place::Program,
        };
        let (name, command): (_, Vec<_>) = (name.to_string(), words(command));
        if name.is_empty() || command.is_empty() {
            return Err(format!("{argument:?} isn't NAME=COMMAND; see --help"));
        }
        return Ok(Server { name, place, command });
    }
    if first.contains(is_separator) {
        let file = Path::new(argument).file_name().unwrap_or_default();
        let name = file.to_string_lossy().into_owned();
        let command = vec![argument.to_string()];
        return Ok(Server { name, place: Place::Program, command });
    }
    let command: Vec<_> = words(argument);
    if !is_step(&command[0]) {
        let first = &command[0];
        return Err(format!(
            "no step {first:?}; there are step01 to step{STEPS}, and a \
             program of your own needs a slash, as in \"./{first}\""
        ));
    }
    let name = argument.to_string();
    Ok(Server { name, place: Place::Package, command })
}

fn is_step(name: &str) -> bool {
    (1..=STEPS).any(|number| name == format!("step{number:02}"))
}

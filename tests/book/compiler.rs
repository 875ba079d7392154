//! What the book says that the compiler says.

use crate::faults::Faults;
use crate::scratch::Scratch;
use crate::source::*;
use std::env;
use std::path::Path;
use std::process::Command;

/// Each `compiler/NAME.rs` can be pasted into a crate's `main.rs`, where it has
/// one error, and `NAME.txt` beside it is what rustc says. The wording around
/// an error changes with the compiler's version, the error itself hardly: only
/// the lines that begin with `error` must agree.
#[test]
#[ignore = "in .ci/run"]
fn compiler_messages_are_what_rustc_says() {
    let mut faults = Faults::default();
    let scratch = Scratch::new("book-compiler");
    for path in files(&source().join("compiler")) {
        if !has_extension(&path, "rs") {
            continue;
        }
        let Some(said) = refusal(&path, &scratch) else {
            faults.add(format!("{} compiles, and shouldn't", name(&path)));
            continue;
        };
        let errors = errors(&said);
        if errors.len() != 1 {
            faults.add(format!(
                "{} should have one error, in a main.rs, but has {errors:#?}",
                name(&path)
            ));
            continue;
        }
        let message = path.with_extension("txt");
        let same = message.exists() && self::errors(&read(&message)) == errors;
        faults.compare(&message, &said, same);
    }
}

/// What rustc says about a program, or `None` if it compiles.
fn refusal(program: &Path, scratch: &Scratch) -> Option<String> {
    let rustc = env::var_os("RUSTC").unwrap_or("rustc".into());
    let run = Command::new(rustc)
        .args(["--edition", "2024", "--crate-type", "bin"])
        .args(["--emit", "metadata", "--out-dir"])
        .arg(&scratch.0)
        .args(["-A", "dead_code", "-A", "unused"])
        .args(["--color", "never", "--diagnostic-width", "80"])
        .arg(program.file_name().unwrap())
        .current_dir(program.parent().unwrap())
        .output()
        .unwrap();
    let said = String::from_utf8(run.stderr).unwrap();
    // The last lines count the errors and name a command to explain them.
    let said = said.split("\nerror: aborting").next().unwrap();
    (!run.status.success()).then(|| without_library(said.trim_end()))
}

/// The lines of a message that begin with `error`.
fn errors(message: &str) -> Vec<&str> {
    message.lines().filter(|line| line.starts_with("error")).collect()
}

/// A message without what points into the standard library's source.
fn without_library(message: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in message.lines() {
        if line.contains("/rustc/") {
            lines.pop();
        } else if !line.contains("long-type") && !line.contains("--verbose") {
            lines.push(line);
        }
    }
    format!("{}\n", lines.join("\n"))
}

/// A block says by which error it doesn't compile: `rust,compile_fail,E0382`.
/// Its program is one of those above, so the first error is that one.
#[test]
fn programs_that_fail_name_their_error() {
    let mut faults = Faults::default();
    for page in pages() {
        for block in blocks(&page) {
            let language = &block.language;
            if !language.contains("compile_fail") {
                continue;
            }
            let place = format!("{}:{}", name(&page), block.start);
            let includes = block.lines.iter().filter_map(|it| include(&it.1));
            let [program] = includes.collect::<Vec<_>>()[..] else {
                faults.add(format!(
                    "{place}: include the program from compiler/, where it is \
                     compiled, instead of typing it into the page"
                ));
                continue;
            };
            let message = source().join(program).with_extension("txt");
            let message = read(&message);
            let first = errors(&message)[0];
            let code =
                first.split_once('[').and_then(|it| it.1.split_once(']'));
            let code = code.map_or("", |(code, _)| code);
            let expected = format!("rust,compile_fail,{code}");
            if *language != expected {
                faults.add(format!(
                    "{place}: {program} has {code}, so the block is \
                     {expected}, not {language}"
                ));
            }
        }
    }
}

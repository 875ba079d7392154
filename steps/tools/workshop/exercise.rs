//! `exercise`: a change to a step, which the reader makes.

use crate::build::{self, Server};
use crate::catalogue;
use crate::exercises::{Exercise, exercises};
use crate::pieces::Holes;
use crate::results;
use crate::start;
use crate::steps;
use crate::wrap::wrapped;
use std::path::{Path, PathBuf};

pub enum Task {
    List,
    Start(Exercise, PathBuf),
    /// What to check, a directory or a command, and the hint that is wanted.
    Check(Exercise, String, Option<usize>),
    Answer(Exercise),
}

/// The exercise of that name.
pub fn find(name: &str) -> Result<Exercise, String> {
    let exercise = exercises().into_iter().find(|it| name == it.name);
    exercise.ok_or_else(|| {
        format!("{name:?} isn't an exercise; `workshop exercise` lists them")
    })
}

/// Does a task. Returns `false` if the exercise isn't done yet.
pub fn exercise(task: &Task) -> Result<bool, String> {
    let (text, is_done) = match task {
        Task::List => (list(), true),
        Task::Start(exercise, directory) => (start(exercise, directory)?, true),
        Task::Check(exercise, server, hint) => check(exercise, server, *hint)?,
        Task::Answer(exercise) if !exercise.has_solution() => {
            let name = exercise.name;
            return Err(format!("{name} is your own step: it has no solution"));
        }
        Task::Answer(exercise) => (answer(exercise), true),
    };
    crate::print(&text)?;
    Ok(is_done)
}

/// The solution, and the answer if there was a question.
fn answer(exercise: &Exercise) -> String {
    match exercise.answer.is_empty() {
        true => exercise.solution(),
        false => wrapped(&exercise.answer, 0) + "\n" + &exercise.solution(),
    }
}

fn list() -> String {
    let exercises = exercises();
    let mut text = "To begin: cargo run --bin workshop -- exercise NAME \
                    ../NAME\n"
        .to_string();
    let kind = |it: &Exercise| (it.step, it.has_solution());
    for group in exercises.chunk_by(|one, next| kind(one) == kind(next)) {
        text += &match kind(&group[0]) {
            (step, true) => format!("\n{step}\n"),
            (step, false) => format!("\nyour own step, after {step}\n"),
        };
        for exercise in group {
            text += &format!("  {}\n", exercise.name);
        }
    }
    text
}

/// Writes the finished step, and describes the task.
fn start(exercise: &Exercise, directory: &Path) -> Result<String, String> {
    if directory.exists() {
        return Err(format!(
            "{directory:?} exists, and won't be overwritten; name a new \
             directory, or add --check"
        ));
    }
    let step = steps::find(exercise.step)?;
    start::start(&step, directory, Holes::None)?;
    let (name, step) = (exercise.name, exercise.step);
    let directory = steps::in_shell(directory);
    Ok(format!(
        "{directory} is {step}, as at the end of its chapter. {}\n\n\
         cargo run --bin workshop -- exercise {name} {directory} --check\n",
        exercise.task
    ))
}

/// Asks a server for what the exercise adds, and for what its step does.
fn check(
    exercise: &Exercise,
    server: &str,
    hint: Option<usize>,
) -> Result<(String, bool), String> {
    let Exercise { name, step, .. } = exercise;
    let server = Server::new(server, None)?;
    let step = steps::find(step)?;
    let rows = build::build_tests("exercises")?;
    let all = [exercise.module() + "::"];
    let rows = build::run_tests(&rows, &all, &server, None)?;
    let rows = results::outcomes(&rows, &all[0]);
    if rows.is_empty() {
        return Err(format!("the tests of {name} say nothing"));
    }
    let tests = build::build_tests(step.name())?;
    let all = catalogue::all_but_slow_rows();
    let tests = build::run_tests(&tests, &all, &server, None)?;
    let tests = results::outcomes(&tests, &all[0]);
    let passed = |of: &results::Outcomes| {
        of.values().filter(|failure| failure.is_none()).count()
    };
    let mut text = format!(
        "{name}: {} of {}, and {} of {} that {} has\n\n",
        passed(&rows),
        rows.len(),
        passed(&tests),
        tests.len(),
        step.name()
    );
    let Some(failure) = rows.values().chain(tests.values()).flatten().next()
    else {
        text += "Done. ";
        text += &match exercise.has_solution() {
            true => format!(
                "To see how we did it:\n  \
                 cargo run --bin workshop -- exercise {name} --answer\n"
            ),
            false => "This step is your own.\n".to_string(),
        };
        return Ok((text, true));
    };
    text += &format!("{failure}\n\n");
    text += &match hint {
        Some(level) => format!("Hint {level}: {}\n", exercise.hints[level - 1]),
        None => "For a hint, add --hint 1 (or 2, or 3).\n".to_string(),
    };
    Ok((text, false))
}

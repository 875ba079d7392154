//! What the chapters show of the exercises that have tests, made from what the
//! exercises say of themselves.

use crate::exercises::{Exercise, exercises};
use crate::faults::Faults;
use crate::source::*;
use std::collections::BTreeSet;

fn page(exercise: &Exercise) -> String {
    let Exercise { name, task, hints, answer, .. } = exercise;
    let mut text = format!(
        "{task}\n\n```console\n$ cargo run --bin workshop -- exercise {name} \
         ../my-server --check\n```\n"
    );
    for (number, hint) in (1..).zip(hints) {
        text += &format!(
            "\n<details><summary>Hint {number}</summary>\n\n{hint}\n\n\
             </details>\n"
        );
    }
    let solution = exercise.solution();
    if solution.is_empty() {
        return text;
    }
    let answer = match answer.is_empty() {
        true => String::new(),
        false => format!("{answer}\n\n"),
    };
    text + &format!(
        "\n<details><summary>Our solution</summary>\n\n{answer}```diff\n\
         {solution}```\n\n</details>\n"
    )
}

#[test]
fn exercises_are_what_the_workshop_says() {
    let directory = source().join("exercises");
    let mut names = BTreeSet::new();
    for exercise in exercises() {
        let file = format!("{}.md", exercise.name);
        let (path, fresh) = (directory.join(&file), page(&exercise));
        let same = path.exists() && read(&path) == fresh;
        Faults::default().compare(&path, &fresh, same);
        names.insert(file);
    }
    for path in files(&directory) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert!(names.contains(&name), "{path:?} is of no exercise");
    }
}

#[test]
fn each_exercise_is_in_its_chapter() {
    for exercise in exercises() {
        let steps = steps();
        let step = steps.iter().find(|it| it.starts_with(exercise.step));
        let page = match exercise.name.starts_with("own-") {
            true => "your_own_step",
            false => step.expect("a step of the walk"),
        };
        let chapter = read(&source().join(format!("{page}.md")));
        let include =
            format!("{{{{#include exercises/{}.md}}}}", exercise.name);
        assert_eq!(chapter.matches(&include).count(), 1, "{}", exercise.name);
    }
}

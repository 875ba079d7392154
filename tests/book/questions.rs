//! Questions are plain HTML: of each, one answer is open at a time.

use crate::faults::Faults;
use crate::source::*;
use std::path::Path;

/// An answer and what it says about itself.
struct Answer {
    name: String,
    text: String,
}

/// The answers to each question of a chapter.
fn questions(chapter: &Path) -> Vec<Vec<Answer>> {
    let text = read(chapter);
    let questions = part(&text, "Check yourself").split("\n### ").skip(1);
    let answers = |question: &str| {
        let answers = question.split("<details").skip(1);
        let answers = answers.map(|answer| {
            let (tag, rest) = answer.split_once('>').unwrap_or((answer, ""));
            let name = tag.trim().strip_prefix("name=\"").unwrap_or("");
            let (_, text) = rest.split_once("</summary>").unwrap_or_default();
            Answer {
                name: name.trim_end_matches('"').to_string(),
                text: text.trim_start().to_string(),
            }
        });
        answers.collect()
    };
    questions.map(answers).collect()
}

/// The Markdown inside begins after a blank line.
#[test]
fn answers_can_be_opened() {
    let mut faults = Faults::default();
    for page in pages() {
        let text = read(&page);
        let lines: Vec<&str> = text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let place = format!("{}:{}", name(&page), index + 1);
            if line.contains("<summary>") && line.contains('`') {
                faults.add(format!("{place}: <code> for ` in a summary"));
            }
            if line.contains("</summary>")
                && lines.get(index + 1).is_none_or(|next| !next.is_empty())
            {
                faults.add(format!("{place}: a blank line must follow"));
            }
        }
        let opened = text.matches("<details").count();
        if opened != text.matches("</details>").count() {
            faults.add(format!("{}: <details> left open", name(&page)));
        }
    }
}

/// `<details name="q5-2">`: opening one answer closes the question's others.
#[test]
fn answers_share_the_name_of_their_question() {
    let mut faults = Faults::default();
    for chapter in chapters() {
        for (index, answers) in questions(&chapter).iter().enumerate() {
            let expected = format!("q{}-{}", number(&chapter), index + 1);
            for answer in answers {
                if answer.name != expected {
                    faults.add(format!(
                        "{}: <details name=\"{}\"> in question {}, instead of \
                         {expected}",
                        name(&chapter),
                        answer.name,
                        index + 1
                    ));
                }
            }
        }
    }
}

/// One answer of each question begins with *Right:*, and a reader can't guess
/// which: over all chapters, each of the three positions has its share.
#[test]
fn right_answers_are_spread_over_the_positions() {
    let mut faults = Faults::default();
    let mut positions = [0_usize; 3];
    for chapter in chapters() {
        for (index, answers) in questions(&chapter).iter().enumerate() {
            let right =
                answers.iter().map(|it| it.text.starts_with("*Right:*"));
            let right: Vec<usize> = right
                .enumerate()
                .filter_map(|(position, right)| right.then_some(position))
                .collect();
            match right[..] {
                [position] if answers.len() == positions.len() => {
                    positions[position] += 1;
                }
                _ => faults.add(format!(
                    "{}: question {} should have three answers, one of which \
                     begins with *Right:*, but {} of {} do",
                    name(&chapter),
                    index + 1,
                    right.len(),
                    answers.len()
                )),
            }
        }
    }
    let all: usize = positions.iter().sum();
    for (index, count) in positions.into_iter().enumerate() {
        if all > 0 && !(22..=45).contains(&(count * 100 / all)) {
            faults.add(format!(
                "the right answer is number {} in {count} of {all} \
                 questions; 22 to 45 % should be",
                index + 1
            ));
        }
    }
}

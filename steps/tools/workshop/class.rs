//! The class at a glance: how many points each server has, and for what.

use crate::mark::Marked;
use crate::steps::Step;

/// The points of each server by step; then which server lacks what.
pub fn table(step: &Step, class: &[Marked]) -> String {
    let mut text = format!("{}\n\n", step.name());
    let width = class.iter().map(|it| it.name.chars().count()).max();
    let width = width.unwrap_or(0).max("server".len());
    let groups = class.first().map_or(&[][..], |first| &first.groups);
    let steps = groups.iter().map(|it| format!("   {:02}  ", it.step));
    let steps: String = steps.collect();
    text += &format!("      {:width$}  points {steps}\n", "server");
    for (number, marked) in (1..).zip(class) {
        let of = marked.rows().count();
        let points = format!("{}/{of}", marked.points());
        let name = &marked.name;
        text += &format!("  {number:2}  {name:width$}  {points:7}");
        for group in &marked.groups {
            let points = format!("{}/{}", group.passed(), group.rows.len());
            text += &format!("{points:>6} ");
        }
        text = text.trim_end().to_string() + "\n";
    }
    text + &errors(class) + &lacking(class)
}

fn errors(class: &[Marked]) -> String {
    let mut text = String::new();
    for (number, marked) in (1..).zip(class) {
        let lines = marked.error.iter().flat_map(|error| error.lines());
        for line in lines.filter(|line| !line.is_empty()).take(2) {
            text += &format!("\n  {number:2}  {line}");
        }
    }
    if text.is_empty() { text } else { text + "\n" }
}

/// The behaviours that some server lacks, and which ones lack them, most common
/// first.
fn lacking(class: &[Marked]) -> String {
    let rows = class.first().map_or(Vec::new(), |it| it.rows().collect());
    let mut lacking = Vec::new();
    for (index, (group, row)) in rows.iter().enumerate() {
        let lacks: Vec<bool> = class
            .iter()
            .filter_map(|marked| marked.rows().nth(index))
            .map(|(_, row)| row.failure.is_some())
            .collect();
        let count = lacks.iter().filter(|it| **it).count();
        if count > 0 {
            lacking.push((count, group.step, row.sentence(), lacks));
        }
    }
    let all = match rows.len() - lacking.len() {
        0 => String::new(),
        count => format!("\nAll servers have {count} of the behaviours.\n"),
    };
    if lacking.is_empty() {
        return all;
    }
    lacking.sort_by_key(|(count, ..)| std::cmp::Reverse(*count));
    let numbers: String =
        (1..=class.len()).map(|it| (it % 10).to_string()).collect();
    let of = class.len();
    let mut text = format!(
        "\nWhat's lacking (x), most common first:\n\n      {numbers}\n"
    );
    for (count, step, sentence, lacks) in lacking {
        let mark = |lacks| if lacks { 'x' } else { '.' };
        let marks: String = lacks.into_iter().map(mark).collect();
        text += &format!(
            "      {marks}  {count} of {of}, step {step:02}: {sentence}\n"
        );
    }
    text + &all
}

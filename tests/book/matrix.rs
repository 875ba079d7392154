//! The matrix: what each step can do, drawn from the table of behaviours.

use crate::faults::Faults;
use crate::source::*;
use crate::table::{Group, sentence, table};
use std::collections::BTreeMap;
use std::fmt::Write;

/// What may happen: the table's word, the sign in the matrix, and how a cell of
/// the small picture goes on after its outline, from the upper left corner.
const OUTCOMES: [(&str, &str, &str); 7] = [
    ("holds", "✓", ""),
    ("hangs", "H", "l7 7"),
    ("closes", "C", ""),
    ("differs", "D", "m0 3.5h7"),
    ("resets", "R", "m3.5 0v7"),
    ("dies", "X", "l7 7m-7 0l7-7"),
    ("given_up", "G", "m2.5 3.5h2"),
];

fn is_generated(file: &str, fresh: &str) {
    let path = source().join(file);
    let same = path.exists() && read(&path) == fresh;
    Faults::default().compare(&path, fresh, same);
}

#[test]
fn the_matrix_is_the_table_of_the_tests() {
    is_generated("matrix_table.md", &matrix(&table(), &steps()));
}

/// The whole matrix as an HTML table.
fn matrix(table: &[Group], steps: &[String]) -> String {
    let mut html = String::from(
        "<div class=\"matrix\" role=\"region\" tabindex=\"0\" \
         aria-label=\"What each step can do\">\n<table>\n<thead>\n<tr>\
         <th scope=\"col\">behaviour</th>",
    );
    for step in steps {
        let number = number_of(step);
        let link = format!("<a href=\"{step}.md\">{number:02}</a>");
        write!(html, "<th scope=\"col\">{link}</th>").unwrap();
    }
    html += "</tr>\n</thead>\n";
    for group in table {
        let heading = &group.heading;
        let columns = steps.len() + 1;
        write!(
            html,
            "<tbody>\n<tr><th class=\"group\" scope=\"rowgroup\" \
             colspan=\"{columns}\"><span>{heading}</span></th></tr>\n"
        )
        .unwrap();
        for row in &group.rows {
            let name = sentence(&row.name);
            write!(html, "<tr><th scope=\"row\">{name}</th>").unwrap();
            for step in steps {
                let class = row.symptom(number_of(step));
                let known = OUTCOMES.iter().find(|outcome| outcome.0 == class);
                let (_, sign, _) = known.expect("a word of the table");
                let word = class.replace('_', " ");
                let sign = match class {
                    "holds" => sign.to_string(),
                    _ => format!("<abbr title=\"{word}\">{sign}</abbr>"),
                };
                write!(html, "<td class=\"{class}\">{sign}</td>").unwrap();
            }
            html += "</tr>\n";
        }
        html += "</tbody>\n";
    }
    html += "</table>\n</div>\n";
    html
}

/// The page explains each sign, in the order of the list above.
#[test]
fn the_page_of_the_matrix_explains_its_signs() {
    let page = read(&source().join("matrix.md"));
    let mut rest = page.as_str();
    for (class, sign, _) in OUTCOMES {
        let word = class.replace('_', " ");
        let sign = format!("<span class=\"{class}\">{sign}</span> *{word}*");
        let Some((_, after)) = rest.split_once(&sign) else {
            panic!("matrix.md should explain {sign}");
        };
        rest = after;
    }
}

/// The distance between two cells of the small picture. A cell is 7 wide.
const PITCH: usize = 9;
/// Where the cells begin, to the right of the steps' numbers, and where a band
/// of them has to end.
const LEFT: usize = 28;
const RIGHT: usize = 400;

#[test]
fn the_small_matrix_is_the_table_of_the_tests() {
    is_generated("matrix_small.svg", &small(&table(), &steps()));
}

/// The small picture: a square for each cell of the matrix. It lies on its
/// side, with a row for each step, and is cut into bands that fit a telephone.
fn small(table: &[Group], steps: &[String]) -> String {
    let steps: Vec<usize> = steps.iter().map(|it| number_of(it)).collect();
    let mut texts = String::new();
    let mut cells: BTreeMap<&str, String> = BTreeMap::new();
    let mut outline = |symptom: &str, x: usize, y: usize| {
        let known = OUTCOMES.iter().find(|outcome| outcome.0 == symptom);
        let (class, _, mark) = known.expect("a word of the table");
        let path = cells.entry(class).or_default();
        write!(path, "M{x} {y}h7v7h-7z{mark}").unwrap();
    };
    let mut text = |x: usize, y: usize, words: &str| {
        let start = format!("<text x=\"{x}\" y=\"{y}\">");
        writeln!(texts, "{start}{words}</text>").unwrap();
    };
    let height = steps.len() * PITCH;
    let (mut x, mut top) = (RIGHT, 0);
    for group in table {
        if x + group.rows.len() * PITCH > RIGHT {
            // A new band, with the numbers of some steps at its left.
            x = LEFT;
            top += if top == 0 { 24 } else { height + 36 };
            for (index, step) in steps.iter().enumerate().step_by(3) {
                let y = top + (index + 1) * PITCH + 2;
                text(2, y, &format!("{step:02}"));
            }
        }
        let step = group.heading.strip_prefix("step ").expect("step NN: …");
        text(x, top - 6, &step[..2]);
        for row in &group.rows {
            for (index, step) in steps.iter().enumerate() {
                outline(row.symptom(*step), x, top + index * PITCH);
            }
            x += PITCH;
        }
        x += PITCH;
    }
    // The legend names what is there.
    let mut bottom = top + height + 24;
    let words = OUTCOMES.map(|outcome| outcome.0);
    let rows = || table.iter().flat_map(|group| &group.rows);
    let is_shown = |word: &&str| {
        rows().any(|row| steps.iter().any(|step| row.symptom(*step) == *word))
    };
    for (index, word) in words.iter().copied().filter(is_shown).enumerate() {
        let x = LEFT + index % 3 * 120;
        if index > 0 && index % 3 == 0 {
            bottom += 24;
        }
        outline(word, x, bottom - 9);
        text(x + 16, bottom, &word.replace('_', " "));
    }
    let mut paths = String::new();
    for (class, path) in cells {
        writeln!(paths, "<path class=\"{class}\" d=\"{path}\"/>").unwrap();
    }
    let bottom = bottom + 8;
    format!(
        "<svg class=\"matrix-small\" viewBox=\"0 0 {RIGHT} {bottom}\" \
         role=\"img\" aria-labelledby=\"matrix_small-title \
         matrix_small-desc\">\n\
         <title id=\"matrix_small-title\">What each step can do</title>\n\
         <desc id=\"matrix_small-desc\">A square for each behaviour and step. \
         The behaviours are grouped by the step that brings them, and in each \
         group a row of squares stands for a step. Above the group's own step \
         the squares show how the earlier steps fail; from it on, most of them \
         are filled, because the behaviour holds.</desc>\n\
         {paths}{texts}</svg>\n"
    )
}

//! Reads the levels. The file itself says how they are written.

use std::collections::BTreeMap;

/// A line of a program, as the page shows it.
#[derive(Clone)]
pub struct Line {
    /// `>` if it's the step's own, `!` if it's a mistake, `-` if it's no code.
    pub mark: char,
    pub text: &'static str,
    /// The step's file and the function.
    pub from: Option<(&'static str, &'static str)>,
}

/// What a thread does at a line: the first of these ways that's open.
pub type Move = Vec<Way>;

#[derive(Clone)]
pub struct Way {
    pub name: &'static str,
    pub clauses: Vec<Clause>,
}

type Thing = &'static str;
type Place = &'static str;

#[derive(Clone)]
pub enum Clause {
    Take(Thing, Place),
    Remove(Thing, Place),
    If(Condition),
    Put(Thing, Place),
    Make(Thing, Place),
    Clear(Place),
    Then(&'static str),
}

#[derive(Clone)]
pub enum Condition {
    Has(Place, Thing),
    Lacks(Place, Thing),
    IsEmpty(Place),
    Stuck,
}

#[derive(Clone, Default)]
pub struct Program {
    pub lines: Vec<Line>,
    pub moves: Vec<Move>,
}

#[derive(Clone)]
pub struct Thread {
    pub name: &'static str,
    pub program: Program,
    pub holding: Vec<Thing>,
}

impl Thread {
    /// Whether it's a thread of the server, and not a client or a person.
    pub fn runs_code(&self) -> bool {
        self.program.lines.iter().any(|line| line.from.is_some())
    }
}

#[derive(Clone, Default)]
pub struct Level {
    pub name: &'static str,
    pub chapter: &'static str,
    pub places: Vec<(Place, Vec<Thing>)>,
    pub threads: Vec<Thread>,
    pub goal: Vec<Condition>,
    /// In how many moves the goal can be reached, if it can.
    pub possible_in: Option<usize>,
    pub always: Vec<Condition>,
}

/// Reads all levels of a text.
pub fn parse(text: String) -> Vec<Level> {
    // A line that's indented further continues the one before it.
    let text: &'static str = text.replace("\n       ", " ").leak();
    let mut levels: Vec<Level> = Vec::new();
    for part in parts(text, "level ") {
        levels.push(level(part, &levels, &programs(text)));
    }
    levels
}

/// The parts of a text that begin with this word, each as its lines.
fn parts(text: &'static str, word: &'static str) -> Vec<Vec<&'static str>> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let lines: Vec<_> = lines.collect();
    let parts = lines.split(|line| line.is_empty());
    let parts = parts
        .filter(|part| part.first().is_some_and(|line| line.starts_with(word)));
    parts.map(<[_]>::to_vec).collect()
}

fn split(text: &'static str, at: &str) -> (&'static str, &'static str) {
    let parts = text.split_once(at);
    parts.unwrap_or_else(|| panic!("no {at:?} in {text:?}"))
}

fn programs(text: &'static str) -> BTreeMap<&'static str, Program> {
    let mut programs: BTreeMap<&str, Program> = BTreeMap::new();
    for part in parts(text, "program ") {
        let mut program = Program::default();
        let mut from = None;
        for line in &part[1..] {
            match split(line, " ") {
                ("from", place) => from = Some(split(place, ", ")),
                ("and", name) => {
                    let other = programs.get(name);
                    let other =
                        other.unwrap_or_else(|| panic!("no program {name:?}"));
                    for line in &other.lines {
                        let mut line = line.clone();
                        line.from = line.from.or(from);
                        program.lines.push(line);
                    }
                    program.moves.extend(other.moves.clone());
                }
                ("", rest) => match rest.trim().strip_prefix("or ") {
                    Some(other) => {
                        let last = program.moves.last_mut();
                        last.expect("a move before `or`").push(way(other));
                    }
                    None => program.moves.push(vec![way(rest.trim())]),
                },
                (mark, text) => {
                    let mark = mark.chars().next().expect("a mark");
                    assert!(">!-".contains(mark), "{line:?} isn't a line");
                    let from = if mark == '-' { None } else { from };
                    let text = text.trim(); // The indent is for the page.
                    program.lines.push(Line { mark, text, from });
                }
            }
        }
        programs.insert(split(part[0], " ").1, program);
    }
    programs
}

fn way(text: &'static str) -> Way {
    let (name, clauses) = split(text, ": ");
    Way { name, clauses: clauses.split(", ").map(clause).collect() }
}

fn clause(text: &'static str) -> Clause {
    let (verb, rest) = split(text, " ");
    let pair = |at| split(rest, at);
    match verb {
        "take" => Clause::Take(pair(" from ").0, pair(" from ").1),
        "remove" => Clause::Remove(pair(" from ").0, pair(" from ").1),
        "put" => Clause::Put(pair(" in ").0, pair(" in ").1),
        "make" => Clause::Make(pair(" in ").0, pair(" in ").1),
        "clear" => Clause::Clear(rest),
        "if" => Clause::If(condition(rest)),
        "then" => Clause::Then(rest),
        _ => panic!("{verb:?} isn't something that a move does: {text:?}"),
    }
}

fn condition(text: &'static str) -> Condition {
    if text == "stuck" {
        Condition::Stuck
    } else if let Some(place) = text.strip_suffix(" is empty") {
        Condition::IsEmpty(place)
    } else if let Some((place, thing)) = text.split_once(" has ") {
        Condition::Has(place, thing)
    } else {
        let (place, thing) = split(text, " lacks ");
        Condition::Lacks(place, thing)
    }
}

fn conditions(text: &'static str) -> Vec<Condition> {
    text.split(", ").map(condition).collect()
}

fn level(
    lines: Vec<&'static str>,
    others: &[Level],
    programs: &BTreeMap<&'static str, Program>,
) -> Level {
    let (head, _) = split(split(lines[0], " ").1, ": ");
    let (name, other) = head.split_once(" like ").unwrap_or((head, ""));
    let other = others.iter().find(|level| level.name == other);
    let mut level = other.cloned().unwrap_or_default();
    level.name = name;
    level.always.clear();
    for line in &lines[1..] {
        let (key, rest) = line.split_once(' ').unwrap_or((line, ""));
        match key {
            "task" | "done" => {} // For the page.
            "chapter" => level.chapter = rest,
            "place" => {
                let (name, things) =
                    rest.split_once(": ").unwrap_or((rest, ""));
                let things = things.split_terminator(", ").collect();
                level.places.retain(|place| place.0 != name);
                level.places.push((name, things));
            }
            "thread" => {
                let (name, rest) = split(rest, " runs ");
                let (program, holding) =
                    rest.split_once(" holding ").unwrap_or((rest, ""));
                let program = programs.get(program).cloned();
                let program = program.unwrap_or_else(|| panic!("{line:?}"));
                let holding = holding.split_terminator(", ").collect();
                let thread = Thread { name, program, holding };
                match level.threads.iter_mut().find(|it| it.name == name) {
                    Some(other) => *other = thread,
                    None => level.threads.push(thread),
                }
            }
            "goal" => level.goal = conditions(rest),
            "always" => level.always = conditions(rest),
            "impossible" => level.possible_in = None,
            "possible" => {
                let number = split(rest, " ").1.trim_end_matches(" moves");
                level.possible_in = Some(number.parse().expect("a number"));
            }
            _ => panic!("{key:?} isn't something that a level has: {line:?}"),
        }
    }
    level
}

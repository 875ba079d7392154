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

type Programs = BTreeMap<&'static str, Program>;

/// Reads all levels of a text.
pub fn parse(text: String) -> Vec<Level> {
    // A line that's indented further continues the one before it.
    let text: &'static str = text.replace("\n       ", " ").leak();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let lines: Vec<_> = lines.collect();
    let (mut programs, mut levels) = (Programs::new(), Vec::new());
    for part in lines.split(|line| line.is_empty()) {
        let Some((head, rest)) = part.split_first() else { continue };
        match split(head, " ") {
            ("program", name) => {
                programs.insert(name, program(rest, &programs));
            }
            ("level", head) => {
                levels.push(level(head, rest, &levels, &programs));
            }
            _ => panic!("{head:?} begins neither a program nor a level"),
        }
    }
    levels
}

fn split(text: &'static str, at: &str) -> (&'static str, &'static str) {
    let parts = text.split_once(at);
    parts.unwrap_or_else(|| panic!("no {at:?} in {text:?}"))
}

fn program(text: &[&'static str], others: &Programs) -> Program {
    let mut program = Program::default();
    let mut from = None;
    for line in text {
        match split(line, " ") {
            ("from", place) => from = Some(split(place, ", ")),
            ("and", name) => {
                let Some(other) = others.get(name) else {
                    panic!("no program {name:?}");
                };
                for line in &other.lines {
                    let from = line.from.or(from);
                    program.lines.push(Line { from, ..line.clone() });
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
            (mark @ (">" | "!" | "-"), text) => {
                let mark = mark.chars().next().expect("one of these");
                let from = if mark == '-' { None } else { from };
                let text = text.trim(); // The indent is for the page.
                program.lines.push(Line { mark, text, from });
            }
            _ => panic!("{line:?} isn't a line of a program"),
        }
    }
    program
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
    head: &'static str,
    lines: &[&'static str],
    others: &[Level],
    programs: &Programs,
) -> Level {
    let (names, _title) = split(head, ": ");
    let (name, other) = names.split_once(" like ").unwrap_or((names, ""));
    let other = others.iter().find(|level| level.name == other);
    let mut level = other.cloned().unwrap_or_default();
    level.name = name;
    level.always.clear();
    for line in lines {
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
                let thread = thread(rest, programs);
                let mut threads = level.threads.iter_mut();
                match threads.find(|it| it.name == thread.name) {
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
            _ => panic!("{line:?} isn't something that a level has"),
        }
    }
    level
}

fn thread(text: &'static str, programs: &Programs) -> Thread {
    let (name, rest) = split(text, " runs ");
    let (program, holding) = rest.split_once(" holding ").unwrap_or((rest, ""));
    let Some(program) = programs.get(program).cloned() else {
        panic!("{name} runs {program:?}, and there's no such program");
    };
    let holding = holding.split_terminator(", ").collect();
    Thread { name, program, holding }
}

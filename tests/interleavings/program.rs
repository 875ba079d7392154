//! A thread's program: the lines of a step's functions, each with the moves
//! that a thread makes there. Their own braces say where it goes from there.

use Flow::{Next, Return, Skip, Wait};
use std::ops::Range;

/// How a thread goes on after a move.
pub enum Flow {
    /// With the next move. After a line that begins a block, that's inside it.
    Next,
    /// After the line, and after the block or the call that it begins.
    Skip,
    /// It waits, and nothing has happened.
    Wait,
    /// After the end of the function.
    Return,
}

/// What one thread does to the state that all share, as one step that no other
/// thread can divide.
pub type Move<S> = fn(&mut S, usize) -> Flow;

#[derive(Clone)]
pub struct Function<S> {
    /// The step's file and the function. `None` if no code does it, but a
    /// client or the kernel.
    pub from: Option<(&'static str, &'static str)>,
    pub lines: Vec<Line<S>>,
}

#[derive(Clone)]
pub struct Line<S> {
    pub text: &'static str,
    pub moves: Vec<Move<S>>,
    pub call: Option<Function<S>>,
}

/// A line without a move: no other thread could see what it does, or it doesn't
/// matter here.
pub fn line<S>(text: &'static str) -> Line<S> {
    Line { text, moves: Vec::new(), call: None }
}

pub fn does<S: Clone>(text: &'static str, moves: &[Move<S>]) -> Line<S> {
    Line { moves: moves.to_vec(), ..line(text) }
}

impl<S> Line<S> {
    /// The function runs after the line's moves, but before those of a `while`,
    /// which looks at what it returned.
    pub fn calls(self, function: Function<S>) -> Line<S> {
        Line { call: Some(function), ..self }
    }
}

/// What's not in the code.
pub fn outside<S>(lines: Vec<Line<S>>) -> Function<S> {
    Function { from: None, lines }
}

pub fn function<S>(
    file: &'static str,
    name: &'static str,
    lines: Vec<Line<S>>,
) -> Function<S> {
    Function { from: Some((file, name)), lines }
}

/// The ways to get it wrong. Each applies to every function with that line.
impl<S: Clone> Function<S> {
    /// Moves a line, with its block if it begins one, in front of another. If
    /// that's empty, it becomes the last.
    pub fn moved(self, text: &str, before: &str) -> Function<S> {
        self.edited(text, &|lines, index| {
            let part: Vec<_> = lines.drain(block(lines, index)).collect();
            let to = lines.iter().position(|line| line.text == before);
            let to = to.unwrap_or_else(|| {
                assert_eq!(before, "", "no such line beside {text:?}");
                lines.len()
            });
            lines.splice(to..to, part);
        })
    }

    pub fn without(self, text: &str) -> Function<S> {
        self.edited(text, &|lines, index| {
            lines.drain(block(lines, index));
        })
    }

    /// Gives a line other moves.
    pub fn with(self, text: &str, moves: &[Move<S>]) -> Function<S> {
        self.edited(text, &|lines, index| lines[index].moves = moves.to_vec())
    }

    fn edited(
        mut self,
        text: &str,
        edit: &dyn Fn(&mut Vec<Line<S>>, usize),
    ) -> Function<S> {
        assert!(self.edit(text, edit), "there's no line {text:?}");
        self
    }

    fn edit(
        &mut self,
        text: &str,
        edit: &dyn Fn(&mut Vec<Line<S>>, usize),
    ) -> bool {
        let found = self.lines.iter().position(|line| line.text == text);
        if let Some(index) = found {
            edit(&mut self.lines, index);
        }
        let calls = self.lines.iter_mut().flat_map(|line| &mut line.call);
        calls.fold(found.is_some(), |found, call| call.edit(text, edit) | found)
    }
}

/// A line, or all of the block that begins there.
fn block<S>(lines: &[Line<S>], start: usize) -> Range<usize> {
    let mut depth = 0;
    let end = lines[start..].iter().position(|line| {
        depth -= i32::from(line.text.starts_with('}'));
        depth += i32::from(line.text.ends_with('{'));
        depth == 0
    });
    start..start + end.expect("a block ends") + 1
}

/// A program without its nesting.
pub enum Code<S> {
    Move { line: &'static str, does: Move<S>, skip: usize, end: usize },
    Jump(usize),
}

pub fn compile<S>(function: &Function<S>) -> Vec<Code<S>> {
    let mut code = Vec::new();
    add(function, &mut code);
    code
}

fn add<S>(function: &Function<S>, code: &mut Vec<Code<S>>) {
    // Of each block: the moves that decide about it, and where it goes back to.
    let mut open = Vec::<(Range<usize>, Option<usize>)>::new();
    let mut own = Vec::new();
    for line in &function.lines {
        if line.text.starts_with('}') {
            let (moves, back) = open.pop().expect("a block that ends began");
            code.extend(back.map(Code::Jump));
            skip_to_end(code, moves);
            continue;
        }
        let is_while = line.text.starts_with("while");
        let start = code.len();
        if let (Some(call), true) = (&line.call, is_while) {
            add(call, code);
        }
        let first = code.len();
        code.extend(line.moves.iter().map(|does| Code::Move {
            line: line.text,
            does: *does,
            skip: 0,
            end: 0,
        }));
        let moves = first..code.len();
        own.extend(moves.clone());
        if let (Some(call), false) = (&line.call, is_while) {
            add(call, code);
        }
        if line.text.ends_with('{') {
            let back = back(line, start, moves.end);
            open.push((moves, back));
        } else {
            skip_to_end(code, moves);
        }
    }
    assert!(open.is_empty(), "a block has no end");
    let after = code.len();
    for index in own {
        if let Code::Move { end, .. } = &mut code[index] {
            *end = after;
        }
    }
}

/// Where the end of a line's block leads back to, if it's a loop.
fn back<S>(line: &Line<S>, start: usize, end: usize) -> Option<usize> {
    // Without a move that can leave it, the model has it as a plain block.
    let can_end = !line.moves.is_empty();
    match line.text.split([' ', '{']).next() {
        Some("loop") => Some(start),
        Some("while") if can_end => Some(start),
        // What it goes through is determined only once.
        Some("for") if can_end => Some(end - 1),
        _ => None,
    }
}

fn skip_to_end<S>(code: &mut [Code<S>], moves: Range<usize>) {
    let after = code.len();
    for code in &mut code[moves] {
        if let Code::Move { skip, .. } = code {
            *skip = after;
        }
    }
}

/// Makes the move at `at`, and says at which one the thread is then. `None` if
/// it waits.
pub fn goes<S>(
    code: &[Code<S>],
    at: usize,
    state: &mut S,
    me: usize,
) -> Option<usize> {
    let Some(Code::Move { does, skip, end, .. }) = code.get(at) else {
        return None; // It has ended.
    };
    let to = match does(state, me) {
        Next => at + 1,
        Skip => *skip,
        Return => *end,
        Wait => return None,
    };
    Some(settle(code, to))
}

/// The move at which a thread is that has got to `at`.
pub fn settle<S>(code: &[Code<S>], mut at: usize) -> usize {
    while let Some(Code::Jump(to)) = code.get(at) {
        at = *to;
    }
    at
}

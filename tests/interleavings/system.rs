//! Threads that run their programs in every order, and what's claimed of them.

use crate::program::{Code, Function, compile, goes, settle};
use crate::walker::Walk;
use std::hash::Hash;

pub struct System<S> {
    start: S,
    threads: Vec<(&'static str, Vec<Code<S>>)>,
}

/// What a state may be like: in words, and as a question about one.
type Claim<S> = (&'static str, fn(&S) -> bool);

/// What holds, whatever order the threads run in.
pub struct Claims<S: 'static> {
    /// This is so in no state.
    pub never: &'static [Claim<S>],
    /// This is so in at least one state.
    pub sometimes: &'static [Claim<S>],
    /// From every state, there's a way to one in which no thread can move, and
    /// this is so.
    pub at_last: Claim<S>,
}

/// The number of states, or what isn't as claimed, and in which order.
pub type Outcome = Result<usize, String>;

/// Panics unless all is as claimed. Prints and returns the number of states.
pub fn holds(what: &str, outcome: Outcome) -> usize {
    let states = outcome.unwrap_or_else(|order| panic!("{what}: {order}"));
    println!("{what}: as claimed in all {states} states");
    states
}

/// Panics unless a mistake leads to `what`, and one of the shortest orders in
/// which it does ends with `order`.
pub fn fails(mistake: &str, outcome: Outcome, what: &str, order: &str) {
    let found = outcome.expect_err(mistake);
    println!("If {mistake}: {found}");
    let is_so = found.starts_with(what) && found.ends_with(order);
    assert!(is_so, "{mistake}: {found:?}, not {what:?} … {order:?}");
}

/// At which of its moves each thread is, and all that they share.
type State<S> = (Vec<usize>, S);

impl<S: Clone + Eq + Hash> System<S> {
    pub fn new(start: S, threads: &[(&'static str, Function<S>)]) -> System<S> {
        let threads =
            threads.iter().map(|(name, function)| (*name, compile(function)));
        System { start, threads: threads.collect() }
    }

    fn start(&self) -> State<S> {
        let at = self.threads.iter().map(|(_, code)| settle(code, 0));
        (at.collect(), self.start.clone())
    }

    fn step(&self, (at, state): &State<S>, thread: usize) -> Option<State<S>> {
        let (mut at, mut state) = (at.clone(), state.clone());
        let code = &self.threads[thread].1;
        at[thread] = goes(code, at[thread], &mut state, thread)?;
        Some((at, state))
    }

    fn is_stuck(&self, state: &State<S>) -> bool {
        (0..self.threads.len()).all(|it| self.step(state, it).is_none())
    }

    pub fn check(&self, claims: &Claims<S>) -> Outcome {
        let threads = self.threads.len();
        let walk =
            Walk::new(self.start(), threads, |state, it| self.step(state, it));
        for (what, is_bad) in claims.never {
            if let Some(way) = walk.shortest(|state| is_bad(&state.1)) {
                return Err(format!("{what}: {}", self.tell(&way)));
            }
        }
        for (what, is_so) in claims.sometimes {
            if walk.shortest(|state| is_so(&state.1)).is_none() {
                return Err(format!("it never happens that {what}"));
            }
        }
        let (what, is_good) = claims.at_last;
        let good = |state: &State<S>| is_good(&state.1) && self.is_stuck(state);
        match walk.trap(good) {
            Some(way) => {
                Err(format!("no way is left to {what}: {}", self.tell(&way)))
            }
            None => Ok(walk.states.len()),
        }
    }

    /// The order in words: which thread goes, and up to which line, before it's
    /// another one's turn.
    fn tell(&self, way: &[usize]) -> String {
        let (mut state, mut told) = (self.start(), Vec::<(usize, &str)>::new());
        for thread in way {
            let at = state.0[*thread];
            let Code::Move { line, .. } = self.threads[*thread].1[at] else {
                unreachable!("no thread stays at a jump");
            };
            state = self.step(&state, *thread).expect("a way that was walked");
            match told.last_mut() {
                Some(last) if last.0 == *thread => last.1 = line,
                _ => told.push((*thread, line)),
            }
        }
        if told.is_empty() {
            return "from the start".into();
        }
        let told = told.iter().map(|(thread, line)| {
            format!("{} up to `{line}`", self.threads[*thread].0)
        });
        told.collect::<Vec<_>>().join(", then ")
    }
}

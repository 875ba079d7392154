//! What happens when a thread makes its next move.

use crate::levels::{Clause, Condition, Level};
use crate::walker::Walk;

/// Where a thread is when it has ended.
const END: usize = usize::MAX;

/// Where each thread is, and what's in each place: first in the threads' hands,
/// then in `ended`, and then in the level's own places.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct State {
    at: Vec<usize>,
    places: Vec<Vec<&'static str>>,
}

impl State {
    /// The thing of that name. `it` is what came into the hands last.
    fn thing(&self, name: &'static str, thread: usize) -> &'static str {
        match name {
            "it" => self.places[thread].last().expect("something in hand"),
            name => name,
        }
    }
}

impl Level {
    pub fn walk(&self) -> Walk<State> {
        let hands = self.threads.iter().map(|it| it.holding.clone());
        let places = self.places.iter().map(|(_, things)| things.clone());
        let places = hands.chain([Vec::new()]).chain(places).collect();
        let start = State { at: vec![0; self.threads.len()], places };
        let threads = self.threads.len();
        Walk::new(start, threads, |state, thread| self.step(state, thread))
    }

    /// The state after a thread's next move. `None` if it waits, or has ended.
    pub fn step(&self, state: &State, thread: usize) -> Option<State> {
        let ways = self.threads[thread].program.moves.get(state.at[thread])?;
        ways.iter().find_map(|way| {
            let mut state = state.clone();
            state.at[thread] += 1;
            for clause in &way.clauses {
                self.apply(clause, &mut state, thread)?;
            }
            let moves = &self.threads[thread].program.moves;
            if state.at[thread] >= moves.len() && state.at[thread] != END {
                self.end(&mut state, thread);
            }
            Some(state)
        })
    }

    fn end(&self, state: &mut State, thread: usize) {
        state.at[thread] = END;
        let name = self.threads[thread].name;
        state.places[self.threads.len()].push(name);
    }

    fn place(&self, name: &str, thread: usize) -> usize {
        let own = self.places.iter().position(|place| place.0 == name);
        match name {
            "hands" => thread,
            "ended" => self.threads.len(),
            _ => match own {
                Some(index) => self.threads.len() + 1 + index,
                None => panic!("{} has no place {name:?}", self.name),
            },
        }
    }

    /// Does what a clause says. `None` if the thread has to wait.
    fn apply(
        &self,
        clause: &Clause,
        state: &mut State,
        thread: usize,
    ) -> Option<()> {
        // Takes a thing out of a place, if it's there.
        let remove = |state: &mut State, name, place: usize| {
            let name = state.thing(name, thread);
            let place = &mut state.places[place];
            let index = match name {
                "anything" => (!place.is_empty()).then_some(0),
                name => place.iter().position(|it| *it == name),
            };
            index.map(|index| place.remove(index))
        };
        match clause {
            Clause::Take(name, from) => {
                let thing = remove(state, name, self.place(from, thread))?;
                state.places[thread].push(thing);
            }
            Clause::Remove(name, from) => {
                remove(state, name, self.place(from, thread))?;
            }
            Clause::Put(name, to) => {
                let thing = remove(state, name, thread);
                let thing = thing.unwrap_or_else(|| panic!("no {name} to put"));
                state.places[self.place(to, thread)].push(thing);
            }
            Clause::Make(name, to) => {
                let thing = state.thing(name, thread);
                state.places[self.place(to, thread)].push(thing);
            }
            Clause::Clear(place) => {
                state.places[self.place(place, thread)].clear();
            }
            Clause::If(condition) => {
                return self.is_so(condition, state, thread).then_some(());
            }
            Clause::Then(name) => self.jump(name, state, thread),
        }
        Some(())
    }

    fn jump(&self, name: &str, state: &mut State, thread: usize) {
        match name {
            "again" => state.at[thread] = 0,
            "end" => self.end(state, thread),
            "exit" => {
                for (index, thread) in self.threads.iter().enumerate() {
                    if thread.runs_code() {
                        state.at[index] = END;
                    }
                }
                state.places[self.threads.len()].push("process");
            }
            _ => {
                let mut moves = self.threads[thread].program.moves.iter();
                let found = moves.position(|ways| ways[0].name == name);
                state.at[thread] =
                    found.unwrap_or_else(|| panic!("no move {name:?}"));
            }
        }
    }

    /// Whether all of these hold.
    pub fn holds(&self, conditions: &[Condition], state: &State) -> bool {
        conditions.iter().all(|condition| self.is_so(condition, state, 0))
    }

    fn is_so(
        &self,
        condition: &Condition,
        state: &State,
        thread: usize,
    ) -> bool {
        let place = |name| &state.places[self.place(name, thread)];
        let has =
            |name, thing| place(name).contains(&state.thing(thing, thread));
        match condition {
            Condition::Has(name, thing) => has(name, thing),
            Condition::Lacks(name, thing) => !has(name, thing),
            Condition::IsEmpty(name) => place(name).is_empty(),
            Condition::Stuck => (0..self.threads.len())
                .all(|thread| self.step(state, thread).is_none()),
        }
    }
}

//! Walks through every state that a system of threads can get into, in whatever
//! order they run.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

/// More than a system that's meant to be looked at should have.
const MAX_STATES: usize = 1_000_000;

/// All states, beginning with those that take the fewest moves.
pub struct Walk<S> {
    pub states: Vec<S>,
    /// For each state but the first, from which one it was reached, and by which
    /// thread's move.
    reached: Vec<Option<(usize, usize)>>,
    /// Each move, as the states before and after it.
    edges: Vec<(usize, usize)>,
}

impl<S: Clone + Eq + Hash> Walk<S> {
    /// Walks from `start`. Of `threads` threads, each can make at most one move
    /// in a state, and `step` says to which state it leads.
    pub fn new(
        start: S,
        threads: usize,
        step: impl Fn(&S, usize) -> Option<S>,
    ) -> Walk<S> {
        let mut known = HashMap::from([(start.clone(), 0)]);
        let mut states = vec![start];
        let (mut reached, mut edges) = (vec![None], Vec::new());
        let mut index = 0;
        while index < states.len() {
            for thread in 0..threads {
                let Some(next) = step(&states[index], thread) else { continue };
                let number = match known.entry(next) {
                    Entry::Occupied(entry) => *entry.get(),
                    Entry::Vacant(entry) => {
                        states.push(entry.key().clone());
                        reached.push(Some((index, thread)));
                        *entry.insert(states.len() - 1)
                    }
                };
                edges.push((index, number));
                assert!(number < MAX_STATES, "the system has no end of states");
            }
            index += 1;
        }
        Walk { states, reached, edges }
    }

    /// The fewest moves to a state like this, as the threads that make them.
    pub fn shortest(&self, is_goal: impl Fn(&S) -> bool) -> Option<Vec<usize>> {
        Some(self.way_to(self.states.iter().position(is_goal)?))
    }

    /// The fewest moves to a state from which no state like this can be reached
    /// anymore, whichever thread runs. `None` if there's always a way.
    pub fn trap(&self, is_good: impl Fn(&S) -> bool) -> Option<Vec<usize>> {
        let mut before = vec![Vec::new(); self.states.len()];
        for (from, to) in &self.edges {
            before[*to].push(*from);
        }
        let mut can: Vec<bool> = self.states.iter().map(is_good).collect();
        let mut open: Vec<usize> =
            (0..can.len()).filter(|index| can[*index]).collect();
        while let Some(index) = open.pop() {
            for from in &before[index] {
                if !can[*from] {
                    can[*from] = true;
                    open.push(*from);
                }
            }
        }
        Some(self.way_to(can.iter().position(|can| !can)?))
    }

    fn way_to(&self, mut index: usize) -> Vec<usize> {
        let mut way = Vec::new();
        while let Some((from, thread)) = self.reached[index] {
            way.push(thread);
            index = from;
        }
        way.reverse();
        way
    }
}

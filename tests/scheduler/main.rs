//! What the page "You are the scheduler" claims is true: whatever order the
//! threads run in, a goal can be reached or it can't, and the lines that the
//! page shows are those of the steps.

mod levels;
mod lines;
#[allow(dead_code)] // No program is started.
#[path = "../support/place.rs"]
mod place;
mod rules;
#[path = "../support/walker.rs"]
mod walker;

use levels::{Level, parse};
use place::repository;
use std::fs;
use std::path::Path;
use walker::Walk;

fn read(path: &Path) -> String {
    match fs::read_to_string(path) {
        Ok(text) => text.replace("\r\n", "\n"),
        Err(error) => panic!("{}: {error}", path.display()),
    }
}

fn text() -> String {
    read(&repository().join("book/src/scheduler_levels.txt"))
}

/// What's wrong with a level's claim, if anything is.
fn fault(level: &Level) -> Option<String> {
    let name = level.name;
    let walk = level.walk();
    let shortest = walk.shortest(|state| level.holds(&level.goal, state));
    let order = |way: &[usize]| {
        let names = way.iter().map(|it| level.threads[*it].name);
        names.collect::<Vec<_>>().join(", ")
    };
    match (level.possible_in, shortest) {
        (None, None) => {}
        (Some(moves), Some(way)) if moves == way.len() => {}
        (Some(moves), Some(way)) => {
            return Some(format!(
                "level {name} says \"possible in {moves} moves\", but the \
                 shortest way has {}: {}",
                way.len(),
                order(&way)
            ));
        }
        (Some(_), None) => {
            return Some(format!(
                "level {name} says \"possible\", but none of its {} states is \
                 the goal; if that's what it should show, say \"impossible\"",
                walk.states.len()
            ));
        }
        (None, Some(way)) => {
            return Some(format!(
                "level {name} says \"impossible\", but its goal is reached in \
                 {} moves, if the threads run in this order: {}",
                way.len(),
                order(&way)
            ));
        }
    }
    let trap = walk.trap(|state| level.holds(&level.always, state))?;
    Some(format!(
        "level {name} says that something can always still be reached, but \
         after this order it can't: {}",
        order(&trap)
    ))
}

#[test]
fn every_claim_holds_in_every_order() {
    let levels = parse(text());
    assert!(levels.len() >= 10, "there are only {} levels", levels.len());
    let faults: Vec<_> = levels.iter().filter_map(fault).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A test of the test: each of these claims is false, and is found to be.
#[test]
fn false_claims_are_found() {
    let text = text();
    for (from, to, said) in [
        (
            "possible in 2 moves",
            "impossible",
            "level killed says \"impossible\", but its goal is reached in 2 \
             moves, if the threads run in this order: client, signal",
        ),
        (
            "possible in 2 moves",
            "possible in 3 moves",
            "level killed says \"possible in 3 moves\", but the shortest way \
             has 2: client, signal",
        ),
        // Without the semicolon, step 05 is the riddle.
        (
            "thread worker 0 runs worker 05\nthread worker 1 runs worker 05\n",
            "",
            "level semicolon says \"possible\", but none of its 21 states",
        ),
        // Once the request has been read, it isn't there anymore.
        (
            "always answered has C",
            "always input has C",
            "level idle_18 says that something can always still be reached, \
             but after this order it can't: client C, worker 0",
        ),
    ] {
        assert!(text.contains(from), "the levels don't say {from:?} anymore");
        let levels = parse(text.replacen(from, to, 1));
        let faults: Vec<_> = levels.iter().filter_map(fault).collect();
        let found = faults.iter().any(|fault| fault.starts_with(said));
        assert!(found, "not {said:?}, but {faults:#?}");
    }
}

#[test]
fn the_lines_are_those_of_the_steps() {
    let levels = parse(text());
    let mut faults: Vec<_> = levels.iter().flat_map(lines::faults).collect();
    faults.sort();
    faults.dedup();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A chapter that says "level 8 of [You are the scheduler]" means one of its own.
#[test]
fn chapters_lead_to_their_levels() {
    let levels = parse(text());
    for level in &levels {
        let page = repository().join("book/src").join(level.chapter);
        let page = read(&page.with_extension("md"));
        let words: Vec<_> = page.split_whitespace().collect();
        let page = words.join(" ");
        let chapter = level.chapter;
        assert!(page.contains("(scheduler.md)"), "no link in {chapter}");
        let Some((before, _)) = page.split_once(" of [You are the scheduler]")
        else {
            continue;
        };
        let number = before.rsplit(' ').next().unwrap();
        let number: usize = number.parse().expect("the number of a level");
        let named = &levels[number - 1];
        assert_eq!(named.chapter, chapter, "level {number} in {chapter}");
    }
}

/// A test of the test: a line that isn't the step's anymore is found.
#[test]
fn lines_that_have_changed_are_found() {
    let text = text();
    for (from, to, said) in [
        (
            "\n>     job();\n",
            "\n> run(job);\n",
            "\"run(job);\" isn't a line of fn run in \
             step05/thread_pool.rs, or isn't at this place",
        ),
        (
            "\n! while let Ok(job) = jobs.lock().unwrap().recv() {\n",
            "\n> while let Ok(job) = jobs.lock().unwrap().recv() {\n",
            "\"while let Ok(job) = jobs.lock().unwrap().recv() {\" isn't",
        ),
        (
            "\n! self.waker.clear();\n",
            "\n> self.waker.clear();\n",
            "\"self.waker.clear();\" isn't a line of fn turn",
        ),
        (
            "\n! self.waker.clear();\n",
            "\n! self.waker.reset();\n",
            "\"self.waker.reset();\" is a mistake that neither fn turn in \
             step19/event_loop.rs nor the chapter shows",
        ),
    ] {
        assert!(text.contains(from), "the levels don't say {from:?} anymore");
        let levels = parse(text.replacen(from, to, 1));
        let faults: Vec<_> = levels.iter().flat_map(lines::faults).collect();
        let found = faults.iter().any(|fault| fault.contains(said));
        assert!(found, "not {said:?}, but {faults:#?}");
    }
}

/// Two threads that count to two have nine states. Only in the last of them has
/// each made two moves.
#[test]
fn the_walker_finds_all_states_and_the_shortest_way() {
    let count = |state: &[u8; 2], thread: usize| {
        let mut next = *state;
        next[thread] += 1;
        (state[thread] < 2).then_some(next)
    };
    let walk = Walk::new([0, 0], 2, count);
    assert_eq!(walk.states.len(), 9);
    assert_eq!(walk.shortest(|it| *it == [0, 0]), Some(vec![]));
    assert_eq!(walk.shortest(|it| it[1] == 2), Some(vec![1, 1]));
    let both = walk.shortest(|it| *it == [2, 2]).expect("the last state");
    assert_eq!(both.len(), 4);
    assert_eq!(walk.shortest(|it| it[0] == 3), None);
    assert_eq!(walk.trap(|it| *it == [2, 2]), None);
    assert_eq!(walk.trap(|it| *it == [1, 0]), Some(vec![1]));
}

/// Each of two threads takes two locks, and then gives both back. In the same
/// order that's harmless. In a different order, they can get into a deadlock, and
/// only then.
#[test]
fn the_walker_finds_the_classic_deadlock() {
    let program = |name, first, second| {
        format!(
            "program {name}\n- It locks.\n    a: take {first} from lock\n    \
             b: take {second} from lock\n    \
             c: put {first} in lock, put {second} in lock\n\n"
        )
    };
    let level = "level two\nplace lock: red, blue\nthread one runs one\n\
                 thread two runs two\ngoal stuck, lock is empty\n"
        .replace("two\nplace", "two: Two\nplace");
    let first = program("one", "red", "blue");
    let claims = |second: String, claim| {
        let text = [&*first, &*second, &*level, claim].concat();
        fault(&parse(text)[0])
    };
    let ordered = || program("two", "red", "blue");
    let crossed = || program("two", "blue", "red");
    assert_eq!(claims(ordered(), "impossible\n"), None);
    assert_eq!(claims(crossed(), "possible in 2 moves\n"), None);
    assert!(claims(ordered(), "possible in 2 moves\n").is_some());
    assert!(claims(crossed(), "impossible\n").is_some());
}

//! Whether a step has a behaviour, or lacks it as the table says.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use crate::support::program::{Program, named_server};
use crate::support::report::{Outcome, Symptom};
use crate::support::server::Server;

pub type Behaviour = fn(&Server) -> Outcome;

/// The step that keeps the processors busy while its clients wait.
const BUSY_STEP: &str = "step18";

/// Waits until only a few of the busy step's servers run, because they take the
/// processors from each other.
fn turn(step: &str) -> Option<MutexGuard<'static, ()>> {
    static TURNS: [Mutex<()>; 4] = [const { Mutex::new(()) }; 4];
    static TESTS: AtomicUsize = AtomicUsize::new(0);
    (step == BUSY_STEP).then(|| {
        let index = TESTS.fetch_add(1, Ordering::Relaxed) % TURNS.len();
        TURNS[index].lock().unwrap_or_else(PoisonError::into_inner)
    })
}

/// Fails unless the step has the behaviour. What `SERVER` names is asked only for
/// what holds `for_good`: it may be a later step, which has lost the others.
pub fn has(step: &str, name: &str, behaviour: Behaviour, for_good: bool) {
    if named_server().is_some() && !for_good {
        return;
    }
    say_what_is_tested(step);
    let _turn = turn(step);
    let sentence = name.replace('_', " ");
    let program = Program::under_test(step);
    let title = format!("{program} should show: {sentence}");
    let server = match Server::start(program, None) {
        Ok(server) => server,
        Err(deviation) => panic!("\n\n{title}\n{deviation}\n"),
    };
    let outcome = behaviour(&server);
    if let Err(deviation) = outcome.and_then(|()| server.is_well()) {
        panic!("\n\n{title}\n{deviation}{server}\n");
    }
}

/// Says once whose server is tested, because a reader may have forgotten
/// `SERVER`. The test runner would hide what `eprintln!` prints.
fn say_what_is_tested(step: &str) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let line = match named_server() {
            Some(name) => format!("testing {name}, as SERVER says\n"),
            None => format!(
                "testing this repository's {step} (SERVER=PATH tests yours)\n"
            ),
        };
        _ = io::stderr().write_all(line.as_bytes());
    });
}

/// Fails unless the step shows by `absent` that it lacks the behaviour.
pub fn lacks(step: &str, name: &str, behaviour: Behaviour, absent: Symptom) {
    assert!(
        named_server().is_none(),
        "\n\nthe tests under `lacks` prove what {step} doesn't do yet; for your \
         own server, run only those under `has`: \
         SERVER=… cargo test --test {step} has\n"
    );
    let _turn = turn(step);
    let sentence = name.replace('_', " ");
    let program = Program::under_test(step);
    let title = format!("{program} should not yet show: {sentence}");
    let server = match Server::start(program, Some(absent)) {
        Ok(server) => server,
        Err(deviation) => panic!("\n\n{title}\n{deviation}\n"),
    };
    let saw = match behaviour(&server) {
        Ok(()) => "it does. A later step teaches this; if it's to come \
             earlier, change its row in tests/behaviours/table.rs."
            .to_string(),
        Err(deviation) if deviation.symptom == absent => {
            match server.is_well() {
                Ok(()) => return,
                Err(deviation) if deviation.symptom == absent => return,
                Err(deviation) => format!("\n{deviation}{server}"),
            }
        }
        Err(deviation) => {
            format!("{:?}\n{deviation}{server}", deviation.symptom)
        }
    };
    panic!(
        "\n\n{title}\n  the table says: {absent:?}\n  what happens: {saw}\n"
    );
}

pub fn symptom(word: &str) -> Symptom {
    match word {
        "hangs" => Symptom::Hangs,
        "closes" => Symptom::Closes,
        "differs" => Symptom::Differs,
        "resets" => Symptom::Resets,
        "dies" => Symptom::Dies,
        _ => panic!("{word} isn't a word for the table"),
    }
}

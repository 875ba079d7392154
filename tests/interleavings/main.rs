//! The order in which the threads of the pool and of the event loop run: all of
//! them are tried, and in none is a job, a connection or a wake-up lost.
//!
//!     cargo test --test interleavings -- --nocapture
//!
//! A model is a step's own functions, line by line, and beside a line what a
//! thread does there that other threads can see. So a line that changes in a
//! step has to change here. For each claim, there's a mistake with which it's
//! false: a line at the wrong place, or one that's missing.
//!
//! The threads take turns, so what one has written, the next one sees. Whether
//! that's so on a real machine is a question for the thread sanitizer.

mod channel_pool;
mod event_loop;
#[allow(dead_code)] // No program is started.
#[path = "../support/place.rs"]
mod place;
mod pool;
mod program;
mod source;
mod system;
#[path = "../support/walker.rs"]
mod walker;

use source::{faults, left_out, read};

/// What else the modelled files do that another thread could see.
#[test]
fn no_other_function_shares_anything() {
    let file = read("step20_scale/thread_pool.rs");
    let modelled = ["execute_all", "drop", "run", "next"];
    // The helper that each `lock(…)` calls.
    let lock = "queue.lock().expect(\"nothing panics while it's held\")";
    assert_eq!(left_out(&file, &modelled), [lock]);

    let file = read("step20_scale/waker.rs");
    assert_eq!(left_out(&file, &["wake", "clear"]), [""; 0]);

    let file = read("step20_scale/event_loop.rs");
    let modelled = ["run", "turn", "take_back", "rest", "execute"];
    // No other thread has the poller, and of `take` and `scan` the model has
    // what they do to the loop's own variables.
    let poller = |line: &String| !line.contains("poller.");
    let others: Vec<_> = left_out(&file, &modelled);
    let others: Vec<_> = others.into_iter().filter(poller).collect();
    assert_eq!(others, [""; 0]);

    for step in ["step05_thread_pool", "step06_graceful_shutdown"] {
        let file = read(&format!("{step}/thread_pool.rs"));
        assert_eq!(left_out(&file, &["execute", "drop", "run"]), [""; 0]);
    }
}

/// A test of the test: a step that has changed isn't like its model anymore.
#[test]
fn lines_that_have_changed_are_found() {
    let list = "queue.idle.push(me.clone());";
    for (from, to) in [
        (list, ""),
        (list, "queue.idle.insert(0, me.clone());"),
        ("thread::park();", "thread::park();\n        thread::yield_now();"),
        ("return Some(job);", "drop(queue);\n            return Some(job);"),
    ] {
        let changed = |file: &str| read(file).replacen(from, to, 1);
        let faults = faults(&pool::code::worker(), &changed);
        let start = "fn next in step20_scale/thread_pool.rs differs";
        assert!(
            faults.len() == 1 && faults[0].starts_with(start),
            "{faults:?}"
        );
    }
}

/// A test of the test: a line that another thread can see needs a move.
#[test]
fn lines_without_a_move_are_found() {
    let silent = pool::code::worker().with("thread::park();", &[]);
    let said = "fn next in step20_scale/thread_pool.rs: \"thread::park();\" \
                needs a move";
    assert_eq!(faults(&silent, &read), [said]);
}

//! Which of the pool's lines does what.

use super::Pool;
use crate::program::{Function, does, function, line};

const FILE: &str = "step20_scale/thread_pool.rs";

pub fn execute_all() -> Function<Pool> {
    function(
        FILE,
        "execute_all",
        vec![
            does("let mut queue = lock(&self.queue);", &[Pool::lock]),
            does(
                "let others = queue.idle.len().saturating_sub(jobs.len());",
                &[Pool::count_others],
            ),
            does(
                "let woken = queue.idle.split_off(others);",
                &[Pool::take_woken],
            ),
            does("queue.jobs.extend(jobs);", &[Pool::push_jobs]),
            does(
                "OTHERS_WAIT.store(queue.jobs.len() > woken.len(), \
             Ordering::Relaxed);",
                &[Pool::say_others_wait],
            ),
            does("drop(queue);", &[Pool::unlock]),
            does("for worker in woken {", &[Pool::has_woken]),
            does("worker.unpark();", &[Pool::unpark_woken]),
            line("}"),
        ],
    )
}

pub fn drop_pool() -> Function<Pool> {
    function(
        FILE,
        "drop",
        vec![
            does(
                "lock(&self.queue).is_closed = true;",
                &[Pool::lock, Pool::close, Pool::unlock],
            ),
            does("for worker in self.workers.drain(..) {", &[Pool::has_worker]),
            does("worker.thread().unpark();", &[Pool::unpark_worker]),
            does("_ = worker.join();", &[Pool::join]),
            line("}"),
        ],
    )
}

fn next() -> Function<Pool> {
    function(
        FILE,
        "next",
        vec![
            line("let me = thread::current();"),
            line("loop {"),
            does("let mut queue = lock(queue);", &[Pool::lock]),
            does(
                "queue.idle.retain(|worker| worker.id() != me.id());",
                &[Pool::unlist],
            ),
            does("if let Some(job) = queue.jobs.pop_front() {", &[Pool::pop]),
            does("return Some(job);", &[Pool::leave]),
            line("}"),
            does("if queue.is_closed {", &[Pool::check_closed]),
            does("return None;", &[Pool::leave]),
            line("}"),
            does("queue.idle.push(me.clone());", &[Pool::list]),
            does("drop(queue);", &[Pool::unlock]),
            does("thread::park();", &[Pool::park]),
            line("}"),
        ],
    )
}

pub fn worker() -> Function<Pool> {
    function(
        FILE,
        "run",
        vec![
            does("while let Some(job) = next(queue) {", &[Pool::has_job])
                .calls(next()),
            does(
                "_ = panic::catch_unwind(AssertUnwindSafe(job));",
                &[Pool::start, Pool::finish],
            ),
            line("}"),
        ],
    )
}

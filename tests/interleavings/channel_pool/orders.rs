//! The lines of both pools, what holds in every order, and the mistakes with
//! which it doesn't.

use super::{Pool, WORKERS};
use crate::program::{Function, Move, does, function, line, outside};
use crate::source::{faults, read};
use crate::system::{Claims, Outcome, System, fails, holds};

const CLAIMS: Claims<Pool> = Claims {
    never: &[("a job is sent when no worker is left", |pool| pool.has_failed)],
    sometimes: &[("two jobs run at once", |pool| {
        pool.runs.iter().all(Option::is_some)
    })],
    at_last: ("all jobs done", |pool| pool.done == [0, 1, 2]),
};

const ENDS: Claims<Pool> = Claims {
    at_last: ("all jobs done and all workers ended", |pool| {
        pool.done == [0, 1, 2] && pool.has_ended == [true; WORKERS]
    }),
    ..CLAIMS
};

const FILE_05: &str = "step05_thread_pool/thread_pool.rs";
const FILE_06: &str = "step06_graceful_shutdown/thread_pool.rs";
const TAKE: &str =
    "let message = jobs.lock().expect(\"recv does not panic\").recv();";
const CATCH: &str = "_ = panic::catch_unwind(AssertUnwindSafe(job));";
const DROP: &str = "drop(self.sender.take());";

fn run(
    file: &'static str,
    job: &'static str,
    moves: &[Move<Pool>],
) -> Function<Pool> {
    function(
        file,
        "run",
        vec![
            line("loop {"),
            does(TAKE, &[Pool::lock, Pool::receive, Pool::unlock]),
            does("let Ok(job) = message else { return };", &[Pool::unless_job]),
            line(
                "_ = writeln!(io::stdout(), \
             \"worker {id} got a job; executing\");",
            ),
            does(job, moves),
            line("}"),
        ],
    )
}

fn run_05(finish: Move<Pool>) -> Function<Pool> {
    run(FILE_05, "job();", &[Pool::start, finish])
}

fn run_06() -> Function<Pool> {
    run(FILE_06, CATCH, &[Pool::start, Pool::finish])
}

fn execute_05() -> Function<Pool> {
    function(
        FILE_05,
        "execute",
        vec![
            line("for worker in &self.workers {"),
            line("if worker.handle.is_finished() {"),
            line(
                "_ = writeln!(io::stderr(), \"worker {} is gone\", worker.id);",
            ),
            line("}"),
            line("}"),
            does(
                "if self.sender.send(Box::new(job)).is_err() {",
                &[Pool::send_or_report],
            ),
            line(
                "_ = writeln!(io::stderr(), \
             \"no worker is left to run the job\");",
            ),
            line("}"),
        ],
    )
}

fn execute_06() -> Function<Pool> {
    function(
        FILE_06,
        "execute",
        vec![
            line(
                "let sender = \
             self.sender.as_ref().expect(\"only drop takes it\");",
            ),
            does(
                "sender.send(Box::new(job))\
             .expect(\"workers outlive the sender\");",
                &[Pool::send],
            ),
        ],
    )
}

fn drop_06() -> Function<Pool> {
    function(
        FILE_06,
        "drop",
        vec![
            does(DROP, &[Pool::close]),
            does("for worker in self.workers.drain(..) {", &[Pool::has_worker]),
            line(
                "_ = writeln!(io::stdout(), \
             \"waiting for worker {}\", worker.id);",
            ),
            does("_ = worker.handle.join();", &[Pool::join]),
            line("}"),
        ],
    )
}

fn three(execute: Function<Pool>) -> Function<Pool> {
    let call = || line("pool.execute(job);").calls(execute.clone());
    outside(vec![call(), call(), call()])
}

fn main_06() -> Function<Pool> {
    let mut main = three(execute_06());
    main.lines.push(line("drop(pool);").calls(drop_06()));
    main
}

fn check(
    claims: &Claims<Pool>,
    main: Function<Pool>,
    run: Function<Pool>,
) -> Outcome {
    let threads =
        [("worker 0", run.clone()), ("worker 1", run), ("main", main)];
    System::new(Pool::default(), &threads).check(claims)
}

#[test]
fn its_lines_are_those_of_the_steps() {
    let mains = [three(execute_05()), main_06()];
    let all = mains.into_iter().chain([run_05(Pool::finish), run_06()]);
    let faults: Vec<_> = all.flat_map(|it| faults(&it, &read)).collect();
    assert_eq!(faults, [""; 0]);
}

#[test]
fn no_order_of_the_channel_loses_a_job() {
    let run = run_05(Pool::finish);
    holds("the pool of step 05", check(&CLAIMS, three(execute_05()), run));
    holds("the pool of step 06", check(&ENDS, main_06(), run_06()));
}

#[test]
fn mistakes_with_the_channel_are_found() {
    fails(
        "two jobs panic in step 05",
        check(&CLAIMS, three(execute_05()), run_05(Pool::finish_or_die)),
        "no way is left to all jobs done",
        "from the start",
    );
    let dies = [Pool::start, Pool::finish_or_die];
    fails(
        "step 06 catches no panic",
        check(&ENDS, main_06(), run_06().with(CATCH, &dies)),
        "a job is sent when no worker is left",
        "main up to `sender.send(Box::new(job)).expect(\"workers outlive \
         the sender\");`, then worker 1 up to `_ = \
         panic::catch_unwind(AssertUnwindSafe(job));`, then main up to \
         `sender.send(Box::new(job)).expect(\"workers outlive the \
         sender\");`",
    );
    fails(
        "the sender is dropped after the workers are joined",
        check(&ENDS, main_06().moved(DROP, ""), run_06()),
        "no way is left to all jobs done and all workers ended",
        "from the start",
    );
    let locked = run_06().with(TAKE, &[Pool::lock, Pool::receive]);
    let run = [Pool::start, Pool::finish, Pool::unlock];
    fails(
        "a worker keeps the lock while its job runs, as in the riddle",
        check(&ENDS, main_06(), locked.with(CATCH, &run)),
        "it never happens that two jobs run at once",
        "",
    );
}

//! What holds in every order, and the mistakes with which it doesn't.

use super::code::{drop_pool, execute_all, worker};
use super::{JOBS, Pool};
use crate::program::{Function, does, line, outside};
use crate::source::{faults, read};
use crate::system::{Claims, Outcome, System, fails, holds};

const CLAIMS: Claims<Pool> = Claims {
    never: &[
        ("a job begins before an earlier one", |pool| !pool.begun.is_sorted()),
        ("a job waits beside a worker that sleeps", Pool::sleeps_beside_a_job),
        ("a worker is listed twice", Pool::is_listed_twice),
        ("more workers are woken than there are jobs", |pool| {
            pool.woke > pool.begun.len() + pool.jobs.len()
        }),
    ],
    sometimes: &[("two jobs run at once", |pool| {
        pool.runs.iter().all(Option::is_some)
    })],
    at_last: ("all jobs done and all workers ended", |pool| {
        pool.done == [0, 1, 2] && pool.has_ended.iter().all(|it| *it)
    }),
};

/// The first two jobs end only if others wait.
const OTHERS_GET_A_TURN: Claims<Pool> = Claims {
    never: &[],
    sometimes: &[],
    at_last: ("the last job done", |pool| pool.done.contains(&(JOBS - 1))),
};

/// One job comes, two more, and then the pool is dropped.
fn main_thread() -> Function<Pool> {
    outside(vec![
        does("a job comes", &[Pool::first_arrives]).calls(execute_all()),
        does("two come", &[Pool::two_arrive]).calls(execute_all()),
        line("drop(pool);").calls(drop_pool()),
    ])
}

/// Wakes a worker for no reason. The workers are alike, so one is enough.
fn kernel() -> Function<Pool> {
    outside(vec![does("worker 0 wakes up for no reason", &[Pool::wake_up])])
}

fn check(main: Function<Pool>, worker: Function<Pool>) -> Outcome {
    check_all(&CLAIMS, main, worker, None)
}

fn check_all(
    claims: &Claims<Pool>,
    main: Function<Pool>,
    worker: Function<Pool>,
    kernel: Option<Function<Pool>>,
) -> Outcome {
    let (one, two) = (worker.clone(), worker);
    let mut threads =
        vec![("worker 0", one), ("worker 1", two), ("main", main)];
    threads.extend(kernel.map(|kernel| ("kernel", kernel)));
    System::new(Pool::default(), &threads).check(claims)
}

const RUN: &str = "_ = panic::catch_unwind(AssertUnwindSafe(job));";
const POP: &str = "if let Some(job) = queue.jobs.pop_front() {";
const EXTEND: &str = "queue.jobs.extend(jobs);";
const UNPARK: &str = "for worker in woken {";

/// Like workers whose first two clients take as much as they're sent.
fn selfish() -> Function<Pool> {
    worker().with(RUN, &[Pool::start, Pool::finish_for_others])
}

#[test]
fn its_lines_are_those_of_the_step() {
    let faults = [main_thread(), worker()].map(|it| faults(&it, &read));
    assert_eq!(faults.concat(), [""; 0]);
}

#[test]
fn no_order_of_the_pool_loses_a_job_or_a_wake_up() {
    let right = check_all(&CLAIMS, main_thread(), worker(), Some(kernel()));
    let states = holds("the pool of step 20", right);
    assert!(states > 30_000, "{states} states, and the book says more");
    let fair = check_all(&OTHERS_GET_A_TURN, main_thread(), selfish(), None);
    holds("its jobs that end only if others wait", fair);
    // Under the lock, they'd only have to wait for it.
    let early = main_thread().moved(UNPARK, "drop(queue);");
    holds("workers that are woken under the lock", check(early, worker()));
}

#[test]
#[ignore = "in .ci/run"]
fn mistakes_in_handing_over_are_found() {
    let main = main_thread;
    fails(
        "the workers are woken before the jobs are in the queue",
        check(main().moved(EXTEND, ""), worker()),
        "a job waits beside a worker that sleeps",
        "worker 0 up to `drop(queue);`, then worker 1 up to `drop(queue);`, \
         then main up to `queue.jobs.extend(jobs);`",
    );
    let lock = "let mut queue = lock(&self.queue);";
    fails(
        "the idle workers are taken from the list outside of the lock",
        check(main().moved(lock, EXTEND), worker()),
        "a job waits beside a worker that sleeps",
        "worker 0 up to `drop(queue);`, then worker 1 up to `drop(queue);`, \
         then main up to `drop(queue);`",
    );
    let split = "let woken = queue.idle.split_off(others);";
    fails(
        "all idle workers are woken",
        check(main().with(split, &[Pool::take_all]), worker()),
        "more workers are woken than there are jobs",
        "worker 0 up to `drop(queue);`, then worker 1 up to `drop(queue);`, \
         then main up to `worker.unpark();`",
    );
    let store = "OTHERS_WAIT.store(queue.jobs.len() > woken.len(), \
                 Ordering::Relaxed);";
    let early = main().moved(store, EXTEND);
    fails(
        "the jobs are counted before the new ones are there",
        check_all(&OTHERS_GET_A_TURN, early, selfish(), None),
        "no way is left to the last job done",
        "worker 0 up to `drop(queue);`, then worker 1 up to `let mut queue \
         = lock(queue);`",
    );
}

#[test]
#[ignore = "in .ci/run"]
fn mistakes_in_the_shutdown_are_found() {
    let main = main_thread;
    fails(
        "the queue is closed after the workers are joined",
        check(
            main().moved("lock(&self.queue).is_closed = true;", ""),
            worker(),
        ),
        "no way is left to all jobs done and all workers ended",
        "from the start",
    );
    fails(
        "the workers aren't woken once the queue is closed",
        check(main().without("worker.thread().unpark();"), worker()),
        "no way is left to all jobs done and all workers ended",
        "main up to `drop(queue);`, then worker 0 up to `return \
         Some(job);`, then worker 1 up to `let mut queue = lock(queue);`",
    );
    fails(
        "a worker ends although jobs are left",
        check(main(), worker().moved("if queue.is_closed {", POP)),
        "no way is left to all jobs done and all workers ended",
        "main up to `lock(&self.queue).is_closed = true;`",
    );
}

#[test]
#[ignore = "in .ci/run"]
fn mistakes_of_a_worker_are_found() {
    let main = main_thread;
    let list = "queue.idle.push(me.clone());";
    fails(
        "a worker lists itself outside of the lock",
        check(main(), worker().moved(list, "thread::park();")),
        "a job waits beside a worker that sleeps",
        "worker 0 up to `queue.idle.push(me.clone());`, then worker 1 up to \
         `queue.idle.push(me.clone());`, then main up to `drop(queue);`",
    );
    let unlist = "queue.idle.retain(|worker| worker.id() != me.id());";
    let listed = worker().without(unlist);
    fails(
        "a worker that wakes up for no reason stays in the list",
        check_all(&CLAIMS, main(), listed, Some(kernel())),
        "a job waits beside a worker that sleeps",
        "kernel up to `worker 0 wakes up for no reason`, then worker 0 up \
         to `drop(queue);`, then main up to `drop(queue);`",
    );
    fails(
        "a worker takes the last job",
        check(main(), worker().with(POP, &[Pool::pop_last])),
        "a job begins before an earlier one",
        "main up to `drop(queue);`, then worker 0 up to `return \
         Some(job);`, then worker 1 up to `if let Some(job) = \
         queue.jobs.pop_front() {`",
    );
    let locked = worker().with("return Some(job);", &[Pool::leave_locked]);
    let run = [Pool::start, Pool::finish, Pool::unlock];
    fails(
        "a worker keeps the lock while its job runs",
        check(main(), locked.with(RUN, &run)),
        "it never happens that two jobs run at once",
        "",
    );
}

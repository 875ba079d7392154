//! What holds in every order, and the mistakes with which it doesn't.

use super::code::{event_loop, signal, worker};
use super::{CLIENTS, Server};
use crate::program::{Function, does, outside};
use crate::source::{faults, read};
use crate::system::{Claims, Outcome, System, fails, holds};

const CLAIMS: Claims<Server> = Claims {
    never: &[("two bytes are on their way", |server| server.bytes > 1)],
    sometimes: &[("both connections come back at once", |server| {
        server.channel.len() == 2
    })],
    at_last: ("all answered and at rest", |server| {
        server.answered == [2, 1] && server.resting == [true; CLIENTS]
    }),
};

/// What comes of it if a second byte does no harm.
const RESTS: Claims<Server> = Claims { never: &[], ..CLAIMS };

const ENDS: Claims<Server> = Claims {
    never: CLAIMS.never,
    sometimes: &[],
    at_last: ("the loop's end with all connections closed", |server| {
        server.has_ended && server.open == 0
    }),
};

fn check(event_loop: Function<Server>, worker: Function<Server>) -> Outcome {
    check_all(&CLAIMS, event_loop, worker, None)
}

fn check_stop(
    event_loop: Function<Server>,
    signal: Function<Server>,
) -> Outcome {
    check_all(&ENDS, event_loop, worker(), Some(signal))
}

fn check_all(
    claims: &Claims<Server>,
    event_loop: Function<Server>,
    worker: Function<Server>,
    signal: Option<Function<Server>>,
) -> Outcome {
    let request = |sends| does("its request", &[sends]);
    let two = vec![request(Server::request_0), request(Server::request_0)];
    let one = vec![request(Server::request_1)];
    let mut threads = vec![
        ("worker 0", worker.clone()),
        ("worker 1", worker),
        ("loop", event_loop),
        ("client 1", outside(one)),
    ];
    // Together, they'd have ten times as many states.
    threads.push(match signal {
        Some(signal) => ("signal", signal),
        None => ("client 0", outside(two)),
    });
    System::new(Server::at_rest(), &threads).check(claims)
}

#[test]
fn its_lines_are_those_of_the_step() {
    let all = [event_loop(), worker(), signal()];
    assert_eq!(all.map(|it| faults(&it, &read)).concat(), [""; 0]);
}

#[test]
fn no_order_of_the_loop_loses_a_connection_or_a_wake_up() {
    holds("the loop of step 20", check(event_loop(), worker()));
    let stopped = check_stop(event_loop(), signal());
    holds("the loop that's asked to stop", stopped);
}

const READ: &str = "_ = (&self.receiver).read(&mut [0; 16]);";
const CLEAR: &str = "self.is_pending.swap(false, Ordering::SeqCst);";

#[test]
#[ignore = "in .ci/run"]
fn mistakes_in_taking_back_are_found() {
    let check = |event_loop| check(event_loop, worker());
    fails(
        "the waker is cleared after the channel is emptied",
        check(event_loop().moved("self.waker.clear();", "")),
        "no way is left to all answered and at rest",
        "worker 1 up to `_ = (&self.sender).write(&[0]);`, then loop up to \
         `while let Ok(next) = self.receiver.try_recv() {`, then worker 0 \
         up to `if !self.is_pending.swap(true, Ordering::SeqCst) {`",
    );
    fails(
        "the flag is cleared before the byte is read",
        check_all(&RESTS, event_loop().moved(READ, ""), worker(), None),
        "no way is left to all answered and at rest",
        "worker 0 up to `_ = sender.send(next);`, then loop up to \
         `self.is_pending.swap(false, Ordering::SeqCst);`, then worker 0 up \
         to `_ = (&self.sender).write(&[0]);`",
    );
    fails(
        "the flag is never cleared",
        check(event_loop().without(CLEAR)),
        "no way is left to all answered and at rest",
        "from the start",
    );
    fails(
        "the byte is never read",
        check_all(&RESTS, event_loop().without(READ), worker(), None),
        "no way is left to all answered and at rest",
        "from the start",
    );
    let arm = "if let Err(error) = \
               self.poller.arm(&connection.stream, token, interest) {";
    fails(
        "a connection that comes back isn't armed again",
        check(event_loop().without(arm)),
        "no way is left to all answered and at rest",
        "client 0 up to `its request`, then loop up to \
         `self.pool.execute_all(mem::take(&mut self.jobs));`, then worker 0 \
         up to `let next = \
         panic::catch_unwind(advance).unwrap_or(Ok(Next::Done));`",
    );
}

#[test]
fn mistakes_in_waking_the_loop_are_found() {
    let check = |worker| check(event_loop(), worker);
    let send = "_ = sender.send(next);";
    fails(
        "a worker wakes the loop before it sends the connection",
        check(worker().moved("waker.wake();", send)),
        "no way is left to all answered and at rest",
        "worker 0 up to `_ = (&self.sender).write(&[0]);`, then worker 1 up \
         to `if !self.is_pending.swap(true, Ordering::SeqCst) {`, then \
         loop up to `while let Ok(next) = self.receiver.try_recv() {`",
    );
    let swap = "if !self.is_pending.swap(true, Ordering::SeqCst) {";
    fails(
        "the flag isn't swapped, but read and then written",
        check(worker().with(swap, &[Server::load_pending])),
        "two bytes are on their way",
        "worker 1 up to `if !self.is_pending.swap(true, Ordering::SeqCst) \
         {`, then worker 0 up to `_ = (&self.sender).write(&[0]);`, then \
         worker 1 up to `_ = (&self.sender).write(&[0]);`",
    );
    fails(
        "a worker sends a connection, but doesn't wake the loop",
        check(worker().without("waker.wake();")),
        "no way is left to all answered and at rest",
        "from the start",
    );
}

#[test]
fn mistakes_in_stopping_the_loop_are_found() {
    let stop = "_ = STOPPED.set(Instant::now());";
    let late = signal().moved(stop, "})?;");
    fails(
        "the signal's thread wakes the loop before it says why",
        check_stop(event_loop(), late),
        "no way is left to the loop's end with all connections closed",
        "loop up to `_ = (&self.receiver).read(&mut [0; 16]);`, then signal \
         up to `if !self.is_pending.swap(true, Ordering::SeqCst) {`, then \
         loop up to `while STOPPED.get().is_none() {`",
    );
    let hurry = "for connection in self.resting.values_mut() {";
    fails(
        "idle connections keep their deadlines at the stop",
        check_stop(event_loop().without(hurry), signal()),
        "no way is left to the loop's end with all connections closed",
        "from the start",
    );
    let scan = "self.scan_at = Instant::now();";
    fails(
        "the loop doesn't look at the new deadlines",
        check_stop(event_loop().without(scan), signal()),
        "no way is left to the loop's end with all connections closed",
        "signal up to `_ = STOPPED.set(Instant::now());`",
    );
}

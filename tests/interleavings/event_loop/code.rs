//! Which of the lines of step 20 does what.

use super::Server;
use crate::program::{Function, does, function, line};

const LOOP: &str = "step20_scale/event_loop.rs";
const WAKER: &str = "step20_scale/waker.rs";

/// The main thread.
pub fn event_loop() -> Function<Server> {
    function(
        LOOP,
        "run",
        vec![
            does("while STOPPED.get().is_none() {", &[Server::unless_stopped]),
            line("self.turn(Instant::now() + MAX_WAIT)?;").calls(turn()),
            line("}"),
            line("self.accept()?;"),
            line("self.listener = None;"),
            line("OUTPUT.write(\"waiting for the workers\");"),
            line("for connection in self.resting.values_mut() {"),
            does("connection.shorten_deadline();", &[Server::hurry_all]),
            line("}"),
            does("self.scan_at = Instant::now();", &[Server::scan_soon]),
            line("let end = Instant::now() + self.options.drain_timeout;"),
            does(
                "while self.open > 0 && Instant::now() < end {",
                &[Server::while_open],
            ),
            line("self.turn(end)?;").calls(turn()),
            line("}"),
            line("let resting = self.resting.values();"),
            does(
                "Ok(self.open - \
             resting.filter(|it| !it.owes_response()).count())",
                &[Server::end],
            ),
        ],
    )
}

fn turn() -> Function<Server> {
    function(
        LOOP,
        "turn",
        vec![
            does(
                "self.pool.execute_all(mem::take(&mut self.jobs));",
                &[Server::hand_over],
            ),
            line("let until = until.min(self.scan_at);"),
            line("let left = until.saturating_duration_since(Instant::now());"),
            does(
                "for token in self.poller.wait(left)? {",
                &[Server::wait, Server::next_event],
            ),
            line("match token {"),
            does("WAKER => self.take_back(),", &[Server::if_waker])
                .calls(take_back()),
            line("LISTENER => self.accept()?,"),
            does("token => self.take(token),", &[Server::if_client]),
            line("}"),
            line("}"),
            does("if Instant::now() >= self.scan_at {", &[Server::if_scan_due]),
            does("self.scan();", &[Server::scan]),
            line("self.accept()?;"),
            line("}"),
            line("Ok(())"),
        ],
    )
}

fn take_back() -> Function<Server> {
    function(
        LOOP,
        "take_back",
        vec![
            line("self.waker.clear();").calls(clear()),
            does(
                "while let Ok(next) = self.receiver.try_recv() {",
                &[Server::try_receive],
            ),
            line("match next {"),
            does(
                "Next::Wait(connection) => self.rest(connection),",
                &[Server::if_wait],
            )
            .calls(rest()),
            does(
                "Next::Again(connection) => self.execute(connection),",
                &[Server::if_again],
            ),
            does("Next::Done => self.open -= 1,", &[Server::if_done]),
            line("}"),
            line("}"),
        ],
    )
}

fn clear() -> Function<Server> {
    function(
        WAKER,
        "clear",
        vec![
            does(
                "_ = (&self.receiver).read(&mut [0; 16]);",
                &[Server::read_bytes],
            ),
            does(
                "self.is_pending.swap(false, Ordering::SeqCst);",
                &[Server::clear_pending],
            ),
        ],
    )
}

fn rest() -> Function<Server> {
    function(
        LOOP,
        "rest",
        vec![
            does("connection.shorten_deadline();", &[Server::hurry]),
            line(
                "let (token, interest) = (connection.token, \
             connection.interest());",
            ),
            does(
                "if let Err(error) = \
             self.poller.arm(&connection.stream, token, interest) {",
                &[Server::arm],
            ),
            line("self.open -= 1;"),
            line("return log_error(&error);"),
            line("}"),
            does(
                "self.scan_at = self.scan_at.min(connection.deadline);",
                &[Server::scan_for_it],
            ),
            does(
                "self.resting.insert(token, Box::new(connection));",
                &[Server::rest],
            ),
        ],
    )
}

pub fn worker() -> Function<Server> {
    function(
        "step20_scale/thread_pool.rs",
        "run",
        vec![
            does("while let Some(job) = next(queue) {", &[Server::next_job]),
            line("_ = panic::catch_unwind(AssertUnwindSafe(job));")
                .calls(job()),
            line("}"),
        ],
    )
}

/// The loop makes the job, and a worker does what's in it.
fn job() -> Function<Server> {
    function(
        LOOP,
        "execute",
        vec![
            line(
                "let (sender, waker) = \
             (self.sender.clone(), Arc::clone(&self.waker));",
            ),
            line("self.jobs.push(Box::new(move || {"),
            line("let advance = AssertUnwindSafe(|| connection.advance());"),
            does(
                "let next = panic::catch_unwind(advance)\
             .unwrap_or(Ok(Next::Done));",
                &[Server::advance],
            ),
            line("let next = next.unwrap_or_else(|error| {"),
            line("log_error(&error);"),
            line("Next::Done"),
            line("});"),
            does("_ = sender.send(next);", &[Server::send]),
            line("waker.wake();").calls(wake()),
            line("}));"),
        ],
    )
}

fn wake() -> Function<Server> {
    function(
        WAKER,
        "wake",
        vec![
            does(
                "if !self.is_pending.swap(true, Ordering::SeqCst) {",
                &[Server::set_pending],
            ),
            does("_ = (&self.sender).write(&[0]);", &[Server::write_byte]),
            line("}"),
        ],
    )
}

/// The thread that waits for Ctrl-C.
pub fn signal() -> Function<Server> {
    function(
        "step20_scale/main.rs",
        "main",
        vec![
            line("signal::on_stop(move || {"),
            does("_ = STOPPED.set(Instant::now());", &[Server::stop]),
            line("waker.wake();").calls(wake()),
            line("})?;"),
        ],
    )
}

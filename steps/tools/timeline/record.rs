//! What came of a run: which state each client and each thread was in, and
//! when.

use std::time::Duration;

/// What a client, or a thread of the server, does for a while.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum State {
    // Clients.
    Connecting,
    Silent,
    SendingSlowly,
    WaitingForAnswer,
    Receiving,
    Idle,
    // Threads.
    Running,
    Sleeping,
    Reading,
    Writing,
    WaitingForLock,
    WaitingForJob,
    WaitingForMessage,
    Accepting,
    Polling,
    WaitingForSignal,
    Joining,
    Blocked,
}

impl State {
    /// In full, as in the legend.
    pub fn words(self) -> &'static str {
        match self {
            State::Connecting => "connects",
            State::Silent => "says nothing",
            State::SendingSlowly => "sends its request slowly",
            State::WaitingForAnswer => "waits for the answer",
            State::Receiving => "receives the answer",
            State::Idle => "is idle, keeps its connection",
            State::Running => "runs",
            State::Sleeping => "sleeps, while it makes an answer",
            State::Reading => "in read: waits for its client",
            State::Writing => "in write: waits for its client",
            State::WaitingForLock => "waits for the lock",
            State::WaitingForJob => "waits for a job",
            State::WaitingForMessage => "waits for a message",
            State::Accepting => "in accept: waits for a client",
            State::Polling => "in poll: waits for any client",
            State::WaitingForSignal => "waits for a signal",
            State::Joining => "waits for another thread's end",
            State::Blocked => "waits",
        }
    }

    /// The same for a bar with little room.
    pub fn word(self) -> &'static str {
        match self {
            State::Connecting => "connects",
            State::Silent => "silent",
            State::SendingSlowly => "slow",
            State::WaitingForAnswer => "waits",
            State::Receiving => "receives",
            State::Idle => "idle",
            State::Running => "runs",
            State::Sleeping => "sleeps",
            State::Reading => "read",
            State::Writing => "write",
            State::WaitingForLock => "lock",
            State::WaitingForJob => "job",
            State::WaitingForMessage => "message",
            State::Accepting => "accept",
            State::Polling => "poll",
            State::WaitingForSignal => "signal",
            State::Joining => "join",
            State::Blocked => "waits",
        }
    }
}

/// A state, and when it began and ended, counted from the start of the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    pub state: State,
    pub from: Duration,
    pub to: Duration,
}

/// One client, or one thread of the server.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    pub label: String,
    pub spans: Vec<Span>,
    /// How it ended: `200`, `reset`. Empty if it was there until the end.
    pub end: String,
}

/// A time that nobody would see in a picture.
const UNSEEN: Duration = Duration::from_millis(5);

/// With this many changes, a thread is never at rest.
const RESTLESS: usize = 40;

impl Lane {
    pub fn new(label: String) -> Lane {
        Lane { label, spans: Vec::new(), end: String::new() }
    }

    /// From now on, it is in this state.
    pub fn enter(&mut self, state: State, now: Duration) {
        self.extend(now);
        if let [connecting] = &mut self.spans[..] {
            // To a server on this machine, it rarely takes a millisecond.
            let time = connecting.to - connecting.from;
            if connecting.state == State::Connecting && time < UNSEEN {
                connecting.state = state;
            }
        }
        if self.state() != Some(state) {
            self.spans.push(Span { state, from: now, to: now });
        }
    }

    /// It is still in the state that it was in.
    pub fn extend(&mut self, now: Duration) {
        if let Some(last) = self.spans.last_mut() {
            last.to = now;
        }
    }

    /// Whether a thread works most of the time, or changes again and again.
    pub fn is_restless(&self) -> bool {
        let time = |it: &Span| it.to - it.from;
        let all: Duration = self.spans.iter().map(time).sum();
        let runs = self.spans.iter().filter(|it| it.state == State::Running);
        let runs: Duration = runs.map(time).sum();
        runs * 2 > all || self.spans.len() >= RESTLESS
    }

    pub fn state(&self) -> Option<State> {
        self.spans.last().map(|last| last.state)
    }

    pub fn last(&self) -> Duration {
        self.spans.last().map_or(Duration::ZERO, |last| last.to)
    }
}

/// A run of one server.
pub struct Run {
    pub server: String,
    pub clients: Vec<Lane>,
    pub threads: Vec<Lane>,
    /// What happened to the whole server: a signal, its end.
    pub marks: Vec<(Duration, String)>,
    /// For `--shape`: who was where at each moment that the scene names.
    pub shape: String,
    /// Why there is less to see of the threads than there could be.
    pub note: Option<String>,
}

impl Run {
    pub fn lanes(&self) -> impl Iterator<Item = &Lane> {
        self.clients.iter().chain(&self.threads)
    }
}

/// How long the longest run takes: all are drawn on one axis.
pub fn length(runs: &[Run]) -> Duration {
    let ends = runs.iter().flat_map(Run::lanes).map(Lane::last);
    ends.max().unwrap_or_default().max(Duration::from_millis(1))
}

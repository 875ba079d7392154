//! Plays a scene against a server, and records what happens.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use crate::client::{Client, End};
use crate::options::Server;
use crate::record::{Run, State};
use crate::scene::{Act, Scene, Step};
use crate::server::{self, Running};
use crate::shape;
use crate::threads::Threads;

/// The pause between two looks at the threads.
const PAUSE: Duration = Duration::from_millis(4);

/// When nothing has changed for this long, in this many looks, nothing will.
const CALM: Duration = Duration::from_millis(80);
const CALM_LOOKS: u32 = 8;

/// A server whose threads never rest isn't waited for any longer.
const UNREST: Duration = Duration::from_millis(500);

struct Play {
    start: Instant,
    server: Running,
    threads: Threads,
    clients: Vec<Client>,
    marks: Vec<(Duration, String)>,
    /// The processes that the server has started.
    children: Vec<u32>,
    /// How the server has ended.
    end: Option<String>,
    /// How many times something has changed for a client, and when it last did.
    changes: usize,
    changed: Instant,
    shape: String,
}

pub fn play(scene: &Scene, server: &Server) -> Result<Run, String> {
    let running = server::start(server)?;
    let mut play = Play::new(running);
    // It may still be starting its threads.
    play.wait_until_calm();
    play.start_clock();
    for step in scene.steps {
        play.step(step)?;
    }
    play.finish(scene);
    Ok(play.into_run(server))
}

impl Play {
    fn new(server: Running) -> Play {
        let start = Instant::now();
        Play {
            start,
            threads: Threads::new(server.id(), start),
            server,
            clients: Vec::new(),
            marks: Vec::new(),
            children: Vec::new(),
            end: None,
            changes: 0,
            changed: start,
            shape: String::new(),
        }
    }

    /// Everything before this was only the server's start.
    fn start_clock(&mut self) {
        self.start = Instant::now();
        self.threads = Threads::new(self.server.id(), self.start);
        self.look();
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        match *step {
            Step::Come(count, label, act) => {
                for _ in 0..count {
                    self.come(label, act)?;
                }
            }
            Step::GoOn => {
                let next = self.clients.iter_mut().find(|it| it.holds_back);
                next.expect("a scene has a client that holds back").go_on();
            }
            Step::Signal => {
                self.server.terminate()?;
                self.marks.push((self.start.elapsed(), "SIGTERM".to_string()));
            }
            Step::Moment(name, pause) => {
                self.wait_until_calm();
                self.note_moment(name);
                let pause = Duration::from_millis(pause);
                self.watch(pause, |_| false);
            }
        }
        Ok(())
    }

    fn come(&mut self, label: &str, act: Act) -> Result<(), String> {
        let address: SocketAddr = self.server.address;
        let client = Client::start(label, act, address, self.start)
            .map_err(|error| format!("cannot start a client: {error}"))?;
        self.clients.push(client);
        // Connecting has a limit of its own.
        self.watch(Duration::MAX, |play| {
            play.clients.last().is_some_and(|it| it.notes().is_ready)
        });
        Ok(())
    }

    /// Waits for the answers, as long as the scene allows, and then lets the
    /// clients that stay leave.
    fn finish(&mut self, scene: &Scene) {
        let patience = Duration::from_millis(scene.patience);
        self.watch(patience, |play| {
            let others = play.clients.iter().filter(|it| !it.stays);
            others.into_iter().all(|it| it.notes().end.is_some())
        });
        for client in self.clients.iter_mut().filter(|it| it.stays) {
            client.go_on();
        }
        self.wait_until_calm();
        if !self.marks.is_empty() {
            self.watch(patience, |play| play.end.is_some());
        }
        self.wait_until_calm();
        self.note_moment("at the end");
    }

    /// Looks at the threads again and again, until a condition holds or time is
    /// up.
    fn watch(&mut self, limit: Duration, until: impl Fn(&Play) -> bool) {
        let start = Instant::now();
        while !until(self) && start.elapsed() < limit {
            thread::sleep(PAUSE.min(limit.saturating_sub(start.elapsed())));
            self.look();
        }
    }

    fn wait_until_calm(&mut self) {
        let start = Instant::now();
        let mut looks = 0;
        let mut calm_since = start;
        while start.elapsed() < UNREST
            && (looks < CALM_LOOKS || calm_since.elapsed() < CALM)
        {
            thread::sleep(PAUSE);
            self.look();
            looks += 1;
            if !self.is_calm(calm_since) {
                (looks, calm_since) = (0, Instant::now());
            }
        }
    }

    /// Whether nothing runs, and nothing has changed since then.
    fn is_calm(&self, since: Instant) -> bool {
        self.changed <= since
            && self.threads.all().iter().all(|it| it.since <= since)
            && self
                .threads
                .alive()
                .all(|it| it.lane.state() != Some(State::Running))
    }

    fn look(&mut self) {
        if self.end.is_none() {
            self.threads.sample();
            self.end = self.server.end();
            if self.end.is_none() {
                self.children = self.threads.children();
            }
            if let Some(end) = &self.end {
                self.marks.push((self.threads.end_all(), end.clone()));
            }
        }
        let changes = self.clients.iter().map(|client| {
            let notes = client.notes();
            notes.lane.spans.len() + usize::from(notes.end.is_some())
        });
        let changes = changes.sum();
        if changes != self.changes {
            (self.changes, self.changed) = (changes, Instant::now());
        }
    }

    fn note_moment(&mut self, name: &str) {
        let now = Instant::now();
        let threads: Vec<_> = self
            .threads
            .alive()
            .map(|it| {
                let rests = now.duration_since(it.since) >= CALM;
                let state = it.lane.state().filter(|_| rests);
                (it.lane.label.clone(), state.unwrap_or(State::Running))
            })
            .collect();
        let clients: Vec<(String, State, Option<End>)> = self
            .clients
            .iter()
            .map(|client| {
                let notes = client.notes();
                let state = notes.lane.state().unwrap_or(State::Connecting);
                (notes.lane.label.clone(), state, notes.end.clone())
            })
            .collect();
        self.shape += &shape::moment(name, &clients, &threads);
    }

    fn into_run(self, server: &Server) -> Run {
        let now = self.start.elapsed();
        let mut shape = self.shape;
        if let Some((_, end)) = self.marks.last() {
            shape += &format!("  the server: {end}\n");
        }
        let clients = self.clients.into_iter().map(|client| client.lane(now));
        let clients = clients.collect();
        let threads = self.threads.all().iter().map(|it| it.lane.clone());
        let threads = threads.collect();
        let note = self.threads.note.clone();
        self.server.stop(&self.children);
        let (server, marks) = (server.name.clone(), self.marks);
        Run { server, clients, threads, marks, shape, note }
    }
}

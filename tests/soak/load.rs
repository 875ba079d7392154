//! Many clients at once, while the pages change, and what became of them.

use std::net::SocketAddr;
use std::panic::resume_unwind;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;

use crate::pages::Site;
use crate::slow::{LIVES, Life};
use crate::support::report::Outcome;
use crate::visitors::visit;

/// How many visitors are there at once.
const VISITORS: usize = 16;

/// How many clients of each slow kind are there at once.
const SLOW: usize = 4;

/// After so many losses, there's no use in going on.
const MAX_LOST: usize = 20;

/// What became of the clients of one kind: a row of the report.
#[derive(Default)]
pub struct Row {
    pub name: String,
    pub connections: AtomicUsize,
    pub responses: AtomicUsize,
    /// What went wrong, once for each client.
    pub lost: Mutex<Vec<String>>,
}

impl Row {
    pub fn new(name: &str) -> Row {
        Row { name: name.to_string(), ..Row::default() }
    }

    /// Counts clients and their responses. Says whether there's use in going on.
    pub fn record(&self, clients: usize, outcome: Outcome<usize>) -> bool {
        self.connections.fetch_add(clients, SeqCst);
        let mut lost = self.lost.lock().unwrap();
        match outcome {
            Ok(count) => _ = self.responses.fetch_add(count, SeqCst),
            Err(deviation) => lost.push(deviation.to_string()),
        }
        lost.len() < MAX_LOST
    }
}

pub struct Load<'a> {
    site: &'a Site,
    address: SocketAddr,
    /// How many visits are still to begin.
    visits: AtomicUsize,
    is_over: AtomicBool,
    /// The visitors, and then the slow clients, if there are any.
    pub rows: Vec<Row>,
}

impl Load<'_> {
    /// Visitors alone.
    pub fn visitors<'a>(
        site: &'a Site,
        address: SocketAddr,
        name: &str,
        visits: usize,
    ) -> Load<'a> {
        let visits = AtomicUsize::new(visits);
        let rows = vec![Row::new(name)];
        Load { site, address, visits, is_over: AtomicBool::default(), rows }
    }

    /// The same, and slow clients of every kind beside them.
    pub fn and_slow_clients(mut self) -> Self {
        self.rows.extend(LIVES.map(|(name, _)| Row::new(name)));
        self
    }

    /// Begins, and does `work` meanwhile. Comes back when all visitors have been
    /// there, and then nobody is connected.
    pub fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        thread::scope(|scope| {
            for page in [&self.site.small, &self.site.large] {
                scope.spawn(|| {
                    while !self.is_over.load(SeqCst) {
                        page.replace(&self.site.root.0).expect("a page");
                    }
                });
            }
            for (row, (_, life)) in self.rows[1..].iter().zip(LIVES) {
                for _ in 0..SLOW {
                    scope.spawn(move || self.live(row, life));
                }
            }
            // Even if something panics, the others come to their end.
            let end = End(self);
            let visitors =
                [(); VISITORS].map(|()| scope.spawn(|| self.visit()));
            let result = work();
            for visitor in visitors {
                if let Err(panic) = visitor.join() {
                    resume_unwind(panic);
                }
            }
            drop(end);
            result
        })
    }

    /// No further visit begins.
    pub fn stop(&self) {
        self.visits.store(0, SeqCst);
    }

    pub fn is_stopped(&self) -> bool {
        self.visits.load(SeqCst) == 0
    }

    fn visit(&self) {
        let next = || {
            let less = |visits: usize| visits.checked_sub(1);
            self.visits.fetch_update(SeqCst, SeqCst, less)
        };
        while let Ok(number) = next() {
            if !self.rows[0].record(1, visit(self.site, self.address, number)) {
                self.stop();
            }
        }
    }

    fn live(&self, row: &Row, life: Life) {
        while !self.is_over.load(SeqCst) {
            if !row.record(1, life(self.site, self.address)) {
                return self.stop();
            }
        }
    }
}

struct End<'a>(&'a Load<'a>);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.stop();
        self.0.is_over.store(true, SeqCst);
    }
}

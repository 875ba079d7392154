//! The steps are one walk: what holds between them, and for all of them.

mod files;
mod programs;
mod table;

#[allow(dead_code)] // The book needs more of it,
#[path = "../support/catalogue.rs"]
mod catalogue;
#[allow(dead_code)] // and the behaviours do.
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::fs;
use support::place::{self, repository};

/// A step of the walk.
struct Step {
    /// Its directory. The binary has the first part of this name.
    name: &'static str,
    /// The files that it adds or changes.
    changes: &'static [&'static str],
    /// How many lines it may add to the step before it.
    max_added: usize,
}

impl Step {
    fn binary(&self) -> &'static str {
        &self.name[.."step00".len()]
    }

    /// Its number: 5 for `step05_thread_pool`.
    fn number(&self) -> usize {
        self.name["step".len().."step00".len()].parse().unwrap()
    }

    /// The names of its files, and what they contain.
    fn files(&self) -> BTreeMap<String, String> {
        let directory = repository().join("steps").join(self.name);
        let files = fs::read_dir(directory).unwrap().map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().to_string();
            let text = fs::read_to_string(path).unwrap();
            (name, text.replace("\r\n", "\n"))
        });
        files.collect()
    }
}

/// Files that the reader copies instead of typing them.
const COPIED: &[&str] = &[
    "access_log.rs",
    "date.rs",
    "descriptors.rs",
    "epoll.rs",
    "media_type.rs",
    "options.rs",
    "poll.rs",
    "poller.rs",
    "same_file.rs",
    "sendfile.rs",
    "signal.rs",
];

const STEPS: &[Step] = &[
    Step { name: "step01_listen", changes: &["main.rs"], max_added: 30 },
    Step { name: "step02_respond", changes: &["main.rs"], max_added: 70 },
    Step { name: "step03_route", changes: &["main.rs"], max_added: 70 },
    Step {
        name: "step04_thread_per_request",
        changes: &["main.rs"],
        max_added: 70,
    },
    Step {
        name: "step05_thread_pool",
        changes: &["main.rs", "thread_pool.rs"],
        max_added: 70,
    },
    Step {
        name: "step06_graceful_shutdown",
        changes: &["main.rs", "signal.rs", "thread_pool.rs"],
        max_added: 70,
    },
    Step {
        name: "step07_requests",
        changes: &["main.rs", "request.rs", "thread_pool.rs"],
        max_added: 200,
    },
    Step {
        name: "step08_responses",
        changes: &[
            "date.rs",
            "main.rs",
            "request.rs",
            "response.rs",
            "site.rs",
        ],
        max_added: 200,
    },
    Step {
        name: "step09_files",
        changes: &[
            "files.rs",
            "main.rs",
            "media_type.rs",
            "options.rs",
            "response.rs",
            "same_file.rs",
            "site.rs",
        ],
        max_added: 250,
    },
    Step {
        name: "step10_validators",
        changes: &[
            "date.rs",
            "files.rs",
            "main.rs",
            "options.rs",
            "request.rs",
            "response.rs",
            "site.rs",
            "validators.rs",
        ],
        max_added: 200,
    },
    Step {
        name: "step11_ranges",
        changes: &[
            "files.rs",
            "main.rs",
            "options.rs",
            "ranges.rs",
            "response.rs",
            "site.rs",
            "validators.rs",
        ],
        max_added: 200,
    },
    Step {
        name: "step12_limits",
        changes: &[
            "connection.rs",
            "head.rs",
            "limits.rs",
            "main.rs",
            "options.rs",
            "request.rs",
            "response.rs",
        ],
        max_added: 200,
    },
    Step {
        name: "step13_deadlines",
        changes: &[
            "connection.rs",
            "limits.rs",
            "main.rs",
            "options.rs",
            "response.rs",
            "writer.rs",
        ],
        max_added: 200,
    },
    Step {
        name: "step14_lingering_close",
        changes: &["connection.rs", "limits.rs", "main.rs", "options.rs"],
        max_added: 200,
    },
    Step {
        name: "step15_overload",
        changes: &[
            "access_log.rs",
            "connection.rs",
            "date.rs",
            "files.rs",
            "limits.rs",
            "log.rs",
            "main.rs",
            "options.rs",
            "overload.rs",
            "response.rs",
            "signal.rs",
            "thread_pool.rs",
        ],
        max_added: 200,
    },
    Step {
        name: "step16_keep_alive",
        changes: &[
            "answer.rs",
            "connection.rs",
            "limits.rs",
            "main.rs",
            "options.rs",
            "request.rs",
            "response.rs",
        ],
        max_added: 200,
    },
    Step {
        name: "step17_bodies",
        changes: &[
            "answer.rs",
            "body.rs",
            "connection.rs",
            "head.rs",
            "limits.rs",
            "main.rs",
            "options.rs",
            "request.rs",
            "response.rs",
        ],
        max_added: 200,
    },
    Step {
        name: "step18_nonblocking",
        changes: &[
            "answer.rs",
            "connection.rs",
            "descriptors.rs",
            "limits.rs",
            "main.rs",
            "options.rs",
            "overload.rs",
            "thread_pool.rs",
        ],
        max_added: 300,
    },
    Step {
        name: "step19_event_loop",
        changes: &[
            "answer.rs",
            "connection.rs",
            "event_loop.rs",
            "limits.rs",
            "main.rs",
            "options.rs",
            "overload.rs",
            "poller.rs",
            "thread_pool.rs",
            "waker.rs",
        ],
        max_added: 300,
    },
    Step {
        name: "step20_scale",
        changes: &[
            "cache.rs",
            "connection.rs",
            "epoll.rs",
            "event_loop.rs",
            "files.rs",
            "limits.rs",
            "main.rs",
            "options.rs",
            "poll.rs",
            "poller.rs",
            "response.rs",
            "sendfile.rs",
            "site.rs",
            "thread_pool.rs",
            "writer.rs",
        ],
        max_added: 300,
    },
];

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
const COPIED: [&str; 1] = ["signal.rs"];

/// Steps 07 to 10 are larger than a step should be. They will be cut anew, and
/// until then they may add as much as they do.
const STEPS: [Step; 10] = [
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
        changes: &[
            "date.rs",
            "main.rs",
            "request.rs",
            "response.rs",
            "site.rs",
            "thread_pool.rs",
        ],
        max_added: 320,
    },
    Step {
        name: "step08_static_files",
        changes: &[
            "date.rs",
            "files.rs",
            "main.rs",
            "options.rs",
            "request.rs",
            "response.rs",
            "site.rs",
        ],
        max_added: 510,
    },
    Step {
        name: "step09_limits",
        changes: &[
            "connection.rs",
            "input.rs",
            "limits.rs",
            "main.rs",
            "options.rs",
            "output.rs",
            "request.rs",
            "response.rs",
            "thread_pool.rs",
        ],
        max_added: 400,
    },
    Step {
        name: "step16_keep_alive",
        changes: &[
            "access_log.rs",
            "body.rs",
            "cache.rs",
            "connection.rs",
            "crowd.rs",
            "date.rs",
            "files.rs",
            "input.rs",
            "limits.rs",
            "main.rs",
            "options.rs",
            "request.rs",
            "response.rs",
            "thread_pool.rs",
        ],
        max_added: 990,
    },
];

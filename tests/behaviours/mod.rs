//! The catalogue: what a server can do, in one table, from step to step.
//!
//! A behaviour is a function whose name is a sentence. It talks to a running
//! server and returns `Ok`, or what it saw instead.

// The compiler warns of a behaviour that the table doesn't list, and .ci/run
// takes a warning for an error.

#[macro_use]
mod table;
#[macro_use]
mod contract;

#[cfg(target_os = "linux")]
pub mod accepting;
pub mod bodies;
pub mod chunks;
pub mod concurrency;
pub mod connections;
#[cfg(target_os = "linux")]
pub mod crowds;
pub mod deadlines;
pub mod directory;
#[cfg(unix)]
pub mod draining;
pub mod event_loop;
pub mod files;
pub mod keep_alive;
pub mod limits;
pub mod lingering;
pub mod listening;
#[cfg(target_os = "linux")]
pub mod logging;
pub mod overload;
pub mod partial;
pub mod pool;
pub mod preconditions;
pub mod proof;
pub mod ranges;
pub mod requests;
pub mod responding;
pub mod responses;
pub mod routing;
pub mod scale;
pub mod sending;
#[cfg(unix)]
pub mod shutdown;
#[cfg(unix)]
pub mod symlinks;
pub mod validators;

use crate::support::report::{Deviation, Outcome, Symptom};

/// What a behaviour reports when an answer comes but isn't the right one.
fn differs<T>(expected: &str, saw: &str) -> Outcome<T> {
    Err(Deviation::new(Symptom::Differs, expected, saw))
}

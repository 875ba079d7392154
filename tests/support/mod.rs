//! Starts a server, talks to it in bytes, and tells what went wrong.

pub mod by_hand;
pub mod client;
#[cfg(target_os = "linux")]
pub mod linux;
pub mod notes;
pub mod output;
pub mod place;
pub mod program;
pub mod report;
pub mod response;
pub mod running;
pub mod scratch;
pub mod server;

use std::time::Duration;

/// What hasn't happened after this time is assumed not to happen. The one wait
/// in the suite that is short: too short, and a test overlooks a fault, but it
/// never reports one that is not there.
pub const SHORT_WAIT: Duration = Duration::from_millis(200);

/// What must happen gets this long. Only a fault ever takes that long.
pub const DEADLINE: Duration = Duration::from_secs(10);

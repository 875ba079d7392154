//! How a picture looks: a fill for each state, and the colours of the themes.

use crate::record::State;

/// The class of a state's fill, and what is drawn on it in a tile of 8 by 8. A
/// colour alone would tell nothing to some readers, and nothing in print.
pub fn fill(state: State) -> (&'static str, &'static str) {
    match state {
        State::Connecting | State::Silent => ("free", ""),
        State::SendingSlowly | State::Reading => ("client", DOTS),
        State::WaitingForAnswer => ("waits", HATCH),
        State::Receiving | State::Running => ("busy", ""),
        State::Idle => ("free", ""),
        State::Sleeping => ("work", ""),
        State::Writing => ("client", BARS),
        State::WaitingForLock => ("lock", CROSS),
        State::WaitingForJob => ("free", ""),
        State::WaitingForMessage => ("free", ""),
        State::Accepting | State::Polling => ("open", LINES),
        State::WaitingForSignal => ("free", ""),
        State::Joining => ("waits", BACK),
        State::Blocked => ("free", BACK),
    }
}

const DOTS: &str = "M1 2h2M5 6h2";
const HATCH: &str = "M-2 2 2-2M0 8 8 0M6 10 10 6";
const BACK: &str = "M-2 6 2 10M0 0 8 8M6-2 10 2";
const CROSS: &str = "M0 0 8 8M0 8 8 0";
const LINES: &str = "M0 4H8";
const BARS: &str = "M4 0V8";

/// It is part of each picture, so that a picture can go anywhere.
pub const STYLE: &str = include_str!("style.css");

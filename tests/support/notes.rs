//! What a failure says besides the deviation.

use std::cell::RefCell;

use super::output::Output;

/// A server shares these with the other servers that a behaviour starts.
#[derive(Default)]
pub struct Notes {
    /// The commands with which a learner sees the same.
    pub by_hand: RefCell<String>,
    /// How each server was started, and its standard error.
    pub errors: RefCell<Vec<(String, Output)>>,
}

impl Notes {
    /// The commands, with this program and address.
    pub fn commands(&self, program: &str, address: &str) -> String {
        let commands = self.by_hand.borrow();
        let whole = match commands.contains("SERVER") {
            true => commands.clone(),
            false => format!(
                "SERVER ADDRESS & server=$!; sleep 1\n\
                 {commands}\n\
                 kill $server"
            ),
        };
        let (host, port) = address.rsplit_once(':').unwrap_or_default();
        whole
            .replace("/dev/tcp/ADDRESS", &format!("/dev/tcp/{host}/{port}"))
            .replace("ADDRESS", address)
            .replace("PORT", port)
            .replace("SERVER", program)
    }
}

/// The first lines and the last ones, which often tell how a server ended.
pub fn excerpt(mut lines: Vec<String>) -> Vec<String> {
    let left_out = lines.len().saturating_sub(12);
    if left_out > 1 {
        let note = format!("… {left_out} lines …");
        lines.splice(6..6 + left_out, [note]);
    }
    lines
}

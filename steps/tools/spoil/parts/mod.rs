//! The parts of the server that spoilt input meets, and what must hold for each.

pub mod bodies;
pub mod connections;
pub mod heads;
pub mod paths;
pub mod preconditions;
pub mod ranges;
pub mod sockets;

use crate::random::Random;

/// A part of the server: how to make an input for it, and how to check what it
/// does with one. The error says which rule is broken.
pub struct Part {
    pub name: &'static str,
    /// How many inputs are tried at least, even if the machine is busy.
    pub at_least: usize,
    pub make: fn(&mut Random) -> Vec<u8>,
    pub check: fn(&[u8], &mut Random) -> Result<(), String>,
}

pub const PARTS: &[Part] = &[
    heads::PART,
    paths::PART,
    ranges::PART,
    preconditions::PART,
    bodies::PART,
    connections::PART,
    sockets::PART,
];

/// Fails with both sides unless they're the same.
fn same<T: PartialEq + std::fmt::Debug>(
    what: &str,
    expected: T,
    found: T,
) -> Result<(), String> {
    match expected == found {
        true => Ok(()),
        false => Err(format!(
            "{what}\n  by the rules: {expected:?}\n  by the server: {found:?}"
        )),
    }
}

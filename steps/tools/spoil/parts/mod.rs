//! The parts of the server that spoilt input meets, and what holds for each.

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

/// The values of the fields with this name, which is in lowercase. The
/// rules don't ask the server's parser for them, because that may be wrong.
fn values<'a>(head: &'a [u8], name: &str) -> Vec<&'a [u8]> {
    let lines = head.split(|&byte| byte == b'\n').skip(1);
    let fields = lines.filter_map(|line| {
        let colon = line.iter().position(|&byte| byte == b':')?;
        let is_named = line[..colon].to_ascii_lowercase() == name.as_bytes();
        is_named.then(|| line[colon + 1..].trim_ascii())
    });
    fields.collect()
}

/// The elements of all these lists, in lowercase.
fn elements(values: &[&[u8]]) -> Vec<Vec<u8>> {
    let all = values.join(&b',').to_ascii_lowercase();
    let elements = all.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
    elements.filter(|it| !it.is_empty()).map(<[u8]>::to_vec).collect()
}

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

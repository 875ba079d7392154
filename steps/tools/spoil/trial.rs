//! One input for one part of the server.

use crate::parts::Part;
use crate::random::Random;
use std::any::Any;
use std::panic::{self, AssertUnwindSafe};

#[derive(Clone)]
pub struct Trial {
    pub part: &'static Part,
    pub seed: u64,
    pub input: Vec<u8>,
}

impl Trial {
    /// The input that this seed makes.
    pub fn new(part: &'static Part, seed: u64) -> Trial {
        let input = (part.make)(&mut Random::new(seed));
        Trial { part, seed, input }
    }

    /// The error says which rule is broken.
    pub fn run(&self) -> Result<(), String> {
        let mut random = Random::new(self.seed);
        let check = || (self.part.check)(&self.input, &mut random);
        panic::catch_unwind(AssertUnwindSafe(check))
            .unwrap_or_else(|panic| Err(format!("a panic: {}", text(&*panic))))
    }

    /// What a person needs to look into it.
    pub fn report(&self, error: &str) -> String {
        let Trial { part, seed, input } = self;
        format!(
            "{}: {error}\n  input: {}\n  again: SPOIL_SECONDS=0 \
             SPOIL_SEED={seed} cargo run --bin spoil\n",
            part.name,
            printf(input)
        )
    }
}

fn text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("without a message")
}

/// A shell command that prints these bytes.
fn printf(bytes: &[u8]) -> String {
    let mut text = String::new();
    for &byte in bytes {
        match byte {
            b'\r' => text += "\\r",
            b'\n' => text += "\\n",
            b'%' => text += "%%",
            b'\'' | b'\\' => text += &format!("\\{byte:03o}"),
            b' '..=b'~' => text.push(byte.into()),
            _ => text += &format!("\\{byte:03o}"),
        }
    }
    format!("printf '{text}'")
}

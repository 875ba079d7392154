//! What a behaviour reports when a server does not have it.

use std::fmt;

pub type Outcome<T = ()> = Result<T, Deviation>;

/// How a server shows that it lacks a behaviour. `Broken` never counts as
/// lacking one: the test could not be carried out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Symptom {
    /// No answer came.
    Hangs,
    /// The connection ended before a byte of an answer.
    Closes,
    /// Something else happened than should have.
    Differs,
    /// The client could not finish sending.
    Resets,
    /// The process ended.
    Dies,
    Broken,
}

impl Symptom {
    /// What usually is behind it.
    fn hint(self) -> &'static str {
        match self {
            Symptom::Hangs => {
                "whoever should answer is busy with somebody else or has \
                 ended; or it reads on after the blank line that ends the head; \
                 or Content-Length promises more bytes than there are."
            }
            Symptom::Closes => {
                "the handler panicked (see standard error below), returned \
                 early, or dropped the connection before writing to it. \
                 curl calls this an empty reply."
            }
            Symptom::Differs => {
                "compare `expected` and `came back` above, to the letter."
            }
            Symptom::Resets => {
                "a connection that is closed while input waits unread is \
                 reset, and the reset can destroy an answer on its way."
            }
            Symptom::Dies => {
                "the process ended. If it was to end, then it did so too \
                 early, before all who waited were answered, or with a \
                 status that says that something went wrong."
            }
            Symptom::Broken => {
                "the server did not start, or has ended, or listens at \
                 another address than the one that it printed."
            }
        }
    }
}

/// What a behaviour saw instead of what it expected.
#[derive(Debug)]
pub struct Deviation {
    pub symptom: Symptom,
    /// The bytes that were sent before it.
    pub sent: Vec<u8>,
    pub expected: String,
    pub saw: String,
}

impl Deviation {
    pub fn new(symptom: Symptom, expected: &str, saw: &str) -> Deviation {
        let (expected, saw) = (expected.to_string(), saw.to_string());
        Deviation { symptom, sent: Vec::new(), expected, saw }
    }

    /// Says what was to be expected, where the caller knows better.
    pub fn expected(mut self, expected: &str) -> Deviation {
        self.expected = expected.to_string();
        self
    }
}

impl fmt::Display for Deviation {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        if !self.sent.is_empty() {
            writeln!(out, "  sent:      {}", shown(&self.sent))?;
        }
        writeln!(out, "  expected:  {}", self.expected)?;
        writeln!(out, "  came back: {}", self.saw)?;
        writeln!(out, "  hint:      {}", self.symptom.hint())
    }
}

/// Bytes as a person can read them, the middle of many left out.
pub fn shown(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "nothing".to_string();
    }
    if bytes.len() <= 400 {
        return bytes.escape_ascii().to_string();
    }
    let (first, last) = (&bytes[..200], &bytes[bytes.len() - 100..]);
    let left_out = bytes.len() - 300;
    format!(
        "{} … {left_out} bytes … {}",
        first.escape_ascii(),
        last.escape_ascii()
    )
}

//! What a behaviour reports when a server doesn't have it.

use std::fmt;

pub type Outcome<T = ()> = Result<T, Deviation>;

/// How a server shows that it lacks a behaviour. `Broken` never counts as
/// lacking one: the test couldn't be carried out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Symptom {
    /// No response came.
    Hangs,
    /// The connection ended before the first byte of a response.
    Closes,
    /// Something happened other than what should have.
    Differs,
    /// The client couldn't finish sending.
    Resets,
    /// The process ended.
    Dies,
    Broken,
}

impl Symptom {
    /// Where to look, and what the usual cause is.
    fn hint(self) -> &'static str {
        match self {
            Symptom::Hangs => {
                "look at what the thread that should respond is doing. Usual \
                 causes: it reads on after the blank line that ends the head, \
                 it waits for another client, it has ended, or it has never \
                 closed the connection."
            }
            Symptom::Closes => {
                "look at the standard error below. Usual causes: the handler \
                 panicked, raised an exception or returned early, so that the \
                 connection was closed before a byte was written; or no worker \
                 is left. curl calls this an empty reply."
            }
            Symptom::Differs => "compare `expected` with `came back`.",
            Symptom::Resets => {
                "look at what the server has read before it closes the \
                 connection. Usual cause: bytes of the request were still \
                 unread. The kernel then sends a reset, which can destroy a \
                 response on its way."
            }
            Symptom::Dies => {
                "look at what ended the process: the exit status above, and \
                 the standard error below. A shutdown ends it too early if it \
                 doesn't wait for every client that has connected."
            }
            Symptom::Broken => {
                "look at the server's standard error, if there's any. Usual \
                 causes: it couldn't start, an error that nobody caught has \
                 ended it, or it listens on another address than the one that \
                 it printed."
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
    /// Where to look, if more is known than the symptom.
    pub hint: String,
}

impl Deviation {
    pub fn new(symptom: Symptom, expected: &str, saw: &str) -> Deviation {
        Deviation {
            symptom,
            sent: Vec::new(),
            expected: expected.to_string(),
            saw: saw.to_string(),
            hint: symptom.hint().to_string(),
        }
    }

    /// Says what was expected, where the caller knows better.
    pub fn expected(mut self, expected: &str) -> Deviation {
        self.expected = expected.to_string();
        self
    }

    /// Says where to look, where the caller knows better.
    pub fn hint(mut self, hint: &str) -> Deviation {
        self.hint = hint.to_string();
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
        writeln!(out, "  hint:      {}", self.hint)
    }
}

/// Bytes as a person can read them, without the middle if there are many.
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

/// Where two bodies differ: their lengths, and what follows the first byte that
/// isn't the same.
pub fn difference(expected: &[u8], saw: &[u8]) -> String {
    let same = expected.iter().zip(saw).take_while(|(a, b)| a == b).count();
    let rest = |body: &[u8]| match body.get(same..same + 40) {
        Some(next) => format!("`{}…`", next.escape_ascii()),
        None if same == body.len() => "its end".to_string(),
        None => format!("`{}`", body[same..].escape_ascii()),
    };
    format!(
        "{} bytes, of which the first {same} are as expected; then comes {} \
         instead of {}",
        saw.len(),
        rest(saw),
        rest(expected)
    )
}

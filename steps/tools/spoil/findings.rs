//! What spoilt input has found: each finding is tried first, from then on.

/// A part's name, and an input for it.
pub const FINDINGS: &[(&str, &[u8])] = &[];

//! What step 13 does, and what it doesn't do yet.
//!
//!     cargo test --test step13
//!
//! The same for a server of your own, named by its path (only what it does):
//!
//!     SERVER=target/debug/my-server cargo test --test step13 has

#[macro_use]
mod behaviours;
mod support;

contract!($ step13: before 12, now 13, later 14 15 16 17 18 19 20);

//! What step 12 does, and what it doesn't do yet.
//!
//!     cargo test --test step12
//!
//! The same for a server of your own, named by its path (only what it does):
//!
//!     SERVER=target/debug/my-server cargo test --test step12 has

#[macro_use]
mod behaviours;
mod support;

contract!($ step12: before 11, now 12, later 13 14 15 16 17 18 19 20);

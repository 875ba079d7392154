//! What step 07 does, and what it doesn't do yet.
//!
//!     cargo test --test step07
//!
//! The same for a server of your own, named by its path (only what it does):
//!
//!     SERVER=target/debug/my-server cargo test --test step07 has

#[macro_use]
mod behaviours;
mod support;

contract!($ step07: before 06, now 07, later 08 09 10 11 12 13 14 15 16 17 18 19 20);

//! What step 06 does, and what it doesn't do yet.
//!
//!     cargo test --test step06
//!
//! The same for a server of your own, named by its path (only what it does):
//!
//!     SERVER=target/debug/my-server cargo test --test step06 has

#[macro_use]
mod behaviours;
mod support;

contract!($ step06: before 05, now 06, later 07 08 09 10 11 12 13 14 15 16 17 18 19 20);

//! What step 11 does, and what it doesn't do yet.
//!
//!     cargo test --test step11
//!
//! The same for a server of your own, named by its path (only what it does):
//!
//!     SERVER=target/debug/my-server cargo test --test step11 has

#[macro_use]
mod behaviours;
mod support;

contract!($ step11: before 10, now 11, later 12 13 14 15 16 17 18 19 20);

//! What step 17 does, and what it doesn't do yet.
//!
//!     cargo test --test step17
//!
//! The same for a server of your own, named by its path (only what it does):
//!
//!     SERVER=target/debug/my-server cargo test --test step17 has

#[macro_use]
mod behaviours;
mod support;

contract!($ step17: before 16, now 17, later 18 19 20);

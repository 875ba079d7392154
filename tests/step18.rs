//! What step 18 does, and what it doesn't do yet.
//!
//!     cargo test --test step18
//!
//! The same for a server of your own, named by its path (only what it does):
//!
//!     SERVER=target/debug/my-server cargo test --test step18 has

#[macro_use]
mod behaviours;
mod support;

contract!($ step18: before 17, now 18, later 19 20);

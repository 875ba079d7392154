//! What step 19 does, and what it doesn't do yet.
//!
//!     cargo test --test step19
//!
//! The same for a server of your own, named by its path (only what it does):
//!
//!     SERVER=target/debug/my-server cargo test --test step19 has

#[macro_use]
mod behaviours;
mod support;

contract!($ step19: before 18, now 19, later 20);

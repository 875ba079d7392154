//! What step 15 does, and what it doesn't do yet.
//!
//!     cargo test --test step15
//!
//! The same for a server of your own, named by its path (only what it does):
//!
//!     SERVER=target/debug/my-server cargo test --test step15 has

#[macro_use]
mod behaviours;
mod support;

contract!($ step15: before 14, now 15, later 16 17 18 19 20);

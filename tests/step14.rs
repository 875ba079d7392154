//! What step 14 does, and what it doesn't do yet.
//!
//!     cargo test --test step14
//!
//! The same for a server of your own, named by its path (only what it does):
//!
//!     SERVER=target/debug/my-server cargo test --test step14 has

#[macro_use]
mod behaviours;
mod support;

contract!($ step14: before 13, now 14, later 15 16 17 18 19 20);

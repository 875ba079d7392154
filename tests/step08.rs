//! What step 08 does, and what it doesn't do yet.
//!
//!     cargo test --test step08
//!
//! The same for a server of your own, named by its path (only what it does):
//!
//!     SERVER=target/debug/my-server cargo test --test step08 has

#[macro_use]
mod behaviours;
mod support;

contract!($ step08: before 07, now 08, later 09 10 11 12 13 14 15 16 17 18 19 20);

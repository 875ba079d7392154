//! What step 10 does, and what it doesn't do yet.
//!
//!     cargo test --test step10
//!
//! The same for a server of your own, named by its path (only what it does):
//!
//!     SERVER=target/debug/my-server cargo test --test step10 has

#[macro_use]
mod behaviours;
mod support;

contract!($ step10: before 09, now 10, later 11 12 13 14 15 16 17 18 19 20);

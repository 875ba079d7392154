//! What step 09 does, and what it doesn't do yet.
//!
//!     cargo test --test step09
//!
//! The same for a server of your own, named by its path (only what it does):
//!
//!     SERVER=target/debug/my-server cargo test --test step09 has

#[macro_use]
mod behaviours;
mod support;

contract!($ step09: before 08, now 09, later 10 11 12 13 14 15 16 17 18 19 20);

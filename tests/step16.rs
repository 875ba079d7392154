//! What step 16 does, and what it doesn't do yet.
//!
//!     cargo test --test step16
//!
//! The same for a server of your own, named by its path (only what it does):
//!
//!     SERVER=target/debug/my-server cargo test --test step16 has

#[macro_use]
mod behaviours;
mod support;

contract!($ step16: before 15, now 16, later 17 18 19 20);

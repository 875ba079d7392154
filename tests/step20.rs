//! What step 20 does, and what it doesn't do yet.
//!
//!     cargo test --test step20
//!
//! The same for a server of your own, named by its path (only what it does):
//!
//!     SERVER=target/debug/my-server cargo test --test step20 has

#[macro_use]
mod behaviours;
mod support;

contract!($ step20: before 19, now 20, later);

//! What step 07 does, and what it does not do yet.
//!
//!     cargo test --test step07
//!
//! The same for a server of your own, named by its path:
//!
//!     SERVER=target/debug/my-server cargo test --test step07

#[macro_use]
mod behaviours;
mod support;

contract!(step07);

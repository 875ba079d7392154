//! What step 02 does, and what it does not do yet.
//!
//!     cargo test --test step02
//!
//! The same for a server of your own, named by its path:
//!
//!     SERVER=target/debug/my-server cargo test --test step02

#[macro_use]
mod behaviours;
mod support;

contract!(step02);

//! The last step behind nginx and HAProxy, as a service and in a container:
//! with the files that the book prints (book/src/configs), and only ports and
//! paths that are others. What needs a program that isn't here is skipped, and
//! says so (`cargo test --test deploy -- --nocapture`).
#![cfg(unix)]

mod around;
mod clients;
mod fakes;
mod machine;
mod replaced;
mod servers;

#[path = "../support/output.rs"]
mod output;

#[path = "../support/place.rs"]
mod place;

#[path = "../support/running.rs"]
mod running;

#[path = "../support/scratch.rs"]
mod scratch;

use machine::{
    DEADLINE, address, config, free_port, free_ports, program, send_signal,
    wait_until, with_ports,
};
use place::repository;

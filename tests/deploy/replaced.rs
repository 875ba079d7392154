//! Several copies behind a balancer: none of a client's requests is lost.

use crate::clients::Load;
use crate::free_ports;
use crate::servers::{Balancer, Copy, Start};

/// One copy after the other is stopped and started again, under load.
fn no_request_is_lost(start: Start) {
    let ports = free_ports();
    let [first, second, ..] = ports;
    let (one, two) = (Copy::start(first, &[]), Copy::start(second, &[]));
    let Some(balancer) = start("replaced", ports) else { return };
    // Some ask for what takes a moment, so that at any time a request is being
    // answered.
    let paths = ["/", "/sleep?ms=30", "/", "/sleep?ms=5"];
    let load = Load::start(&balancer, paths);
    one.wait_until_asked(balancer.name);
    two.wait_until_asked(balancer.name);
    assert!(one.stop().success(), "the first copy's exit status");
    load.wait_for(50);
    let one = Copy::start(first, &[]);
    one.wait_until_asked(balancer.name);
    assert!(two.stop().success(), "the second copy's exit status");
    load.wait_for(50);
    let two = Copy::start(second, &[]);
    two.wait_until_asked(balancer.name);
    load.end(&balancer);
}

#[test]
fn nginx_loses_no_request_when_copies_are_replaced() {
    no_request_is_lost(Balancer::nginx);
}

#[test]
fn haproxy_loses_no_request_when_copies_are_replaced() {
    no_request_is_lost(Balancer::haproxy);
}

/// A copy closes each connection that has been idle for ten milliseconds, while
/// the balancer may be about to use it. The other doesn't, because no copy would be
/// left to be asked if both did it at once.
fn a_connection_that_ends_costs_nothing(start: Start) {
    let ports = free_ports();
    let idle = [["--idle-seconds", "0.01"], ["--idle-seconds", "5"]];
    let copies = [0, 1].map(|it| Copy::start(ports[it], &idle[it]));
    let Some(balancer) = start("idle", ports) else { return };
    // With each, about as much time passes between two requests.
    let paths = ["/sleep?ms=9", "/sleep?ms=10", "/sleep?ms=11", "/sleep?ms=4"];
    let load = Load::start(&balancer, paths);
    load.wait_for(150);
    load.end(&balancer);
    drop(copies);
}

#[test]
fn nginx_loses_no_request_when_idle_connections_end() {
    a_connection_that_ends_costs_nothing(Balancer::nginx);
}

#[test]
fn haproxy_loses_no_request_when_idle_connections_end() {
    a_connection_that_ends_costs_nothing(Balancer::haproxy);
}

//! Several clients at once, and none in another's way.
//!
//! Who was held first is never released first: a server that takes one client
//! after the other would pass by the order alone.

use std::time::Duration;

use super::differs;
use super::responding::is_hello;
use crate::support::DEADLINE;
use crate::support::client::{Client, get};
use crate::support::report::{Deviation, Outcome, Symptom};
use crate::support::server::Server;

/// The client gets the page while the others hold their connections. If it has
/// to wait, it must be these who are in its way: once they are gone, its turn
/// comes.
fn gets_the_page_despite(
    others: &mut Vec<Client>,
    mut client: Client,
    server: &Server,
) -> Outcome {
    match client.response(server.patience()) {
        Ok(response) => is_hello(&response),
        Err(deviation) if deviation.symptom == Symptom::Hangs => {
            let crowd = others.len();
            others.clear();
            client.is_attended(DEADLINE)?;
            Err(deviation.expected(&format!(
                "the page, while {crowd} more clients are connected that have \
                 not sent a whole request"
            )))
        }
        Err(deviation) => Err(deviation),
    }
}

pub fn a_slow_request_delays_nobody(server: &Server) -> Outcome {
    server.by_hand(
        "curl -s 'http://ADDRESS/sleep?ms=10000' &\n\
         curl -i http://ADDRESS/   # must not wait for the first",
    );
    let mut slow = server.send(get("/sleep?ms=10000"))?;
    let mut quick = server.send(get("/"))?;
    is_hello(&quick.response(server.patience())?)?;
    slow.is_not_answered(
        Duration::ZERO,
        "nothing yet: a request that sleeps while another is answered",
    )
}

pub fn a_silent_client_delays_nobody(server: &Server) -> Outcome {
    server.by_hand(
        "curl telnet://ADDRESS &   # connects and says nothing\n\
         curl -i http://ADDRESS/",
    );
    let mut silent = vec![server.connect()?];
    let client = server.send(get("/"))?;
    gets_the_page_despite(&mut silent, client, server)
}

pub fn twenty_silent_clients_delay_nobody(server: &Server) -> Outcome {
    server.by_hand(
        "for i in $(seq 20); do curl -s telnet://ADDRESS & done\n\
         curl -i http://ADDRESS/",
    );
    let server = server.impatient(&[])?;
    let silent: Outcome<Vec<_>> = (0..20).map(|_| server.connect()).collect();
    let client = server.send(get("/"))?;
    gets_the_page_despite(&mut silent?, client, &server)
}

pub fn four_requests_are_served_at_once(server: &Server) -> Outcome {
    server.by_hand(
        "for i in 1 2 3; do curl -s telnet://ADDRESS & done\n\
         curl -i http://ADDRESS/   # the fourth must not wait",
    );
    four_are_served_at_once(server)
}

fn four_are_served_at_once(server: &Server) -> Outcome {
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(server.hold()?);
    }
    for next in [3, 1, 0, 0] {
        let mut client = held.remove(next);
        client.finish()?;
        gets_the_page_despite(&mut held, client, server)?;
    }
    Ok(())
}

pub fn a_panic_costs_only_its_own_request(server: &Server) -> Outcome {
    server.by_hand(
        "curl -i http://ADDRESS/panic   # an empty reply\n\
         for i in 1 2 3; do curl -s telnet://ADDRESS & done\n\
         curl -i http://ADDRESS/   # four workers must be left",
    );
    panics(server)?;
    four_are_served_at_once(server).map_err(after_panics)
}

pub fn a_hundred_panics_change_nothing(server: &Server) -> Outcome {
    server.by_hand(
        "for i in $(seq 100); do curl -s http://ADDRESS/panic; done\n\
         curl -i http://ADDRESS/",
    );
    let answered = || {
        for _ in 0..100 {
            panics(server)?;
        }
        is_hello(&server.send(get("/"))?.response(server.patience())?)
    };
    answered().map_err(after_panics)
}

/// What was expected where a panic has cost more than its own request.
fn after_panics(seen: Deviation) -> Deviation {
    let expected = format!(
        "{}, after a panic as before it. Usual cause: the panic has ended a \
         worker, because nobody catches it where the job is called",
        seen.expected
    );
    seen.expected(&expected)
}

/// Asks for the panic. Its own client gets no page, but may be told so (500).
fn panics(server: &Server) -> Outcome {
    match server.get("/panic") {
        Err(deviation) if deviation.symptom == Symptom::Closes => Ok(()),
        Ok(response) if response.status == 500 => Ok(()),
        Ok(response) => {
            let saw = format!("an answer with {}", response.status);
            differs("a panic, and so an empty reply or a 500", &saw)
        }
        Err(deviation) => Err(deviation),
    }
}

//! Several clients at once, and none of them in another one's way.
//!
//! The client that was held first is never released first: the order alone would
//! let a server pass that takes one client after the other.

use std::time::Duration;

use super::responding::is_hello;
use crate::support::client::{Client, get};
use crate::support::report::{Deviation, Outcome, Symptom};
use crate::support::server::Server;
use crate::support::{DEADLINE, by_hand};

/// The client gets the page while the others hold their connections. If it has
/// to wait, it's because of them: once they're gone, its turn comes.
fn gets_the_page_despite(
    others: &mut Vec<Client>,
    mut client: Client,
    server: &Server,
) -> Outcome {
    match client.response(server.patience()) {
        Ok(response) => is_hello(&response),
        Err(deviation) if deviation.symptom == Symptom::Hangs => {
            let count = others.len();
            let hint = why_clients_wait(server);
            others.clear();
            client.is_attended(DEADLINE)?;
            let expected = format!(
                "the response to this request, while other clients ({count}) \
                 that haven't sent a whole request are connected"
            );
            Err(deviation.expected(&expected).hint(&hint))
        }
        Err(deviation) => Err(deviation),
    }
}

/// Why a client has to wait for others, as far as that can be seen from outside.
pub fn why_clients_wait(server: &Server) -> String {
    #[cfg(target_os = "linux")]
    let threads = server.threads().unwrap_or(5);
    #[cfg(not(target_os = "linux"))]
    let (threads, _) = (5, server);
    if threads == 1 {
        return "the process has one thread now, and serves one client at a time. \
                Look at the accept loop: while it reads from a client, responds \
                to it, or waits for a thread that does (`join`), it accepts no \
                other."
            .to_string();
    }
    if threads < 5 {
        return format!(
            "the process has {threads} threads, and one of them accepts \
             connections. Usual causes: the accept loop waits for the thread \
             that it has just started (`join`), or there are fewer than four \
             workers."
        );
    }
    "there are enough threads, so look at what each of them waits for. Usual \
     causes: a worker still holds the lock of the queue while it runs its job, \
     or the accept loop waits for a client itself."
        .to_string()
}

pub fn slow_request_delays_no_other_client(server: &Server) -> Outcome {
    server.by_hand(format!(
        "curl -s 'http://ADDRESS/sleep?ms=10000' > /dev/null & sleep 1\n\
         {}   # must not wait for the first",
        by_hand::STATUS
    ));
    let mut slow = server.send(get("/sleep?ms=10000"))?;
    let mut quick = server.send(get("/"))?;
    let response = quick.response(server.patience()).map_err(|deviation| {
        deviation
            .expected("the response to GET /, while /sleep?ms=10000 sleeps")
            .hint(&why_clients_wait(server))
    })?;
    is_hello(&response)?;
    let still_sleeps = slow.is_not_answered(
        Duration::ZERO,
        "nothing yet: GET / should be answered while this request sleeps, and \
         not after it",
    );
    still_sleeps.map_err(|deviation| deviation.hint(&why_clients_wait(server)))
}

pub fn silent_client_delays_no_other_client(server: &Server) -> Outcome {
    server.by_hand(by_hand::silent(1) + "\n" + by_hand::STATUS);
    let mut silent = vec![server.connect()?];
    let client = server.send(get("/"))?;
    gets_the_page_despite(&mut silent, client, server)
}

pub fn twenty_silent_clients_delay_no_other_client(server: &Server) -> Outcome {
    server.by_hand(
        by_hand::silent(20) + "\n" + &by_hand::STATUS.replace("-m 3", "-m 15"),
    );
    let server = server.impatient(&[])?;
    let silent: Outcome<Vec<_>> = (0..20).map(|_| server.connect()).collect();
    let client = server.send(get("/"))?;
    gets_the_page_despite(&mut silent?, client, &server)
}

#[cfg(target_os = "linux")]
pub fn thousand_silent_clients_delay_no_other_client(
    server: &Server,
) -> Outcome {
    server.by_hand(
        by_hand::silent(1000)
            + "\n"
            + &by_hand::STATUS.replace("-m 3", "-m 15"),
    );
    crate::support::linux::allow_open_files(4096);
    let server = server.impatient(&[])?;
    let mut clients = Vec::new();
    for _ in 0..10 {
        for _ in 0..100 {
            clients.push(server.connect()?);
        }
        // The backlog has room for about a hundred. A server that accepts no
        // more isn't sent any.
        if server.patience() == DEADLINE {
            server.has_accepted_all()?;
        } else {
            break;
        }
    }
    let mut client = server.send(get("/"))?;
    is_hello(&client.response(server.patience())?)?;
    drop(clients);
    is_hello(&server.get("/")?)
}

pub fn four_requests_are_served_concurrently(server: &Server) -> Outcome {
    server.by_hand(by_hand::held(3) + "\n" + by_hand::STATUS);
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

pub fn panic_costs_only_its_own_request(server: &Server) -> Outcome {
    server.by_hand(format!(
        "curl -i -m 3 http://ADDRESS/panic\n{}\n{}",
        by_hand::held(3),
        by_hand::STATUS
    ));
    // Otherwise, the panic wouldn't be the reason that four can't be served.
    four_are_served_at_once(server)?;
    panics(server)?;
    four_are_served_at_once(server).map_err(after_panics)
}

pub fn hundred_panics_leave_the_server_working(server: &Server) -> Outcome {
    server.by_hand(format!(
        "for i in $(seq 100); do curl -s -m 3 http://ADDRESS/panic; done\n{}",
        by_hand::STATUS
    ));
    for _ in 0..100 {
        panics(server)?;
    }
    let mut client = server.send(get("/")).map_err(after_panics)?;
    is_hello(&client.response(server.patience()).map_err(after_panics)?)
}

/// Why a panic has cost more than its own request.
fn after_panics(seen: Deviation) -> Deviation {
    let expected = format!("{}, after the panic as before it", seen.expected);
    seen.expected(&expected).hint(
        "look at what becomes of the thread in which a job panics, or ends with \
         an exception. A thread for each connection may end that way, but if a \
         worker does, there's one fewer for all clients that follow.",
    )
}

/// Asks for the panic. Its own client gets no page, but may be told so (500).
fn panics(server: &Server) -> Outcome {
    match server.get("/panic") {
        Err(deviation) if deviation.symptom == Symptom::Closes => Ok(()),
        Ok(response) if response.status == 500 => Ok(()),
        Ok(response) => response
            .differs("a panic, and so an empty reply or a 500")
            .map_err(|it| {
                it.hint(
                    "look at how a path becomes a status and a page. From \
                         chapter 4 on, the path `/panic` calls `panic!`, which \
                         stands for a bug in your code.",
                )
            }),
        Err(deviation) => Err(after_panics(deviation)),
    }
}

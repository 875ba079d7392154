//! A fixed number of workers, and a queue for the clients that have to wait.

use super::concurrency::why_clients_wait;
use super::differs;
use super::responding::is_hello;
use crate::support::client::{Client, get};
use crate::support::report::{Deviation, Outcome};
use crate::support::server::Server;
use crate::support::{DEADLINE, by_hand};

/// Where the number of workers can be set.
const FOUR: [&str; 2] = ["--workers", "4"];

/// As many clients as there are workers, each in the middle of its request.
fn four_held(server: &Server) -> Outcome<Vec<Client>> {
    (0..4).map(|_| server.hold()).collect()
}

/// Why a client got its response too early.
const MORE_THAN_FOUR: &str = "look at how many threads there are. Usual causes: \
    a thread is started for each connection, or the pool has more than four \
    workers.";

/// The response to one of the first four, numbered from 0.
fn is_served(held: &mut [Client], number: usize, server: &Server) -> Outcome {
    held[number].finish()?;
    let response = held[number].response(server.patience());
    is_hello(&response.map_err(|deviation| {
        let expected = format!(
            "the response to client {} of the four that connected first, \
             although the other three haven't sent a whole request",
            number + 1
        );
        deviation.expected(&expected).hint(&why_clients_wait(server))
    })?)?;
    // It has its response. A server may wait for it to close.
    _ = held[number].stop_sending();
    Ok(())
}

pub fn fifth_request_waits_for_a_free_worker(server: &Server) -> Outcome {
    server.by_hand(format!(
        "{}\n{}   # has to wait",
        by_hand::held(4),
        by_hand::STATUS
    ));
    let server = &server.configured(&FOUR)?;
    let mut held = four_held(server)?;
    let mut fifth = server.send(get("/"))?;
    fifth
        .is_not_answered(
            server.vigilance(),
            "nothing for the fifth client, while four others are being served",
        )
        .map_err(|deviation| deviation.hint(MORE_THAN_FOUR))?;
    for number in [3, 0, 2, 1] {
        is_served(&mut held, number, server)?;
        if number == 3 {
            let response = fifth.response(server.patience());
            is_hello(&response.map_err(|deviation| {
                deviation
                    .expected(
                        "the response to the fifth client, because one of the \
                         first four has had its own: a worker is free",
                    )
                    .hint(
                        "look at what a worker does after its job. Usual \
                         causes: it runs one job and returns, or it holds the \
                         lock while a job runs, as it does with \
                         `while let Ok(job) = receiver.lock().unwrap().recv()`.",
                    )
            })?)?;
        }
    }
    Ok(())
}

pub fn queued_requests_are_served_in_order(server: &Server) -> Outcome {
    server.by_hand(
        "(for i in 1 2 3 4 5 6; do\n\
         \x20 curl -s -w \"$i\\n\" -o /dev/null 'http://ADDRESS/sleep?ms=4000' &\n\
         \x20 sleep 0.3\n\
         done\n\
         curl -s -w 'last\\n' -o /dev/null http://ADDRESS/ & sleep 6\n\
         ) | head -n 1   # 1, and not the last",
    );
    let server = &server.configured(&FOUR)?;
    let mut held = four_held(server)?;
    let fifth = server.hold()?;
    let mut sixth = server.hold()?;
    is_served(&mut held, 3, server)?;
    // The free worker takes the fifth client, which hasn't sent all of its
    // request. The sixth one has, and must wait all the same.
    sixth.finish()?;
    sixth
        .is_not_answered(
            server.vigilance(),
            "nothing for the sixth client before the fifth, which has waited \
             longer",
        )
        .map_err(|deviation| {
            deviation.hint(&format!(
                "the queue may be a stack: the first job in must be the first \
                 out. Or {MORE_THAN_FOUR}"
            ))
        })?;
    for (mut client, name) in [(fifth, "fifth"), (sixth, "sixth")] {
        if name == "fifth" {
            client.finish()?;
        }
        let response = client.response(server.patience());
        is_hello(&response.map_err(|deviation| {
            let expected = format!(
                "the response to the {name} client, which is now the first in \
                 the queue"
            );
            deviation.expected(&expected)
        })?)?;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
pub fn number_of_threads_does_not_grow_with_clients(
    server: &Server,
) -> Outcome {
    server.by_hand(by_hand::held(40) + "\nls /proc/$server/task | wc -l");
    let server = &server.configured(&FOUR)?;
    let held: Outcome<Vec<_>> = (0..40).map(|_| server.hold()).collect();
    let held = held?;
    // A server with a thread for each answers this one, and then it has all the
    // threads that it will have; another server makes it wait.
    let mut last = server.send(get("/"))?;
    _ = last.response(server.vigilance());
    let most = server.threads()?;
    drop(held);
    if most < 20 {
        // One that has ended has few threads, too.
        return server.send(get("/"))?.is_attended(DEADLINE);
    }
    let saw = format!("{most} threads for 40 clients");
    differs("fewer than 20 threads, however many clients come", &saw)
        .map_err(|deviation: Deviation| deviation.hint(MORE_THAN_FOUR))
}

/// Asked only of this repository's programs: what another server prints is up to
/// its author.
pub fn worker_logs_when_it_gets_a_job(server: &Server) -> Outcome {
    server.by_hand("curl -m 3 http://ADDRESS/   # and look at what is printed");
    if !server.program.is_ours {
        return Ok(());
    }
    let says = |id| format!("worker {id} got a job; executing");
    let expected = format!("{:?}, in any order", [0, 1, 2, 3].map(says));

    let first = server.start_at("127.0.0.1")?;
    first.send(get("/"))?.is_attended(DEADLINE)?;
    first.kill()?;
    let lines = first.stdout.lines();
    if lines.len() != 2 || !(0..4).any(|id| lines[1] == says(id)) {
        let expected = format!("one line for one job, of {expected}");
        return differs(&expected, &format!("{lines:?}"));
    }

    let held = four_held(server)?;
    let all_four = server
        .stdout
        .wait(DEADLINE, |lines| (0..4).all(|id| lines.contains(&says(id))));
    drop(held);
    if all_four {
        return Ok(());
    }
    differs(&expected, &format!("{:?}", server.stdout.lines()))
}

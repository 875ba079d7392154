//! A fixed number of workers, and a queue for who comes too many.

use super::differs;
use super::responding::is_hello;
use crate::support::DEADLINE;
use crate::support::client::{Client, get};
use crate::support::report::Outcome;
use crate::support::server::Server;

/// Where the number of workers can be set.
const FOUR: [&str; 2] = ["--workers", "4"];

/// As many clients as there are workers, each in the middle of its request.
fn four_held(server: &Server) -> Outcome<Vec<Client>> {
    (0..4).map(|_| server.hold()).collect()
}

pub fn a_fifth_request_waits_until_one_of_four_ends(
    server: &Server,
) -> Outcome {
    server.by_hand(
        "for i in 1 2 3 4; do curl -s telnet://ADDRESS & done\n\
         curl -i http://ADDRESS/   # waits until: kill %4",
    );
    let server = &server.configured(&FOUR)?;
    let mut held = four_held(server)?;
    let mut fifth = server.send(get("/"))?;
    fifth.is_not_answered(
        server.vigilance(),
        "nothing, while four others are being served",
    )?;
    for number in [3, 0, 2, 1] {
        held[number].finish()?;
        let response = held[number].response(server.patience());
        is_hello(&response.map_err(|deviation| {
            deviation.expected(
                "an answer to one of the first four, who hold the four \
                 workers. Usual causes: fewer workers, or a lock that is held \
                 while a job runs (`while let Ok(job) = lock().recv()`)",
            )
        })?)?;
        if number == 3 {
            let response = fifth.response(server.patience());
            is_hello(&response.map_err(|deviation| {
                deviation.expected("an answer, now that a worker is free")
            })?)?;
        }
    }
    Ok(())
}

pub fn waiting_requests_are_served_in_order(server: &Server) -> Outcome {
    server.by_hand(
        "for i in 1 2 3 4 5 6; do curl -s telnet://ADDRESS & done\n\
         # type a request into each of %5 and %6, then: kill %4",
    );
    let server = &server.configured(&FOUR)?;
    let mut held = four_held(server)?;
    let mut fifth = server.hold()?;
    let mut sixth = server.hold()?;
    held[3].finish()?;
    is_hello(&held[3].response(server.patience())?)?;
    // The free worker has the fifth now, who has not finished: the sixth, who
    // has, must wait all the same.
    sixth.finish()?;
    sixth.is_not_answered(
        server.vigilance(),
        "nothing before the fifth, who waited longer",
    )?;
    fifth.finish()?;
    is_hello(&fifth.response(server.patience())?)?;
    is_hello(&sixth.response(server.patience())?)
}

#[cfg(target_os = "linux")]
pub fn a_crowd_of_clients_starts_no_threads(server: &Server) -> Outcome {
    server.by_hand(
        "for i in $(seq 40); do curl -s telnet://ADDRESS & done\n\
         ls /proc/$(pgrep -n step)/task | wc -l",
    );
    let server = &server.configured(&FOUR)?;
    let crowd: Outcome<Vec<_>> = (0..40).map(|_| server.hold()).collect();
    let crowd = crowd?;
    // A server with a thread for each answers this one, and then it has all
    // the threads that it will have; another server lets it wait.
    let mut last = server.send(get("/"))?;
    _ = last.response(server.vigilance());
    let most = server.threads()?;
    drop(crowd);
    if most < 20 {
        return Ok(());
    }
    let saw = format!("{most} threads for 40 clients");
    differs("fewer than 20 threads, however many clients come", &saw)
}

/// Asked of this repository's programs only: what a server prints is its own
/// affair.
pub fn a_worker_says_when_it_gets_a_job(server: &Server) -> Outcome {
    server.by_hand("curl http://ADDRESS/   # and look at the server's output");
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

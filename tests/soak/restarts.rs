//! Servers that are stopped in the middle of their work, and started again.

use std::net::SocketAddr;

use crate::PATIENCE;
use crate::load::{Load, Row};
use crate::machine::{address, free_ports};
use crate::pages::{FILM_LENGTH, Site};
use crate::servers::Balancer;
use crate::support::client::{Client, get};
use crate::support::report::{Deviation, Outcome, Symptom};
use crate::support::server::Server;

/// More than there are workers, so that some of them wait.
const SLEEPERS: usize = 8;

/// Asks a server to stop while it owes responses: to requests that take a
/// moment, to one that has only begun, and to a download. It has to send them
/// all before it ends.
pub fn stop(server: &Server, site: &Site, row: &Row) {
    let clients = SLEEPERS + 2;
    row.record(clients, ends_well(server, site).map(|()| clients));
}

fn ends_well(server: &Server, site: &Site) -> Outcome {
    let sleeper = || server.send(get("/sleep?ms=300"));
    let sleepers: Outcome<Vec<_>> = (0..SLEEPERS).map(|_| sleeper()).collect();
    let mut held = server.hold()?;
    let mut download = server.send(get("/film"))?;
    download.head(PATIENCE)?.has_status(200)?;
    server.signal("TERM")?;
    held.finish()?;
    let responses = sleepers?.into_iter().chain([held]);
    for mut client in responses {
        let response = client.response(PATIENCE)?;
        response.is(200, "hello.html", &site.hello)?;
    }
    ends_with_its_last_byte(&mut download)?;
    let status = server.exit()?;
    if !status.success() {
        let saw = format!("it ended with {status}");
        let expected = "a shutdown that cuts nothing off";
        return Err(Deviation::new(Symptom::Dies, expected, &saw));
    }
    server.is_well()
}

fn ends_with_its_last_byte(download: &mut Client) -> Outcome {
    let came = download.drain();
    if came == FILM_LENGTH {
        return Ok(());
    }
    let expected = format!("{FILM_LENGTH} bytes of a download");
    let saw = format!("{came} bytes, and the end of the connection");
    let deviation = download.deviation(Symptom::Differs, &expected, &saw);
    Err(deviation.hint(
        "look at what the shutdown waits for. A response that's being sent isn't \
         done, whatever the client takes its time for.",
    ))
}

/// Restarts two copies of a server in turn, while visitors come to HAProxy
/// before them. Says what it did.
pub fn behind_haproxy(
    model: &Server,
    site: &Site,
    options: &[&str],
    restarts: usize,
    rows: &mut Vec<Row>,
) -> Outcome<String> {
    let ports = free_ports();
    let options = [options, &["--access-log"]].concat();
    let start = |address: SocketAddr| {
        model.with_options_at(&address.to_string(), &options)
    };
    let mut copies = [start(address(ports[0]))?, start(address(ports[1]))?];
    let Some(balancer) = Balancer::haproxy("soak", ports) else {
        return Ok("left out: restarts, which need HAProxy".to_string());
    };
    let name = "visitors of HAProxy";
    let load = Load::visitors(site, balancer.address(), name, usize::MAX);
    let stopped = Row::new("asked before a restart");
    let restart = |copy: &mut Server| {
        stop(copy, site, &stopped);
        *copy = start(copy.address)?;
        is_asked(copy)
    };
    load.during(|| {
        for number in 0..restarts {
            let outcome = restart(&mut copies[number % 2]);
            if !stopped.record(0, outcome.map(|()| 0)) || load.is_stopped() {
                break;
            }
        }
        load.stop();
    });
    drop(balancer);
    rows.extend(load.rows);
    rows.push(stopped);
    Ok(format!("restarted: servers behind HAProxy, {restarts} times"))
}

/// Waits until the balancer sends it visitors again.
fn is_asked(copy: &Server) -> Outcome {
    let is_asked =
        |lines: &[String]| lines.iter().any(|line| line.contains("\"GET /"));
    if copy.stdout.wait(PATIENCE, is_asked) {
        return Ok(());
    }
    let expected = "the balancer to use a copy that's there again";
    Err(Deviation::new(Symptom::Hangs, expected, "no request"))
}

//! What the exercises of chapters 19 and 20 ask for.

#[cfg(unix)]
use crate::part_one::differs;
use crate::part_three::next;
#[cfg(unix)]
use crate::part_three::{keep, stopped};
use crate::support::DEADLINE;
use crate::support::client::Client;
use crate::support::report::Outcome;
use crate::support::response::Response;
use crate::support::scratch::Scratch;
use crate::support::server::Server;
use std::fs;
use std::time::Instant;

/// The number of turns that a server prints when it's stopped.
#[cfg(unix)]
fn turns(server: &Server) -> Outcome<usize> {
    let lines = stopped(server)?;
    let mut lines_of_it =
        lines.iter().filter_map(|it| it.strip_prefix("turns: "));
    match lines_of_it.next().and_then(|number| number.parse().ok()) {
        Some(turns) => Ok(turns),
        None => differs(
            "a line like `turns: 12` on standard output, on shutdown",
            &format!("printed: {}", lines.join("\\n")),
            "look at what is printed on shutdown. Usual cause: the number comes \
             after `log::flush`, or on a line with something else.",
        ),
    }
}

#[cfg(unix)]
pub fn shutdown_says_how_many_turns_there_were(server: &Server) -> Outcome {
    let unused = turns(&server.with_options(&[])?)?;
    for _ in 0..100 {
        server.get("/")?;
    }
    let used = turns(server)?;
    // The loop stops, at least. And two clients may come in one turn.
    if (1..30).contains(&unused) && used >= unused + 30 {
        return Ok(());
    }
    differs(
        "a small number without a client, and many more after 100 clients",
        &format!("{unused} and {used}"),
        "look at where a turn is counted. Usual causes: `turn` is called in two \
         loops, and one of them doesn't count; or what's counted is something \
         else.",
    )
}

/// The page comes to say that, sooner or later.
fn status_says(client: &mut Client, expected: &str) -> Outcome {
    let mut response = next(client, "/status")?;
    // The server has to see what the other clients have done.
    for _ in 0..300 {
        let line = String::from_utf8_lossy(&response.body).into_owned();
        if response.status != 200 || line.trim_end() == expected {
            break;
        }
        response = next(client, "/status")?;
    }
    let line = format!("{expected}\n");
    let body = [response.body.trim_ascii_end(), b"\n"].concat();
    Response { body, ..response }.is(200, expected, line.as_bytes()).map_err(|it| {
        it.hint(
            "look at when the loop stores the numbers. Usual causes: after it \
             has given the connection away; not for each connection; or the one \
             that asks is counted as one that rests.",
        )
    })
}

pub fn status_counts_the_connections(server: &Server) -> Outcome {
    let mut others = Vec::new();
    for _ in 0..20 {
        let mut client = server.connect()?;
        next(&mut client, "/")?.has_status(200)?;
        others.push(client);
    }
    let mut client = server.connect()?;
    status_says(&mut client, "21 connections, 20 of them rest")?;
    others.truncate(5);
    status_says(&mut client, "6 connections, 5 of them rest")
}

#[cfg(unix)]
pub fn shutdown_says_how_often_the_cache_was_asked_and_looked(
    server: &Server,
) -> Outcome {
    let mut client = server.connect()?;
    for _ in 0..5 {
        client.send(keep("/").repeat(20))?;
        for _ in 0..20 {
            client.response(DEADLINE)?.has_status(200)?;
        }
    }
    let lines = stopped(server)?;
    for looked in 1..100 {
        let line = format!("asked 100 times, looked {looked} times");
        if lines.contains(&line) {
            return Ok(());
        }
    }
    differs(
        "`asked 100 times, looked N times`, where N is between 1 and 99",
        &format!("printed: {}", lines.join("\\n")),
        "look at where `find` counts. Usual causes: a look is counted when the \
         cache has the file, too; or the line is printed after `log::flush`.",
    )
}

pub fn option_says_how_old_a_look_may_be(server: &Server) -> Outcome {
    let scratch = Scratch::new("cache");
    let page = scratch.0.join("page.html");
    let root = scratch.0.to_str().unwrap();
    let write = |text: &str| fs::write(&page, text).unwrap();
    let started = |seconds| {
        let options = ["--root", root, "--cache-seconds", seconds];
        server.with_options(&options).map_err(|it| {
            it.hint(
                "look at `time` in `options.rs`: the server has to start with \
                 `--cache-seconds 3600` and `--cache-seconds 0.001`.",
            )
        })
    };
    let (slow, quick) = (started("3600")?, started("0.001")?);
    write("old");
    for server in [&slow, &quick] {
        server.get("/page.html")?.is(200, "the page", b"old")?;
    }
    write("brand-new");
    let start = Instant::now();
    while quick.get("/page.html")?.body == b"old" && start.elapsed() < DEADLINE
    {
    }
    quick.get("/page.html")?.is(200, "the new page", b"brand-new")?;
    // Its look was the earlier one. So if it's as short, it's over now, too.
    for _ in 0..100 {
        slow.get("/page.html")?.is(200, "the old page", b"old").map_err(
            |it| {
                it.hint(
                "look at what `fresh` compares the age with. Usual cause: the \
                 option is read, but the constant is still used.",
            )
            },
        )?;
    }
    Ok(())
}

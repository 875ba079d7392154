//! The shape of a run in words: what each client waits for, and where each
//! thread is. It has no times in it, and nothing that's a matter of chance, so
//! two runs of one server have the same shape.

use std::collections::BTreeMap;

use crate::client::End;
use crate::record::State;
use crate::threads::role;

/// Who is where at a moment that the scene names.
pub fn moment(
    name: &str,
    clients: &[(String, State, Option<End>)],
    threads: &[(String, State)],
) -> String {
    let clients = clients.iter().map(|(label, state, end)| {
        let what = match end {
            None => state.words().to_string(),
            Some(end) => end.words(),
        };
        (format!("client {label}"), what)
    });
    let threads = threads.iter().map(|(label, state)| {
        let what = match state {
            // Nothing happens now, and still it isn't at rest.
            State::Running => "never rests",
            state => state.words(),
        };
        // Which of the workers it is depends on chance.
        (role(label).to_string(), what.to_string())
    });
    format!("{name}\n{}{}", counted(clients), counted(threads))
}

/// A line for each kind of who does what, and how many do.
fn counted(all: impl Iterator<Item = (String, String)>) -> String {
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for who_and_what in all {
        *counts.entry(who_and_what).or_default() += 1;
    }
    let line = |((who, what), count): (&(String, String), &usize)| match count {
        1 => format!("  {who}: {what}\n"),
        count => format!("  {who}, {count} times: {what}\n"),
    };
    counts.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_of_the_workers_it_is_does_not_matter() {
        let client = |state, end| ("quick".to_string(), state, end);
        let end = End { status: Some("200".into()), how: "reset" };
        let clients = [
            client(State::Receiving, Some(end)),
            client(State::WaitingForAnswer, None),
        ];
        let names = ["main", "worker 2", "worker 10"];
        let states = [State::Accepting, State::Running, State::Running];
        let threads: Vec<_> =
            names.iter().map(|it| it.to_string()).zip(states).collect();
        let expected = "now\n  \
            client quick: 200, reset\n  \
            client quick: waits for the answer\n  \
            main: in accept: waits for a client\n  \
            worker, 2 times: never rests\n";
        assert_eq!(moment("now", &clients, &threads), expected);
    }
}

//! A run in words, and as far as somebody can see it.

use std::time::Duration;

use crate::record::{Lane, Run, Span};

/// All of a run in words.
pub fn describe(run: &Run) -> String {
    let mut text = format!("{}. ", run.server);
    for (index, lane) in run.clients.iter().enumerate() {
        text += &format!("Client {}, {}. ", index + 1, words(lane));
    }
    for lane in &run.threads {
        text += &format!("Thread {}. ", words(lane));
    }
    for (at, what) in &run.marks {
        text += &format!("At {:.1} s: {what}. ", at.as_secs_f64());
    }
    text
}

/// A lane in words, with what lasts long enough to be seen.
fn words(lane: &Lane) -> String {
    let spans = smooth(lane, Duration::from_millis(20));
    let states: Vec<_> = spans
        .iter()
        .map(|it| {
            let seconds = it.to.as_secs_f64();
            format!("{} until {seconds:.1} s", it.state.words())
        })
        .take(12)
        .collect();
    let end = match lane.end.as_str() {
        "" => String::new(),
        end => format!("; {end}"),
    };
    format!("{}: {}{end}", lane.label, states.join(", "))
}

/// Nobody sees what is shorter than a unit, and a thread that never rests would
/// have thousands of bars. In each unit, the state counts that lasts longest.
pub fn smooth(lane: &Lane, unit: Duration) -> Vec<Span> {
    let mut smooth = Lane::new(String::new());
    let Some(first) = lane.spans.first() else { return Vec::new() };
    let mut from = first.from;
    while from < lane.last() {
        let to = (from + unit).min(lane.last());
        let within =
            |it: &Span| it.to.min(to).saturating_sub(it.from.max(from));
        let longest = lane.spans.iter().max_by_key(|it| within(it));
        smooth.enter(longest.unwrap_or(first).state, from);
        smooth.extend(to);
        from = to;
    }
    smooth.spans
}

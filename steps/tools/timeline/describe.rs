//! A run in words, without what's too short to be seen.

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
/// have thousands of bars. In each unit, the state that lasts longest counts.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::State;

    const MILLISECOND: Duration = Duration::from_millis(1);

    #[test]
    fn what_is_too_short_to_be_seen_is_left_out() {
        let mut lane = Lane::new("worker".to_string());
        for time in 0..100 {
            let state = match time % 10 {
                9 => State::WaitingForLock,
                _ => State::Running,
            };
            lane.enter(state, MILLISECOND * time);
        }
        lane.enter(State::WaitingForJob, MILLISECOND * 100);
        lane.extend(MILLISECOND * 200);
        assert_eq!(lane.spans.len(), 21);
        let span = |state, from: u32, to: u32| Span {
            state,
            from: MILLISECOND * from,
            to: MILLISECOND * to,
        };
        let expected = [
            span(State::Running, 0, 100),
            span(State::WaitingForJob, 100, 200),
        ];
        assert_eq!(smooth(&lane, MILLISECOND * 10), expected);
        let words = words(&lane);
        let expected = "worker: runs until 0.1 s, waits for a job until 0.2 s";
        assert_eq!(words, expected);
    }
}

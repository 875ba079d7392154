//! A trace in Chrome's format, which <https://ui.perfetto.dev> opens: for each
//! server, a "process" of its clients and one of its threads.

use crate::record::{Lane, Run};
use crate::text::json as quote;

pub fn json(runs: &[Run]) -> String {
    let mut events = Vec::new();
    for (index, run) in runs.iter().enumerate() {
        let groups = [("clients", &run.clients), ("threads", &run.threads)];
        for (group, (kind, lanes)) in groups.into_iter().enumerate() {
            let pid = 2 * index + group + 1;
            let name = quote(&format!("{} {}: {kind}", index + 1, run.server));
            events.push(metadata("process_name", pid, 0, &name));
            for (lane, tid) in lanes.iter().zip(1..) {
                let name = quote(&format!("{tid} {}", lane.label));
                events.push(metadata("thread_name", pid, tid, &name));
                spans(lane, pid, tid, &mut events);
            }
        }
        for (at, what) in &run.marks {
            events.push(format!(
                r#"{{"ph":"i","s":"g","name":{},"ts":{},"pid":{},"tid":0}}"#,
                quote(what),
                at.as_micros(),
                2 * index + 2
            ));
        }
    }
    format!("{{\"traceEvents\":[\n{}\n]}}\n", events.join(",\n"))
}

fn metadata(what: &str, pid: usize, tid: usize, name: &str) -> String {
    format!(
        r#"{{"ph":"M","name":"{what}","pid":{pid},"tid":{tid},"args":{{"name":{name}}}}}"#
    )
}

fn spans(lane: &Lane, pid: usize, tid: usize, events: &mut Vec<String>) {
    for span in &lane.spans {
        events.push(format!(
            r#"{{"ph":"X","name":{},"ts":{},"dur":{},"pid":{pid},"tid":{tid}}}"#,
            quote(span.state.words()),
            span.from.as_micros(),
            (span.to - span.from).as_micros()
        ));
    }
    if !lane.end.is_empty() {
        events.push(format!(
            r#"{{"ph":"i","s":"t","name":{},"ts":{},"pid":{pid},"tid":{tid}}}"#,
            quote(&lane.end),
            lane.last().as_micros()
        ));
    }
}

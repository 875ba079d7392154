//! A page with the picture, and with a slider that says who does what.

use std::time::Duration;

use crate::record::{self, Lane, Run};
use crate::scene::Scene;
use crate::svg::{self, LEFT, RIGHT};
use crate::text::{json, xml};

pub fn page(scene: &Scene, runs: &[Run]) -> String {
    let picture = svg::draw(scene, runs, "timeline");
    let length = record::length(runs).as_millis();
    let lists: String = runs.iter().map(list).collect();
    let lanes: Vec<_> = runs.iter().flat_map(Run::lanes).map(spans).collect();
    PAGE.replace("{title}", &xml(scene.name))
        .replace("{about}", &xml(scene.about))
        .replace("{length}", &length.to_string())
        .replace("{left}", &LEFT.to_string())
        .replace("{right}", &RIGHT.to_string())
        .replace("{lists}", &lists)
        .replace("{lanes}", &lanes.join(",\n"))
        .replace("{picture}", &picture)
}

/// A server's lanes. The script fills in what each of them does.
fn list(run: &Run) -> String {
    let clients = run.clients.iter().enumerate();
    let clients =
        clients.map(|(index, it)| format!("client {} {}", index + 1, it.label));
    let threads = run.threads.iter().map(|it| it.label.clone());
    let item = |name: String| format!("<li>{}: <b></b></li>\n", xml(&name));
    let items: String = clients.chain(threads).map(item).collect();
    let mark = |(at, what): &(Duration, String)| {
        format!("<p>{} after {} ms</p>\n", xml(what), at.as_millis())
    };
    let marks: String = run.marks.iter().map(mark).collect();
    format!("<h2>{}</h2>\n{marks}<ul>\n{items}</ul>\n", xml(&run.server))
}

/// `[label, end, [[from, to, state], …]]`, in milliseconds.
fn spans(lane: &Lane) -> String {
    let span = |it: &record::Span| {
        let words = json(it.state.words());
        format!("[{},{},{words}]", it.from.as_millis(), it.to.as_millis())
    };
    let spans: Vec<_> = lane.spans.iter().map(span).collect();
    format!("[{},[{}]]", json(&lane.end), spans.join(","))
}

/// The list is what a screen reader reads aloud. A slider that moves would start
/// it again and again, so it's told only once the slider rests.
const PAGE: &str = include_str!("page.html");

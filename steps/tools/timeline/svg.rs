//! The picture: a lane for each client and each thread, one server below the
//! other, and one axis for all of them.

use std::collections::BTreeSet;
use std::mem;
use std::time::Duration;

use crate::axis::ticks;
use crate::describe::{describe, smooth};
use crate::record::{self, Lane, Run, Span, State};
use crate::scene::Scene;
use crate::style::{STYLE, fill};
use crate::text::xml;
use crate::threads::role;

/// As wide as the other figures of the book: with letters of 15, it can be read
/// on a telephone.
const WIDTH: f64 = 400.0;
/// Where time begins and ends. The labels are on the left, and on the right is
/// room for the last status.
pub const LEFT: f64 = 88.0;
pub const RIGHT: f64 = 362.0;
const ROW: f64 = 24.0;
const BAR: f64 = 19.0;
/// Where there are many of a kind, they have a few units each.
const MANY: usize = 7;
const THIN_ROW: f64 = 5.0;
const LETTER: f64 = 7.6;
/// Otherwise, a reader might miss the threads of quick clients.
const UNSEEN: &str = "A thread that lives for less than 5 ms isn’t seen.";
const CLOSES: &str = "The server closes, unless a client “leaves”.";

pub fn draw(scene: &Scene, runs: &[Run], prefix: &str) -> String {
    let mut picture = Picture::new(runs, prefix);
    for run in runs {
        picture.run(run);
    }
    picture.axis();
    picture.legend();
    picture.note(CLOSES);
    if runs.iter().any(|run| !run.threads.is_empty()) {
        picture.note(UNSEEN);
    }
    let servers: Vec<_> = runs.iter().map(|it| it.server.as_str()).collect();
    let title = format!("{}: {}", scene.name, servers.join(", "));
    let description = runs.iter().map(describe).collect::<String>();
    let patterns: String =
        picture.used.iter().map(|state| pattern(prefix, *state)).collect();
    format!(
        "<svg class=\"timeline\" viewBox=\"0 0 {WIDTH} {}\" role=\"img\" \
         aria-labelledby=\"{prefix}-title {prefix}-desc\" \
         xmlns=\"http://www.w3.org/2000/svg\">\n\
         <title id=\"{prefix}-title\">{}</title>\n\
         <desc id=\"{prefix}-desc\">{}</desc>\n\
         <style>{STYLE}</style>\n<defs>{patterns}</defs>\n{}</svg>\n",
        picture.y.round(),
        xml(&title),
        xml(description.trim_end()),
        picture.body
    )
}

struct Picture<'a> {
    prefix: &'a str,
    length: Duration,
    body: String,
    /// What's drawn over the rest of a run: words.
    over: String,
    /// How far down it is drawn.
    y: f64,
    used: BTreeSet<State>,
}

impl Picture<'_> {
    fn new<'a>(runs: &[Run], prefix: &'a str) -> Picture<'a> {
        let length = record::length(runs);
        let (body, over, used) =
            (String::new(), String::new(), BTreeSet::new());
        Picture { prefix, length, body, over, y: 0.0, used }
    }

    fn x(&self, time: Duration) -> f64 {
        let part = time.as_secs_f64() / self.length.as_secs_f64();
        LEFT + part.min(1.0) * (RIGHT - LEFT)
    }

    fn add(&mut self, element: &str) {
        self.body += element;
        self.body.push('\n');
    }

    fn note(&mut self, text: &str) {
        self.text("", 4.0, self.y + 12.0, text);
        self.y += ROW;
    }

    fn text(&mut self, class: &str, x: f64, y: f64, text: &str) {
        self.body += &element(class, x, y, text);
    }

    fn text_over(&mut self, class: &str, x: f64, y: f64, text: &str) {
        self.over += &element(class, x, y, text);
    }

    fn run(&mut self, run: &Run) {
        let (y, server) = (self.y + 22.0, xml(&run.server));
        self.add(&format!(
            "<text class=\"bold\" x=\"4\" y=\"{y:.0}\">{server}<tspan \
             class=\"plain\"> and its clients:</tspan></text>"
        ));
        self.y += 30.0;
        for (at, what) in &run.marks {
            let (x, y) = (self.x(*at), self.y + 15.0);
            let is_late = x > (LEFT + RIGHT) / 2.0;
            let class = if is_late { "marked end" } else { "marked" };
            let x = x + if is_late { -5.0 } else { 5.0 };
            self.text_over(class, x, y, what);
            self.y += 20.0;
        }
        let top = self.y;
        let grid = self.body.len();
        let number = |(index, lane): (usize, &Lane)| {
            (lane.label.clone(), format!("{} {}", index + 1, lane.label))
        };
        self.lanes(&run.clients, run.clients.iter().enumerate().map(number));
        self.threads(run);
        let lines = ticks(self.length).into_iter().map(|tick| self.x(tick));
        let lines: String =
            lines.map(|x| format!("M{x:.1} {top}V{:.0}", self.y)).collect();
        // Behind the lanes.
        let lines = format!("<path class=\"grid\" d=\"{lines}\"/>\n");
        self.body.insert_str(grid, &lines);
        for (at, _) in &run.marks {
            let (x, from, to) = (self.x(*at), top - 16.0, self.y);
            self.add(&format!(
                "<path class=\"mark\" d=\"M{x:.1} {from}V{to}\"/>"
            ));
        }
        self.body += &mem::take(&mut self.over);
        self.y += 8.0;
    }

    fn threads(&mut self, run: &Run) {
        let has_processes =
            run.threads.iter().any(|it| it.label.starts_with("process"));
        let heading = match has_processes {
            true => "its processes:",
            false => "its threads:",
        };
        self.text("", 4.0, self.y + 18.0, heading);
        self.y += ROW;
        if run.threads.is_empty() {
            let why = run.note.as_deref().unwrap_or("none is left to be seen");
            self.text("", 4.0, self.y + 18.0, why);
            self.y += ROW;
        }
        let name = |lane: &Lane| (several(&lane.label), lane.label.clone());
        self.lanes(&run.threads, run.threads.iter().map(name));
    }

    /// Draws lanes, each of which has a kind and a label. Where many of a kind
    /// follow each other, they share a label that counts them.
    fn lanes(
        &mut self,
        lanes: &[Lane],
        names: impl Iterator<Item = (String, String)>,
    ) {
        let names: Vec<_> = names.collect();
        let mut index = 0;
        while let Some((kind, label)) = names.get(index) {
            let same = names[index..].iter().take_while(|it| it.0 == *kind);
            let count = same.count();
            if count < MANY {
                self.label(label, ROW);
                self.lane(&lanes[index]);
                index += 1;
                continue;
            }
            let height = count as f64 * THIN_ROW;
            self.label(&format!("{count} {kind}"), height);
            for lane in &lanes[index..index + count] {
                self.bars(lane, THIN_ROW - 1.0, "bar thin");
                self.y += THIN_ROW;
            }
            self.y += 4.0;
            index += count;
        }
    }

    fn label(&mut self, label: &str, height: f64) {
        let most = (LEFT / LETTER).ceil() as usize;
        let label: String = label.chars().take(most).collect();
        self.text("", 4.0, self.y + height / 2.0 + 5.0, &label);
    }

    fn lane(&mut self, lane: &Lane) {
        for span in self.bars(lane, BAR, "bar") {
            let (from, to) = (self.x(span.from), self.x(span.to));
            let fits = |it: &&str| it.len() as f64 * LETTER + 4.0 < to - from;
            let words = [span.state.words(), span.state.word()];
            if let Some(word) = words.iter().find(|it| fits(it)) {
                let is_dark = fill(span.state).0 == "busy";
                let class = if is_dark { "in" } else { "on" };
                self.text_over(class, from + 5.0, self.y + 15.5, word);
            }
        }
        if !lane.end.is_empty() {
            let x = self.x(lane.last());
            let room = WIDTH - x - 6.0;
            let y = self.y + 15.5;
            if lane.end.len() as f64 * LETTER < room {
                self.text_over("bold on", x + 5.0, y, &lane.end);
            } else {
                self.text_over("bold on end", x - 4.0, y, &lane.end);
            }
        }
        self.y += ROW;
    }

    /// Draws a lane's bars, and returns them.
    fn bars(&mut self, lane: &Lane, height: f64, class: &str) -> Vec<Span> {
        // A thread that never rests is drawn with a broad brush.
        let unit = if lane.is_restless() { 12.0 } else { 1.5 };
        let unit = self.length.div_f64((RIGHT - LEFT) / unit);
        let spans = smooth(lane, unit);
        for span in &spans {
            let (from, to) = (self.x(span.from), self.x(span.to));
            let (y, width) = (self.y + 2.0, (to - from).max(1.5));
            self.used.insert(span.state);
            self.add(&format!(
                "<rect class=\"{class}\" x=\"{from:.1}\" y=\"{y:.0}\" \
                 width=\"{width:.1}\" height=\"{height}\" \
                 fill=\"url(#{}-{:?})\"/>",
                self.prefix, span.state
            ));
        }
        spans
    }

    fn axis(&mut self) {
        for tick in ticks(self.length) {
            let label = format!("{} s", tick.as_secs_f64());
            self.text("middle", self.x(tick), self.y + 14.0, &label);
        }
        self.y += 26.0;
    }

    /// What the fills mean. Those of clients and of threads that look the same
    /// share one: a thread in `read` waits for a client that sends slowly.
    fn legend(&mut self) {
        let mut states: Vec<State> = self.used.iter().copied().collect();
        states.sort_by_key(|state| fill(*state));
        for same in states.chunk_by(|one, next| fill(*one) == fill(*next)) {
            let (prefix, y, state) = (self.prefix, self.y + 2.0, same[0]);
            let height = same.len() as f64 * ROW - 7.0;
            self.add(&format!(
                "<rect class=\"bar\" x=\"4\" y=\"{y:.0}\" width=\"30\" \
                 height=\"{height}\" fill=\"url(#{prefix}-{state:?})\"/>"
            ));
            for state in same {
                self.text("", 42.0, self.y + 16.0, state.words());
                self.y += ROW;
            }
        }
        self.y += 4.0;
    }
}

fn element(class: &str, x: f64, y: f64, text: &str) -> String {
    let text = xml(text);
    format!("<text class=\"{class}\" x=\"{x:.0}\" y=\"{y:.0}\">{text}</text>\n")
}

fn pattern(prefix: &str, state: State) -> String {
    let (class, path) = fill(state);
    format!(
        "<pattern id=\"{prefix}-{state:?}\" width=\"8\" height=\"8\" \
         patternUnits=\"userSpaceOnUse\"><rect class=\"{class}\" width=\"8\" \
         height=\"8\"/><path d=\"{path}\"/></pattern>"
    )
}

/// The role of several threads, in the plural.
fn several(label: &str) -> String {
    let role = role(label);
    let end = if role.ends_with('s') { "es" } else { "s" };
    format!("{role}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_of_a_kind_are_named_by_it() {
        assert_eq!(several("worker 12"), "workers");
        assert_eq!(several("process 3"), "processes");
    }
}

//! Draws the figures as SVG.

use std::collections::BTreeSet;

use crate::axis::{Axis, median, spread};
use crate::figures::{Figure, Plot, Server};
use crate::text::{count, escaped, wrapped};

impl Plot {
    pub fn draw(&self, name: &str) -> String {
        let Plot { figure, servers, setting: [load, setting] } = self;
        let mut texts = String::new();
        let mut y = 0;
        let mut write = |class: &str, text: &str, y: &mut usize| {
            for line in wrapped(text) {
                *y += 22;
                let line = escaped(&line);
                texts += &format!(
                    "  <text class=\"{class}\" x=\"8\" y=\"{y}\">{line}</text>\n"
                );
            }
        };
        write("strong", figure.title(), &mut y);
        write("", load, &mut y);
        let (drawn, mut y) = match servers[0].rounds.len() {
            1 => self.bars(y + 12),
            _ => self.lines(y + 12),
        };
        let rounds = match self.rounds() {
            1 => "One round.".to_string(),
            count => format!("Median, lowest and highest of {count} rounds."),
        };
        write("", &rounds, &mut y);
        write("", setting, &mut y);
        let mut desc = format!("{load}.");
        for Server { name, rounds, .. } in servers {
            let values = rounds.iter().map(|(idle, values)| {
                let text = figure.text(median(values));
                match rounds.len() {
                    1 => text,
                    _ => format!("{text} beside {idle} idle connections"),
                }
            });
            let values: Vec<String> = values.collect();
            desc += &format!(" {name}: {}.", values.join(", "));
        }
        format!(
            "<svg viewBox=\"0 0 400 {}\" role=\"img\" \
             aria-labelledby=\"{name}-title {name}-desc\" \
             xmlns=\"http://www.w3.org/2000/svg\">\n  \
             <title id=\"{name}-title\">{}</title>\n  \
             <desc id=\"{name}-desc\">{}</desc>\n{texts}{drawn}</svg>\n",
            y + 10,
            figure.title(),
            escaped(&desc)
        )
    }

    /// A bar for each server, from `top` on, and where it ends.
    fn bars(&self, top: usize) -> (String, usize) {
        let values =
            self.servers.iter().flat_map(|it| &it.rounds[&self.idle()]);
        let values: Vec<f64> = values.copied().collect();
        let axis = match self.figure {
            // A few late requests would make all other bars too short to see.
            Figure::P99 => Axis::of_powers(&values),
            _ => Axis::from_zero(&values),
        };
        let bottom = top + self.servers.len() * 46;
        let mut svg = String::new();
        for mark in &axis.marks {
            let (x, text) = (bar_end(&axis, *mark), self.figure.mark(*mark));
            let class = match x {
                ..9.0 => "",
                391.0.. => "end",
                _ => "middle",
            };
            // It's only beside the bars, and not behind the texts above them.
            let beside = |y| format!("M{x:.1} {}V{}", y + 22, y + 46);
            let lines: String = (top..bottom).step_by(46).map(beside).collect();
            svg += &format!(
                "  <path class=\"line faint\" d=\"{lines}\"/>\n  \
                 <text class=\"{class}\" x=\"{x:.1}\" y=\"{}\">{text}</text>\n",
                bottom + 18,
            );
        }
        svg += &format!(
            "  <text class=\"end\" x=\"392\" y=\"{}\">{}</text>\n",
            bottom + 40,
            self.figure.name()
        );
        for (server, y) in self.servers.iter().zip((top..).step_by(46)) {
            svg += &self.bar(server, &axis, y);
        }
        (svg, bottom + 44)
    }

    /// A server's name and figure, and its bar below them.
    fn bar(&self, server: &Server, axis: &Axis, y: usize) -> String {
        let values = &server.rounds[&self.idle()];
        let (low, middle, high) = spread(values);
        let errors = if server.errors > 0.0 { ", errors" } else { "" };
        let mut svg = format!(
            "  <text class=\"code\" x=\"12\" y=\"{0}\">{1}</text>\n  \
             <text class=\"end\" x=\"392\" y=\"{0}\">{2}{errors}</text>\n",
            y + 18,
            escaped(&server.name),
            self.figure.text(middle),
        );
        // A bar shows a ratio, and on an axis of powers that would be wrong.
        svg += &match axis.is_linear {
            true => format!(
                "  <rect class=\"box\" x=\"8\" y=\"{}\" width=\"{:.1}\" \
                 height=\"16\"/>\n",
                y + 25,
                bar_end(axis, middle) - 8.0,
            ),
            false => format!(
                "  <circle class=\"solid\" cx=\"{:.1}\" cy=\"{}\" r=\"5\"/>\n",
                bar_end(axis, middle),
                y + 33,
            ),
        };
        svg += &format!(
            "  <path class=\"line\" d=\"M{0:.1} {2}v12M{0:.1} {3}H{1:.1}\
             M{1:.1} {2}v12\"/>\n",
            bar_end(axis, low),
            bar_end(axis, high),
            y + 27,
            y + 33,
        );
        svg
    }

    /// A line for each server, over the numbers of idle connections.
    fn lines(&self, top: usize) -> (String, usize) {
        let values = self.servers.iter().flat_map(|it| it.rounds.values());
        let values: Vec<f64> = values.flatten().copied().collect();
        let axis = Axis::of_powers(&values);
        let bottom = top + 240;
        let y = |value: f64| bottom as f64 - axis.part(value) * 230.0;
        let idle: BTreeSet<u32> =
            self.servers[0].rounds.keys().copied().collect();
        let last = f64::from(idle.iter().copied().max().unwrap_or(1));
        let x = |idle: u32| 72.0 + f64::from(idle) / last * 244.0;
        let mut svg =
            format!("  <path class=\"line\" d=\"M72 {top}V{bottom}H324\"/>\n");
        for mark in &axis.marks {
            let (y, text) = (y(*mark), self.figure.mark(*mark));
            svg += &format!(
                "  <path class=\"line faint\" d=\"M72 {y:.1}H324\"/>\n  \
                 <text class=\"end\" x=\"64\" y=\"{:.1}\">{text}</text>\n",
                y + 6.0,
            );
        }
        svg += &idle_marks(&idle, x, bottom);
        let classes = ["line", "byte", "line wait"].into_iter().cycle();
        let mut names = Vec::new();
        for (server, class) in self.servers.iter().zip(classes) {
            let mut line = String::new();
            let mut whiskers = String::new();
            let mut end = 0.0;
            for (idle, values) in &server.rounds {
                let (low, middle, high) = spread(values);
                let (x, low, high) = (x(*idle), y(low), y(high));
                end = y(middle);
                line += &format!(" {x:.1} {end:.1}");
                whiskers += &format!(
                    "M{0:.1} {low:.1}h10M{x:.1} {low:.1}V{high:.1}\
                     M{0:.1} {high:.1}h10",
                    x - 5.0
                );
            }
            svg += &format!(
                "  <path class=\"{class}\" d=\"M{}\"/>\n  \
                 <path class=\"line\" d=\"{whiskers}\"/>\n",
                line.trim_start()
            );
            let errors = if server.errors > 0.0 { "*" } else { "" };
            names.push((end, format!("{}{errors}", escaped(&server.name))));
        }
        svg += &names_of_lines(names, bottom as f64);
        (svg, bottom + 50)
    }

    /// The number of idle connections, if there is one.
    fn idle(&self) -> u32 {
        *self.servers[0].rounds.keys().next().expect("there are figures")
    }
}

/// Where a bar for this value ends.
fn bar_end(axis: &Axis, value: f64) -> f64 {
    8.0 + axis.part(value) * 384.0
}

/// The axis of the numbers of idle connections.
fn idle_marks(
    idle: &BTreeSet<u32>,
    x: impl Fn(u32) -> f64,
    bottom: usize,
) -> String {
    let mut svg = String::new();
    let mut free = 0.0;
    for &idle in idle {
        let x = x(idle);
        svg += &format!("  <path class=\"line\" d=\"M{x:.1} {bottom}v6\"/>\n");
        // Numbers that would touch each other are left out.
        if x >= free {
            svg += &format!(
                "  <text class=\"middle\" x=\"{x:.1}\" y=\"{}\">{}</text>\n",
                bottom + 24,
                count(idle.into())
            );
            free = x + 54.0;
        }
    }
    svg += &format!(
        "  <text class=\"end\" x=\"392\" y=\"{}\">idle connections</text>\n",
        bottom + 46
    );
    svg
}

/// The name of each line, beside its end. Where lines end close to each other,
/// their names are moved apart.
fn names_of_lines(mut names: Vec<(f64, String)>, bottom: f64) -> String {
    names.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut svg = String::new();
    let mut free = bottom;
    for (end, name) in names {
        let y = (end + 6.0).min(free);
        svg += &format!("  <text x=\"328\" y=\"{y:.1}\">{name}</text>\n");
        free = y - 20.0;
    }
    svg
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::tests::{line, plot};

    #[test]
    fn the_median_of_the_rounds_is_shown() {
        let rounds = ["30", "1000", "2000"];
        let lines = rounds.map(|it| line("a&<", ["0", "", it, "1"], "m"));
        let svg = plot(&lines).expect("valid").draw("x");
        assert!(svg.contains(" id=\"x-title\">Requests per second<"), "{svg}");
        assert!(svg.contains(">a&amp;&lt;</text>"), "{svg}");
        // From 8 to 392 for 0 to 2,000.
        assert!(svg.contains("width=\"192.0\""), "{svg}");
        assert!(
            svg.contains("M13.8 105v12M13.8 111H392.0M392.0 105v12"),
            "{svg}"
        );
        assert!(svg.contains(" a&amp;&lt;: 1,000.</desc>"), "{svg}");
        assert!(svg.contains("lowest and highest of 3 rounds."), "{svg}");
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    #[test]
    fn a_load_with_a_rate_is_shown_by_its_p99() {
        let lines =
            ["500", "7000"].map(|p99| line("a", ["0", "1000", "1", p99], "m"));
        let svg = plot(&lines).expect("valid").draw("x");
        assert!(svg.contains(", 1,000 requests per second in"));
        assert!(svg.contains(" a: 3.8 ms.</desc>"), "{svg}");
        assert!(svg.contains(">10 ms</text>"), "{svg}");
        assert!(svg.contains("<circle "), "{svg}");
    }

    #[test]
    fn idle_connections_are_an_axis() {
        let lines = ["0", "9000"].map(|it| line("a", [it, "", "1", "1"], "m"));
        let svg = plot(&lines).expect("valid").draw("x");
        assert!(svg.contains(">Processor time per request</text>"), "{svg}");
        let desc = " a: 30 µs beside 0 idle connections, 30 µs beside 9000 ";
        assert!(svg.contains(desc), "{svg}");
        assert!(svg.contains("d=\"M72.0 "), "{svg}");
        assert!(svg.contains(" 316.0 "), "{svg}");
        assert!(svg.contains(">9,000</text>"), "{svg}");
    }
}

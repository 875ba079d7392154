//! The figures in a file that `load --csv` has written.

use std::collections::BTreeMap;

use crate::text::{count, time};

/// What is shown for each server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Figure {
    Requests,
    P99,
    Processor,
}

impl Figure {
    fn column(self) -> &'static str {
        match self {
            Figure::Requests => "requests_per_second",
            Figure::P99 => "p99_us",
            Figure::Processor => "processor_us",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Figure::Requests => "Requests per second",
            Figure::P99 => "p99: 99 of 100 took no longer",
            Figure::Processor => "Processor time per request",
        }
    }

    pub fn text(self, value: f64) -> String {
        match self {
            Figure::Requests => count(value),
            Figure::P99 | Figure::Processor => time(value),
        }
    }

    /// What its axis shows.
    pub fn name(self) -> &'static str {
        match self {
            Figure::Requests => "requests per second",
            Figure::P99 => "p99",
            Figure::Processor => "processor time",
        }
    }

    /// The text of a mark on its axis: `10 ms` and not `10.0 ms`.
    pub fn mark(self, value: f64) -> String {
        self.text(value).replace(".0 ", " ").replace(".00 ", " ")
    }
}

/// A line of the file.
struct Line<'a> {
    number: usize,
    cells: BTreeMap<&'a str, &'a str>,
}

impl Line<'_> {
    fn cell(&self, name: &str) -> Result<&str, String> {
        let cell = self.cells.get(name).copied();
        cell.ok_or(format!("line {} has no {name}", self.number))
    }

    fn figure(&self, name: &str) -> Result<f64, String> {
        let value = self.cell(name)?.parse().ok();
        let value = value.filter(|it: &f64| (0.0..1e15).contains(it));
        value.ok_or(format!("line {}: {name} isn't a number", self.number))
    }

    /// What must be the same in all lines: the load, and where and when.
    fn setting(&self) -> Result<[String; 2], String> {
        let connections = match self.cell("connections")? {
            "1" => "1 client".to_string(),
            count => format!("{count} clients"),
        };
        let mode = match self.cell("mode")? {
            "close" => "a new connection for each request",
            _ => "keep-alive asked for",
        };
        let rate = match self.cell("rate")? {
            "" => String::new(),
            _ => {
                let rate = count(self.figure("rate")?);
                format!(", {rate} requests per second in all")
            }
        };
        let (path, seconds) = (self.cell("path")?, self.cell("seconds")?);
        // A number stays with its unit.
        let load = format!(
            "{connections}{rate}, {mode}, path\u{a0}{path}, {seconds}\u{a0}s"
        );
        Ok([load, format!("{}; {}", self.cell("date")?, self.cell("machine")?)])
    }
}

/// All that is shown.
pub struct Plot {
    pub figure: Figure,
    pub servers: Vec<Server>,
    /// What the load was, and where and when it was measured.
    pub setting: [String; 2],
}

pub struct Server {
    pub name: String,
    /// What the rounds have measured, for each number of idle connections.
    pub rounds: BTreeMap<u32, Vec<f64>>,
    pub errors: f64,
}

impl Plot {
    pub fn read(csv: &str, figure: Option<Figure>) -> Result<Plot, String> {
        if csv.contains('"') {
            return Err("names with a comma or quotes aren't supported".into());
        }
        let mut lines = csv.lines().map(|line| line.split(','));
        let head = lines.next().ok_or("there is nothing in it")?;
        let lines = lines.zip(2..).map(|(cells, number)| Line {
            number,
            cells: head.clone().zip(cells).collect(),
        });
        let lines: Vec<Line> = lines.collect();
        let first = lines.first().ok_or("it has no figures")?;
        let idle = lines.iter().map(|line| line.figure("idle"));
        let idle: Vec<u32> =
            idle.map(|it| it.map(|it| it as u32)).collect::<Result<_, _>>()?;
        let figure = match figure {
            Some(figure) => figure,
            None if !first.cell("rate")?.is_empty() => Figure::P99,
            None if idle.iter().any(|it| *it != idle[0]) => Figure::Processor,
            None => Figure::Requests,
        };
        let setting = first.setting()?;
        let mut servers: Vec<Server> = Vec::new();
        for (line, idle) in lines.iter().zip(idle) {
            if line.setting()? != setting {
                return Err(format!("line {} has another load", line.number));
            }
            let name = line.cell("server")?;
            let place = servers.iter().position(|it| it.name == name);
            let place = place.unwrap_or_else(|| {
                let (name, rounds) = (name.to_string(), BTreeMap::new());
                servers.push(Server { name, rounds, errors: 0.0 });
                servers.len() - 1
            });
            let server = &mut servers[place];
            let value = line.figure(figure.column())?;
            server.rounds.entry(idle).or_default().push(value);
            server.errors += line.figure("errors")?;
        }
        let counts = |server: &Server| -> Vec<(u32, usize)> {
            server.rounds.iter().map(|(idle, it)| (*idle, it.len())).collect()
        };
        let wanted = counts(&servers[0]);
        let even = wanted.iter().all(|(_, rounds)| *rounds == wanted[0].1);
        if !even || servers.iter().any(|server| counts(server) != wanted) {
            return Err("not the same number of lines for each server".into());
        }
        Ok(Plot { figure, servers, setting })
    }

    pub fn rounds(&self) -> usize {
        let rounds = self.servers[0].rounds.values().next();
        rounds.map_or(0, Vec::len)
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    const HEAD: &str = "server,mode,connections,idle,rate,seconds,requests,\
        requests_per_second,p50_us,p99_us,processor_us,errors,path,date,\
        machine\n";

    pub fn line(server: &str, figures: [&str; 4], machine: &str) -> String {
        let [idle, rate, per_second, p99] = figures;
        format!(
            "{server},close,9,{idle},{rate},1,7,{per_second},5,{p99},30,0,/,\
             2026,{machine}\n"
        )
    }

    pub fn plot(lines: &[String]) -> Result<Plot, String> {
        Plot::read(&format!("{HEAD}{}", lines.concat()), None)
    }

    fn fault(lines: &[String]) -> String {
        plot(lines).err().expect("a fault")
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        let a = line("a", ["0", "", "1", "1"], "m");
        let b = line("b", ["0", "", "1", "1"], "n");
        assert_eq!(fault(&[a.clone(), b]), "line 3 has another load");
        let b = line("b", ["0", "", "1", "1"], "m");
        let uneven = [a.clone(), a.clone(), b];
        assert!(fault(&uneven).starts_with("not the same number"));
        let b = line("b", ["7", "", "1", "1"], "m");
        assert!(fault(&[a, b]).starts_with("not the same number"));
        assert_eq!(fault(&[]), "it has no figures");
        let none = [line("a", ["0", "9", "0", ""], "m")];
        assert_eq!(fault(&none), "line 2: p99_us isn't a number");
        assert_eq!(fault(&["a\n".into()]), "line 2 has no idle");
        let quoted = line("\"a\"", ["0", "", "1", "1"], "m");
        assert!(fault(&[quoted]).contains("quotes"));
        assert!(Plot::read("", None).is_err());
    }
}

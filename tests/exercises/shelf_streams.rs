//! What `own-server-sent-events` asks for.

#[cfg(target_os = "linux")]
use crate::part_one::differs;
use crate::support::DEADLINE;
use crate::support::client::Client;
use crate::support::report::{Deviation, Outcome, Symptom};
use crate::support::response::Response;
use crate::support::server::Server;
use std::time::{Duration, Instant};

/// A client that listens to the events of a server.
struct Listener {
    client: Client,
    is_chunked: bool,
    /// How many bytes of a chunk are still to come.
    left: usize,
    /// Whether the last line ended in a CR, so that a LF belongs to it.
    after_cr: bool,
    /// The field `id` that came last.
    id: String,
}

/// One that has a number.
#[derive(Debug, PartialEq)]
struct Event {
    id: u64,
    data: String,
}

const HEAD: &str = "look at the head of the response. A stream has no end that its \
    head could know: it comes in chunks (RFC 9112 §7.1), or the connection's end \
    is its own, and so it has no Content-Length. HTTP/1.0 knows no chunks (RFC \
    9112 §6.1). And no cache should keep what was said once.";

const EVENT: &str = "the HTML Standard, section 9.2.5: look at the lines of an \
    event. They are `id: 7`, `data: 7`, and an empty one, which ends it.";

impl Listener {
    /// Asks for the events, with these fields.
    fn new(server: &Server, fields: &str) -> Outcome<Listener> {
        Listener::speaking("HTTP/1.1", server, fields)
    }

    fn speaking(
        version: &str,
        server: &Server,
        fields: &str,
    ) -> Outcome<Listener> {
        let mut client = server.send(format!(
            "GET /events {version}\r\nHost: localhost\r\n\
             Accept: text/event-stream\r\n{fields}\r\n"
        ))?;
        let head = client.head(DEADLINE).map_err(|it| {
            it.hint(
                "look at what a new listener waits for. Usual causes: the head \
                 is kept back until there's an event; or each of the other \
                 listeners holds a worker.",
            )
        })?;
        let coding = head.field("transfer-encoding");
        if !is_stream(&head) || (version == "HTTP/1.0" && coding.is_some()) {
            let expected = "status 200, Content-Type: text/event-stream, \
                            Cache-Control: no-store (or no-cache), no \
                            Content-Length, and for HTTP/1.0 no \
                            Transfer-Encoding";
            return head.differs(expected).map_err(|it| it.hint(HEAD));
        }
        Ok(Listener {
            client,
            is_chunked: coding.is_some(),
            left: 0,
            after_cr: false,
            id: String::new(),
        })
    }

    /// The next byte of the stream, or `None` at its end.
    fn byte(&mut self) -> Outcome<Option<u8>> {
        if self.is_chunked && self.left == 0 {
            self.left = self.chunk_size()?;
            if self.left == 0 {
                return Ok(None);
            }
        }
        let byte = match self.client.part_of_body(1) {
            Ok(bytes) => bytes[0],
            // The connection has ended, and without chunks, so has the stream.
            Err(it) if it.symptom == Symptom::Differs && !self.is_chunked => {
                return Ok(None);
            }
            Err(it) => return Err(self.fault(it)),
        };
        if self.is_chunked {
            self.left -= 1;
            if self.left == 0 {
                self.crlf()?;
            }
        }
        Ok(Some(byte))
    }

    /// The line before a chunk, without its extensions.
    fn chunk_size(&mut self) -> Outcome<usize> {
        let mut line = String::new();
        while !line.ends_with("\r\n") && line.len() < 100 {
            let next = self.client.part_of_body(1);
            line.push(next.map_err(|it| self.fault(it))?[0].into());
        }
        let digits = line.split([';', '\r']).next().unwrap_or_default();
        usize::from_str_radix(digits, 16).or_else(|_| {
            let expected =
                "the size of a chunk, on a line that ends with \\r\\n";
            self.differs(expected, &format!("{line:?}"), HEAD)
        })
    }

    /// The end of a chunk.
    fn crlf(&mut self) -> Outcome {
        match self.client.part_of_body(2).map_err(|it| self.fault(it))? {
            end if end == b"\r\n" => Ok(()),
            end => {
                let saw = end.escape_ascii().to_string();
                self.differs("\\r\\n after the data of a chunk", &saw, HEAD)
            }
        }
    }

    /// What's missing isn't a body of some length, but the stream.
    fn fault(&self, deviation: Deviation) -> Deviation {
        let (saw, hint) = match deviation.symptom {
            Symptom::Hangs => (
                format!("nothing within {DEADLINE:?}"),
                "look at what becomes of a connection between two events. \
                 Usual causes: it waits only for its client, and not for the \
                 clock; a deadline has passed; or the bytes are still in a \
                 buffer.",
            ),
            _ => (
                "the end of the connection".to_string(),
                "look at what ends the connection. Usual causes: a deadline, \
                 which is meant for clients that don't take what's sent; or an \
                 end without the last chunk, `0\\r\\n\\r\\n`.",
            ),
        };
        let expected = "the next event, or the end of the stream".to_string();
        Deviation { saw, expected, ..deviation }.hint(hint)
    }

    /// The next line, whichever of the three line ends it has.
    fn line(&mut self) -> Outcome<Option<String>> {
        let mut line = Vec::new();
        while let Some(byte) = self.byte()? {
            let is_rest = self.after_cr && byte == b'\n';
            self.after_cr = byte == b'\r';
            match byte {
                _ if is_rest => {}
                b'\r' | b'\n' => {
                    return Ok(Some(String::from_utf8_lossy(&line).into()));
                }
                byte => line.push(byte),
            }
        }
        Ok(None)
    }

    /// The next event as a browser finds it (HTML Standard, section 9.2.6), or
    /// `None` at the end of the stream.
    fn next(&mut self) -> Outcome<Option<Event>> {
        let (start, mut lines) = (Instant::now(), 0);
        let mut data: Vec<String> = Vec::new();
        while let Some(line) = self.line()? {
            lines += 1;
            if start.elapsed() > DEADLINE {
                let saw =
                    format!("{lines} lines, the last of which is {line:?}");
                return self.differs("an event", &saw, EVENT);
            }
            if line.is_empty() && !data.is_empty() {
                let data = data.join("\n");
                let Ok(id) = self.id.parse() else {
                    let saw = format!("id {:?}, data {data:?}", self.id);
                    let expected = "an event whose id is a number";
                    return self.differs(expected, &saw, EVENT);
                };
                return Ok(Some(Event { id, data }));
            }
            let (name, value) = line.split_once(':').unwrap_or((&line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value).to_string();
            match name {
                "id" => self.id = value,
                "data" => data.push(value),
                _ => {}
            }
        }
        Ok(None)
    }

    fn event(&mut self) -> Outcome<Event> {
        match self.next()? {
            Some(event) => Ok(event),
            None => self.differs("an event", "the end of the stream", HEAD),
        }
    }

    /// The next event has this number.
    fn receives(&mut self, id: u64) -> Outcome<Event> {
        let event = self.event()?;
        if event.id == id {
            return Ok(event);
        }
        let (expected, saw) =
            (format!("event {id}"), format!("event {}", event.id));
        self.differs(
            &expected,
            &saw,
            "look at where events are numbered. The numbers grow by one, and \
             each listener gets each event once. Usual causes: `Last-Event-ID` \
             isn't looked at; it names what the listener has already; or each \
             connection counts for itself.",
        )
    }

    fn differs<T>(&self, expected: &str, saw: &str, hint: &str) -> Outcome<T> {
        let differs = Symptom::Differs;
        Err(self.client.deviation(differs, expected, saw).hint(hint))
    }
}

/// This is the head of a stream of events.
fn is_stream(head: &Response) -> bool {
    let field = |name| head.field(name).unwrap_or("").to_ascii_lowercase();
    let media_type = field("content-type");
    let cache_control = field("cache-control");
    let mut directives = cache_control.split(',').map(str::trim);
    head.status == 200
        && media_type.split(';').next() == Some("text/event-stream")
        && directives.any(|it| it == "no-store" || it == "no-cache")
        && head.field("content-length").is_none()
        && ["", "chunked"].contains(&&*field("transfer-encoding"))
}

pub fn events_come_one_after_another(server: &Server) -> Outcome {
    // The clock begins before the first event does, so it can't be too fast.
    let start = Instant::now();
    let mut listener = Listener::new(server, "")?;
    let first = listener.event()?.id;
    listener.receives(first + 1)?;
    listener.receives(first + 2)?;
    let time = start.elapsed();
    if time < Duration::from_millis(500) {
        return listener.differs(
            "about one event per second",
            &format!("three events in {time:?}"),
            "look at what makes a connection ready. Usual cause: there's room \
             in its send buffer, as nearly always, and so it gets its turn at \
             once.",
        );
    }
    server.get("/")?.has_status(200)?;
    listener.receives(first + 3)?;
    let mut old = Listener::speaking("HTTP/1.0", server, "")?;
    let first = old.event()?.id;
    old.receives(first + 1).map(drop)
}

pub fn listener_catches_up(server: &Server) -> Outcome {
    let mut early = Listener::new(server, "")?;
    let first = early.event()?.id;
    let missed = [early.receives(first + 1)?, early.receives(first + 2)?];
    let fields = format!("Last-Event-ID: {first}\r\n");
    let mut late = Listener::new(server, &fields)?;
    for event in &missed {
        let again = late.receives(event.id)?;
        if again != *event {
            return late.differs(
                &format!("{event:?}, as another listener got it"),
                &format!("{again:?}"),
                "look at where events are made. They're the server's, and not a \
                 connection's: under one id, everyone gets the same event.",
            );
        }
    }
    let current = missed[1].id;
    late.receives(current + 1)?;
    let future = format!("Last-Event-ID: {}\r\n", current + 1_000_000);
    let fields = [
        "",
        &*future,
        "Last-Event-ID: 18446744073709551616\r\n",
        "Last-Event-ID: -1\r\n",
        "Last-Event-ID: \u{e9}\r\n",
        "Last-Event-ID:\r\n",
    ];
    // All at once, because each of them may wait for a second.
    let listeners = fields.map(|it| Listener::new(server, it));
    let hint = "look at a listener that can't say where to go on. It should \
                begin with the newest event or the next. Usual causes: each \
                connection counts for itself; or the server believes an id \
                that it hasn't given out yet.";
    for listener in listeners {
        let mut listener = listener?;
        let event = listener.event().map_err(|it| it.hint(hint))?;
        if event.id < current || event.id > current + 100 {
            let expected = format!("an event after {current}, and near it");
            let saw = format!("event {}", event.id);
            return listener.differs(&expected, &saw, hint);
        }
    }
    Ok(())
}

#[cfg(target_os = "linux")]
pub fn thousand_listeners_hold_no_worker(server: &Server) -> Outcome {
    crate::support::linux::allow_open_files(4096);
    let server = server.configured(&["--workers", "1"])?;
    server.get("/")?.has_status(200)?;
    let threads = server.threads()?;
    let hint = "look at who owns a connection between two events. It's the event \
                loop, which knows when the next one is due. Usual cause: a worker \
                waits for the second to pass.";
    let waits = |it: Deviation| match it.symptom {
        Symptom::Hangs => it.hint(hint),
        _ => it,
    };
    let start = Instant::now();
    let is_in_time = |number: usize, what: &str| {
        if start.elapsed() < 2 * DEADLINE {
            return Ok(());
        }
        let expected = format!("{what} for each of 1,000 listeners");
        let saw = format!("that {number} had theirs after {:?}", 2 * DEADLINE);
        differs(&expected, &saw, hint)
    };
    let mut listeners = Vec::new();
    for number in 0..1000 {
        listeners.push(Listener::new(&server, "").map_err(waits)?);
        is_in_time(number, "the head of a response")?;
    }
    server.get("/").map_err(waits)?.has_status(200)?;
    for (number, listener) in listeners.iter_mut().enumerate() {
        let first = listener.event().map_err(waits)?.id;
        listener.receives(first + 1).map_err(waits)?;
        is_in_time(number, "two events")?;
    }
    let more = server.threads()?.saturating_sub(threads);
    match more {
        0..10 => Ok(()),
        _ => differs(
            "about as many threads as without them",
            &format!("{more} more threads, for 1,000 listeners"),
            hint,
        ),
    }
}

#[cfg(unix)]
pub fn shutdown_ends_the_streams(server: &Server) -> Outcome {
    let server = server.with_options(&[])?;
    let mut listener = Listener::new(&server, "")?;
    listener.event()?;
    server.signal("TERM")?;
    let hint = "look at what the shutdown waits for. A stream never ends by itself, \
                so the server ends it: with the last chunk, and not with a broken \
                connection.";
    let start = Instant::now();
    while listener.next().map_err(|it| it.hint(hint))?.is_some() {
        if start.elapsed() > DEADLINE {
            let saw = format!("events for another {DEADLINE:?}");
            let expected = "the end of the stream after the signal";
            return listener.differs(expected, &saw, hint);
        }
    }
    let status = server.exit()?;
    if status.success() {
        return Ok(());
    }
    let expected =
        "the end of the stream, and then of the process, with status 0";
    listener.differs(expected, &status.to_string(), hint)
}

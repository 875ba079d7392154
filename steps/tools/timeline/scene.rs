//! The scenes: which clients come, what they do, and in which order.

/// What a client does.
#[derive(Clone, Copy)]
pub enum Act {
    /// Sends a request for this path, and waits for the answer.
    Ask(&'static str),
    /// Sends half of the request. The rest follows when it's told to go on.
    Hold,
    /// Connects, and says nothing. Leaves when it's told to go on.
    Silence,
    /// Sends a byte now and then, and never a whole request.
    Drip,
    /// Has an answer, keeps its connection, and leaves when it's told to go on.
    Stay,
}

pub enum Step {
    /// This many clients come, one after the other, with this label. The next
    /// one comes as soon as this one has sent what it sends first.
    Come(usize, &'static str, Act),
    /// The next of the clients that hold something back goes on.
    GoOn,
    /// The server gets a SIGTERM.
    Signal,
    /// Waits until nothing changes anymore, and notes who is where. Then nothing
    /// happens for this many milliseconds, so that a picture shows it.
    Moment(&'static str, u64),
}

pub struct Scene {
    pub name: &'static str,
    pub about: &'static str,
    pub steps: &'static [Step],
    /// How many milliseconds clients still wait after the last step.
    pub patience: u64,
}

use Act::*;
use Step::*;

pub const SCENES: &[Scene] = &[
    Scene {
        name: "slow-and-quick",
        about: "a request that takes a second (/sleep), and a quick one",
        steps: &[
            Come(1, "/sleep", Ask("/sleep?ms=1000")),
            Moment("one client asks for /sleep", 100),
            Come(1, "quick", Ask("/")),
            Moment("another one asks for /", 100),
        ],
        patience: 1500,
    },
    Scene {
        name: "six-at-once",
        about: "six clients, four of whom send their request slowly",
        steps: &[
            Come(4, "slow", Hold),
            Come(2, "quick", Ask("/")),
            Moment("four have sent half of their request, two all of it", 400),
            GoOn,
            Moment("the first of the four sends the rest", 200),
            GoOn,
            Moment("so does the second", 200),
            GoOn,
            Moment("so does the third", 200),
            GoOn,
            Moment("so does the fourth", 100),
        ],
        patience: 1000,
    },
    Scene {
        name: "silent",
        about: "a client that says nothing, and a quick one",
        steps: &[
            Come(1, "silent", Silence),
            Moment("a client has connected, and says nothing", 200),
            Come(1, "quick", Ask("/")),
            Moment("another one asks for /", 500),
            GoOn,
            Moment("the silent one has left", 100),
        ],
        patience: 1000,
    },
    Scene {
        name: "drip",
        about: "four requests that never end; try \"step13 --head-seconds 2\"",
        steps: &[
            Come(4, "drips", Drip),
            Moment("four clients send a byte now and then", 300),
            Come(1, "quick", Ask("/")),
            Moment("another one asks for /", 0),
        ],
        patience: 11_000,
    },
    Scene {
        name: "panic",
        about: "a request for /panic, four more of them, and good ones",
        steps: &[
            Come(1, "quick", Ask("/")),
            Moment("a client asks for /", 150),
            Come(1, "panic", Ask("/panic")),
            Moment("one makes the server panic", 150),
            Come(1, "quick", Ask("/")),
            Moment("a client asks for /", 150),
            Come(4, "panic", Ask("/panic")),
            Moment("four make it panic", 150),
            Come(1, "quick", Ask("/")),
            Moment("a client asks for /", 150),
        ],
        patience: 500,
    },
    Scene {
        name: "shutdown",
        about: "a SIGTERM while four requests are worked on and two wait",
        steps: &[
            Come(4, "first", Ask("/sleep?ms=1200")),
            Moment("four clients ask for /sleep", 150),
            Come(2, "next", Ask("/sleep?ms=400")),
            Moment("two more do", 150),
            Signal,
            Moment("the server has got the signal", 0),
        ],
        patience: 3000,
    },
    Scene {
        name: "overload",
        about: "eight slow requests; try it with \"step15 --queue 2\"",
        steps: &[
            Come(4, "first", Ask("/sleep?ms=1000")),
            Moment("four clients ask for /sleep", 100),
            Come(4, "next", Ask("/sleep?ms=400")),
            Moment("four more do", 100),
        ],
        patience: 3000,
    },
    Scene {
        name: "idle-crowd",
        about: "twenty clients that keep their connections, and a quick one",
        steps: &[
            Come(20, "idle", Stay),
            Moment("twenty clients ask, and would keep connections", 300),
            Come(1, "quick", Ask("/")),
            Moment("another one asks", 400),
        ],
        patience: 1000,
    },
];

pub fn find(name: &str) -> Result<&'static Scene, String> {
    let names: Vec<_> = SCENES.iter().map(|scene| scene.name).collect();
    let scene = SCENES.iter().find(|scene| scene.name == name);
    scene.ok_or(format!("no scene {name:?}; there are {}", names.join(", ")))
}

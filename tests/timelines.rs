//! The timelines in the book are runs of the programs.
//!
//!     cargo test --test timelines -- --ignored
//!
//! fails where a picture has drifted, and with `BLESS=1` before it, draws anew
//! those that have.
//!
//! For each picture `book/src/timelines/NAME.svg`, `NAME.shape.txt` beside it
//! says who waited for whom, and which thread was where. A run today has other
//! milliseconds, but must have the same shape. To draw a picture anew although
//! its shape is right, remove it, and bless.
#![cfg(target_os = "linux")]

#[path = "support/place.rs"]
mod place;

#[path = "support/scratch.rs"]
mod scratch;

use place::{binary, repository};
use scratch::Scratch;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::{env, fs, thread};

/// Each picture: its name, its scene, and the servers below each other, as
/// `NAME=COMMAND`.
const PICTURES: [(&str, &str, &[&str]); 11] = [
    ("silent_03", "silent", &["step03=./step03"]),
    ("silent_04", "silent", &["step04=./step04"]),
    (
        "riddle_05",
        "slow-and-quick",
        &["the riddle's loop=./riddle", "step05=./step05"],
    ),
    ("slow_05", "six-at-once", &["step05=./step05"]),
    ("shutdown_06", "shutdown", &["step05=./step05", "step06=./step06"]),
    ("drip_13", "drip", &["step13, 2 s for a head=./step13 --head-seconds 2"]),
    (
        "overload_15",
        "overload",
        &["step14=./step14", "step15, a queue of 2=./step15 --queue 2"],
    ),
    ("idle_17", "idle-crowd", &["step17=./step17"]),
    ("idle_18", "idle-crowd", &["step18=./step18"]),
    ("idle_19", "idle-crowd", &["step19=./step19"]),
    (
        "six_at_once",
        "six-at-once",
        &["step03=./step03", "step04=./step04", "step05=./step05", STEP20],
    ),
];

const STEP20: &str = "step20=./step20";

/// How many runs go on at a time. They wait most of the time.
const AT_A_TIME: usize = 12;

/// Where the programs are: the tool, the steps, and the riddle.
fn programs() -> Scratch {
    let scratch = Scratch::new("timelines");
    for number in [3, 4, 5, 6, 13, 14, 15, 17, 18, 19, 20] {
        let name = format!("step{number:02}");
        let link = scratch.0.join(&name);
        std::os::unix::fs::symlink(binary(&name), link).unwrap();
    }
    compile_riddle(&scratch.0);
    scratch
}

/// Step 05 with the loop of chapter 5's riddle, which holds the lock while the
/// job runs.
fn compile_riddle(directory: &Path) {
    let step = repository().join("steps/step05_thread_pool");
    let pool = fs::read_to_string(step.join("thread_pool.rs")).unwrap();
    let pool = pool.replace("\r\n", "\n");
    let (before, rest) = pool.split_once("    loop {\n").unwrap();
    let (_, after) = rest.split_once("else { return };\n").unwrap();
    let faulty = "    while let Ok(job) = jobs.lock().unwrap().recv() {\n";
    fs::copy(step.join("main.rs"), directory.join("riddle.rs")).unwrap();
    let pool = [before, faulty, after].concat();
    fs::write(directory.join("thread_pool.rs"), pool).unwrap();
    let rustc = env::var_os("RUSTC").unwrap_or("rustc".into());
    let run = Command::new(rustc)
        .args(["--edition", "2024", "riddle.rs", "-o", "riddle"])
        .env("CARGO_MANIFEST_DIR", repository())
        .current_dir(directory)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
}

/// The shape of a run. The picture goes to a file, if there is one. `None` if
/// this system doesn't let the tool see where threads wait.
fn run(
    programs: &Path,
    scene: &str,
    servers: &[&str],
    picture: Option<&Path>,
) -> Option<String> {
    let mut command = Command::new("timeout");
    command.arg("120").arg(binary("timeline")).arg("--shape");
    if let Some(picture) = picture {
        command.arg("--out").arg(picture);
    }
    command.arg(scene).args(servers).current_dir(programs);
    let run = command.output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{scene} {servers:?}: {said}");
    if said.contains("doesn't let you see where a thread waits") {
        eprintln!("skipped: {said}");
        return None;
    }
    Some(String::from_utf8(run.stdout).unwrap())
}

fn file(name: &str) -> PathBuf {
    repository().join("book/src/timelines").join(name)
}

/// What a picture's file says of a server.
fn expected(name: &str, server: &str) -> String {
    let shape = fs::read_to_string(file(&format!("{name}.shape.txt")));
    let shape = shape.unwrap_or_default().replace("\r\n", "\n");
    let (label, _) = server.split_once('=').unwrap();
    let parts = shape.split_inclusive('\n').collect::<Vec<_>>();
    let head = format!("# {label}\n");
    let own = parts.iter().skip_while(|line| **line != head);
    let rest = own.skip(1).take_while(|line| !line.starts_with("# "));
    let rest: String = rest.copied().collect();
    format!("{head}{rest}")
}

/// The shape that the third run has, if the first two differ from the one in
/// the book. A request for /sleep takes a second, and a busy machine may not
/// come to look at the threads meanwhile.
fn stale(programs: &Path, job: &Job) -> Option<String> {
    let (name, scene, server) = job;
    let expected = expected(name, server);
    let mut shape = String::new();
    for _ in 0..3 {
        shape = run(programs, scene, &[server], None)?;
        if shape == expected {
            return None;
        }
    }
    Some(format!("{name}: where the book has\n{expected}\nis now\n{shape}"))
}

type Job = (&'static str, &'static str, &'static str);

#[test]
#[ignore = "in .ci/run"]
fn timelines_have_the_shape_that_the_book_shows() {
    let programs = programs();
    if env::var_os("BLESS").is_some() {
        return bless(&programs.0);
    }
    let jobs = PICTURES.iter().flat_map(|(name, scene, servers)| {
        servers.iter().map(|server| (*name, *scene, *server))
    });
    let mut jobs: Vec<Job> = jobs.collect();
    // A server may be in several pictures: its scene is played once, if the book
    // says the same of both.
    jobs.sort_by_key(|(name, scene, server)| {
        (*scene, *server, expected(name, server))
    });
    jobs.dedup_by_key(|(name, scene, server)| {
        (*scene, *server, expected(name, server))
    });
    let (jobs, faults) = (Mutex::new(jobs), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let job = jobs.lock().unwrap().pop();
                    let Some(job) = job else { return };
                    if let Some(fault) = stale(&programs.0, &job) {
                        faults.lock().unwrap().push(fault);
                    }
                }
            });
        }
    });
    let faults = faults.into_inner().unwrap();
    assert!(
        faults.is_empty(),
        "\n{}\nTo draw it anew: BLESS=1 cargo test --test timelines -- --ignored; then look \
         at the picture, and mend the text around it\n",
        faults.join("\n")
    );
}

/// One after the other, so that they don't disturb each other.
fn bless(programs: &Path) {
    fs::create_dir_all(file("")).unwrap();
    for (name, scene, servers) in PICTURES {
        let picture = file(&format!("{name}.svg"));
        let is_stale = || {
            let stale = |server| stale(programs, &(name, scene, server));
            servers.iter().any(|server| stale(server).is_some())
        };
        if picture.exists() && !is_stale() {
            continue;
        }
        let shape = run(programs, scene, servers, Some(&picture));
        let shape = shape.expect("a system that shows where threads wait");
        fs::write(file(&format!("{name}.shape.txt")), shape).unwrap();
    }
}

/// What the pictures are there for, whatever the shapes' files say.
#[test]
fn the_shapes_say_what_the_chapters_say() {
    let claims = [
        ("silent_03", "step03", "client quick: waits for the answer"),
        ("silent_04", "step04", "client quick: 200"),
        (
            "riddle_05",
            "the riddle's loop",
            "worker, 3 times: waits for the lock",
        ),
        ("riddle_05", "step05", "client quick: 200"),
        ("slow_05", "step05", "worker, 4 times: in read: waits for its client"),
        ("shutdown_06", "step05", "client first, 4 times: no answer"),
        ("shutdown_06", "step06", "client next, 2 times: 200"),
        ("shutdown_06", "step06", "the server: exits with 0"),
        ("drip_13", "step13, 2 s for a head", "client drips, 4 times: 408"),
        ("overload_15", "step14", "client next, 4 times: 200"),
        ("overload_15", "step15, a queue of 2", "client next, 2 times: 503"),
        ("idle_17", "step17", "client quick: waits for the answer"),
        ("idle_18", "step18", "worker, 4 times: never rests"),
        ("idle_19", "step19", "main: in poll: waits for any client"),
    ];
    for (name, server, words) in claims {
        let shape = expected(name, &format!("{server}="));
        let says = shape.lines().any(|it| it.trim().starts_with(words));
        assert!(says, "{name}.shape.txt, {server}, should say: {words}");
    }
    let quiet = expected("idle_19", "step19=");
    assert!(!quiet.contains("never rests"), "{quiet}");
}

/// No picture is left over, and each has its shape.
#[test]
fn every_timeline_is_drawn_by_this_test() {
    if env::var_os("BLESS").is_some() {
        return; // They're being drawn.
    }
    for entry in fs::read_dir(file("")).unwrap() {
        let entry = entry.unwrap().file_name().into_string().unwrap();
        let name = entry.split('.').next().unwrap();
        let is_known = PICTURES.iter().any(|it| it.0 == name);
        assert!(is_known, "book/src/timelines/{entry} is left over");
    }
    for (name, ..) in PICTURES {
        for end in ["svg", "shape.txt"] {
            let file = file(&format!("{name}.{end}"));
            assert!(file.is_file(), "{}: bless it", file.display());
        }
    }
}

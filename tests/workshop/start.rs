//! `start`: what it writes, and what it doesn't touch.

use super::*;
use crate::scratch::Scratch;

#[test]
fn help_fits_and_names_the_commands() {
    let help = stdout(&workshop(&["--help"]).success());
    for word in [
        "start STEP DIR",
        "check STEP",
        "mark STEP",
        "minutes DIR",
        "exercise NAME DIR",
        "hunt NAME DIR",
        "--hint",
        "docker",
    ] {
        assert!(help.contains(word), "{help}");
    }
    assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
}

#[test]
fn a_bad_command_line_is_one_line() {
    let cases: [(&[&str], &str); 14] = [
        (&[], "no command is named"),
        (&["bogus"], "no command \"bogus\"; there are start"),
        (&["--bogus"], "no option \"--bogus\""),
        (&["start"], "start needs a step and one name"),
        (&["start", "step05"], "start needs a step and one name"),
        (&["start", "step05", "a", "b"], "start needs a step and one name"),
        (&["check", "step05", " "], "check needs a step and one name"),
        (&["start", "step99", "a"], "no step \"step99\"; there are step01 to"),
        (&["start", "../step05", "a"], "no step \"../step05\""),
        (&["start", "5", "a", "--holes"], "--holes \"\" isn't one of few"),
        (&["start", "5", "a", "--holes", "no"], "--holes \"no\" isn't one"),
        (&["start", "5", "a", "--hint", "1"], "start has no --hint"),
        (&["check", "5", "a", "--hint", "4"], "--hint \"4\" isn't one of 1"),
        (&["check", "5", "a", "--holes", "few"], "check has no --holes"),
    ];
    for (arguments, part) in cases {
        assert_refused(workshop(arguments), 2, part);
    }
}

/// A starter without holes is the step, byte for byte.
#[test]
fn without_holes_it_is_the_finished_step() {
    let scratch = Scratch::new("finished");
    for number in 1..=LAST {
        let directory = scratch.0.join(number.to_string());
        start(&name(number), &directory, "none").success();
        assert_eq!(files(&directory.join("src")), step(number));
        let pages = repository().join("static");
        assert_eq!(files(&directory.join("static")), files(&pages));
    }
}

/// What's around the holes is the finished step, so filling them leads there.
#[test]
#[ignore = "in .ci/run"]
fn a_hole_takes_a_body_and_nothing_else() {
    let scratch = Scratch::new("holes");
    for number in 1..=LAST {
        let (finished, mut before) = (step(number), 0);
        for holes in ["few", "some", "all"] {
            let directory = scratch.0.join(format!("{number}-{holes}"));
            start(&name(number), &directory, holes).success();
            let mut count = 0;
            for (file, text) in files(&directory.join("src")) {
                let parts = parts(&text);
                count += parts.len() - 1;
                assert!(
                    are_in_order(&parts, &finished[&file]),
                    "{directory:?} changes more of {file} than bodies: {text}"
                );
            }
            assert!(count > 0 && count >= before, "{directory:?}: {count}");
            before = count;
        }
    }
}

#[test]
fn a_record_is_kept_only_if_it_is_wanted() {
    let scratch = Scratch::new("record");
    let (with, without) = (scratch.0.join("with"), scratch.0.join("without"));
    start("step05", &without, "few").success();
    assert!(!without.join("workshop-record.csv").exists());
    workshop(&["start", "step05", path(&with), "--record"]).success();
    let record = with.join("workshop-record.csv");
    let text = fs::read_to_string(&record).unwrap();
    assert!(text.starts_with("unix_seconds,step,passed,of\n"), "{text}");
    assert!(text.ends_with(",step05,0,0\n"), "{text}");
    fs::write(&record, "\n0,step05,0,9\n600,step05,9,9\n").unwrap();
    let arguments = ["minutes", path(&with), path(&without)];
    let said = stdout(&workshop(&arguments).success());
    let expected = format!(
        "{}: step05 10\n{}: no record\n\nmedian minutes\n  step05    10  of 1\n",
        path(&with),
        path(&without)
    );
    assert_eq!(said, expected);
}

/// Whether a text begins with the first of these parts, ends with the last, and
/// has the others in between.
fn are_in_order(parts: &[&str], text: &str) -> bool {
    let (first, others) = parts.split_first().unwrap();
    let Some((last, others)) = others.split_last() else {
        return text == *first;
    };
    let mut rest = text.strip_prefix(first);
    for part in others {
        rest = rest.and_then(|it| it.split_once(part)).map(|(_, it)| it);
    }
    rest.is_some_and(|it| it.ends_with(last))
}

/// The text around its holes: each is a text in quotes, and `}` follows.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = text.split("todo!(");
    let first = parts.next().unwrap().trim_end_matches(' ');
    let others = parts.map(|part| {
        let after = part.splitn(3, '"').nth(2).expect("a text in quotes");
        let brace = after.find('}').expect("the end of a function");
        let line = after[..brace].rfind('\n').unwrap();
        after[line + 1..].trim_end_matches(' ')
    });
    [first].into_iter().chain(others).collect()
}

#[test]
fn a_directory_with_other_files_is_left_alone() {
    let scratch = Scratch::new("foreign");
    let file = scratch.0.join("notes.txt");
    fs::write(&file, "mine").unwrap();
    assert_refused(start("5", &scratch.0, "few"), 1, "notes.txt\" isn't the");
    assert_eq!(fs::read_dir(&scratch.0).unwrap().count(), 1);
    assert_refused(start("5", &file, "few"), 1, "notes.txt");
    assert_eq!(fs::read_to_string(file).unwrap(), "mine");
}

#[test]
fn an_edited_file_is_never_overwritten() {
    let scratch = Scratch::new("edited");
    let (source, page) = ("src/main.rs", "static/hello.html");
    for edited in [source, page] {
        let directory = scratch.0.join(edited.replace('/', "-"));
        start("step05", &directory, "few").success();
        start("step05", &directory, "all").success();
        let file = directory.join(edited);
        fs::write(&file, "mine").unwrap();
        let run = start("step05", &directory, "few");
        assert_refused(run, 1, &format!("{file:?} has been edited"));
        assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
        let pool = directory.join("src/thread_pool.rs");
        let pool = fs::read_to_string(pool).unwrap();
        assert_eq!(pool.matches("todo!(").count(), 3, "{pool}");
        let run = start("step04", &directory, "few");
        assert_refused(run, 1, "is at step05 already");
    }
}

#[test]
fn a_later_step_goes_on_from_the_readers_code() {
    let scratch = Scratch::new("goes-on");
    let directory = scratch.0.join("my server");
    let said = stdout(&start("step05", &directory, "none").success());
    assert!(said.ends_with(" server'\n"), "{said}");
    let main = directory.join("src/main.rs");
    fs::write(&main, "fn main() {}").unwrap();
    let said = stdout(&start("step06", &directory, "few").success());
    assert!(said.contains("goes on from step05 to step06"), "{said}");
    assert!(said.contains("new:       src/signal.rs\n"), "{said}");
    assert!(said.contains("yours:     src/main.rs, which"), "{said}");
    assert!(said.contains("src/main.rs needs:\n  mod signal;\n"), "{said}");
    let others =
        "adds or changes:\n  in src/thread_pool.rs\n      ThreadPool::new\n";
    assert!(said.contains(others), "{said}");
    assert!(said.contains("add or change:\n  ThreadPool::drop"), "{said}");
    assert!(!said.contains("with a hole"), "{said}");
    assert_eq!(fs::read_to_string(&main).unwrap(), "fn main() {}");
    let now = files(&directory.join("src"));
    assert_eq!(now["thread_pool.rs"], step(5)["thread_pool.rs"]);
    assert_eq!(now["signal.rs"], step(6)["signal.rs"]);

    let said = stdout(&start("step07", &directory, "few").success());
    assert!(said.contains("new:       src/request.rs\n"), "{said}");
    assert!(said.contains("with a hole:\n  parse_field"), "{said}");
    let now = files(&directory.join("src"));
    assert_eq!(now["request.rs"].matches("todo!(").count(), 2);
}

/// A file that readers copy is replaced, but not if they've changed it.
#[test]
fn a_later_step_replaces_what_is_copied() {
    let scratch = Scratch::new("copied");
    for is_edited in [false, true] {
        let directory = scratch.0.join(is_edited.to_string());
        start("step09", &directory, "none").success();
        let options = directory.join("src/options.rs");
        if is_edited {
            fs::write(&options, "mine").unwrap();
        }
        let said = stdout(&start("step10", &directory, "none").success());
        let now = fs::read_to_string(&options).unwrap();
        if is_edited {
            assert!(said.contains("still yours: src/options.rs"), "{said}");
            assert_eq!(now, "mine");
        } else {
            assert!(said.contains("replaced:  src/options.rs"), "{said}");
            assert_eq!(now, step(10)["options.rs"]);
        }
    }
}

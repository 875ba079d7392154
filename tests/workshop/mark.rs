//! `mark`: a class gets what it deserves.

use super::*;
use crate::scratch::Scratch;
use std::path::PathBuf;

/// A student's mistake: an edit of step 03, and how many rows it costs.
struct Mistake {
    name: &'static str,
    from: &'static str,
    to: &'static str,
    lacks: &'static [&'static str],
}

const MISTAKES: [Mistake; 6] = [
    Mistake {
        name: "wrong-status",
        from: "404 Not Found",
        to: "200 OK",
        lacks: &["unknown_path_is_404"],
    },
    Mistake {
        name: "query-in-the-path",
        from: "target.split_once('?')",
        to: "target.split_once('\\0')",
        lacks: &["query_is_not_part_of_the_path", "sleep_delays_the_response"],
    },
    Mistake {
        name: "no-400",
        from: "400 Bad Request",
        to: "500 Internal Server Error",
        lacks: &["malformed_request_line_is_400"],
    },
    Mistake {
        name: "length-off-by-one",
        from: "body.len()\n",
        to: "body.len() + 1\n",
        lacks: &["client_gets_the_page", "response_is_well_formed"],
    },
    Mistake {
        name: "first-line-only",
        from: "while !head.ends_with(b\"\\n\\r\\n\") && \
               !head.ends_with(b\"\\n\\n\")",
        to: "while !head.ends_with(b\"\\n\")",
        lacks: &["whole_request_head_is_read_before_the_response"],
    },
    Mistake {
        name: "does-not-compile",
        from: "fn pause(query: &str)",
        to: "fn pause(query: &String)",
        lacks: &["client_gets_the_page", "unknown_path_is_404"],
    },
];

/// Ten crates: six with a mistake, because of which one doesn't compile.
fn class(scratch: &Scratch) -> Vec<PathBuf> {
    let sound = ["ada", "bob", "cyd", "dan"].map(|name| (name, None));
    let faulty = MISTAKES.iter().map(|it| (it.name, Some(it)));
    let students = sound.into_iter().chain(faulty);
    let crates = students.map(|(name, mistake)| {
        let directory = scratch.0.join(name);
        start("step03", &directory, "none").success();
        let main = directory.join("src/main.rs");
        if let Some(Mistake { from, to, .. }) = mistake {
            let text = fs::read_to_string(&main).unwrap();
            assert_eq!(text.matches(from).count(), 1, "{name}: {from}");
            fs::write(&main, text.replace(from, to)).unwrap();
        }
        directory
    });
    crates.collect()
}

/// Marks the class, and returns the table and the CSV.
fn mark(class: &[PathBuf], scratch: &Scratch) -> (String, String) {
    let csv = scratch.0.join("marks.csv");
    let mut arguments =
        vec!["mark", "step03", "--limit", "600", "--csv", path(&csv)];
    arguments.extend(class.iter().map(|directory| path(directory)));
    let table = stdout(&workshop(&arguments).success());
    (table, fs::read_to_string(csv).unwrap())
}

#[test]
#[ignore = "in .ci/run"]
fn a_class_gets_what_it_deserves_twice_the_same() {
    let scratch = Scratch::new("class");
    let class = class(&scratch);
    let (table, csv) = mark(&class, &scratch);
    let mut lines = csv.lines().map(|it| it.split(',').collect::<Vec<_>>());
    let rows = lines.next().unwrap();
    let all = (rows.len() - 3).to_string();
    for (directory, marks) in class.iter().zip(lines) {
        let name = directory.file_name().unwrap().to_str().unwrap();
        let passes = |row: &&str| {
            let column = rows.iter().position(|it| it == row);
            marks[column.unwrap_or_else(|| panic!("no {row}: {csv}"))] == "1"
        };
        let ones = marks[3..].iter().filter(|it| **it == "1").count();
        assert_eq!(marks[1], ones.to_string(), "{csv}");
        assert_eq!(marks[2], all, "{csv}");
        match MISTAKES.iter().find(|it| it.name == name) {
            None => assert_eq!(marks[1], all, "{name}: {csv}"),
            Some(mistake) => {
                assert!(!mistake.lacks.iter().any(passes), "{name}: {csv}");
            }
        }
    }
    assert!(table.contains("unknown path is 404"), "{table}");
    assert!(table.contains("error[E0308]"), "{table}");
    assert_eq!((table, csv), mark(&class, &scratch));
}

#[test]
fn a_bad_command_line_of_mark_is_one_line() {
    let cases: [(&[&str], &str); 5] = [
        (&["mark"], "mark needs a step and servers"),
        (&["mark", "step03"], "mark needs one or more servers"),
        (&["mark", "3", "a", "--limit", "0"], "--limit \"0\" isn't a number"),
        (&["mark", "3", "a", "--csv"], "--csv needs a file"),
        (&["mark", "3", "a", "b", "--gradescope", "c"], "is about one server"),
    ];
    for (arguments, part) in cases {
        assert_refused(workshop(arguments), 2, part);
    }
}

/// A server with some rows, and one that can't be asked for any.
#[test]
#[ignore = "in .ci/run"]
fn marks_are_written_in_all_formats() {
    let scratch = Scratch::new("formats");
    let file = |name: &str| scratch.0.join(name);
    let [json, junit, results] = ["a.jsonl", "a.xml", "a.json"].map(file);
    let said = stdout(
        &workshop(&[
            "mark",
            "step02",
            "step01",
            "./a<b",
            "--json",
            path(&json),
        ])
        .success(),
    );
    assert!(said.contains("\"./a<b\" isn't a directory"), "{said}");
    let lines = fs::read_to_string(json).unwrap();
    let lines: Vec<_> = lines.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[1].starts_with(
        "{\"server\":\"./a<b\",\"step\":\"step02\",\"points\":0,\"of\":"
    ));
    let row = "{\"step\":2,\"row\":\"client_gets_the_page\",\"passed\":false}";
    assert!(lines[0].contains(row), "{}", lines[0]);

    let arguments = ["mark", "step01", "step01", "./a<b", "--junit"];
    workshop(&[&arguments[..], &[path(&junit)]].concat()).success();
    let xml = fs::read_to_string(junit).unwrap();
    assert!(xml.contains("<testsuite name=\"./a&lt;b\" tests=\""), "{xml}");
    // The schema of Jenkins's xUnit plugin wants all of these.
    for attribute in [" name=\"", " tests=\"", " failures=\"", " errors=\"0\""]
    {
        let suites = xml.split("<testsuite ").skip(1);
        for suite in suites {
            let (start, _) = suite.split_once('>').unwrap();
            assert!(format!(" {start}").contains(attribute), "{xml}");
        }
    }
    assert_well_formed(&xml);

    let arguments = ["mark", "step01", "step01", "--gradescope"];
    workshop(&[&arguments[..], &[path(&results)]].concat()).success();
    let results = fs::read_to_string(results).unwrap();
    let tests =
        results.matches("\"max_score\":1,\"status\":\"passed\"").count();
    assert!(results.starts_with(&format!("{{\"score\":{tests},\"tests\":[")));
    assert!(tests > 5 && results.ends_with("]}\n"), "{results}");
}

/// Whether each element is closed, in the right order.
fn assert_well_formed(xml: &str) {
    let (declaration, rest) = xml.split_once("?>\n").unwrap();
    assert!(declaration.starts_with("<?xml version=\"1.0\""));
    let mut open = Vec::new();
    for tag in rest.split('<').skip(1) {
        let (tag, text) = tag.split_once('>').expect("the end of a tag");
        assert!(!text.contains('>'), "{text}");
        let name = tag.split(' ').next().unwrap();
        if let Some(name) = name.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{xml}");
        } else if !tag.ends_with('/') {
            open.push(name);
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
    }
    assert!(open.is_empty(), "{open:?}");
}

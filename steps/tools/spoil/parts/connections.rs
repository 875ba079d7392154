//! Connections: every split of every input gets the same responses, and each of
//! them has the form that it should.

use super::{Part, same};
use crate::corpus;
use crate::driver::{self, Answer, Outcome};
use crate::pieces;
use crate::place::OPTIONS;
use crate::random::Random;
use crate::request::Request;
use std::num::ParseIntError;
use std::{mem, str};

pub const PART: Part =
    Part { name: "connections", at_least: 250, make: corpus::requests, check };

/// How many ways to cut each input are tried. Heads and bodies alone are cut at
/// every place.
const CUTS: usize = 6;

fn check(input: &[u8], random: &mut Random) -> Result<(), String> {
    let run = |input: &[u8], ends: &[usize]| {
        let seed = Random::new(ends.len() as u64);
        let mut outcome = driver::run(input, ends, &OPTIONS, seed)
            .map_err(|error| format!("it can't be sent: {error}"))?;
        for answer in &mut outcome.answers {
            answer.bytes = without_date(mem::take(&mut answer.bytes));
        }
        Ok(outcome)
    };
    let whole = run(input, &[input.len()])?;
    let mut start = 0;
    for (index, answer) in whole.answers.iter().enumerate() {
        let is_last = index + 1 == whole.answers.len();
        check_answer(answer, whole.is_closed && is_last)?;
        if let Some(end) = answer.end {
            // A request gets the same answer if it comes alone.
            let request = &input[start..end];
            let alone = run(request, &[request.len()])?;
            let statuses: Vec<_> =
                alone.answers.iter().map(|it| it.status).collect();
            same("a request alone", vec![answer.status], statuses)?;
            let request = Request::parse(request.trim_ascii_start());
            let must_close = request.is_ok_and(|it| !it.wants_keep_alive());
            if must_close && !(whole.is_closed && is_last) {
                return Err("the client wanted it to be closed".to_string());
            }
            start = end;
        }
    }
    let mut cuts = pieces::cuts(input.len(), random);
    while cuts.len() > CUTS {
        cuts.swap_remove(1 + random.below(cuts.len() - 1));
    }
    let alike = |ends: &[usize]| run(input, ends).map(without_refusal);
    pieces::compare(cuts, &Ok(without_refusal(whole)), alike, show)
}

/// What breaks two rules is refused by the one that shows first, so we compare
/// only that it's refused. Which statuses may differ is checked with the heads.
fn without_refusal(mut outcome: Outcome) -> Outcome {
    let last = outcome.answers.last_mut();
    if let Some(refusal) = last.filter(|it| it.end.is_none()) {
        refusal.status = 400;
        refusal.bytes.clear();
    }
    outcome
}

fn show(outcome: &Result<Outcome, String>) -> String {
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(error) => return error.clone(),
    };
    let answers = outcome.answers.iter().map(|it| {
        let (status, count, end) = (it.status, it.bytes.len(), it.end);
        format!("{status} in {count} bytes, next request at {end:?}, ")
    });
    let end = if outcome.is_closed { "closed" } else { "open" };
    answers.collect::<String>() + end
}

/// A response without its first field, the date, which changes while we look.
pub fn without_date(mut response: Vec<u8>) -> Vec<u8> {
    let ends = (0..response.len()).filter(|&at| response[at] == b'\n');
    if let [start, end] = ends.take(2).collect::<Vec<_>>()[..] {
        response.drain(start..end);
    }
    response
}

/// What holds for every response, whatever it answers.
fn check_answer(answer: &Answer, is_last: bool) -> Result<(), String> {
    let end = answer.bytes.windows(4).position(|it| it == b"\r\n\r\n");
    let (head, body) = answer.bytes.split_at(end.ok_or("no blank line")? + 4);
    let head = str::from_utf8(head).map_err(|_| "a head that isn't text")?;
    let mut lines = head.trim_end().split("\r\n");
    let line = format!("HTTP/1.1 {} ", answer.status);
    let status_line = lines.next().unwrap_or_default();
    same("the status line", true, status_line.starts_with(&line))?;
    same(
        "a bare CR or LF",
        false,
        lines.clone().any(|it| it.contains(['\r', '\n'])),
    )?;
    let value = |name: &str| {
        let mut all = lines.clone().filter_map(|it| it.split_once(": "));
        all.find(|field| field.0 == name).map(|field| field.1)
    };
    if answer.status == 500 {
        return Err("500: an error of the server's own".to_string());
    }
    let closes = value("Connection") == Some("close");
    same("whether the response says that it's the last", is_last, closes)?;
    let is_empty = [204, 304].contains(&answer.status);
    let length = value("Content-Length").map(|it| it.parse());
    same("whether it has a length", !is_empty, length.is_some())?;
    if let Some(range) = value("Content-Range") {
        check_range(range, answer.status, length.clone())?;
    }
    match length {
        // HEAD gets the length and no body.
        Some(Ok(length)) if !body.is_empty() => {
            same("the length of its body", length, body.len())
        }
        _ => same("the length of its body", 0, body.len()),
    }
}

/// A 206 says which bytes of the file it has, and a 416 how many there are.
fn check_range(
    range: &str,
    status: u16,
    length: Option<Result<usize, ParseIntError>>,
) -> Result<(), String> {
    let numbers = range.split([' ', '-', '/']).skip(1);
    let numbers: Vec<usize> =
        numbers.filter_map(|it| it.parse().ok()).collect();
    let valid = match numbers[..] {
        [first, last, all] => {
            let count = (last + 1).checked_sub(first);
            status == 206 && last < all && length == count.map(Ok)
        }
        [_] => status == 416,
        _ => false,
    };
    same(&format!("{status} with {range:?} and {length:?}"), true, valid)
}

//! Cuts an input into the pieces in which it may arrive.

use crate::random::Random;

/// Inputs up to this length are cut at every place.
const SHORT: usize = 300;

/// How many ways to cut a longer input into two are tried.
const TRIES: usize = 20;

/// Ways to cut an input of this length: where each piece ends.
pub fn cuts(length: usize, random: &mut Random) -> Vec<Vec<usize>> {
    let mut all = vec![(1..=length).collect()];
    match length {
        ..=SHORT => all.extend((1..length).map(|at| vec![at, length])),
        _ => all.extend((0..TRIES).map(|_| vec![random.below(length), length])),
    }
    all.push(some(length, random));
    all
}

/// One way to cut it, at a few random places.
pub fn some(length: usize, random: &mut Random) -> Vec<usize> {
    let count = random.below(8);
    let mut ends: Vec<_> =
        (0..count).map(|_| random.below(length + 1)).collect();
    ends.push(length);
    ends.sort();
    ends
}

/// What a person calls such a cut.
pub fn describe(ends: &[usize]) -> String {
    let mut start = 0;
    let lengths = ends.iter().map(|&end| {
        let length = end - start;
        start = end;
        length.to_string()
    });
    let lengths: Vec<_> = lengths.collect();
    if lengths.len() > 1 && lengths.iter().all(|length| length == "1") {
        return "byte by byte".to_string();
    }
    format!("in pieces of {} bytes", lengths.join(" + "))
}

/// Compares what came of an input in one piece with what comes of the same
/// input cut in these ways.
pub fn compare<T: PartialEq>(
    cuts: impl IntoIterator<Item = Vec<usize>>,
    whole: &T,
    run: impl Fn(&[usize]) -> T,
    show: impl Fn(&T) -> String,
) -> Result<(), String> {
    for ends in cuts {
        let outcome = run(&ends);
        if outcome != *whole {
            return Err(format!(
                "the answer depends on how the input arrives\n\
                 \x20 in one piece: {}\n  {}: {}",
                show(whole),
                describe(&ends),
                show(&outcome)
            ));
        }
    }
    Ok(())
}

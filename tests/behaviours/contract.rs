//! Makes the tests of a step from the table of behaviours.

/// The tests of one step: what it has, and what it lacks.
///
/// A macro can't compare numbers, so each step says which ones come before and
/// after it. The macro that finds the step's cell in a row is therefore made
/// here, with those numbers in its patterns. (In it, `$d` writes a `$`.)
macro_rules! contract {
    ($d:tt $step:ident: before $before:tt, now $now:tt, later $($later:tt)*) => {
        // Takes a row's ranges off, one by one, until one reaches this step.
        macro_rules! find_cell {
            // A chapter of this step, or of another one, names the test.
            ($d row:tt $d when:ident $d symptom:ident until $d last:tt
            (named in $now $d($d rest:tt)*) $d($d ranges:tt)*) => {
                cell! { $d row always $d symptom }
            };
            ($d row:tt $d when:ident $d symptom:ident until $d last:tt
            (named in $d other:tt $d(, $d more:tt)*) $d($d ranges:tt)*) => {
                find_cell! { $d row $d when $d symptom until $d last
                    (named in $d($d more),*) $d($d ranges)* }
            };
            ($d row:tt $d when:ident $d symptom:ident until $d last:tt
            (named in) $d($d ranges:tt)*) => {
                find_cell! { $d row $d when $d symptom until $d last
                    $d($d ranges)* }
            };
            // A costly row runs where its range ends.
            ($d row:tt $d when:ident holds until $now (costly),
            $d($d ranges:tt)*) => {
                cell! { $d row always holds }
            };
            $(($d row:tt $d when:ident holds until $later (costly),
            $d($d ranges:tt)*) => {
                cell! { $d row seldom holds }
            };)*
            ($d row:tt $d when:ident holds until $d last:tt (costly),
            $d($d ranges:tt)*) => {
                find_cell! { $d row $d when holds until $d last,
                    $d($d ranges)* }
            };
            // The range ends with this step, or with a later one, or never.
            ($d row:tt $d when:ident $d symptom:ident until $now,
            holds $d($d ranges:tt)*) => {
                cell! { $d row always $d symptom }
            };
            ($d row:tt $d when:ident $d symptom:ident until $now,
            $d($d ranges:tt)*) => {
                cell! { $d row $d when $d symptom }
            };
            $(($d row:tt $d when:ident $d symptom:ident until $later
            $d($d ranges:tt)*) => {
                cell! { $d row $d when $d symptom }
            };)*
            ($d row:tt $d when:ident holds from $d first:tt (slow)) => {
                cell! { $d row slowly holds }
            };
            ($d row:tt $d when:ident holds from $d first:tt
            (costly; named in $now $d($d rest:tt)*)) => {
                cell! { $d row for_good holds }
            };
            ($d row:tt $d when:ident holds from $d first:tt
            (costly; named in $d other:tt $d(, $d more:tt)*)) => {
                find_cell! { $d row $d when holds from $d first
                    (costly; named in $d($d more),*) }
            };
            ($d row:tt $d when:ident holds from $d first:tt
            (costly; named in)) => {
                find_cell! { $d row $d when holds from $d first (costly) }
            };
            ($d row:tt $d when:ident holds from $now (costly)) => {
                cell! { $d row for_good holds }
            };
            ($d row:tt $d when:ident holds from $d first:tt (costly)) => {
                cell! { $d row costly $($later)* }
            };
            ($d row:tt $d when:ident holds from $d first:tt) => {
                cell! { $d row for_good holds }
            };
            ($d row:tt $d when:ident $d symptom:ident from $d first:tt) => {
                cell! { $d row $d when $d symptom }
            };
            // It ended before.
            ($d row:tt $d when:ident holds until $before,
            $d($d ranges:tt)*) => {
                find_cell! { $d row always $d($d ranges)* }
            };
            ($d row:tt $d when:ident $d symptom:ident until $d last:tt,
            $d($d ranges:tt)*) => {
                find_cell! { $d row rarely $d($d ranges)* }
            };
        }
        mod has {
            table! { has $step }
        }
        mod lacks {
            table! { lacks $step }
        }
    };
}

macro_rules! each_row {
    ($which:ident $step:ident
    $($(#[$only:meta])* $group:ident :: $name:ident [$($ranges:tt)*])*) => {
        $(find_cell! {
            ($which $step $group $name $(#[$only])*)
            rarely $($ranges)*
        })*
    };
}

/// The test that a cell of the table stands for.
macro_rules! cell {
    // No step comes later.
    ($row:tt costly) => {
        cell! { $row for_good holds }
    };
    ($row:tt costly $($later:tt)+) => {
        cell! { $row slowly holds }
    };
    ((has $($row:tt)*) slowly holds) => {
        cell! { (has $($row)* #[ignore = "in .ci/run"]) for_good holds }
    };
    // It isn't for good.
    ((has $($row:tt)*) seldom holds) => {
        cell! { (has $($row)* #[ignore = "in .ci/run"]) rarely holds }
    };
    ((has $step:ident $group:ident $name:ident $(#[$only:meta])*)
    $when:ident holds) => {
        $(#[$only])*
        #[test]
        fn $name() {
            crate::behaviours::proof::has(
                stringify!($step), stringify!($name),
                crate::behaviours::$group::$name,
                stringify!($when) == "for_good");
        }
    };
    ((has $($row:tt)*) $when:ident $symptom:ident) => {};
    ((lacks $($row:tt)*) $when:ident holds) => {};
    ((lacks $step:ident $group:ident $name:ident $(#[$only:meta])*)
    $when:ident given_up) => {
        $(#[$only])*
        const _: crate::behaviours::proof::Behaviour =
            crate::behaviours::$group::$name; // Not tested, but not forgotten.
    };
    ((lacks $($row:tt)*) rarely $symptom:ident) => {
        cell! { (lacks $($row)* #[ignore = "in .ci/run"]) always $symptom }
    };
    ((lacks $step:ident $group:ident $name:ident $(#[$only:meta])*)
    always $symptom:ident) => {
        $(#[$only])*
        #[test]
        fn $name() {
            crate::behaviours::proof::lacks(
                stringify!($step), stringify!($name),
                crate::behaviours::$group::$name,
                crate::behaviours::proof::symptom(stringify!($symptom)));
        }
    };
}

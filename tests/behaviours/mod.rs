//! The catalogue: what a server can do, in one table, from step to step.
//!
//! A behaviour is a function whose name is a sentence. It talks to a running
//! server and returns `Ok`, or what it saw instead.

// Whoever writes a behaviour and forgets the table hears of it here.
#![deny(dead_code)]

pub mod concurrency;
pub mod connections;
pub mod files;
pub mod limits;
pub mod listening;
pub mod pool;
pub mod requests;
pub mod responding;
pub mod routing;
#[cfg(unix)]
pub mod stopping;

use crate::support::report::{Deviation, Outcome, Symptom};
use crate::support::server::{Program, Server, named_server};

/// The curriculum. `yes`: the step has the behaviour, and `has::…` proves it.
/// Anything else is how the step shows that it does not: `lacks::…` proves
/// that just this happens. The words are those of `Symptom`:
///
/// * `hangs`: no answer comes
/// * `closes`: the connection ends without an answer (an empty reply)
/// * `differs`: something else happens
/// * `resets`: the client cannot even finish sending
/// * `dies`: the process ends
macro_rules! table {
    ($rows:ident $which:ident $step:ident) => { $rows! { $which $step
        // from the first step on
        listening::it_takes_one_connection_after_another [yes yes yes yes yes yes yes yes yes yes]
        listening::an_empty_connection_ends_nothing [yes yes yes yes yes yes yes yes yes yes]
        listening::half_a_request_ends_nothing [yes yes yes yes yes yes yes yes yes yes]
        listening::bytes_that_are_not_utf8_end_nothing [yes yes yes yes yes yes yes yes yes yes]
        listening::a_client_that_leaves_early_ends_nothing [yes yes yes yes yes yes yes yes yes yes]
        #[cfg(target_os = "linux")]
        listening::running_out_of_open_files_ends_nothing [yes yes yes yes yes yes yes yes yes yes]
        listening::half_a_head_and_no_more_is_closed_at_once [yes yes yes yes yes yes yes yes yes yes]
        listening::an_address_that_it_cannot_have_is_an_error [yes yes yes yes yes yes yes yes yes yes]
        listening::a_port_that_is_taken_is_an_error [yes yes yes yes yes yes yes yes yes yes]
        listening::the_head_of_a_request_is_printed [yes differs differs differs differs differs differs differs differs differs]

        // step 02: a response
        responding::a_client_gets_the_page [closes yes yes yes yes yes yes yes yes yes]
        responding::a_response_is_valid_to_the_last_byte [closes yes yes yes yes yes yes yes yes yes]
        responding::a_head_that_comes_byte_by_byte_is_understood [closes yes yes yes yes yes yes yes yes yes]
        responding::the_head_is_read_before_the_answer [closes yes yes yes yes yes yes yes yes yes]
        responding::a_head_of_64_kib_costs_no_answer [closes yes yes yes yes yes yes yes yes yes]
        responding::who_stops_sending_is_still_answered [closes yes yes yes yes yes yes yes yes yes]
        responding::an_upload_that_nobody_reads_costs_no_answer [resets resets resets resets resets resets resets resets yes yes]

        // step 03: a page for each path
        routing::an_unknown_path_is_404_with_its_page [closes differs yes yes yes yes yes yes yes yes]
        routing::sleep_answers_later [closes differs yes yes yes yes yes yes yes yes]
        routing::a_query_is_no_part_of_the_path [closes differs yes yes yes yes yes yes yes yes]
        routing::a_malformed_request_line_is_400 [closes differs yes yes yes yes yes yes yes yes]

        // step 04: a thread for each connection
        concurrency::a_slow_request_delays_nobody [closes differs hangs yes yes yes yes yes yes yes]
        concurrency::a_silent_client_delays_nobody [hangs hangs hangs yes yes yes yes yes yes yes]
        concurrency::twenty_silent_clients_delay_nobody [hangs hangs hangs yes hangs hangs hangs hangs yes yes]
        concurrency::four_requests_are_served_at_once [hangs hangs hangs yes yes yes yes yes yes yes]
        concurrency::a_panic_costs_only_its_own_request [hangs differs differs yes hangs yes yes yes yes yes]
        concurrency::a_hundred_panics_change_nothing [closes differs differs yes closes yes yes yes yes yes]

        // step 05: a fixed number of threads
        pool::a_fifth_request_waits_until_one_of_four_ends [hangs hangs hangs differs yes yes yes yes yes yes]
        pool::waiting_requests_are_served_in_order [hangs hangs hangs differs yes yes yes yes yes yes]
        #[cfg(target_os = "linux")]
        pool::a_crowd_of_clients_starts_no_threads [yes yes yes differs yes yes yes yes yes yes]
        pool::a_worker_says_when_it_gets_a_job [differs differs differs differs yes yes differs differs differs differs]

        // step 06: a stop that loses nothing
        #[cfg(unix)]
        stopping::sigterm_waits_for_a_request_in_flight [dies dies dies dies dies yes yes yes yes yes]
        #[cfg(unix)]
        stopping::ctrl_c_waits_for_a_request_in_flight [dies dies dies dies dies yes yes yes yes yes]
        #[cfg(unix)]
        stopping::requests_in_the_queue_are_answered_too [dies dies dies dies dies yes yes yes yes yes]
        #[cfg(unix)]
        stopping::who_connected_before_the_signal_is_answered [dies dies dies dies dies yes yes yes yes yes]
        #[cfg(unix)]
        stopping::newcomers_are_refused_meanwhile [dies dies dies dies dies yes yes yes yes yes]
        #[cfg(unix)]
        stopping::an_idle_server_ends_with_status_0 [dies dies dies dies dies yes yes yes yes yes]
        #[cfg(unix)]
        stopping::a_wildcard_address_is_no_obstacle [dies dies dies dies dies yes yes yes yes yes]
        #[cfg(target_os = "linux")]
        stopping::running_out_of_open_files_is_no_obstacle [dies dies dies dies dies yes yes yes yes yes]
        #[cfg(unix)]
        stopping::it_says_what_it_waits_for [dies dies dies dies dies yes yes yes yes yes]
        #[cfg(unix)]
        stopping::a_second_signal_ends_it_at_once [dies dies dies dies dies yes yes yes yes yes]

        // step 07: requests that can be trusted
        requests::head_is_get_without_a_body [closes differs differs differs differs differs yes yes yes yes]
        requests::other_methods_are_405_with_allow [closes differs differs differs differs differs yes yes yes yes]
        requests::unknown_methods_are_501 [closes differs differs differs differs differs yes yes yes yes]
        requests::options_tells_what_is_allowed [closes differs differs differs differs differs yes yes yes yes]
        requests::a_target_may_be_absolute [closes differs differs differs differs differs yes yes yes yes]
        requests::a_target_of_another_form_is_400 [closes differs differs differs differs differs yes yes yes yes]
        requests::another_major_version_is_505 [closes differs differs differs differs differs yes yes yes yes]
        requests::host_must_be_there_once_and_valid [closes differs differs differs differs differs yes yes yes yes]
        requests::malformed_fields_are_400 [closes differs differs differs differs differs yes yes yes yes]
        requests::control_characters_are_400 [closes differs differs differs differs differs yes yes yes yes]
        requests::a_few_empty_lines_before_a_request_are_skipped [closes yes differs differs differs differs yes yes yes yes]
        requests::every_answer_has_a_date [closes differs differs differs differs differs yes yes yes yes]

        // step 08: a folder of files
        files::any_file_below_the_root_is_served [closes differs differs differs differs differs differs yes yes yes]
        files::a_folder_is_its_index [closes differs differs differs differs differs differs yes yes yes]
        files::a_folder_without_its_slash_is_moved [differs differs differs differs differs differs differs yes yes yes]
        files::percent_escapes_are_decoded [closes differs differs differs differs differs differs yes yes yes]
        files::broken_escapes_are_400 [closes differs differs differs differs differs differs yes yes yes]
        files::nothing_outside_the_root_is_served [differs differs differs differs differs differs differs yes yes yes]
        files::hidden_files_are_not_served [differs differs differs differs differs differs differs yes yes yes]
        #[cfg(unix)]
        files::a_symlink_leads_nowhere_else [differs differs differs differs differs differs differs yes yes yes]
        #[cfg(unix)]
        files::a_pipe_holds_nobody_up [differs differs differs differs differs differs differs yes yes yes]
        files::a_file_that_is_known_is_304 [closes differs differs differs differs differs differs yes yes yes]
        #[cfg(target_os = "linux")]
        files::a_large_file_takes_little_memory [differs differs differs differs differs differs differs yes yes yes]
        files::the_404_page_is_that_of_the_root [differs differs differs differs differs differs differs yes yes yes]
        files::demonstrations_can_be_turned_off [closes differs differs differs differs differs differs yes yes yes]

        // step 09: limits
        limits::a_silent_client_is_let_go [hangs hangs hangs hangs hangs hangs hangs hangs yes yes]
        limits::a_byte_now_and_then_does_not_help [hangs hangs hangs hangs hangs hangs hangs hangs yes yes]
        #[cfg(target_os = "linux")]
        limits::a_client_that_does_not_read_is_let_go [closes differs differs differs differs differs differs hangs yes yes]
        #[cfg(target_os = "linux")]
        limits::a_slow_reader_gets_everything [closes differs differs differs differs differs differs yes yes yes]
        #[cfg(target_os = "linux")]
        limits::bytes_that_come_late_cost_no_answer [differs differs differs differs differs differs differs differs yes yes]
        limits::a_long_request_line_is_414 [closes differs differs differs differs differs differs differs yes yes]
        limits::a_long_head_is_431 [closes differs differs differs differs differs differs differs yes yes]
        limits::too_many_fields_are_431 [closes differs differs differs differs differs differs differs yes yes]
        limits::a_full_queue_is_503_at_once [hangs hangs hangs hangs hangs hangs hangs hangs yes yes]
        #[cfg(target_os = "linux")]
        limits::out_of_open_files_it_does_not_spin [yes yes yes differs differs differs differs differs yes yes]
        limits::a_panic_is_500 [closes differs differs closes closes closes closes closes yes yes]
        #[cfg(target_os = "linux")]
        limits::a_thousand_silent_clients_are_survived [hangs hangs hangs yes hangs hangs hangs hangs yes yes]

        // step 10: connections that last
        connections::several_requests_share_a_connection [closes closes closes closes closes closes closes closes closes yes]
        connections::pipelined_requests_are_answered_in_order [closes closes closes closes closes closes closes closes closes yes]
        connections::either_side_can_end_it [closes differs differs differs differs differs differs differs differs yes]
        connections::a_body_is_skipped [closes differs differs differs differs differs closes closes closes yes]
        connections::an_ambiguous_body_is_refused [closes differs differs differs differs differs differs differs differs yes]
        connections::an_expectation_is_met_or_refused [closes differs differs differs differs differs differs differs differs yes]
        connections::an_idle_connection_is_closed_in_silence [closes closes closes closes closes closes closes closes closes yes]
        connections::idle_connections_hold_nobody_up [closes closes closes closes closes closes closes closes closes yes]
        connections::a_newcomer_has_a_moment_to_ask [hangs hangs hangs hangs hangs hangs hangs hangs hangs yes]
        connections::a_request_that_has_begun_is_not_given_up [closes closes closes closes closes closes closes closes closes yes]
        connections::the_thousandth_answer_is_the_last [closes differs differs differs differs differs differs differs differs yes]
        #[cfg(unix)]
        connections::a_stop_closes_idle_connections_at_once [closes closes closes closes closes closes closes closes closes yes]
        #[cfg(unix)]
        connections::a_stop_tells_who_is_served_that_it_ends [closes closes closes closes closes closes closes closes closes yes]
        #[cfg(unix)]
        connections::a_stop_does_not_wait_for_ever [closes closes closes closes closes closes closes closes closes yes]
        connections::every_answer_can_be_logged [closes closes closes closes closes closes closes closes closes yes]
    } };
}

/// The tests of one step: what it has and what it lacks.
macro_rules! contract {
    ($step:ident) => {
        mod has {
            table! { each_row has $step }
        }
        mod lacks {
            table! { each_row lacks $step }
        }
    };
}

/// Picks the step's cell out of each row. A row with a cell too many or too few
/// fits nowhere, of the last step at the latest, and does not compile.
macro_rules! each_row {
    ($which:ident step01 $($(#[$only:meta])* $group:ident :: $name:ident
    [$cell:ident $($rest:ident)*])*) => {
        $(cell! { $which step01 $cell $group $name $(#[$only])* })*
    };
    ($which:ident step02 $($(#[$only:meta])* $group:ident :: $name:ident
    [$a:ident $cell:ident $($rest:ident)*])*) => {
        $(cell! { $which step02 $cell $group $name $(#[$only])* })*
    };
    ($which:ident step03 $($(#[$only:meta])* $group:ident :: $name:ident
    [$a:ident $b:ident $cell:ident $($rest:ident)*])*) => {
        $(cell! { $which step03 $cell $group $name $(#[$only])* })*
    };
    ($which:ident step04 $($(#[$only:meta])* $group:ident :: $name:ident
    [$a:ident $b:ident $c:ident $cell:ident $($rest:ident)*])*) => {
        $(cell! { $which step04 $cell $group $name $(#[$only])* })*
    };
    ($which:ident step05 $($(#[$only:meta])* $group:ident :: $name:ident
    [$a:ident $b:ident $c:ident $d:ident $cell:ident $($rest:ident)*])*) => {
        $(cell! { $which step05 $cell $group $name $(#[$only])* })*
    };
    ($which:ident step06 $($(#[$only:meta])* $group:ident :: $name:ident
    [$a:ident $b:ident $c:ident $d:ident $e:ident $cell:ident $($rest:ident)*])*) => {
        $(cell! { $which step06 $cell $group $name $(#[$only])* })*
    };
    ($which:ident step07 $($(#[$only:meta])* $group:ident :: $name:ident
    [$a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $cell:ident $($rest:ident)*])*) => {
        $(cell! { $which step07 $cell $group $name $(#[$only])* })*
    };
    ($which:ident step08 $($(#[$only:meta])* $group:ident :: $name:ident
    [$a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $cell:ident $($rest:ident)*])*) => {
        $(cell! { $which step08 $cell $group $name $(#[$only])* })*
    };
    ($which:ident step09 $($(#[$only:meta])* $group:ident :: $name:ident
    [$a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident $cell:ident $($rest:ident)*])*) => {
        $(cell! { $which step09 $cell $group $name $(#[$only])* })*
    };
    ($which:ident step10 $($(#[$only:meta])* $group:ident :: $name:ident
    [$a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident $i:ident $cell:ident])*) => {
        $(cell! { $which step10 $cell $group $name $(#[$only])* })*
    };
}

/// The test that a cell of the table stands for.
macro_rules! cell {
    (has $step:ident yes $group:ident $name:ident $(#[$only:meta])*) => {
        $(#[$only])*
        #[test]
        fn $name() {
            let behaviour = crate::behaviours::$group::$name;
            crate::behaviours::has(
                stringify!($step), stringify!($name), behaviour);
        }
    };
    (lacks $step:ident yes $($row:tt)*) => {};
    (has $step:ident $symptom:ident $($row:tt)*) => {};
    (lacks $step:ident $symptom:ident $group:ident $name:ident
    $(#[$only:meta])*) => {
        $(#[$only])*
        #[test]
        fn $name() {
            let behaviour = crate::behaviours::$group::$name;
            crate::behaviours::lacks(
                stringify!($step), stringify!($name), behaviour,
                crate::behaviours::symptom(stringify!($symptom)));
        }
    };
}

type Behaviour = fn(&Server) -> Outcome;

/// Fails unless the step has the behaviour.
pub fn has(step: &str, name: &str, behaviour: Behaviour) {
    let sentence = name.replace('_', " ");
    let program = Program::under_test(step);
    let title = format!("{program} should show: {sentence}");
    let server = match Server::start(program, None) {
        Ok(server) => server,
        Err(deviation) => panic!("\n\n{title}\n{deviation}\n"),
    };
    let outcome = behaviour(&server);
    if let Err(deviation) = outcome.and_then(|()| server.is_well()) {
        panic!("\n\n{title}\n{deviation}{server}\n");
    }
}

/// Fails unless the step shows by `absent` that it lacks the behaviour. Of
/// somebody's own server nothing is asked: to do more is no fault.
pub fn lacks(step: &str, name: &str, behaviour: Behaviour, absent: Symptom) {
    let sentence = name.replace('_', " ");
    if named_server().is_some() {
        return;
    }
    let program = Program::under_test(step);
    let title = format!("{program} should not show yet: {sentence}");
    let server = match Server::start(program, Some(absent)) {
        Ok(server) => server,
        Err(deviation) => panic!("\n\n{title}\n{deviation}\n"),
    };
    let saw = match behaviour(&server) {
        Ok(()) => "it does. A later step teaches this; if it is to come \
             earlier, the table in tests/behaviours/mod.rs has to say so."
            .to_string(),
        Err(deviation) if deviation.symptom == absent => {
            match server.is_well() {
                Ok(()) => return,
                Err(deviation) if deviation.symptom == absent => return,
                Err(deviation) => format!("\n{deviation}{server}"),
            }
        }
        Err(deviation) => {
            format!("{:?}\n{deviation}{server}", deviation.symptom)
        }
    };
    panic!(
        "\n\n{title}\n  the table says: {absent:?}\n  what happens: {saw}\n"
    );
}

pub fn symptom(word: &str) -> Symptom {
    match word {
        "hangs" => Symptom::Hangs,
        "closes" => Symptom::Closes,
        "differs" => Symptom::Differs,
        "resets" => Symptom::Resets,
        "dies" => Symptom::Dies,
        _ => panic!("{word} is not a word for the table"),
    }
}

/// What a test reports when an answer is there but is not the right one.
fn differs<T>(expected: &str, saw: &str) -> Outcome<T> {
    Err(Deviation::new(Symptom::Differs, expected, saw))
}

//! The exercises of the book: what their solutions do, and the steps don't.
//!
//!     SERVER=../ch05/target/debug/my-server cargo test --test exercises ch05_more_workers
//!
//! `cargo run --bin workshop -- exercise` does that for you.

mod command;
mod event_loop;
mod part_one;
mod part_three;
mod part_two;
mod part_two_limits;
#[cfg(target_os = "linux")] // Elsewhere, some rows have no test.
mod proof;
mod shelf;
mod shelf_frames;
mod shelf_listing;
mod shelf_ranges;
mod shelf_streams;
mod shelf_websocket;

#[cfg(target_os = "linux")]
#[allow(dead_code)] // The book needs more of it.
#[path = "../support/catalogue.rs"]
mod catalogue;
#[allow(dead_code)]
#[path = "../../steps/tools/workshop/edits.rs"]
mod edits;
#[allow(dead_code)]
#[path = "../../steps/tools/workshop/exercises.rs"]
mod exercises;
#[allow(dead_code)]
#[path = "../../steps/tools/workshop/steps.rs"]
mod steps;
#[allow(dead_code)] // The steps' tests need more of it.
#[path = "../support/mod.rs"]
mod support;
#[cfg(target_os = "linux")]
#[path = "../support/variant.rs"]
mod variant;

use exercises::exercises;
use std::collections::{BTreeMap, BTreeSet};
use support::place;
use support::program::{Program, named_server};
use support::report::Outcome;
use support::server::Server;

/// Makes a test of each row. An exercise's rows are in a module of its name.
macro_rules! rows {
    ($($exercise:ident: $($(#[$only:meta])* $part:ident::$row:ident)*;)*) => {
        $(mod $exercise {
            $($(#[$only])*
            #[test]
            fn $row() {
                crate::ask(stringify!($row), crate::$part::$row);
            })*
        })*
        /// The rows of each exercise, by its module.
        const ROWS: &[(&str, &[&str])] =
            &[$((stringify!($exercise), &[$(stringify!($row)),*])),*];
    };
}

rows! {
    ch01_who_is_asking: part_one::each_head_comes_after_its_clients_address;
    ch01_a_limit: part_one::endless_head_ends_the_connection;
    ch02_a_field_of_your_own: part_one::response_names_its_server;
    ch02_print_the_request: part_one::request_line_is_printed_harmlessly;
    ch03_say_what_you_saw: part_one::status_and_request_line_are_printed;
    ch03_count_the_requests: part_one::count_grows_with_each_request;
    ch04_name_the_threads: part_one::panic_names_its_client;
    ch04_say_no: part_one::client_beyond_a_hundred_is_told_503;
    ch05_more_workers:
        #[cfg(unix)] part_one::workers_are_as_many_as_the_environment_says
        #[cfg(unix)] part_one::workers_that_are_no_number_are_refused;
    ch05_who_did_it: part_one::response_names_its_worker;
    ch06_what_is_left: #[cfg(unix)] part_one::shutdown_says_what_is_left;
    ch06_limited_patience:
        #[cfg(unix)] part_one::shutdown_gives_up_after_five_seconds;
    ch07_say_why: part_two::refused_head_is_explained_on_standard_error;
    ch07_two_lengths: part_two::ambiguous_length_is_400;
    ch08_a_teapot: part_two::brew_coffee_is_418;
    ch08_how_long_it_took: part_two::response_says_how_long_it_took;
    ch09_without_an_extension: part_two::extension_of_a_page_may_be_left_out;
    ch09_another_index:
        part_two::directory_shows_the_index_of_your_choice
        part_two::index_in_another_directory_is_refused;
    ch10_dont_even_ask: part_two::style_sheet_may_be_used_for_a_minute;
    ch10_a_hash_in_the_tag: part_two::changed_byte_changes_the_tag;
    ch11_no_ranges: part_two::ranges_can_be_turned_off;
    ch11_neighbours: part_two::ranges_that_touch_are_one_range;
    ch12_at_its_line: part_two_limits::bad_field_is_refused_at_its_line;
    ch12_how_large_are_heads: part_two_limits::length_of_each_head_is_printed;
    ch13_how_far_it_got: part_two_limits::each_408_says_how_far_the_head_got;
    ch13_more_time: part_two_limits::bytes_that_arrive_buy_time;
    ch14_count_them: part_two_limits::end_of_each_lingering_close_is_reported;
    ch14_enough: part_two_limits::close_does_not_discard_without_end;
    ch15_how_full: part_two_limits::rejected_clients_are_counted_aloud;
    ch15_log_the_rejected: part_two_limits::rejected_client_is_in_the_access_log;
    ch16_number_the_requests:
        part_three::log_numbers_the_requests_of_each_connection;
    ch16_fewer_when_crowded:
        part_three::connection_closes_when_another_waits_and_only_then;
    ch17_say_continue:
        part_three::client_that_waits_is_told_100_continue
        part_three::no_other_client_is_told_100_continue;
    ch17_echo:
        part_three::echo_returns_the_data_however_it_came
        part_three::echo_of_a_body_that_is_too_long_is_413;
    ch18_show_the_states:
        #[cfg(unix)] part_three::each_connection_says_its_state_at_shutdown;
    ch18_how_long_it_took:
        part_three::log_says_how_long_each_response_took
        part_three::line_comes_when_the_response_has_ended;
    ch19_count_the_turns:
        #[cfg(unix)] event_loop::shutdown_says_how_many_turns_there_were;
    ch19_status: event_loop::status_counts_the_connections;
    ch20_count_the_looks:
        #[cfg(unix)]
        event_loop::shutdown_says_how_often_the_cache_was_asked_and_looked;
    ch20_cache_seconds: event_loop::option_says_how_old_a_look_may_be;
    own_precompressed:
        shelf::compressed_file_goes_to_clients_that_accept_it
        shelf::response_says_that_it_depends_on_accept_encoding;
    own_form:
        shelf::form_is_decoded
        shelf::form_cannot_inject_markup
        shelf::form_of_another_media_type_is_415;
    own_password:
        shelf::stranger_is_challenged
        shelf::user_is_let_in;
    own_virtual_hosts:
        shelf::host_chooses_the_site
        shelf::host_of_the_target_comes_first
        shelf::host_without_a_site_is_421;
    own_directory_listing:
        shelf_listing::directory_without_an_index_is_listed
        shelf_listing::names_are_escaped
        shelf_listing::what_is_not_served_is_not_listed;
    own_several_ranges:
        shelf_ranges::several_ranges_come_as_parts
        shelf_ranges::boundary_is_in_no_part
        shelf_ranges::ranges_that_overlap_or_touch_are_one
        shelf_ranges::too_many_ranges_are_ignored;
    own_server_sent_events:
        shelf_streams::events_come_one_after_another
        shelf_streams::listener_catches_up
        #[cfg(target_os = "linux")]
        shelf_streams::thousand_listeners_hold_no_worker
        #[cfg(unix)] shelf_streams::shutdown_ends_the_streams;
    own_websocket_echo:
        shelf_websocket::handshake_is_accepted
        shelf_websocket::bad_handshake_is_refused
        shelf_websocket::message_comes_back
        shelf_websocket::fragments_are_one_message
        shelf_websocket::broken_frame_ends_with_its_code;
}

/// Asks the server that `SERVER` names, and nobody if it names none: no step does
/// what its exercises ask for. The proof asks the solutions.
fn ask(row: &str, behaviour: fn(&Server) -> Outcome) {
    let Some(name) = named_server() else { return };
    let program = Program::under_test(&name);
    let title = format!("{program} should show: {}", row.replace('_', " "));
    let server = match Server::start(program, None) {
        Ok(server) => server,
        Err(deviation) => panic!("\n\n{title}\n{deviation}\n"),
    };
    if let Err(deviation) = behaviour(&server) {
        panic!("\n\n{title}\n{deviation}{server}\n");
    }
}

#[test]
fn each_exercise_is_complete() {
    let mut names = BTreeSet::new();
    let tests: BTreeMap<_, _> = ROWS.iter().copied().collect();
    for exercise in exercises() {
        let name = exercise.name;
        assert!(names.insert(exercise.module()), "two are called {name}");
        assert!(exercise.task.contains("You're done when"), "{name}: when?");
        assert_eq!(exercise.hints.len(), 3, "{name} has three hints");
        let kind = match exercise.has_solution() {
            true => exercise.step.replace("step", "ch"),
            false => "own".to_string(),
        };
        assert!(name.starts_with(&format!("{kind}-")), "{name}");
        let rows = tests.get(&*exercise.module()).copied();
        assert_eq!(rows, Some(&exercise.rows[..]), "the rows of {name}");
        if let Err(message) = exercise.solved() {
            panic!("{message}");
        }
    }
    assert_eq!(names.len(), ROWS.len(), "each row belongs to an exercise");
}

//! The catalogue: what a server can do, in one table, from step to step.
//!
//! A behaviour is a function whose name is a sentence. It talks to a running
//! server and returns `Ok`, or what it saw instead.

// The compiler warns of a behaviour that the table doesn't list, and .ci/run
// takes a warning for an error.

#[cfg(target_os = "linux")]
pub mod accepting;
pub mod bodies;
pub mod chunks;
pub mod concurrency;
pub mod connections;
#[cfg(target_os = "linux")]
pub mod crowds;
pub mod deadlines;
pub mod directory;
#[cfg(unix)]
pub mod draining;
pub mod event_loop;
pub mod files;
pub mod keep_alive;
pub mod limits;
pub mod lingering;
pub mod listening;
#[cfg(target_os = "linux")]
pub mod logging;
pub mod overload;
pub mod partial;
pub mod pool;
pub mod preconditions;
pub mod proof;
pub mod ranges;
pub mod requests;
pub mod responding;
pub mod responses;
pub mod routing;
pub mod scale;
pub mod sending;
#[cfg(unix)]
pub mod shutdown;
#[cfg(unix)]
pub mod symlinks;
pub mod validators;

use crate::support::report::{Deviation, Outcome, Symptom};

/// The curriculum: one row for each behaviour, and in the row what happens
/// from which step to which. While it `holds`, `has::NAME` proves that. The
/// other words are the symptoms by which a step shows that it lacks the
/// behaviour, and `lacks::NAME` proves that exactly this happens:
///
/// * `hangs`: no answer comes
/// * `closes`: the connection ends without an answer (an empty reply)
/// * `differs`: something else happens
/// * `resets`: the client can't even finish sending
/// * `dies`: the process ends
///
/// A row is `given_up` from the step on that deliberately does something
/// better instead. Nothing is tested there. The server that `SERVER` names is
/// asked only for rows that hold from the step on for good, so each step passes
/// the tests of all the steps before it.
///
/// What a step lacks is proved by `cargo test` in the last step before the row
/// holds, in the first one after, and where a chapter names the test: `hangs
/// until 15 (named in 06)`. All other such tests would take longer than anybody
/// likes to wait. They're ignored, but `.ci/run` runs them, and so is a test that
/// takes long where the row `holds from 18 (slow)`.
macro_rules! table {
    ($which:ident $step:ident) => { each_row! { $which $step
        // step 01: a server that stays up
        listening::connections_are_accepted_one_after_another [holds from 01]
        listening::empty_connection_does_not_end_the_server [holds from 01]
        listening::partial_request_does_not_end_the_server [holds from 01]
        listening::invalid_utf8_does_not_end_the_server [holds from 01]
        listening::early_disconnect_does_not_end_the_server [holds from 01]
        #[cfg(target_os = "linux")]
        listening::descriptor_exhaustion_does_not_end_the_server [holds from 01]
        #[cfg(target_os = "linux")]
        listening::thread_exhaustion_does_not_end_the_server [holds from 01]
        listening::half_closed_client_with_partial_head_is_closed_at_once [holds from 01]
        listening::unusable_address_is_an_error [holds from 01]
        listening::port_in_use_is_an_error [holds from 01]
        listening::request_head_is_printed [holds until 01, differs from 02]

        // step 02: a response
        responding::client_gets_the_page [closes until 01, holds from 02]
        responding::response_is_well_formed [closes until 01, holds from 02]
        responding::request_head_sent_byte_by_byte_is_read [closes until 01, holds from 02]
        responding::whole_request_head_is_read_before_the_response [closes until 01, holds from 02]
        responding::large_request_head_does_not_reset_the_response [closes until 01, holds from 02]
        responding::half_closed_client_gets_a_response [closes until 01, holds from 02]
        responding::request_head_with_bare_line_feeds_is_read [closes until 01, holds until 16, given_up from 17]
        responding::invalid_utf8_gets_a_response [closes until 01, holds from 02]
        responding::unread_body_does_not_reset_the_response [resets until 13 (named in 02, 06, 08), holds from 14]

        // step 03: a page for each path
        routing::unknown_path_is_404 [closes until 01, differs until 02, holds from 03]
        routing::sleep_delays_the_response [closes until 01, differs until 02, holds from 03]
        routing::query_is_not_part_of_the_path [closes until 01, differs until 02, holds from 03]
        routing::malformed_request_line_is_400 [closes until 01, differs until 02, holds from 03]

        // step 04: a thread for each connection
        concurrency::slow_request_delays_no_other_client [closes until 01, differs until 02, hangs until 03, holds from 04]
        concurrency::silent_client_delays_no_other_client [hangs until 03, holds from 04]
        concurrency::twenty_silent_clients_delay_no_other_client [hangs until 03, holds until 04, hangs until 17 (named in 06, 13, 15), holds from 18]
        concurrency::four_requests_are_served_concurrently [hangs until 03, holds from 04]
        concurrency::panic_costs_only_its_own_request [hangs until 03, holds until 04, hangs until 05, holds from 06]
        concurrency::hundred_panics_leave_the_server_working [closes until 01, differs until 03, holds until 04, closes until 05, holds from 06]

        // step 05: a fixed number of threads
        pool::fifth_request_waits_for_a_free_worker [hangs until 03, differs until 04, holds until 17, given_up from 18]
        pool::queued_requests_are_served_in_order [hangs until 03, differs until 04, holds until 17, given_up from 18]
        #[cfg(target_os = "linux")]
        pool::number_of_threads_does_not_grow_with_clients [holds until 03, differs until 04, holds from 05]
        pool::worker_logs_when_it_gets_a_job [differs until 04, holds until 06, differs from 07]

        // step 06: a shutdown that loses nothing
        #[cfg(unix)]
        shutdown::sigterm_waits_for_a_request_in_flight [dies until 05, holds from 06]
        #[cfg(unix)]
        shutdown::ctrl_c_waits_for_a_request_in_flight [dies until 05, holds from 06]
        #[cfg(unix)]
        shutdown::shutdown_waits_for_every_worker [dies until 05, holds from 06]
        #[cfg(unix)]
        shutdown::shutdown_serves_queued_requests [dies until 05, holds from 06]
        #[cfg(unix)]
        shutdown::shutdown_serves_the_backlog [dies until 05, holds from 06]
        #[cfg(unix)]
        shutdown::shutdown_refuses_new_connections [dies until 05, holds from 06]
        #[cfg(unix)]
        shutdown::shutdown_of_an_idle_server_exits_with_0 [dies until 05, holds from 06]
        #[cfg(unix)]
        shutdown::shutdown_works_on_a_wildcard_address [dies until 05, holds until 15, differs until 16, holds from 17]
        #[cfg(unix)]
        shutdown::shutdown_works_on_ipv6 [dies until 05, holds from 06]
        #[cfg(target_os = "linux")]
        shutdown::shutdown_works_without_free_descriptors [dies until 05, hangs until 18 (named in 06, 15), holds from 19]
        #[cfg(unix)]
        shutdown::shutdown_logs_what_it_waits_for [dies until 05, holds from 06]
        #[cfg(unix)]
        shutdown::second_signal_exits_at_once [dies until 05, holds from 06]

        // step 07: a parser that can be trusted
        requests::invalid_method_is_400 [closes until 01, differs until 06, holds from 07]
        requests::absolute_form_target_is_served [closes until 01, differs until 06, holds from 07]
        requests::invalid_target_form_is_400 [closes until 01, differs until 06, holds from 07]
        requests::target_form_belongs_to_the_method [closes until 01, differs until 06, holds from 07]
        requests::unsupported_major_version_is_505 [closes until 01, differs until 06, holds from 07]
        requests::later_minor_version_is_treated_as_1_1 [closes until 01, differs until 06, holds from 07]
        requests::http_1_0_needs_no_host [closes until 01, holds from 02]
        requests::missing_or_repeated_host_is_400 [closes until 01, differs until 06, holds from 07]
        requests::invalid_host_is_400 [closes until 01, differs until 06, holds from 07]
        requests::malformed_header_field_is_400 [closes until 01, differs until 06, holds from 07]
        requests::whitespace_before_the_colon_is_400 [closes until 01, differs until 06, holds from 07]
        requests::folded_header_field_is_400 [closes until 01, differs until 06, holds from 07]
        requests::control_characters_are_400 [closes until 01, differs until 06, holds from 07]
        requests::bare_carriage_return_is_400 [closes until 01, differs until 06, holds from 07]
        requests::empty_lines_before_a_request_are_skipped [closes until 01, holds until 02, differs until 06, holds from 07]
        requests::bare_line_feeds_before_a_request_are_skipped [closes until 01, holds until 02, differs until 06, holds until 16, given_up from 17]
        requests::empty_lines_without_end_are_refused [closes until 01, differs until 02, holds from 03]

        // step 08: a response by the book
        responses::head_is_get_without_a_body [closes until 01, differs until 07, holds from 08]
        responses::other_methods_are_405_with_allow [closes until 01, differs until 07, holds from 08]
        responses::unknown_methods_are_501 [closes until 01, differs until 07, holds from 08]
        responses::options_lists_allowed_methods [closes until 01, differs until 07, holds from 08]
        responses::every_response_carries_a_date [closes until 01, differs until 07, holds from 08]
        responses::error_page_is_true_for_its_status [closes until 01, differs until 07, holds from 08]

        // step 09: a directory of files
        files::any_file_below_the_root_is_served [closes until 01, differs until 08, holds from 09]
        files::directory_serves_its_index [closes until 01, differs until 08, holds from 09]
        files::directory_without_slash_is_redirected [differs until 08, holds from 09]
        files::percent_escapes_are_decoded [closes until 01, differs until 08, holds from 09]
        files::malformed_percent_escape_is_400 [closes until 01, differs until 08, holds from 09]
        files::nothing_outside_the_root_is_served [differs until 08, holds from 09]
        files::hidden_files_are_not_served [differs until 08, holds from 09]
        files::well_known_files_are_served [differs until 08, holds from 09]
        files::media_type_follows_the_extension [differs until 08, holds from 09]
        files::browser_does_not_guess_the_media_type [closes until 01, differs until 08, holds from 09]
        files::copy_may_be_kept_but_must_be_revalidated [closes until 01, differs until 08, holds from 09]
        #[cfg(target_os = "linux")]
        files::unreadable_file_is_404 [differs until 08, holds from 09]
        #[cfg(target_os = "linux")]
        files::root_that_cannot_be_listed_is_served [differs until 08, holds from 09]
        #[cfg(unix)]
        symlinks::symlink_out_of_the_root_is_not_followed [differs until 08, holds from 09]
        #[cfg(unix)]
        symlinks::symlink_through_a_hidden_directory_is_followed [differs until 08, holds from 09]
        #[cfg(unix)]
        symlinks::switched_root_is_followed [differs until 08, holds from 09]
        #[cfg(unix)]
        symlinks::symlink_switched_meanwhile_never_leads_out [differs until 08, holds from 09]
        #[cfg(unix)]
        symlinks::named_pipe_does_not_block_a_worker [differs until 08, holds from 09]
        #[cfg(target_os = "linux")]
        sending::large_file_is_sent_in_constant_memory [differs until 08, holds from 09]
        #[cfg(target_os = "linux")]
        sending::growing_file_keeps_its_length [differs until 08, holds from 09]
        #[cfg(target_os = "linux")]
        sending::shrinking_file_ends_the_connection [differs until 08, holds from 09]
        sending::file_rewritten_in_place_is_never_an_error [differs until 08, holds from 09]
        #[cfg(target_os = "linux")]
        sending::file_that_cannot_be_opened_is_500 [differs until 08, holds from 09]
        files::not_found_page_comes_from_the_root [differs until 08, holds from 09]
        files::demonstration_routes_can_be_turned_off [closes until 01, differs until 08, holds from 09]
        #[cfg(target_os = "linux")]
        files::number_of_workers_can_be_chosen [differs until 08, holds from 09]

        // step 10: only if it has changed
        validators::file_carries_a_tag_and_a_date [differs until 09, holds from 10]
        validators::young_file_carries_a_weak_tag_and_no_date [differs until 09, holds from 10]
        validators::unchanged_file_is_304 [differs until 09, holds from 10]
        validators::list_of_tags_is_read [differs until 09, holds from 10]
        validators::if_modified_since_must_be_the_same_date [differs until 09, holds from 10]
        validators::different_content_is_never_304 [differs until 09, holds from 10]
        preconditions::if_match_without_the_current_tag_is_412 [differs until 09, holds from 10]
        preconditions::if_unmodified_since_before_the_change_is_412 [differs until 09, holds from 10]
        preconditions::preconditions_are_evaluated_in_order [differs until 09, holds from 10]
        preconditions::unreadable_precondition_is_ignored [differs until 09, holds from 10]
        preconditions::precondition_replaces_no_other_status [differs until 08, holds from 09]
        validators::changed_file_is_sent_as_it_is_now [differs until 08, holds from 09]

        // step 11: part of a file
        ranges::single_range_is_206 [differs until 10, holds from 11]
        ranges::range_beyond_the_end_is_416 [differs until 10, holds from 11]
        ranges::unusable_range_is_ignored [differs until 10, holds from 11]
        ranges::range_of_a_head_request_is_ignored [differs until 10, holds from 11]
        ranges::every_file_accepts_ranges [differs until 10, holds from 11]
        ranges::if_range_sends_a_part_only_of_the_same_version [differs until 10, holds from 11]
        ranges::weak_tag_never_matches_if_range [differs until 10, holds from 11]
        ranges::preconditions_come_before_ranges [differs until 10, holds from 11]
        ranges::interrupted_download_continues [differs until 10, holds from 11]
        #[cfg(target_os = "linux")]
        ranges::range_beyond_4_gib_is_sent_in_constant_memory [differs until 10, holds from 11]

        // step 12: how much a client may send
        limits::long_request_line_is_414 [closes until 01, differs until 11, holds from 12]
        limits::large_request_head_is_431 [closes until 01, differs until 11 (named in 07, 10), holds from 12]
        limits::too_many_header_fields_are_431 [closes until 01, differs until 11, holds from 12]
        limits::limits_are_exact [closes until 01, differs until 11, holds from 12]
        limits::refused_head_request_gets_no_body [closes until 01, differs until 11, holds from 12]
        limits::invalid_first_byte_is_400_at_once [hangs until 11, holds from 12]
        limits::invalid_request_line_is_refused_at_once [hangs until 11, holds from 12]
        limits::fifth_empty_line_is_400_at_once [closes until 01, differs until 06, hangs until 11, holds from 12]
        #[cfg(target_os = "linux")]
        limits::endless_request_head_does_not_fill_the_memory [differs until 11, holds from 12]

        // step 13: how long a client may take
        deadlines::silent_client_times_out [hangs until 12, holds from 13]
        deadlines::incomplete_head_is_408 [hangs until 12, holds from 13]
        deadlines::slow_header_client_times_out [hangs until 12, holds from 13]
        deadlines::empty_lines_do_not_keep_a_connection [holds until 06, hangs until 12, holds from 13]
        deadlines::time_in_the_queue_counts [hangs until 12, holds from 13]
        deadlines::half_requests_in_the_queue_time_out_together [hangs until 12, holds until 15, hangs until 17, holds from 18]
        deadlines::request_that_waited_in_the_queue_is_served [closes until 01, holds from 02]
        #[cfg(unix)]
        deadlines::silent_client_does_not_prevent_a_shutdown [dies until 05, hangs until 12, holds from 13]
        #[cfg(target_os = "linux")]
        deadlines::slow_reader_times_out [closes until 01, differs until 08, hangs until 12, holds from 13]
        #[cfg(target_os = "linux")]
        deadlines::trickling_reader_times_out [closes until 01, differs until 08, hangs until 12, holds from 13]
        #[cfg(target_os = "linux")]
        deadlines::steady_slow_reader_gets_everything [closes until 01, differs until 08, holds from 09]

        // step 14: a close that loses nothing
        #[cfg(target_os = "linux")]
        lingering::late_body_does_not_reset_the_response [closes until 01, differs until 13, holds from 14]
        lingering::slow_upload_gets_its_response [resets until 13, holds from 14]
        lingering::refused_request_gets_its_response [hangs until 11, resets until 13, holds from 14]
        lingering::connection_ends_with_the_response [closes until 01, holds from 02]
        lingering::lingering_ends_when_the_client_closes [closes until 01, holds from 02]
        lingering::lingering_ends_after_silence [closes until 01, holds from 02]
        lingering::endless_upload_is_cut_off [holds from 01]
        #[cfg(target_os = "linux")]
        lingering::lingering_uses_no_processor_time [closes until 01, holds until 17, differs until 18, holds from 19]
        lingering::lingering_delays_no_other_client [closes until 01, holds until 13, hangs until 17 (named in 14), holds from 18]

        // step 15: saying no early
        overload::full_queue_is_503_at_once [hangs until 14, holds until 17, given_up from 18]
        overload::rejected_clients_delay_no_other_client [hangs until 14, holds until 17, given_up from 18]
        overload::rejected_client_can_finish_its_request [hangs until 14, holds until 17, given_up from 18]
        #[cfg(target_os = "linux")]
        accepting::aborted_connections_do_not_delay_the_next [holds from 01]
        #[cfg(target_os = "linux")]
        accepting::descriptor_exhaustion_does_not_spin [holds until 03, differs until 14, holds until 17, differs until 18, holds from 19]
        #[cfg(target_os = "linux")]
        accepting::memory_exhaustion_does_not_spin [differs until 14, holds from 15]
        overload::panic_is_500 [closes until 01, differs until 03, closes until 14, holds from 15]

        #[cfg(target_os = "linux")]
        logging::every_response_can_be_logged [closes until 01, differs until 14, holds from 15]
        #[cfg(target_os = "linux")]
        logging::unread_access_log_delays_no_other_client [closes until 01, differs until 14, holds from 15]
        #[cfg(target_os = "linux")]
        logging::dropped_log_lines_are_counted [closes until 01, differs until 14, holds from 15]
        #[cfg(target_os = "linux")]
        logging::unread_standard_error_delays_no_other_client [closes until 01, hangs until 14, holds from 15]
        #[cfg(target_os = "linux")]
        logging::shutdown_flushes_the_access_log [closes until 01, differs until 14, holds from 15]
        #[cfg(target_os = "linux")]
        logging::unread_output_does_not_hold_up_the_shutdown [dies until 05, hangs until 14, holds from 15]
        #[cfg(unix)]
        overload::shutdown_does_not_wait_for_rejected_clients [hangs until 14, holds until 17, given_up from 18]
        #[cfg(unix)]
        shutdown::sighup_waits_for_a_request_in_flight [dies until 14, holds from 15]
        #[cfg(unix)]
        shutdown::ignored_sighup_stays_ignored [holds from 01]

        // step 16: connections that last
        connections::connection_serves_several_requests [closes until 15, holds from 16]
        connections::pipelined_requests_are_answered_in_order [closes until 15, holds from 16]
        connections::connection_close_is_honoured [closes until 01, differs until 15, holds from 16]
        connections::idle_connection_is_closed_silently [closes until 15, holds from 16]
        connections::thousandth_response_closes_the_connection [closes until 01, differs until 15, holds from 16]
        keep_alive::each_request_gets_its_own_deadline [closes until 15, holds from 16]
        keep_alive::incomplete_next_request_is_408 [closes until 15, holds from 16]
        keep_alive::refused_request_ends_the_connection [closes until 15, holds from 16]
        keep_alive::panic_does_not_end_the_connection [closes until 15, holds from 16]
        keep_alive::request_inside_a_body_is_not_answered [closes until 01, holds until 15, differs until 16, holds from 17]

        // step 17: where a body ends
        bodies::body_of_announced_length_is_skipped [closes until 01, differs until 07, closes until 15, differs until 16, holds from 17]
        chunks::chunked_body_is_skipped [closes until 01, differs until 07, closes until 15, differs until 16, holds from 17]
        bodies::body_that_comes_byte_by_byte_is_skipped [closes until 01, differs until 07, closes until 15, differs until 16, holds from 17]
        bodies::body_above_64_kib_ends_the_connection [closes until 01, differs until 07, closes until 15, differs until 16, holds from 17]
        bodies::body_above_1_mib_is_413 [closes until 01, differs until 16, holds from 17]
        bodies::invalid_content_length_is_400 [closes until 01, differs until 16, holds from 17]
        bodies::repeated_content_length_is_400 [closes until 01, differs until 16, holds from 17]
        bodies::ambiguous_body_framing_is_rejected [closes until 01, differs until 16, holds from 17]
        bodies::transfer_encoding_in_http_1_0_is_400 [closes until 01, differs until 16, holds from 17]
        bodies::transfer_coding_that_does_not_end_in_chunked_is_400 [closes until 01, differs until 16, holds from 17]
        bodies::body_that_is_chunked_twice_is_400 [closes until 01, differs until 16, holds from 17]
        bodies::other_coding_before_chunked_is_501 [closes until 01, differs until 16, holds from 17]
        chunks::empty_list_elements_are_skipped [closes until 01, differs until 07, closes until 15, differs until 16, holds from 17]
        chunks::malformed_chunk_is_400 [closes until 01, differs until 16, holds from 17]
        chunks::chunk_extensions_are_ignored [closes until 01, differs until 07, closes until 15, differs until 16, holds from 17]
        chunks::malformed_chunk_extension_is_400 [closes until 01, differs until 16, holds from 17]
        chunks::trailers_are_skipped [closes until 01, differs until 07, closes until 15, differs until 16, holds from 17]
        chunks::malformed_or_endless_trailers_are_400 [closes until 01, differs until 16, holds from 17]
        chunks::total_of_chunks_cannot_wrap [closes until 01, differs until 16, holds from 17]
        chunks::bare_line_feed_in_a_head_is_400 [closes until 01, differs until 16, holds from 17]
        chunks::bare_line_feed_in_a_chunk_is_400 [closes until 01, differs until 16, holds from 17]
        bodies::expectation_is_met_at_once [closes until 01, differs until 07, closes until 15, differs until 16, holds from 17]
        bodies::unknown_expectation_is_417 [closes until 01, differs until 16, holds from 17]
        bodies::incomplete_body_is_408 [closes until 01, differs until 16, holds from 17]
        bodies::slow_body_times_out [closes until 01, differs until 16, holds from 17]
        bodies::half_closed_client_with_partial_body_is_closed [closes until 01, differs until 16, holds from 17]

        // step 18: a connection is a value
        connections::idle_connections_delay_no_other_client [closes until 15, hangs until 17 (named in 16), holds from 18]
        #[cfg(unix)]
        connections::shutdown_closes_idle_connections_at_once [closes until 15, hangs until 17, holds from 18]
        #[cfg(unix)]
        connections::shutdown_announces_connection_close [closes until 15, differs until 17, holds from 18]
        #[cfg(target_os = "linux")]
        concurrency::thousand_silent_clients_delay_no_other_client [hangs until 03, holds until 04, hangs until 17, holds from 18]
        #[cfg(target_os = "linux")]
        crowds::slow_senders_delay_no_other_client [hangs until 03, holds until 04, hangs until 17, holds from 18]
        #[cfg(target_os = "linux")]
        crowds::slow_readers_delay_no_other_client [closes until 01, differs until 08, hangs until 17, holds from 18]
        #[cfg(target_os = "linux")]
        crowds::thousands_of_slow_clients_delay_no_other_client [closes until 01, differs until 08, hangs until 17, holds from 18 (slow)]
        #[cfg(target_os = "linux")]
        crowds::pipelined_requests_delay_no_other_client [closes until 01, holds until 15, hangs until 17, holds from 18]
        #[cfg(target_os = "linux")]
        crowds::endless_downloads_delay_no_other_client [closes until 01, differs until 08, hangs until 17, holds from 18]
        #[cfg(target_os = "linux")]
        crowds::endless_uploads_delay_no_other_client [closes until 01, holds until 13, hangs until 17, holds from 18]
        #[cfg(target_os = "linux")]
        crowds::idle_clients_cost_no_processor_time [holds until 17, differs until 18, holds from 19]
        overload::client_beyond_the_limit_of_connections_is_503 [closes until 01, differs until 15, hangs until 17, holds from 18]

        // step 19: waiting isn't work
        #[cfg(target_os = "linux")]
        event_loop::thousand_idle_connections_cost_no_processor_time [closes until 15, hangs until 17, differs until 18, holds from 19]
        #[cfg(target_os = "linux")]
        event_loop::half_closed_slow_reader_costs_no_processor_time [closes until 01, differs until 08, holds until 17, differs until 18, holds from 19]
        #[cfg(target_os = "linux")]
        event_loop::no_wake_up_is_lost [closes until 15, holds from 16]
        #[cfg(target_os = "linux")]
        event_loop::interrupted_wait_does_not_end_the_server [holds from 01]
        event_loop::deadline_is_met_within_half_a_second [hangs until 12, holds from 13]
        event_loop::longest_idle_connection_makes_room [hangs until 03, closes until 15, hangs until 17, differs until 18, holds from 19]
        event_loop::new_connection_gets_time_to_send [closes until 01, hangs until 03, closes until 15, hangs until 17, differs until 18, holds from 19]
        event_loop::started_request_is_not_dropped [closes until 15, holds from 16]
        event_loop::crowd_of_uploads_loses_no_response [resets until 13, hangs until 17, holds from 18]
        #[cfg(target_os = "linux")]
        draining::shutdown_works_without_its_address [dies until 05, hangs until 18, holds from 19]
        #[cfg(unix)]
        draining::shutdown_drain_is_bounded [dies until 05, hangs until 18, holds from 19]
        #[cfg(unix)]
        draining::shutdown_fails_only_if_a_response_is_cut_off [closes until 01, dies until 05, hangs until 18, holds from 19]
        #[cfg(unix)]
        draining::shutdown_gives_a_started_request_two_seconds [dies until 05, hangs until 18, holds from 19]
        #[cfg(unix)]
        draining::shutdown_overlooks_no_new_client [dies until 05, hangs until 17, holds from 18 (slow)]
        #[cfg(unix)]
        draining::three_second_response_outlasts_the_shutdown [dies until 05, holds from 06]

        // step 20: a cost that doesn't grow
        #[cfg(target_os = "linux")]
        scale::cost_does_not_grow_with_idle_connections [closes until 15, hangs until 17, given_up until 18, differs until 19, holds from 20]
        #[cfg(target_os = "linux")]
        scale::idle_connection_keeps_no_buffer [closes until 15, hangs until 17, differs until 19, holds from 20]
        #[cfg(target_os = "linux")]
        scale::waiting_request_costs_no_processor_time [holds from 01]
        #[cfg(target_os = "linux")]
        scale::closed_connections_leave_no_descriptor [holds from 01]
        scale::files_of_the_same_name_are_told_apart [differs until 08, holds from 09]
    } };
}

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
    ((has $($row:tt)*) slowly holds) => {
        cell! { (has $($row)* #[ignore = "in .ci/run"]) for_good holds }
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

/// What a behaviour reports when an answer comes but isn't the right one.
fn differs<T>(expected: &str, saw: &str) -> Outcome<T> {
    Err(Deviation::new(Symptom::Differs, expected, saw))
}

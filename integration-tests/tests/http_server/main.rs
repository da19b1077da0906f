//! The server layers over real sockets: the same cases on a plain Tower service and on an axum router, over HTTP/1.1 and
//! HTTP/2.
//!
//! | module | job |
//! |---|---|
//! | `stack` | serves a handler on one of the four stacks |
//! | `client` | speaks to it over one connection that it can cut |
//! | `answers`, `aborts`, `panics`, `timeouts`, `long_lived` | when a transaction ends, and how; on every stack |
//! | `traces`, `naming`, `ignoring`, `exchange`, `proxies`, `bodies`, `handler_errors` | what is recorded; on every stack |
//! | `routes`, `router`, `sockets`, `plain` | what only axum does, what only plain Tower does |
//! | `uploads` | bodies that come slowly, in part, or as garbage |
//! | `drops` | futures and bodies given up at every point; services that misbehave |
//! | `beside` | layers of others on either side of ours |
//! | `bytes`, `hostile` | answers compared byte for byte; requests that no honest client sends |
//! | `types` | what the layer must compile with |
#![expect(clippy::unwrap_used, reason = "a test's helpers fail as the test does")]

mod aborts;
mod answers;
mod beside;
mod bodies;
mod bytes;
mod client;
mod drops;
mod exchange;
mod handler_errors;
mod hostile;
mod ignoring;
mod long_lived;
mod memory;
mod naming;
mod panics;
mod plain;
mod proxies;
mod router;
mod routes;
mod sockets;
mod stack;
mod timeouts;
mod traces;
mod types;
mod uploads;

macro_rules! suite {
    ($name:ident, $stack:ident: $($module:ident::$case:ident,)*) => {
        mod $name {
            $(
                #[tokio::test]
                async fn $case() {
                    crate::$module::$case(crate::stack::$stack).await;
                }
            )*
        }
    };
}

macro_rules! on_every_stack {
    ($($cases:tt)*) => {
        suite! { tower_http1, TOWER_HTTP1: $($cases)* }
        suite! { tower_http2, TOWER_HTTP2: $($cases)* }
        suite! { axum_http1, AXUM_HTTP1: $($cases)* }
        suite! { axum_http2, AXUM_HTTP2: $($cases)* }
    };
}

on_every_stack! {
    answers::a_fixed_answer_is_one_transaction_of_type_request,
    answers::every_status_has_its_result_and_outcome,
    answers::a_streamed_answer_ends_with_its_last_byte,
    answers::a_body_that_is_dropped_unread_where_there_is_none_is_no_abort,
    answers::trailers_end_the_answer,
    answers::what_handler_and_body_do_is_below_the_transaction,
    answers::the_handlers_word_wins_over_the_layers,
    answers::the_request_body_reaches_the_handler_as_it_was_sent,
    answers::concurrent_requests_never_mix,
    answers::an_error_captured_in_the_handler_leaves_the_outcome_to_the_status,
    aborts::a_caller_that_leaves_before_the_answer_cancels_it,
    aborts::a_caller_that_leaves_midway_cancels_it,
    aborts::what_a_cancelled_handler_cleans_up_is_below_the_transaction,
    aborts::a_body_that_fails_midway_is_a_failure,
    panics::a_panic_that_nobody_catches_is_reported,
    panics::a_panic_that_is_caught_outside_is_reported,
    panics::a_panic_that_is_caught_inside_is_a_server_error_like_any_other,
    panics::a_panic_of_the_body_is_reported,
    timeouts::a_timeout_inside_is_an_answer,
    timeouts::a_timeout_outside_is_a_cancellation,
    traces::the_callers_trace_is_continued,
    traces::garbage_and_duplicates_start_a_new_trace,
    traces::an_unsampled_caller_gets_a_bare_transaction,
    traces::a_restarted_trace_links_to_the_callers,
    traces::a_trace_restarted_for_strangers_continues_where_an_elastic_agent_is_part_of_it,
    traces::a_restart_without_a_caller_links_to_nobody,
    exchange::request_and_response_are_described_and_secrets_redacted,
    exchange::without_captured_headers_the_url_is_still_whole,
    exchange::an_unsampled_request_describes_nothing,
    exchange::two_layers_make_one_transaction,
    exchange::without_an_agent_the_layer_passes_through,
    exchange::the_layers_closure_says_who_the_user_is_and_the_handler_knows_better,
    ignoring::ignored_urls_make_none,
    ignoring::ignored_user_agents_make_none,
    ignoring::the_layers_closure_may_ignore_a_request,
    ignoring::a_closure_that_panics_costs_no_request,
    ignoring::a_handler_may_discard_its_transaction,
    naming::the_first_name_group_that_matches_is_the_name,
    naming::names_that_are_set_fall_into_groups_too,
    naming::the_path_is_the_name_where_no_route_is_known_and_the_option_says_so,
    bodies::the_option_says_which_events_carry_the_body,
    bodies::a_body_is_off_unless_asked_for,
    bodies::only_bodies_of_the_content_types_named_are_captured,
    bodies::secret_fields_of_a_form_are_redacted,
    bodies::a_long_body_is_cut_and_reaches_the_handler_whole,
    bodies::an_option_says_how_much_of_a_body_is_kept,
    bodies::a_form_that_was_cut_says_so_where_its_secrets_are_redacted,
    bodies::a_body_that_is_no_text_is_shown_with_replacement_characters,
    bodies::what_the_handler_does_not_read_is_not_captured,
    bodies::a_body_reaches_the_handler_while_it_is_sent,
    bodies::an_unsampled_requests_body_is_not_captured,
    bodies::two_layers_capture_a_body_once,
    long_lived::a_stream_of_events_ends_with_its_headers_and_goes_on,
    long_lived::the_layers_closure_chooses_what_ends_with_its_headers,
    long_lived::what_a_long_lived_body_does_is_part_of_the_trace,
    long_lived::a_long_lived_body_that_panics_is_reported,
    handler_errors::the_error_behind_a_response_is_reported_once_with_its_causes,
    handler_errors::the_error_behind_an_unsampled_response_is_reported_too,
    handler_errors::an_error_made_in_a_span_belongs_to_it,
    handler_errors::the_outcome_is_the_statuss_whatever_error_is_behind_it,
    handler_errors::an_error_in_an_ignored_request_is_not_reported,
    beside::a_layer_that_traces_stands_on_either_side,
    beside::a_layer_that_compresses_stands_on_either_side,
    beside::a_layer_that_numbers_requests_stands_on_either_side,
    proxies::trusted_forwarded_headers_give_the_clients_url_and_address,
    proxies::forwarded_headers_that_nobody_trusts_are_only_headers,
    proxies::trusted_headers_that_are_malformed_change_nothing,
}

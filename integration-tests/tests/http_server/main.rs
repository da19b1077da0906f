//! The server layers over real sockets: the same cases on a plain Tower service and on an axum router, over HTTP/1.1 and
//! HTTP/2.
//!
//! | module | job |
//! |---|---|
//! | `stack` | serves a handler on one of the four stacks |
//! | `client` | speaks to it over one connection that it can cut |
//! | `answers`, `aborts`, `panics`, `timeouts`, `traces`, `exchange` | cases that run on every stack |
//! | `routes`, `plain` | what only axum does, what only plain Tower does |
//! | `bytes`, `hostile` | answers compared byte for byte; requests that no honest client sends |
//! | `types` | what the layer must compile with |
#![expect(clippy::unwrap_used, reason = "a test's helpers fail as the test does")]

mod aborts;
mod answers;
mod bytes;
mod client;
mod exchange;
mod hostile;
mod panics;
mod plain;
mod routes;
mod stack;
mod timeouts;
mod traces;
mod types;

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
    exchange::request_and_response_are_described_and_secrets_redacted,
    exchange::without_captured_headers_the_url_is_still_whole,
    exchange::an_unsampled_request_describes_nothing,
    exchange::two_layers_make_one_transaction,
    exchange::ignored_urls_make_none,
    exchange::without_an_agent_the_layer_passes_through,
}

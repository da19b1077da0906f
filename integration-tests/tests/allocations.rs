//! What tracing costs an application thread in allocations: at most one per recorded span, none where nothing is recorded.
//!
//! Only the measuring thread is counted; the reporter's own work is its own.

use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use allocation_counter::measure;
use elastic_apm::testing::RecordingAgent;
use elastic_apm::{Agent, FutureExt as _, capture_error, capture_span, span};

const ROUNDS: u64 = 200;

/// Allocations of `ROUNDS` calls, once everything is warm.
fn allocations(mut call: impl FnMut()) -> u64 {
    (0..20).for_each(|_| call());
    measure(|| (0..ROUNDS).for_each(|_| call())).count_total
}

/// A span with two labels: one a literal, one a short text that is not.
fn labelled_span(tenant: &str) {
    let span = span("SELECT FROM orders").label("table", "orders").label("tenant", tenant).enter();
    drop(span);
}

fn agent() -> RecordingAgent {
    RecordingAgent::with(|builder| builder.transaction_max_spans(1_000_000))
}

#[test]
fn recorded_spans_that_follow_each_other_allocate_nothing() {
    let agent = agent();
    let tenant = String::from("acme");
    let transaction = agent.tracer().begin_transaction("script");

    let count = allocations(|| labelled_span(&tenant));

    drop(transaction);
    assert_eq!(count, 0, "for {ROUNDS} spans");
    assert_eq!(agent.events().spans.len() as u64, ROUNDS + 20);
}

#[test]
fn spans_within_each_other_allocate_nothing_once_some_have_ended() {
    let agent = agent();
    let transaction = agent.tracer().begin_transaction("script");

    let count = allocations(|| {
        let outer = capture_span("outer");
        drop(capture_span("inner"));
        drop(outer);
    });

    drop(transaction);
    assert_eq!(count, 0, "for {ROUNDS} spans and as many within them");
}

/// The most memory that is held at a time while so many queries are made, of which all are joined into one.
fn most_bytes(queries: usize) -> u64 {
    let agent = agent();
    let transaction = agent.tracer().begin_transaction("script");
    let measured = measure(|| {
        for _ in 0..queries {
            let query =
                span("SELECT FROM orders").span_type("db.mysql").service_target("mysql", "shop").enter();
            query.set_duration(Duration::from_millis(1));
        }
    });
    drop(transaction);

    assert_eq!(agent.events().spans.len(), 1);
    measured.bytes_max
}

#[test]
fn ten_thousand_equal_queries_take_no_more_memory_than_ten() {
    assert_eq!(most_bytes(10_000), most_bytes(10));
}

#[test]
fn a_span_under_an_unsampled_transaction_allocates_nothing() {
    let agent = RecordingAgent::with(|builder| builder.transaction_sample_rate(0.0));
    let tenant = String::from("acme");
    let transaction = agent.tracer().begin_transaction("script");

    let count = allocations(|| labelled_span(&tenant));

    drop(transaction);
    assert_eq!(count, 0);
}

#[test]
fn a_span_over_the_limit_does_not_copy_its_labels() {
    let agent = RecordingAgent::with(|builder| builder.transaction_max_spans(0));
    let tenant = "acme".repeat(20);
    let transaction = agent.tracer().begin_transaction("script");

    let count = allocations(|| labelled_span(&tenant));

    drop(transaction);
    assert!(count <= ROUNDS, "{count} for {ROUNDS} spans");
}

#[test]
fn a_span_without_a_transaction_allocates_nothing() {
    let tenant = String::from("acme");

    let count = allocations(|| labelled_span(&tenant));

    assert_eq!(count, 0);
}

#[test]
fn a_disabled_agent_allocates_nothing() {
    let agent = Agent::builder().without_env().enabled(false).build();
    let (tracer, tenant) = (agent.tracer(), String::from("acme"));

    let count = allocations(|| {
        let transaction = tracer.begin_transaction("script");
        labelled_span(&tenant);
        transaction.end_with("job", "success");
    });

    assert_eq!(count, 0);
}

#[test]
fn recording_that_is_off_allocates_nothing() {
    let agent = RecordingAgent::with(|builder| builder.recording(false));
    let (tracer, tenant) = (agent.tracer(), String::from("acme"));

    let count = allocations(|| {
        let transaction = tracer.begin_transaction("script");
        labelled_span(&tenant);
        transaction.end_with("job", "success");
    });

    assert_eq!(count, 0);
}

#[test]
fn polling_a_future_in_a_span_allocates_nothing_after_the_first_poll() {
    let agent = agent();
    let transaction = agent.tracer().begin_transaction("script");
    let mut cx = Context::from_waker(Waker::noop());
    let mut polls = 0;
    let work = std::future::poll_fn(|_| {
        polls += 1;
        if polls > ROUNDS { Poll::Ready(()) } else { Poll::Pending }
    });
    let mut future = pin!(work.in_span("work").in_current_span());
    assert!(future.as_mut().poll(&mut cx).is_pending());

    let count = measure(|| while future.as_mut().poll(&mut cx).is_pending() {}).count_total;

    drop(transaction);
    assert_eq!(count, 0);
    assert_eq!(agent.events().spans.len(), 1);
}

#[test]
fn polling_a_transactions_future_allocates_nothing_after_the_first_poll() {
    let agent = agent();
    let mut cx = Context::from_waker(Waker::noop());
    let mut polls = 0;
    let work = std::future::poll_fn(|_| {
        polls += 1;
        if polls > ROUNDS { Poll::Ready(()) } else { Poll::Pending }
    });
    let mut future = pin!(agent.tracer().transaction("job", "script").run(work));
    assert!(future.as_mut().poll(&mut cx).is_pending());

    let count = measure(|| {
        for _ in 1..ROUNDS {
            assert!(future.as_mut().poll(&mut cx).is_pending());
        }
    });

    assert_eq!(count.count_total, 0);
}

#[test]
fn an_error_with_its_stack_is_a_few_small_allocations_and_its_frames_are_named_elsewhere() {
    let agent = agent();
    let transaction = agent.tracer().begin_transaction("script");
    let capture = || assert!(capture_error(&std::fmt::Error).is_some());
    (0..20).for_each(|_| capture());

    let measured = measure(capture);

    drop(transaction);
    assert!(measured.count_total <= 10 && measured.bytes_total < 8 * 1024, "{measured:?}");
    assert!(!agent.events().errors[20].exception.as_ref().unwrap().stacktrace.is_empty());
}

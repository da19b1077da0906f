//! Which calls are joined into one span, and what that says.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use elastic_apm::intake::{Composite, CompressionStrategy, SpanEvent};
use elastic_apm::testing::Events;
use elastic_apm::{
    AgentBuilder, FutureExt as _, Outcome, Span, capture_error, capture_span, inject, span,
    trace_parent_header,
};
use elastic_apm_integration_tests::CheckedAgent;

use crate::{count, fail, inside, only, query, run, run_with, started};

fn composite(span: &SpanEvent) -> Option<(CompressionStrategy, u32, f64)> {
    let Composite { compression_strategy, count, sum } = span.extra.as_ref()?.composite?;
    Some((compression_strategy, count, sum))
}

/// `(name, how many it stands for)`
fn sizes(events: &Events) -> Vec<(&str, u32)> {
    events
        .spans
        .iter()
        .map(|span| (span.name.as_str(), composite(span).map_or(1, |(_, count, _)| count)))
        .collect()
}

fn same_kind(options: AgentBuilder) -> AgentBuilder {
    options.span_compression_same_kind_max_duration(Duration::from_millis(5))
}

/// What is sent of a transaction in which `work` is done.
fn recorded(options: impl FnOnce(AgentBuilder) -> AgentBuilder, work: impl FnOnce()) -> Events {
    let agent = CheckedAgent::with(options);
    let transaction = started(&agent);
    inside(&transaction, work);
    drop(transaction);
    let events = agent.events();
    let (started, dropped) = count(only(&events));
    assert_eq!(started as usize, events.spans.len(), "{dropped} dropped");
    events
}

fn with_defaults(work: impl FnOnce()) -> Events {
    recorded(|options| options, work)
}

#[test]
fn equal_calls_one_after_the_other_are_one_span() {
    let events = with_defaults(|| (1..=10).for_each(|millis| run("SELECT FROM users", millis)));

    let span = events.span("SELECT FROM users");
    assert_eq!(composite(span), Some((CompressionStrategy::ExactMatch, 10, 55.0)));
    assert_eq!(span.outcome, Some(Outcome::Success));
}

#[test]
fn the_time_of_a_composite_reaches_from_the_first_start_to_the_last_end() {
    let agent = CheckedAgent::new();
    let now = std::time::SystemTime::now();
    let transaction =
        agent.tracer().transaction("job", "script").start_time(now - Duration::from_secs(100)).start();
    for second in [10, 20, 30] {
        let start = now - Duration::from_secs(100 - second);
        run_with(transaction_query(&transaction).start_time(start), 4);
    }
    drop(transaction);

    let events = agent.events();
    let span = events.span("SELECT FROM users");
    let (_, count, sum) = composite(span).expect("it is there");
    assert_eq!((count, sum), (3, 12.0));
    assert!((span.duration - 20_004.0).abs() < 1.0, "{}", span.duration);
    let offset = span.timestamp - only(&events).timestamp;
    assert!(offset.abs_diff(10_000_000) < 1_000, "{offset}");
}

fn transaction_query(transaction: &elastic_apm::Transaction) -> elastic_apm::SpanBuilder {
    transaction.span("SELECT FROM users").span_type("db.mysql").exit().service_target("mysql", "shop")
}

#[test]
fn calls_that_take_longer_than_50_ms_are_not_joined() {
    let events =
        with_defaults(|| [50, 50, 51, 1].into_iter().for_each(|millis| run("SELECT FROM users", millis)));

    assert_eq!(
        sizes(&events),
        [("SELECT FROM users", 2), ("SELECT FROM users", 1), ("SELECT FROM users", 1)]
    );
}

#[test]
fn the_limit_holds_for_each_call_and_not_for_the_whole() {
    let events = with_defaults(|| (0..100).for_each(|_| run("SELECT FROM users", 40)));

    assert_eq!(sizes(&events), [("SELECT FROM users", 100)]);
}

#[test]
fn calls_of_different_names_are_joined_only_where_that_is_wanted() {
    let work = || {
        ["SELECT FROM a", "SELECT FROM b", "SELECT FROM b", "UPDATE a"]
            .into_iter()
            .for_each(|name| run(name, 2));
    };

    assert_eq!(with_defaults(work).spans.len(), 3);
    let events = recorded(same_kind, work);
    let span = events.span("Calls to mysql/shop");
    assert_eq!(composite(span), Some((CompressionStrategy::SameKind, 4, 8.0)));
}

#[test]
fn a_composite_of_equal_calls_takes_no_call_of_another_name() {
    let events = recorded(same_kind, || {
        ["SELECT FROM a", "SELECT FROM a", "SELECT FROM b"].into_iter().for_each(|name| run(name, 2));
    });

    assert_eq!(sizes(&events), [("SELECT FROM a", 2), ("SELECT FROM b", 1)]);
}

#[test]
fn equal_calls_that_take_too_long_are_not_joined_as_similar_ones() {
    let options = |options: AgentBuilder| {
        options
            .span_compression_exact_match_max_duration(Duration::from_millis(1))
            .span_compression_same_kind_max_duration(Duration::from_millis(100))
    };
    let events = recorded(options, || (0..3).for_each(|_| run("SELECT FROM users", 10)));

    assert_eq!(events.spans.len(), 3);
}

#[test]
fn only_calls_to_the_same_service_are_joined() {
    let events = with_defaults(|| {
        run("SELECT", 1);
        run_with(span("SELECT").span_type("db.mysql").exit().service_target("mysql", "other"), 1);
        run_with(span("SELECT").span_type("db.postgresql").exit().service_target("mysql", "other"), 1);
        run_with(span("SELECT").span_type("template.postgresql").exit().service_target("mysql", "other"), 1);
    });

    assert_eq!(events.spans.len(), 4);
}

#[test]
fn a_call_that_failed_is_a_span_of_its_own_and_ends_the_series() {
    let events = with_defaults(|| {
        run("SELECT", 1);
        run("SELECT", 1);
        fail(query("SELECT"));
        run("SELECT", 1);
    });

    assert_eq!(sizes(&events), [("SELECT", 2), ("SELECT", 1), ("SELECT", 1)]);
    assert_eq!(events.spans[1].outcome, Some(Outcome::Failure));
}

#[test]
fn a_call_whose_context_was_sent_on_is_a_span_of_its_own() {
    let events = with_defaults(|| {
        for _ in 0..3 {
            let _query = query("SELECT").enter();
            inject(&mut http::HeaderMap::new());
        }
        for _ in 0..3 {
            let query = query("SELECT").enter();
            assert!(trace_parent_header().is_some() && query.trace_parent().is_some());
        }
    });

    assert_eq!(events.spans.len(), 6);
}

#[test]
fn to_ask_for_its_id_does_not_set_a_call_apart() {
    let events = with_defaults(|| {
        for _ in 0..3 {
            let query = query("SELECT").enter();
            assert!(query.id().is_some() && elastic_apm::span_id().is_some());
        }
    });

    assert_eq!(sizes(&events), [("SELECT", 3)]);
}

#[test]
fn a_call_with_children_or_errors_is_a_span_of_its_own() {
    let events = with_defaults(|| {
        for _ in 0..2 {
            let _query = query("SELECT").enter();
            drop(span("fetch").span_type("db.mysql").enter());
        }
        for _ in 0..2 {
            let query = query("SELECT").enter();
            capture_error(&std::fmt::Error);
            query.set_outcome(Outcome::Success);
        }
    });

    // That each has its parent is a policy which every test holds.
    assert_eq!((events.spans.len(), events.errors.len()), (6, 2));
}

#[test]
fn what_is_no_call_ends_the_series() {
    let events = with_defaults(|| {
        run("SELECT", 1);
        drop(capture_span("think"));
        run("SELECT", 1);
    });

    assert_eq!(sizes(&events), [("SELECT", 1), ("think", 1), ("SELECT", 1)]);
}

#[test]
fn calls_below_different_parents_are_not_joined() {
    let events = with_defaults(|| {
        for _ in 0..2 {
            let _step = capture_span("step");
            run("SELECT", 1);
            run("SELECT", 1);
        }
    });

    assert_eq!(sizes(&events), [("SELECT", 2), ("step", 1), ("SELECT", 2), ("step", 1)]);
}

#[test]
fn a_call_waits_until_its_transaction_ends_and_no_longer() {
    let agent = CheckedAgent::new();
    let transaction = started(&agent);
    let late = inside(&transaction, || {
        run("SELECT", 1);
        query("LATE").start()
    });
    assert_eq!(agent.events().spans.len(), 0, "it waits for the next one");

    drop(transaction);
    assert_eq!(sizes(&agent.events()), [("SELECT", 1)]);
    late.set_duration(Duration::from_millis(1));
    drop(late);

    let events = agent.events();
    assert_eq!(sizes(&events), [("SELECT", 1), ("LATE", 1)]);
    assert_eq!(count(only(&events)), (1, 0), "what ends after the transaction is not counted");
}

#[test]
fn nothing_is_joined_where_that_is_switched_off() {
    let events =
        recorded(|options| options.span_compression_enabled(false), || (0..3).for_each(|_| run("SELECT", 1)));

    assert_eq!(events.spans.len(), 3);
}

#[test]
fn the_first_calls_context_and_labels_are_kept() {
    let events = with_defaults(|| {
        for number in 0..3 {
            run_with(query("SELECT").label("number", number), 1);
        }
    });

    assert_eq!(events.span("SELECT").labels.get("number"), Some(&0.into()));
}

#[tokio::test]
async fn calls_that_run_at_the_same_time_are_joined_too() {
    let agent = CheckedAgent::new();
    let call = || async { tokio::task::yield_now().await };
    let all = async {
        let calls = (0..20).map(|_| call().in_span(query("SELECT")));
        futures_util::future::join_all(calls).await;
    };
    agent.tracer().transaction("job", "script").run(all).await;

    let events = agent.events();
    assert_eq!(sizes(&events), [("SELECT", 20)]);
    assert_eq!(count(only(&events)), (1, 0));
}

#[test]
fn calls_that_end_on_many_threads_at_once_are_each_joined_once() {
    const THREADS: usize = 4;
    const EACH: usize = 50;
    let agent = CheckedAgent::new();
    let transaction = started(&agent);
    let barrier = Barrier::new(THREADS);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let calls: Vec<Span> =
                    inside(&transaction, || (0..EACH).map(|_| query("SELECT").start()).collect());
                calls.iter().for_each(|call| call.set_duration(Duration::from_millis(1)));
                barrier.wait();
                drop(calls);
            });
        }
    });
    drop(transaction);

    let events = agent.events();
    let (_, joined, sum) = composite(events.span("SELECT")).expect("it is there");
    assert_eq!((joined as usize, sum), (THREADS * EACH, (THREADS * EACH) as f64));
    assert_eq!(count(only(&events)), (1, 0));
}

#[test]
fn who_learns_of_a_call_that_has_vanished_becomes_a_child_of_the_one_above() {
    let agent = CheckedAgent::new();
    let transaction = started(&agent);
    let mut context = inside(&transaction, || {
        run("SELECT", 1);
        let query = query("SELECT").start();
        query.set_duration(Duration::from_millis(1));
        query.context()
    });
    {
        let _entered = context.enter();
        drop(span("late").span_type("db.mysql").enter());
    }
    drop(transaction);

    let events = agent.events();
    assert_eq!(sizes(&events), [("late", 1), ("SELECT", 2)]);
    assert_eq!(events.span("late").parent_id, only(&events).id);
}

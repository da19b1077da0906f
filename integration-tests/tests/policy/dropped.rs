//! Spans that are not sent: beyond the limit, too fast, discarded. What they called is counted all the same.

use std::time::Duration;

use elastic_apm::intake::{DroppedSpanStats, TransactionEvent};
use elastic_apm::{AgentBuilder, Outcome, Span, capture_error, capture_span, inject, span};
use elastic_apm_integration_tests::CheckedAgent;

use crate::{count, fail, inside, only, query, run, run_with, started};

/// `(resource, type, name, outcome, count, sum in microseconds)` of each entry.
fn stats(transaction: &TransactionEvent) -> Vec<(String, String, String, Outcome, u64, u64)> {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let entry = |entry: &DroppedSpanStats| {
        (
            text(entry.destination_service_resource.as_deref()),
            text(entry.service_target_type.as_deref()),
            text(entry.service_target_name.as_deref()),
            entry.outcome.expect("it is there"),
            entry.duration.count,
            entry.duration.sum_us,
        )
    };
    transaction.dropped_spans_stats.iter().map(entry).collect()
}

fn fast(options: AgentBuilder) -> AgentBuilder {
    options.exit_span_min_duration(Duration::from_millis(5)).span_compression_enabled(false)
}

/// The transaction in which `work` is done, and how many spans were sent.
fn recorded(
    options: impl FnOnce(AgentBuilder) -> AgentBuilder,
    work: impl FnOnce(),
) -> (TransactionEvent, usize) {
    let agent = CheckedAgent::with(options);
    let transaction = started(&agent);
    inside(&transaction, work);
    drop(transaction);
    let events = agent.events();
    (only(&events).clone(), events.spans.len())
}

#[test]
fn calls_beyond_the_limit_are_counted_by_service_and_outcome() {
    let options = |options: AgentBuilder| options.transaction_max_spans(1).span_compression_enabled(false);
    let (transaction, sent) = recorded(options, || {
        run("first", 1);
        run("SELECT", 2);
        run("UPDATE", 3);
        fail(query("SELECT"));
        run_with(span("GET").span_type("cache.redis").exit(), 4);
        drop(capture_span("no call"));
    });

    assert_eq!((count(&transaction), sent), ((1, 5), 1));
    let stats = stats(&transaction);
    let mysql =
        |outcome, count, sum| ("mysql/shop".into(), "mysql".into(), "shop".into(), outcome, count, sum);
    assert_eq!(stats[0], mysql(Outcome::Success, 2, 5_000));
    assert_eq!(stats[1].3, Outcome::Failure);
    assert_eq!(stats[2], ("redis".into(), "redis".into(), String::new(), Outcome::Success, 1, 4_000));
    assert_eq!(stats.len(), 3);
}

#[test]
fn at_most_128_services_are_counted() {
    let (transaction, _) = recorded(
        |options| options.transaction_max_spans(0),
        || {
            for number in 0..200 {
                let name = format!("shop-{number}");
                drop(span("SELECT").span_type("db.mysql").exit().service_target("mysql", name).enter());
            }
            run("SELECT", 1);
            drop(span("SELECT").span_type("db.mysql").exit().service_target("mysql", "shop-0").enter());
        },
    );

    assert_eq!((transaction.dropped_spans_stats.len(), count(&transaction)), (128, (0, 202)));
    assert_eq!(stats(&transaction)[0].4, 2, "known ones are still counted");
}

#[test]
fn ten_thousand_equal_queries_are_one_span() {
    let (transaction, sent) = recorded(|options| options, || (0..10_000).for_each(|_| run("SELECT", 1)));

    assert_eq!((count(&transaction), sent), ((1, 0), 1));
}

#[test]
fn ten_thousand_different_queries_are_500_spans_and_statistics() {
    let (transaction, sent) = recorded(
        |options| options.max_queue_size(1_000),
        || {
            for number in 0..10_000 {
                let name = format!("SELECT FROM table_{number}");
                let query = span(name).span_type("db.mysql").exit().service_target("mysql", "shop").enter();
                query.set_duration(Duration::from_millis(1));
            }
        },
    );

    assert_eq!((count(&transaction), sent), ((500, 9_500), 500));
    assert_eq!(stats(&transaction)[0].4, 9_500);
}

#[test]
fn a_call_that_is_too_fast_is_only_counted() {
    let (transaction, sent) = recorded(fast, || {
        run("fast", 4);
        run("fast", 3);
        run("slow", 5);
    });

    assert_eq!((count(&transaction), sent), ((1, 2), 1));
    let stats = stats(&transaction);
    assert_eq!((stats[0].0.as_str(), stats[0].4, stats[0].5), ("mysql/shop", 2, 7_000));
}

#[test]
fn no_fast_call_is_dropped_that_failed_was_sent_on_or_has_children_or_errors() {
    let (transaction, sent) = recorded(fast, || {
        fail(query("failed"));
        let sent_on = query("sent on").enter();
        inject(&mut http::HeaderMap::new());
        drop(sent_on);
        let parent = query("parent").enter();
        drop(span("child").span_type("db.mysql").enter());
        drop(parent);
        let errors = query("errors").enter();
        capture_error(&std::fmt::Error);
        errors.set_outcome(Outcome::Success);
        drop(errors);
        drop(capture_span("no call"));
    });

    assert_eq!((count(&transaction), sent), ((6, 0), 6));
}

#[test]
fn a_fast_call_that_ends_after_its_transaction_is_sent_since_nobody_counts_it_any_more() {
    for compression in [true, false] {
        let agent = CheckedAgent::with(|options| {
            options.exit_span_min_duration(Duration::from_millis(5)).span_compression_enabled(compression)
        });
        let transaction = started(&agent);
        let late = inside(&transaction, || query("late").start());
        late.set_duration(Duration::from_millis(1));
        drop(transaction);
        drop(late);

        let events = agent.events();
        assert_eq!((count(only(&events)), events.spans.len()), ((0, 0), 1));
    }
}

#[test]
fn calls_are_joined_before_they_are_found_too_fast() {
    let options = |options: AgentBuilder| options.exit_span_min_duration(Duration::from_millis(5));
    let agent = CheckedAgent::with(options);
    let now = std::time::SystemTime::now();
    let transaction = agent.tracer().transaction("job", "script").start();
    for (name, calls) in [("few", 2), ("many", 10)] {
        for number in 0..calls {
            let query = transaction.span(name).span_type("db.mysql").exit().service_target("mysql", "shop");
            let query = query.start_time(now - Duration::from_millis(100 - number)).start();
            query.set_duration(Duration::from_millis(1));
        }
    }
    drop(transaction);

    let events = agent.events();
    assert_eq!(
        events.span("many").extra.as_ref().expect("it is there").composite.expect("it is there").count,
        10
    );
    assert_eq!(count(only(&events)), (1, 1));
    let stats = stats(only(&events));
    assert_eq!((stats[0].4, stats[0].5), (2, 2_000), "each call of the composite counts");
}

#[test]
fn a_place_that_a_dropped_or_joined_call_gives_up_is_free_again() {
    let options = |options: AgentBuilder| fast(options).transaction_max_spans(2);
    let (transaction, sent) = recorded(options, || {
        (0..10).for_each(|_| run("fast", 1));
        drop(capture_span("one"));
        drop(capture_span("two"));
        drop(capture_span("three"));
    });

    assert_eq!((count(&transaction), sent), ((2, 11), 2));
}

#[test]
fn a_discarded_span_is_not_counted_and_gives_up_its_place() {
    let (transaction, sent) = recorded(
        |options| options.transaction_max_spans(1),
        || {
            capture_span("forget me").discard();
            drop(capture_span("keep me"));
            capture_span("over the limit").discard();
        },
    );

    assert_eq!((count(&transaction), sent), ((1, 0), 1));
}

#[test]
fn a_span_with_children_cannot_be_discarded() {
    let agent = CheckedAgent::with(|options| options.log_level(elastic_apm::LogLevel::Debug));
    let transaction = started(&agent);
    inside(&transaction, || {
        let parent = capture_span("parent");
        parent.discard();
        drop(capture_span("child"));
    });
    drop(transaction);

    let events = agent.events();
    assert_eq!(events.span("child").parent_id, events.span("parent").id);
    assert!(agent.log_lines().iter().any(|line| line.contains("discard")), "{:#?}", agent.log_lines());
}

#[test]
fn below_a_span_beyond_the_limit_children_belong_to_the_one_above() {
    let agent = CheckedAgent::with(|options| options.transaction_max_spans(1));
    let transaction = started(&agent);
    let kept: Span = inside(&transaction, || {
        let kept = span("kept").start();
        let over = span("over").start();
        kept.discard();
        drop(kept);
        over.span("child").start()
    });
    drop(kept);
    drop(transaction);

    let events = agent.events();
    assert_eq!(events.span("child").parent_id, only(&events).id);
    assert_eq!(count(only(&events)), (1, 1));
}

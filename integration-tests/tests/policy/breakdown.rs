//! Where the time of transactions went, by type of span.

use std::collections::BTreeMap;
use std::time::Duration;

use elastic_apm::intake::{Keyword, SampleValue};
use elastic_apm::testing::Events;
use elastic_apm::{AgentBuilder, FutureExt as _, capture_span, set_transaction_name, span};
use elastic_apm_integration_tests::CheckedAgent;

use crate::{inside, query, started};

/// `transaction/type/subtype` with count and sum.
fn times(events: &Events) -> BTreeMap<String, (u64, u64)> {
    let number = |value: Option<&elastic_apm::intake::Sample>| match value.expect("it is there").value {
        SampleValue::Number(number) => number as u64,
        SampleValue::Histogram(_) => panic!("a histogram"),
    };
    let line = |set: &elastic_apm::intake::Metricset| {
        let (transaction, span) =
            (set.transaction.as_ref().expect("it is there"), set.span.as_ref().expect("it is there"));
        let parts = [&transaction.name, &span.kind, &span.subtype];
        let key: Vec<&str> = parts.into_iter().flatten().map(Keyword::as_str).collect();
        let sample = |name| number(set.samples.get(name));
        (key.join("/"), (sample("span.self_time.count"), sample("span.self_time.sum.us")))
    };
    events.metricsets.iter().map(line).collect()
}

fn recorded(
    options: impl FnOnce(AgentBuilder) -> AgentBuilder,
    work: impl Fn(),
) -> (Events, BTreeMap<String, (u64, u64)>) {
    let agent = CheckedAgent::with(options);
    let transaction = started(&agent);
    inside(&transaction, work);
    drop(transaction);
    let events = agent.all_events();
    let times = times(&events);
    (events, times)
}

fn micros(millis: f64) -> u64 {
    (millis * 1000.0).round() as u64
}

#[test]
fn a_transaction_without_spans_spent_all_its_time_itself() {
    let (events, times) = recorded(|options| options, || {});

    assert_eq!(times, [("job/app".to_owned(), (1, micros(events.transactions[0].duration)))].into());
}

#[test]
fn times_that_are_told_have_no_limit_and_break_nothing() {
    for most in [0, 500] {
        let (events, times) = recorded(
            |options| {
                options.transaction_max_spans(most).span_compression_exact_match_max_duration(Duration::MAX)
            },
            || {
                for _ in 0..5 {
                    capture_span("step").set_duration(Duration::MAX);
                    query("SELECT").enter().set_duration(Duration::MAX);
                }
            },
        );

        assert_eq!((times["job/custom"].0, times["job/db/mysql"].0), (5, 5));
        assert_eq!(events.spans.is_empty(), most == 0);
    }
}

#[test]
fn self_times_are_told_apart_by_type_and_subtype_and_add_up() {
    let (events, times) = recorded(
        |options| options.span_compression_enabled(false),
        || {
            let _step = capture_span("step");
            drop(query("SELECT").enter());
            drop(query("SELECT").enter());
            drop(span("GET").span_type("storage.s3").exit().enter());
        },
    );

    assert_eq!(times.keys().collect::<Vec<_>>(), ["job/app", "job/custom", "job/db/mysql", "job/storage/s3"]);
    assert_eq!(times["job/db/mysql"].0, 2);
    let sum: u64 = times.values().map(|(_, sum)| sum).sum();
    assert_eq!(sum, micros(events.transactions[0].duration));
}

#[test]
fn what_children_cover_is_not_the_parents_own_time() {
    let (events, times) = recorded(
        |options| options,
        || {
            let _parent = span("parent").span_type("app.parent").enter();
            let _child = span("child").span_type("app.child").enter();
            std::thread::sleep(Duration::from_millis(20));
        },
    );

    let (child, parent) = (times["job/app/child"].1, times["job/app/parent"].1);
    assert!(child >= 20_000, "{times:?}");
    assert_eq!(child, micros(events.span("child").duration));
    assert_eq!(child + parent, micros(events.span("parent").duration));
}

#[tokio::test]
async fn children_at_the_same_time_cover_their_parent_once() {
    let agent = CheckedAgent::new();
    let wait = || tokio::time::sleep(Duration::from_millis(20));
    let all = async {
        let (a, b) = (span("a").span_type("a"), span("b").span_type("b"));
        tokio::join!(wait().in_span(a), wait().in_span(b));
    };
    agent.tracer().transaction("job", "script").run(all).await;

    let events = agent.all_events();
    let times = times(&events);
    let (own, whole) = (times["job/app"].1, micros(events.transactions[0].duration));
    let longest = times["job/a"].1.max(times["job/b"].1);
    assert!(own + longest <= whole + 2 && own < whole, "{times:?} of {whole}");
}

#[test]
fn transactions_of_one_name_are_added_up_and_named_as_they_end() {
    let agent = CheckedAgent::new();
    for _ in 0..3 {
        let transaction = started(&agent);
        inside(&transaction, || set_transaction_name("renamed"));
    }

    let times = times(&agent.all_events());
    assert_eq!(times.keys().collect::<Vec<_>>(), ["renamed/app"]);
    assert_eq!(times["renamed/app"].0, 3);
}

#[test]
fn spans_that_are_joined_dropped_or_over_the_limit_count_too() {
    let (_, times) = recorded(
        |options| options.transaction_max_spans(3).exit_span_min_duration(Duration::from_secs(3600)),
        || {
            (0..5).for_each(|_| drop(query("SELECT").enter()));
            (0..5).for_each(|_| drop(span("step").span_type("step").enter()));
        },
    );

    assert_eq!((times["job/db/mysql"].0, times["job/step"].0), (5, 5));
}

#[test]
fn unsampled_transactions_have_no_breakdown() {
    let (events, times) =
        recorded(|options| options.transaction_sample_rate(0.0), || drop(capture_span("step")));

    assert_eq!((events.transactions.len(), times.len()), (1, 0));
}

#[test]
fn there_is_none_where_it_is_switched_off() {
    let off: [fn(AgentBuilder) -> AgentBuilder; 3] = [
        |options| options.breakdown_metrics(false),
        |options| options.metrics_interval(Duration::ZERO),
        |options| options.disable_metrics(["span.self_time.*"]),
    ];
    for options in off {
        assert_eq!(recorded(options, || ()).0.metricsets.len(), 0);
    }
}

#[test]
fn metrics_come_by_themselves_after_their_interval() {
    let agent = CheckedAgent::with(|options| {
        options.metrics_interval(Duration::from_millis(50)).api_request_time(Duration::from_millis(50))
    });
    drop(started(&agent));

    let begin = std::time::Instant::now();
    while agent.events().metricsets.is_empty() {
        assert!(begin.elapsed() < elastic_apm_integration_tests::PATIENCE, "no metrics");
        std::thread::yield_now();
    }

    assert_eq!(agent.all_events().metricsets.len(), 1, "nothing is reported twice");
}

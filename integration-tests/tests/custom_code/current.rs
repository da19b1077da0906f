//! What is said of the current transaction and the current span, by whoever runs inside them.

use std::time::{Duration, SystemTime};

use elastic_apm::intake::{SpanLink, TransactionEvent};
use elastic_apm::{
    Outcome, TraceContext, TraceParent, TransactionOptions, capture_error, capture_span, current_span,
    current_transaction, is_recording, label, set_transaction_name, set_transaction_name_if_unset,
    set_transaction_outcome, set_transaction_outcome_if_unset, set_transaction_result,
    set_transaction_result_if_unset, span,
};
use elastic_apm_integration_tests::CheckedAgent;

use crate::recorded;

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// The only transaction of what `work` records, which gets no name and result but those set inside.
fn transaction(work: impl FnOnce()) -> TransactionEvent {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().begin_transaction("script");
    work();
    drop(tx);
    agent.events().transactions[0].clone()
}

#[test]
fn what_is_set_if_unset_fills_only_what_is_unset() {
    let filled = transaction(|| {
        set_transaction_name_if_unset("first");
        set_transaction_name_if_unset("second");
        set_transaction_result_if_unset("one");
        set_transaction_result_if_unset("two");
        set_transaction_outcome_if_unset(Outcome::Unknown);
        set_transaction_outcome_if_unset(Outcome::Failure);
    });
    let replaced = transaction(|| {
        set_transaction_name_if_unset("first");
        set_transaction_name("second");
        set_transaction_result_if_unset("one");
        set_transaction_result("two");
        set_transaction_outcome_if_unset(Outcome::Unknown);
        set_transaction_outcome(Outcome::Failure);
    });

    let said = |event: TransactionEvent| (event.name.unwrap(), event.result.unwrap(), event.outcome.unwrap());
    assert_eq!(said(filled), ("first".into(), "one".into(), Outcome::Unknown));
    assert_eq!(said(replaced), ("second".into(), "two".into(), Outcome::Failure));
}

#[test]
fn an_outcome_by_an_http_status_is_the_users_word() {
    for (status, served, called) in [
        (200, Outcome::Success, Outcome::Success),
        (404, Outcome::Success, Outcome::Failure),
        (503, Outcome::Failure, Outcome::Failure),
        (7, Outcome::Unknown, Outcome::Unknown),
    ] {
        let events = recorded(|| {
            let _call = capture_span("call");
            set_transaction_outcome(Outcome::of_response(status));
            current_span().set_outcome(Outcome::of_call(status));
            capture_error(&std::fmt::Error);
        });

        let outcomes = (events.transaction("job").outcome, events.span("call").outcome);
        assert_eq!(outcomes, (Some(served), Some(called)), "{status}");
    }
}

#[test]
fn the_current_span_is_described_where_it_was_not_started() {
    let events = recorded(|| {
        let outer = capture_span("outer");
        {
            let _inner = capture_span("inner");
            current_span().label("rows", 3);
            current_span().set_name("renamed");
        }
        assert_eq!(current_span().id(), outer.id());
        current_span().set_outcome_if_unset(Outcome::Unknown);
        current_span().set_outcome_if_unset(Outcome::Failure);
    });

    assert_eq!(events.span("renamed").labels.get("rows"), Some(&3.into()));
    let outer = events.span("outer");
    assert_eq!((outer.outcome, outer.labels.len()), (Some(Outcome::Unknown), 0));
}

#[test]
fn a_transaction_without_span_has_no_current_span() {
    let events = recorded(|| {
        current_span().label("lost", 1);
        assert_eq!((current_span().id(), current_span().is_recording()), (None, false));
    });

    assert!(events.transaction("job").labels.is_empty());
}

#[test]
fn a_reference_outlives_its_span_and_says_no_more() {
    let mut kept = None;
    let events = recorded(|| {
        let span = capture_span("step");
        kept = Some(current_span());
        drop(span);
        let kept = kept.as_ref().unwrap();
        kept.label("late", 1);
        kept.set_outcome(Outcome::Failure);
        assert!(!kept.is_recording() && kept.id().is_some());
    });

    let step = events.span("step");
    assert_eq!((step.labels.len(), step.outcome), (0, Some(Outcome::Success)));
}

#[test]
fn is_recording_says_whether_it_is_worth_working_something_out() {
    let agent = CheckedAgent::new();
    let unsampled = CheckedAgent::with(|options| options.transaction_sample_rate(0.0));
    assert!(!is_recording());

    let tx = unsampled.tracer().begin_transaction("script");
    assert!(!is_recording());
    drop(tx);

    let tx = agent.tracer().begin_transaction("script");
    let span = capture_span("late");
    assert!(is_recording());
    tx.end();
    assert!(!is_recording());
    drop(span);
}

#[test]
fn what_is_current_can_be_discarded_from_inside() {
    let agent = CheckedAgent::new();
    let tx = agent.tracer().transaction("kept", "script").begin();
    {
        let _span = capture_span("discarded");
        current_span().discard();
    }
    drop(capture_span("sent"));
    drop(tx);
    let tx = agent.tracer().transaction("discarded", "script").begin();
    {
        let _span = capture_span("sent before");
        current_transaction().discard();
    }
    drop(tx);

    let events = agent.events();
    let spans: Vec<_> = events.spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!((events.transactions.len(), spans), (1, vec!["sent", "sent before"]));
    let counted = events.transaction("kept").span_count;
    assert_eq!((counted.started, counted.dropped), (1, 0));
}

#[test]
fn links_are_given_at_the_start_and_later_and_keep_their_order() {
    let parent: TraceParent = PARENT.parse().unwrap();
    let links: Vec<SpanLink> =
        (1..=3).map(|at| parent.with_parent(elastic_apm::SpanId::from_bytes([at; 8])).into()).collect();
    let agent = CheckedAgent::new();
    let options = TransactionOptions::new("messaging").links([parent.with_parent(links[0].span_id)]);
    let tx = agent.tracer().transaction("batch", options).begin();

    current_transaction().add_link(TraceContext::from(parent.with_parent(links[1].span_id)));
    tx.add_link(links[2]);
    {
        let span = span("step").link(links[0]).link(links[1]).enter();
        span.add_link(parent.with_parent(links[2].span_id));
    }
    drop(tx);

    let events = agent.events();
    assert_eq!(events.transaction("batch").links, links);
    assert_eq!(events.span("step").extra.as_ref().unwrap().links, links);
}

#[test]
fn an_event_has_a_thousand_links_at_most() {
    let parent: TraceParent = PARENT.parse().unwrap();
    let events = recorded(|| {
        let span = capture_span("step");
        for _ in 0..2_000 {
            span.add_link(parent);
            current_transaction().add_link(parent);
        }
    });

    let of_span = events.span("step").extra.as_ref().unwrap().links.len();
    assert_eq!((of_span, events.transaction("job").links.len()), (1_000, 1_000));
}

#[test]
fn a_duration_that_is_told_replaces_the_one_that_is_measured() {
    let events = recorded(|| {
        current_transaction().set_duration(Duration::from_micros(1_234_567));
        let span = capture_span("step");
        span.set_duration(Duration::ZERO);
        span.set_duration(Duration::from_millis(9_000));
        drop(span);
        capture_span("endless").set_duration(Duration::MAX);
    });

    assert_eq!((events.transaction("job").duration, events.span("step").duration), (1234.567, 9_000.0));
    assert!(events.span("endless").duration.is_finite());
}

#[test]
fn a_span_may_be_told_of_afterwards() {
    let start = SystemTime::now() - Duration::from_secs(90);
    let agent = CheckedAgent::new();
    let tx = agent.tracer().transaction("job", "script").begin();
    span("measured").start_time(start).start().end();
    let told = span("told").start_time(start).start();
    told.set_duration(Duration::from_secs(30));
    drop(told);
    span("in the future").start_time(SystemTime::now() + Duration::from_secs(3600)).start().end();
    drop(tx);

    let events = agent.events();
    let epoch = start.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_micros() as u64;
    let (measured, told, future) =
        (events.span("measured"), events.span("told"), events.span("in the future"));
    assert_eq!((measured.timestamp, told.timestamp), (epoch, epoch));
    assert!(measured.duration >= 90_000.0 && measured.duration < 150_000.0, "{}", measured.duration);
    assert_eq!(told.duration, 30_000.0);
    assert!(future.duration < 60_000.0 && future.timestamp < epoch + 600_000_000);
}

#[test]
fn all_of_it_is_ignored_where_nothing_is_current() {
    set_transaction_name_if_unset("nobody");
    set_transaction_result_if_unset("nothing");
    set_transaction_outcome_if_unset(Outcome::Failure);
    label("nobody's", 1);
    let (transaction, span) = (current_transaction(), current_span());
    transaction.add_link(PARENT.parse::<TraceParent>().unwrap());
    transaction.set_duration(Duration::ZERO);
    transaction.discard();
    span.label("nobody's", 1);
    span.discard();

    assert!(!transaction.is_recording() && !span.is_recording() && !is_recording());
    assert_eq!((transaction.trace_context(), span.trace_context()), (None, None));
}

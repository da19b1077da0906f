use std::time::Duration;

use elastic_apm_intake::{Outcome, SpanEvent, SpanId};

use super::*;
use crate::testing::RecordingAgent;
use crate::{Tracer, capture_span, span};

/// The transaction of the spare nodes.
fn spare() -> Option<SharedTransaction> {
    SLOT.with(|slot| {
        let mut of = None;
        slot.spares.retain(|transaction| {
            of = Some(SharedTransaction::clone(transaction));
            true
        });
        of
    })
}

/// Whether nobody else holds the transaction.
fn is_forgotten(transaction: &SharedTransaction) -> bool {
    SharedTransaction::is_unique(transaction)
}

/// What does not tell one span from another.
fn without_identity(event: &SpanEvent) -> SpanEvent {
    SpanEvent { id: SpanId::default(), timestamp: 0, duration: 0.0, ..event.clone() }
}

#[test]
fn a_span_knows_nothing_of_the_one_whose_node_it_has() {
    let agent = RecordingAgent::new();
    {
        let _transaction = agent.tracer().begin_transaction("script");
        drop(capture_span("first"));
        {
            let whole = span("whole").span_type("db.mysql.query").leaf().label("rows", 1).enter();
            whole.set_outcome(Outcome::Failure);
            whole.set_duration(Duration::from_secs(7));
            whole.set_name("renamed");
            drop(capture_span("part"));
        }
        assert!(spare().is_some());
        {
            let _above = capture_span("above");
            drop(capture_span("first"));
        }
    }

    let events = agent.events();
    let first = events.spans.iter().find(|span| span.name == "first").unwrap();
    let above = SpanEvent { name: first.name.clone(), ..without_identity(events.span("above")) };
    assert_eq!(above, without_identity(first));
    assert!(events.span("above").duration < 7_000.0);
}

#[test]
fn what_was_current_is_kept_in_memory_by_no_thread() {
    let agent = RecordingAgent::new();
    let record = |tracer: &Tracer| {
        let scope = tracer.begin_transaction("script");
        drop(capture_span("step"));
        let kept = spare().unwrap();
        assert!(!is_forgotten(&kept));
        drop(scope);
        kept
    };

    let first = record(&agent.tracer());
    assert!(spare().is_none() && is_forgotten(&first));

    // Also where another one takes its place.
    let tracer = agent.tracer();
    let _outer = tracer.begin_transaction("script");
    drop(capture_span("step"));
    let inner = record(&tracer);
    assert!(is_forgotten(&inner));
}

#[test]
fn the_span_of_a_call_leaves_its_node_too() {
    let agent = RecordingAgent::new();
    let transaction = agent.tracer().begin_transaction("script");
    let call = span("GET shop").span_type("external.http").exit().enter();
    let sent_on = call.trace_parent().unwrap().parent_id();
    drop(call);
    assert!(spare().is_some());

    drop(capture_span("next"));

    drop(transaction);
    let events = agent.events();
    let next = events.span("next");
    assert_eq!((next.kind.as_str(), next.subtype.as_deref(), &next.context), ("custom", None, &None));
    assert_eq!(events.span("GET shop").id, sent_on);
    assert_ne!(next.id, sent_on);
}

#[test]
fn spans_within_each_other_leave_a_few_nodes_and_no_more() {
    fn nest(depth: usize) {
        if depth > 0 {
            let _span = capture_span("step");
            nest(depth - 1);
        }
    }

    let agent = RecordingAgent::new();
    let scope = agent.tracer().begin_transaction("script");
    nest(20);

    let left = std::iter::from_fn(take_spare).count();
    assert!((2..20).contains(&left), "{left}");
    assert!(spare().is_none());

    nest(20);
    let kept = spare().unwrap();
    drop(scope);
    assert!(spare().is_none() && is_forgotten(&kept));
    let events = agent.events();
    assert_eq!((events.spans.len(), events.tree().lines().count()), (40, 41));
}

#[test]
fn the_node_of_a_span_that_somebody_holds_is_not_used_again() {
    let agent = RecordingAgent::new();
    let _transaction = agent.tracer().begin_transaction("script");
    let scope = capture_span("held");
    let held = crate::current_span();
    drop(scope);

    let next = capture_span("next");

    assert_ne!(held.id(), next.id());
    assert!(!held.is_recording());
}

#[test]
fn a_span_of_another_transaction_does_not_get_the_spare_node() {
    let agent = RecordingAgent::new();
    let tracer = agent.tracer();
    let (one, other) = (tracer.transaction("one", "job").start(), tracer.transaction("other", "job").start());
    {
        let mut context = one.context();
        let _entered = context.enter();
        drop(capture_span("of one"));
        assert!(spare().is_some());
        drop(other.span("of the other").enter());
    }
    drop((one, other));

    let events = agent.events();
    assert_eq!(events.span("of one").parent_id, events.transaction("one").id);
    assert_eq!(events.span("of the other").parent_id, events.transaction("other").id);
    assert!(spare().is_none());
}

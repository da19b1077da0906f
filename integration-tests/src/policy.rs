//! Rules of Elastic's specification that its schemas do not state, held against every event of every test.

use std::collections::HashSet;

use elastic_apm_core::intake::{SampleRate, ServiceTarget, SpanEvent};
use elastic_apm_core::testing::Events;

use crate::span_types;

/// Panics where an event breaks a rule.
#[track_caller]
pub(crate) fn check(events: &Events) {
    let transactions: HashSet<_> = events.transactions.iter().map(|event| event.id).collect();
    for event in &events.transactions {
        assert!(event.outcome.is_some(), "a transaction without outcome: {event:?}");
        assert!(event.timestamp > 0 && event.duration >= 0.0, "a transaction without time: {event:?}");
        if !event.sampled {
            assert!(event.context.is_none() && event.labels.is_empty(), "unsampled with context: {event:?}");
            assert_eq!(event.sample_rate, Some(SampleRate::NEVER), "unsampled with a rate: {event:?}");
        }
    }
    for span in &events.spans {
        assert!(span.outcome.is_some(), "a span without outcome: {span:?}");
        assert!(!span.name.is_empty() && !span.kind.is_empty(), "a span without name or type: {span:?}");
        assert_eq!(span.sync, None, "`sync` is not for this platform: {span:?}");
        let parent = events.spans.iter().find(|other| other.id == span.parent_id);
        check_destination(span, parent.filter(|parent| target(parent).is_some()));
        if let Some(transaction) = span.transaction_id.filter(|id| transactions.contains(id)) {
            assert!(span.parent_id == transaction || parent.is_some(), "a span below nothing: {span:?}");
        }
    }
    for transaction in &events.transactions {
        let spans = events.spans.iter().filter(|span| span.transaction_id == Some(transaction.id)).count();
        let started = transaction.span_count.started as usize;
        assert!(started <= spans, "{started} spans promised, {spans} sent: {transaction:?}");
    }
}

/// Where a span leads, if it leads anywhere; `call` is the exit span that it is below.
#[track_caller]
fn check_destination(span: &SpanEvent, call: Option<&SpanEvent>) {
    let context = span.context.as_deref();
    let destination = context.and_then(|context| context.destination.as_ref());
    if let Some(call) = call {
        assert_eq!((&span.kind, &span.subtype), (&call.kind, &call.subtype), "of another kind than its call");
        assert!(destination.is_none(), "a step of a call with a destination of its own: {span:?}");
        assert!(target(span).is_none(), "a step of a call with a target of its own: {span:?}");
        return;
    }
    let resource = destination.and_then(|destination| destination.service.as_ref());
    assert_eq!(resource.is_some(), target(span).is_some(), "a target and a destination are one: {span:?}");
    let Some(resource) = resource else {
        assert_ne!(span.kind, "external", "a call that leads nowhere: {span:?}");
        return;
    };
    assert!(!resource.resource.is_empty(), "a destination without a name: {span:?}");
    span_types::check(span);
    if let Some(http) = context.and_then(|context| context.http.as_ref()).filter(|_| span.kind == "external")
    {
        let url = http.url.as_deref().unwrap_or_default();
        let authority = url.split('/').nth(2).unwrap_or_default();
        assert!(http.method.is_some() && !url.is_empty(), "a call of nothing: {span:?}");
        assert!(
            !authority.contains('@') && !url.contains('#'),
            "a URL with what is nobody's business: {span:?}"
        );
    }
}

fn target(span: &SpanEvent) -> Option<&ServiceTarget> {
    span.context.as_deref()?.service.as_ref()?.target.as_ref()
}

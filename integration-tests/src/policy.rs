//! Rules of Elastic's specification that its schemas do not state, held against every event of every test.

use std::collections::HashSet;

use elastic_apm_core::intake::SampleRate;
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
        let is_step = parent.is_some_and(|parent| parent.kind == "external");
        let context = span.context.as_deref();
        let destination = context.and_then(|context| context.destination.as_ref());
        let target = context.and_then(|context| context.service.as_ref()?.target.as_ref());
        if is_step {
            assert!(destination.is_none(), "a step of a call with a destination of its own: {span:?}");
        } else if span.kind == "external" {
            let resource = destination.and_then(|destination| destination.service.as_ref());
            assert!(resource.is_some(), "an exit span without destination: {span:?}");
            assert!(target.is_some(), "an exit span without target: {span:?}");
        }
        if target.is_some() {
            span_types::check(span);
        }
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

//! What becomes of a span that has ended, in the order of Elastic's specification for huge traces.
//!
//! Over the limit: dropped, with statistics. Else it may be joined with the call before it. Else, a call that was too fast is dropped,
//! with statistics. Else it is reported. Whatever becomes of it, its own time counts in the breakdown.

use std::sync::Arc;

use super::children::{Children, Offered};
use super::compression::is_compressible;
use super::ended_span::EndedSpan;
use super::service_target;
use super::span_ledger::SpanLedger;
use super::span_node::{Closed, SharedSpan, SpanNode};
use super::stack;
use crate::clock::{micros, millis};

/// Ends a span whose owner is gone.
pub(crate) fn end(mut node: SharedSpan) {
    let now = node.transaction.timebase.elapsed();
    let Some(closed) = SpanNode::close(&mut node, now) else { return };
    let Closed { event, parent, start, end, discarded } = closed;
    siblings(&node, parent.as_ref()).timer.ended(end);
    if let Some(child) = node.children.close() {
        settle(*child, None);
    }
    let mut span = EndedSpan { node, event, start, end, stack: None };
    if discarded && vanish(&span) {
        return;
    }
    if span.node.exit {
        service_target::complete(&mut span.event);
    }
    let self_time = span.duration().saturating_sub(span.node.children.timer.covered(end));
    if span.node.over_limit {
        return drop_span(&span, Some(self_time));
    }
    span.stack = stack::of_span(&span.node.transaction.settings, millis(span.duration()));
    if is_compressible(&span) {
        return wait_or_join(span, parent.as_ref(), self_time);
    }
    if let Some(waited) = siblings(&span.node, parent.as_ref()).take() {
        settle(*waited, None);
    }
    settle(span, Some(self_time));
}

fn siblings<'a>(node: &'a SpanNode, parent: Option<&'a SharedSpan>) -> &'a Children {
    parent.map_or(&node.transaction.children, |parent| &parent.children)
}

/// Lets a span go of which nobody shall hear. Not possible where somebody has heard of it.
fn vanish(span: &EndedSpan) -> bool {
    let node = &span.node;
    if !node.over_limit && !node.fate.vanish() {
        node.explain("discard", "has children or an error, or was sent on");
        return false;
    }
    if !node.over_limit {
        node.transaction.limit.give_back();
    }
    true
}

fn wait_or_join(span: EndedSpan, parent: Option<&SharedSpan>, self_time: u64) {
    let transaction = Arc::clone(&span.node.transaction);
    transaction.account(|ledger| count(ledger, &span, Some(self_time)));
    let siblings = parent.map_or(&transaction.children, |parent| &parent.children);
    match siblings.offer(Box::new(span), &transaction.settings) {
        Offered::Waits => {}
        Offered::Joined => transaction.limit.give_back(),
        Offered::Leaves(span) => settle(*span, None),
    }
}

/// Reports a span, or drops a call that took too little time. `self_time` where it is still to be counted.
pub(super) fn settle(span: EndedSpan, self_time: Option<u64>) {
    let transaction = &span.node.transaction;
    let shortest = micros(transaction.settings.exit_span_min_duration.0);
    let is_fast = span.node.exit && span.has_succeeded() && span.duration() < shortest;
    if is_fast && span.node.fate.vanish() {
        transaction.limit.give_back();
        return drop_span(&span, self_time);
    }
    transaction.account(|ledger| {
        count(ledger, &span, self_time);
        ledger.reported();
    });
    let (node, record) = span.into_record();
    node.transaction.tracer.submit(record);
}

fn drop_span(span: &EndedSpan, self_time: Option<u64>) {
    span.node.transaction.account(|ledger| {
        count(ledger, span, self_time);
        ledger.dropped(&span.event, span.net_duration());
    });
}

fn count(ledger: &mut SpanLedger, span: &EndedSpan, self_time: Option<u64>) {
    if let Some(self_time) = self_time.filter(|_| span.node.transaction.settings.breakdown_metrics) {
        ledger.self_times.add(&span.event.kind, span.event.subtype.as_ref(), self_time);
    }
}

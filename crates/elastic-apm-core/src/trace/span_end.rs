//! What becomes of a span that has ended, in the order of Elastic's specification for huge traces.
//!
//! Over the limit: dropped, with statistics. Else it may be joined with the call before it. Else, a call that was too fast is dropped,
//! with statistics. Else it is reported. Whatever becomes of it, its own time counts in the breakdown.

use elastic_apm_intake::SpanEvent;

use super::children::Children;
use super::compression::{self, is_compressible};
use super::current;
use super::ended_span::EndedSpan;
use super::service_target;
use super::span_ledger::SpanLedger;
use super::span_node::{Closed, SharedSpan, SpanNode};
use super::stack;
use super::transaction_node::{SharedTransaction, TransactionNode};
use super::waiting_place::Offered;
use crate::clock::{micros, millis};

/// Ends a span whose owner is gone.
pub(crate) fn end(mut node: SharedSpan) {
    let now = node.transaction.timebase.elapsed();
    let Some(closed) = SpanNode::close(&mut node, now) else { return };
    let Closed { parent, start, end, discarded } = closed;
    siblings(&node, parent.as_ref()).timer.ended(end);
    if let Some(child) = SpanNode::close_children(&mut node) {
        settle(child, None);
    }
    let mut span = EndedSpan { node, start, end, stack: None };
    if discarded && vanish(&span) {
        return;
    }
    let self_time = Some(span.duration().saturating_sub(span.node.children.timer.covered(end)));
    if span.node.exit {
        return end_call(span, parent.as_ref(), self_time);
    }
    if span.node.over_limit {
        return drop_span(&mut span, self_time);
    }
    span.stack = stack::of_span(&span.node.transaction.settings, millis(span.duration()));
    if let Some(waited) = siblings(&span.node, parent.as_ref()).take() {
        settle(waited, None);
    }
    report(&mut span, self_time);
    current::keep_spare(span.node);
}

/// Ends a call to another service, which may be joined with others, or dropped.
fn end_call(mut span: EndedSpan, parent: Option<&SharedSpan>, self_time: Option<u64>) {
    span.look(service_target::complete);
    if span.node.over_limit {
        return drop_span(&mut span, self_time);
    }
    span.stack = stack::of_span(&span.node.transaction.settings, millis(span.duration()));
    if is_compressible(&mut span) {
        return wait_or_join(span, parent, self_time);
    }
    if let Some(waited) = siblings(&span.node, parent).take() {
        settle(waited, None);
    }
    settle(span, self_time);
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

fn wait_or_join(mut span: EndedSpan, parent: Option<&SharedSpan>, self_time: Option<u64>) {
    let transaction = SharedTransaction::clone(&span.node.transaction);
    span.look(|event| transaction.account(|ledger| count(ledger, &transaction, event, self_time)));
    let siblings = parent.map_or(&transaction.children, |parent| &parent.children);
    match siblings.offer(span, &transaction.settings) {
        Offered::Waits => {}
        Offered::Joined => transaction.limit.give_back(),
        Offered::Leaves(span) => settle(span, None),
    }
}

/// Reports a call, or drops one that took too little time. `self_time` where it is still to be counted.
pub(super) fn settle(mut span: EndedSpan, self_time: Option<u64>) {
    let shortest = micros(span.node.transaction.settings.exit_span_min_duration.0);
    let is_fast = span.node.exit && span.duration() < shortest && span.has_succeeded();
    if is_fast && drop_fast(&mut span, self_time) {
        return;
    }
    report(&mut span, self_time);
    current::keep_spare(span.node);
}

/// Drops a call that took too little time, unless somebody knows of it, or nobody counts any more since its transaction has ended.
#[cold]
fn drop_fast(span: &mut EndedSpan, self_time: Option<u64>) -> bool {
    let net = compression::net_duration(span);
    let transaction = SharedTransaction::clone(&span.node.transaction);
    // Decided where it is counted, lest the transaction ends in between.
    let is_dropped = transaction.account(|ledger| {
        let vanishes = span.node.fate.vanish();
        if vanishes {
            span.look(|event| {
                count(ledger, &transaction, event, self_time);
                ledger.dropped(event, net);
            });
        }
        vanishes
    });
    if is_dropped != Some(true) {
        return false;
    }
    transaction.limit.give_back();
    true
}

#[inline]
fn report(span: &mut EndedSpan, self_time: Option<u64>) {
    span.submit(|transaction, event| {
        let is_common = event.subtype.is_none() && event.kind == SpanNode::CUSTOM;
        if is_common && self_time.is_some_and(|self_time| transaction.tally.add(self_time)) {
            return;
        }
        transaction.account(|ledger| {
            count(ledger, transaction, event, self_time);
            ledger.reported();
        });
    });
}

fn drop_span(span: &mut EndedSpan, self_time: Option<u64>) {
    let net = compression::net_duration(span);
    SpanNode::with(&mut span.node, |transaction, body| {
        let Some(event) = body.event() else { return };
        transaction.account(|ledger| {
            count(ledger, transaction, event, self_time);
            ledger.dropped(event, net);
        });
    });
}

#[inline]
fn count(
    ledger: &mut SpanLedger<'_>,
    transaction: &TransactionNode,
    event: &SpanEvent,
    self_time: Option<u64>,
) {
    if let Some(self_time) = self_time.filter(|_| transaction.settings.breakdown_metrics) {
        ledger.self_time(event, self_time);
    }
}

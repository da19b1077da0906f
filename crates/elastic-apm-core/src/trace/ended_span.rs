//! A span that has ended and of which it is not decided yet what becomes of it.

use elastic_apm_intake::{Composite, Outcome, SpanEvent};

use super::span_node::{SharedSpan, SpanNode};
use super::transaction_node::TransactionNode;
use crate::captured::CapturedStack;
use crate::clock::millis;

/// What is left of a span at its end, or of several that were joined. Times are microseconds since the transaction's start.
///
/// Its event is still where it was while the span ran: it is moved once, into the queue.
pub(crate) struct EndedSpan {
    pub(crate) node: SharedSpan,
    pub(crate) start: i64,
    pub(crate) end: i64,
    /// Where it ended, if it took long enough to say so.
    pub(crate) stack: Option<CapturedStack>,
}

impl EndedSpan {
    /// How long it took, gaps between joined spans included.
    #[inline]
    pub(crate) fn duration(&self) -> u64 {
        self.end.saturating_sub(self.start).max(0) as u64
    }

    /// Looks at the event; `None` where there is none, which is not so before it is handed over.
    #[inline]
    pub(crate) fn look<T>(&mut self, look: impl FnOnce(&mut SpanEvent) -> T) -> Option<T> {
        SpanNode::with(&mut self.node, |_, body| body.event().map(look))
    }

    /// How it was joined; `None` for a single span.
    pub(crate) fn composite(&mut self) -> Option<Composite> {
        self.look(|event| event.extra.as_ref()?.composite).flatten()
    }

    /// Whether it went well, as far as anybody knows.
    pub(crate) fn has_succeeded(&mut self) -> bool {
        self.look(|event| event.outcome == Some(Outcome::Success)) == Some(true)
    }

    /// Hands the event over, after a last look at it.
    #[inline(always)]
    pub(crate) fn submit(&mut self, last_look: impl FnOnce(&TransactionNode, &SpanEvent)) {
        let duration = self.duration();
        let (start, stack) = (self.start, self.stack.take());
        SpanNode::with(&mut self.node, |transaction, body| {
            let Some(event) = body.event() else { return };
            event.timestamp = transaction.timebase.epoch_micros(start);
            event.duration = millis(duration);
            last_look(transaction, event);
            let Some(queue) = transaction.tracer.queue() else { return };
            let place = body.record();
            if let Some(stack) = stack {
                *place = place.take().map(|record| record.with_stack(stack));
            }
            queue.push_out_of(place);
        });
    }
}

//! A span that has ended and of which it is not decided yet what becomes of it.

use elastic_apm_intake::{CompressionStrategy, Outcome, ServiceTarget, SpanEvent};

use super::span_node::SharedSpan;
use crate::captured::CapturedStack;
use crate::clock::millis;
use crate::record::Record;

/// What is left of a span at its end, or of several that were joined. Times are microseconds since the transaction's start.
pub(crate) struct EndedSpan {
    pub(crate) node: SharedSpan,
    pub(crate) event: SpanEvent,
    pub(crate) start: i64,
    pub(crate) end: i64,
    /// Where it ended, if it took long enough to say so.
    pub(crate) stack: Option<CapturedStack>,
}

impl EndedSpan {
    /// How long it took, gaps between joined spans included.
    pub(crate) fn duration(&self) -> u64 {
        self.end.saturating_sub(self.start).max(0) as u64
    }

    /// How long the work itself took.
    pub(crate) fn net_duration(&self) -> u64 {
        match self.composite_strategy() {
            Some((_, net)) => net,
            None => self.duration(),
        }
    }

    /// How it was joined, and the sum of the parts; `None` for a single span.
    pub(crate) fn composite_strategy(&self) -> Option<(CompressionStrategy, u64)> {
        let composite = self.event.extra.as_ref()?.composite?;
        Some((composite.compression_strategy, (composite.sum * 1000.0).round() as u64))
    }

    /// Whether it went well, as far as anybody knows.
    pub(crate) fn has_succeeded(&self) -> bool {
        self.event.outcome == Some(Outcome::Success)
    }

    /// The service it called.
    pub(crate) fn target(&self) -> Option<&ServiceTarget> {
        self.event.context.as_ref()?.service.as_ref()?.target.as_ref()
    }

    /// The event with its times, ready to be sent, and the node.
    pub(crate) fn into_record(self) -> (SharedSpan, Record) {
        let duration = self.duration();
        let EndedSpan { node, mut event, start, stack, .. } = self;
        event.timestamp = node.transaction.timebase.epoch_micros(start);
        event.duration = millis(duration);
        (node, Record::span(event, stack))
    }
}

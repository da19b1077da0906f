//! What a transaction knows of its spans when it ends: how many there were, what was dropped, and where the time went.

use elastic_apm_intake::{SpanCount, SpanEvent};

use super::dropped_spans::DroppedSpans;
use crate::metrics::SelfTimes;

/// The account of the spans that ended before their transaction.
#[derive(Debug, Default)]
pub(crate) struct SpanLedger {
    count: SpanCount,
    pub(crate) dropped: DroppedSpans,
    pub(crate) self_times: SelfTimes,
}

impl SpanLedger {
    /// A span is reported.
    pub(crate) fn reported(&mut self) {
        self.count.started += 1;
    }

    /// A span is not reported: there were too many, or it was too short. What it called is kept in the statistics.
    pub(crate) fn dropped(&mut self, event: &SpanEvent, micros: u64) {
        self.count.dropped += 1;
        self.dropped.add(event, micros);
    }

    pub(crate) fn count(&self) -> SpanCount {
        self.count
    }
}

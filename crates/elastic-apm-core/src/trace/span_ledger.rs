//! The account of the spans that ended before their transaction: how many there were, what was dropped, and where the time went.
//!
//! Kept where it is sent from, in the transaction's record.

use elastic_apm_intake::SpanEvent;

use super::dropped_spans;
use crate::record::TransactionRecord;

/// Enters spans into the record of their transaction.
pub(crate) struct SpanLedger<'a> {
    record: &'a mut TransactionRecord,
}

impl<'a> SpanLedger<'a> {
    /// The account in this record.
    #[inline]
    pub(crate) fn of(record: &'a mut TransactionRecord) -> Self {
        SpanLedger { record }
    }

    /// A span is reported.
    #[inline]
    pub(crate) fn reported(&mut self) {
        self.record.event.span_count.started += 1;
    }

    /// A span is not reported: there were too many, or it was too short. What it called is kept in the statistics.
    pub(crate) fn dropped(&mut self, span: &SpanEvent, micros: u64) {
        self.record.event.span_count.dropped += 1;
        dropped_spans::add(&mut self.record.event.dropped_spans_stats, span, micros);
    }

    /// A span took this time for itself.
    #[inline]
    pub(crate) fn self_time(&mut self, span: &SpanEvent, micros: u64) {
        self.record.self_times.add(&span.kind, span.subtype.as_ref(), micros);
    }
}

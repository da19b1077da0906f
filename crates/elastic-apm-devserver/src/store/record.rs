//! One stored event: its decoded form, its document, and the few fields every reader asks for.

use std::sync::Arc;

use elastic_apm_intake::{ErrorEvent, Event, Outcome, SpanEvent, SpanId, TraceId, TransactionEvent};
use serde_json::value::RawValue;

use super::source::Source;

/// What an event's boxed parts take beside its text, as measured on spans with a context.
const BOXES: usize = 512;

/// An accepted event that the store has not numbered yet.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) source: Arc<Source>,
    pub(crate) event: Event,
    pub(crate) document: Box<RawValue>,
    pub(crate) received_us: u64,
}

/// A stored event.
#[derive(Debug)]
pub struct Record {
    seq: u64,
    draft: Draft,
}

impl Draft {
    pub(super) fn into_record(self, seq: u64) -> Record {
        Record { seq, draft: self }
    }
}

impl Record {
    /// Its place in the order of arrival.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Who sent it.
    pub fn source(&self) -> &Arc<Source> {
        &self.draft.source
    }

    /// The name of the service that sent it.
    pub fn service(&self) -> &str {
        self.draft.source.service()
    }

    /// The event as the intake vocabulary decodes it.
    pub fn event(&self) -> &Event {
        &self.draft.event
    }

    /// The event, if it is a transaction.
    pub fn transaction(&self) -> Option<&TransactionEvent> {
        if let Event::Transaction(transaction) = self.event() { Some(transaction) } else { None }
    }

    /// The event, if it is a span.
    pub fn span(&self) -> Option<&SpanEvent> {
        if let Event::Span(span) = self.event() { Some(span) } else { None }
    }

    /// The event, if it is an error.
    pub fn error(&self) -> Option<&ErrorEvent> {
        if let Event::Error(error) = self.event() { Some(error) } else { None }
    }

    /// The event's JSON object as it was sent, without its `{"kind": ..}` envelope.
    pub fn document(&self) -> &RawValue {
        &self.draft.document
    }

    /// The trace it belongs to, if any.
    pub fn trace_id(&self) -> Option<TraceId> {
        match self.event() {
            Event::Transaction(transaction) => Some(transaction.trace_id),
            Event::Span(span) => Some(span.trace_id),
            Event::Error(error) => error.parent.map(|parent| parent.trace_id),
            Event::Log(log) => log.trace_id,
            Event::Metadata(_) | Event::Metricset(_) => None,
        }
    }

    /// Its start: its own timestamp, else the time of receipt. Microseconds since the Unix epoch.
    pub fn timestamp_us(&self) -> u64 {
        let timestamp = match self.event() {
            Event::Transaction(transaction) => transaction.timestamp,
            Event::Span(span) => span.timestamp,
            Event::Error(error) => error.timestamp,
            Event::Metricset(metricset) => metricset.timestamp,
            Event::Log(log) => log.timestamp,
            Event::Metadata(_) => 0,
        };
        if timestamp == 0 { self.draft.received_us } else { timestamp }
    }

    /// The name of a transaction or span, the message of an error.
    pub(crate) fn name(&self) -> &str {
        let name = match self.event() {
            Event::Transaction(transaction) => transaction.name.as_deref(),
            Event::Span(span) => Some(&*span.name),
            Event::Error(error) => {
                let exception = error.exception.as_ref().and_then(|exception| exception.message.as_deref());
                exception.or(error.log.as_ref().map(|log| &*log.message))
            }
            _ => None,
        };
        name.unwrap_or_default()
    }

    /// The type of a transaction or span; of an error, the exception's type or the logger.
    pub(crate) fn event_type(&self) -> &str {
        match self.event() {
            Event::Transaction(transaction) => &transaction.kind,
            Event::Span(span) => &span.kind,
            Event::Error(error) => {
                let exception = error.exception.as_ref().and_then(|exception| exception.kind.as_deref());
                let logger = error.log.as_ref().and_then(|log| log.logger_name.as_deref());
                exception.or(logger).unwrap_or_default()
            }
            _ => "",
        }
    }

    pub(crate) fn subtype(&self) -> Option<&str> {
        self.span()?.subtype.as_deref()
    }

    pub(crate) fn result(&self) -> Option<&str> {
        self.transaction()?.result.as_deref()
    }

    pub(crate) fn outcome(&self) -> Outcome {
        let outcome = match self.event() {
            Event::Transaction(transaction) => transaction.outcome,
            Event::Span(span) => span.outcome,
            _ => None,
        };
        outcome.unwrap_or_default()
    }

    /// The id of a transaction or span.
    pub(crate) fn id(&self) -> Option<SpanId> {
        match self.event() {
            Event::Transaction(transaction) => Some(transaction.id),
            Event::Span(span) => Some(span.id),
            _ => None,
        }
    }

    pub(crate) fn parent_id(&self) -> Option<SpanId> {
        match self.event() {
            Event::Transaction(transaction) => transaction.parent_id,
            Event::Span(span) => Some(span.parent_id),
            Event::Error(error) => error.parent.map(|parent| parent.parent_id),
            _ => None,
        }
    }

    /// The transaction of a span or an error.
    pub(crate) fn transaction_id(&self) -> Option<SpanId> {
        match self.event() {
            Event::Span(span) => span.transaction_id,
            Event::Error(error) => error.parent.and_then(|parent| parent.transaction_id),
            _ => None,
        }
    }

    /// Whether it is a transaction or a span: what a waterfall has a bar for.
    pub(crate) fn is_timed(&self) -> bool {
        self.is_transaction() || self.span().is_some()
    }

    pub(crate) fn is_transaction(&self) -> bool {
        self.transaction().is_some()
    }

    pub(crate) fn duration_us(&self) -> u64 {
        let millis = match self.event() {
            Event::Transaction(transaction) => transaction.duration,
            Event::Span(span) => span.duration,
            _ => 0.0,
        };
        // A float cast saturates, which is right for durations nobody means.
        (millis * 1000.0).round() as u64
    }

    pub(crate) fn end_us(&self) -> u64 {
        self.timestamp_us().saturating_add(self.duration_us())
    }

    /// Bytes the store charges for it: the document, about as much again for the decoded form, and the entry.
    pub(crate) fn cost(&self) -> usize {
        2 * self.draft.document.get().len() + size_of::<Self>() + BOXES
    }
}

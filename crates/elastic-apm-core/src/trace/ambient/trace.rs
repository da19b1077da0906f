//! Ids, headers and baggage of what is current.

use std::fmt;

use elastic_apm_intake::{SpanId, TraceId};

use super::transaction::{current_transaction, told};
use crate::propagation::{Baggage, HeaderSink, TraceContext, TraceParent};
use crate::trace::current::{self, Current};

/// The id of the current trace.
pub fn trace_id() -> Option<TraceId> {
    current::with(|current| current.transaction().trace_id)
}

/// The id of the current transaction.
pub fn transaction_id() -> Option<SpanId> {
    current::with(|current| current.transaction().id)
}

/// The id of the current span; `None` when a transaction is current and no span.
pub fn span_id() -> Option<SpanId> {
    current::with(span_id_of).flatten()
}

/// The id of the span that caused the current transaction; the root of a trace gets one.
///
/// For pages that a browser's agent takes over: see [`TransactionRef::ensure_parent_id`](crate::TransactionRef::ensure_parent_id).
pub fn ensure_parent_id() -> Option<SpanId> {
    current_transaction().ensure_parent_id()
}

/// The ids of what is current, for the lines of a log.
///
/// ```
/// use elastic_apm_core::{capture_span, current_trace_ids, testing::RecordingAgent};
///
/// let agent = RecordingAgent::new();
/// let transaction = agent.tracer().begin_transaction("script");
/// let span = capture_span("pour");
///
/// let line = format!("cup is full {}", current_trace_ids());
///
/// let (trace, tx, span) = (span.trace_id().unwrap(), transaction.id().unwrap(), span.id().unwrap());
/// assert_eq!(line, format!("cup is full trace.id={trace} transaction.id={tx} span.id={span}"));
/// ```
pub fn current_trace_ids() -> TraceIds {
    let ids = current::with(|current| TraceIds {
        trace_id: Some(current.transaction().trace_id),
        transaction_id: Some(current.transaction().id),
        span_id: span_id_of(current),
    });
    ids.unwrap_or_default()
}

/// The ids of what was current: fields for a structured log, and by `Display` text for a plain one.
///
/// The names are those of Elastic's logs, so that logs and traces find each other. Nothing is printed where nothing was current.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TraceIds {
    /// `trace.id`
    pub trace_id: Option<TraceId>,
    /// `transaction.id`
    pub transaction_id: Option<SpanId>,
    /// `span.id`, where a span was current.
    pub span_id: Option<SpanId>,
}

impl fmt::Display for TraceIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(trace_id), Some(transaction_id)) = (self.trace_id, self.transaction_id) else {
            return Ok(());
        };
        write!(f, "trace.id={trace_id} transaction.id={transaction_id}")?;
        match self.span_id {
            Some(span_id) => write!(f, " span.id={span_id}"),
            None => Ok(()),
        }
    }
}

/// The `traceparent` header of what is current, for any client or broker: the receiver becomes its child.
///
/// The current *span's* id, or the nearest ancestor's that is reported; the transaction's where no span is current.
pub fn trace_parent_header() -> Option<String> {
    current::with(trace_parent_of).map(|parent| parent.to_string())
}

/// All headers of what is current: `traceparent`, `tracestate` and `baggage`.
pub fn current_trace_context() -> Option<TraceContext> {
    current::with(|current| current.transaction().context_below(trace_parent_of(current)))
}

/// Writes `traceparent` and `tracestate` of what is current into `headers`, replacing what is there, and adds to `baggage` what it
/// does not say already.
///
/// Nothing is added or removed where nothing is current. Headers are those of HTTP, a map with string keys, or a list of pairs, with
/// values of text or of bytes: see [`HeaderSink`].
///
/// ```
/// let mut headers = http::HeaderMap::new();
/// elastic_apm_core::inject(&mut headers);
/// assert!(headers.is_empty()); // no transaction here
/// ```
pub fn inject<H: HeaderSink + ?Sized>(headers: &mut H) {
    if let Some(context) = current_trace_context() {
        context.inject(headers);
    }
}

/// What the current transaction hands on to those it calls: what came with its caller's headers, and what was set since.
///
/// Empty where nothing is current. See [`set_baggage`].
pub fn baggage() -> Baggage {
    current::with(|current| current.transaction().baggage.get()).unwrap_or_default()
}

/// Hands on a value to those that the current transaction calls from now on, in place of that of the key, if there is one.
///
/// It goes to *all* that is called, by the header `baggage`, in plain text: nothing secret belongs here. A key that is no HTTP token, and
/// what there is no room for (64 members, 8,192 bytes), is left out; a debug line of the agent's log says so.
///
/// ```
/// use elastic_apm_core::{baggage, inject, remove_baggage, set_baggage, testing::RecordingAgent};
///
/// let agent = RecordingAgent::new();
/// let _transaction = agent.tracer().begin_transaction("script");
/// set_baggage("tenant", "acme inc");
/// set_baggage("tier", "gold");
/// remove_baggage("tier");
///
/// let mut headers = http::HeaderMap::new();
/// inject(&mut headers);
/// assert_eq!((baggage().get("tenant"), &headers["baggage"]), (Some("acme inc"), &"tenant=acme%20inc".parse().unwrap()));
/// ```
pub fn set_baggage(key: &str, value: &str) {
    told("set_baggage").set_baggage(key, value);
}

/// The current transaction hands on the value of this key no longer; tells whether there was one.
pub fn remove_baggage(key: &str) -> bool {
    current_transaction().remove_baggage(key)
}

fn span_id_of(current: &Current) -> Option<SpanId> {
    match current {
        Current::Transaction(_) => None,
        Current::Span(node) => Some(node.id),
    }
}

fn trace_parent_of(current: &Current) -> TraceParent {
    match current {
        Current::Transaction(node) => node.traceparent,
        Current::Span(node) => node.transaction.traceparent.with_parent(node.refer()),
    }
}

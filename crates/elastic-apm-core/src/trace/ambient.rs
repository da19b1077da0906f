//! The free functions on whatever is current: silent no-ops where nothing is.

use std::error::Error;
use std::sync::Arc;

use elastic_apm_intake::{ErrorId, Keyword, LabelValue, LongText, Outcome, SpanId, TraceId, User};
use serde_json::Value;

use super::current::{self, Current};
use super::error::{ErrorBuilder, MessageBuilder};
use super::node::TransactionNode;
use super::span::SpanScope;
use super::span_builder::SpanBuilder;
use super::transaction_builder::{TransactionBuilder, TransactionOptions};
use crate::default_agent::default_tracer;
use crate::propagation::{HeaderSink, TraceContext, TraceParent};

/// Names a transaction of the default agent that is about to start.
///
/// ```
/// # async fn job() -> Result<(), std::io::Error> {
/// elastic_apm_core::transaction("nightly-report", "scheduled").try_run(async { Ok(()) }).await
/// # }
/// ```
pub fn transaction(name: impl Into<Keyword>, options: impl Into<TransactionOptions>) -> TransactionBuilder {
    default_tracer().transaction(name, options)
}

/// Describes a span below what is current.
#[inline]
pub fn span(name: impl Into<Keyword>) -> SpanBuilder {
    SpanBuilder::below_current(name)
}

/// Starts a span below what is current and makes it current until the scope is dropped.
///
/// ```
/// use elastic_apm_core::capture_span;
///
/// fn fetch_water() {
///     let _span = capture_span("near-to-machine");
///     // the work
/// }
/// # fetch_water();
/// ```
#[inline]
pub fn capture_span(name: impl Into<Keyword>) -> SpanScope {
    SpanBuilder::below_current(name).enter()
}

/// Names the current transaction, replacing any name.
pub fn set_transaction_name(name: impl Into<Keyword>) {
    on_transaction(|node| {
        node.set_name("set_transaction_name", name.into());
    });
}

/// Sets the current transaction's result, such as `success`.
pub fn set_transaction_result(result: impl Into<Keyword>) {
    on_transaction(|node| {
        let result = result.into();
        node.update("set_transaction_result", |body| body.result = Some(result));
    });
}

/// Sets the current transaction's outcome; no status and no error overrides it.
pub fn set_transaction_outcome(outcome: Outcome) {
    on_transaction(|node| node.update("set_transaction_outcome", |body| body.verdict.by_user(outcome)));
}

/// Adds an indexed label to the current transaction. `.`, `*` and `"` in the key become `_`.
pub fn label(key: impl Into<Keyword>, value: impl Into<LabelValue>) {
    on_sampled_transaction(|node| {
        let (key, value) = (key.into(), value.into());
        node.update("label", |body| body.labels.insert(key, value));
    });
}

/// Says who the user of the current transaction is.
pub fn set_user_context(user: User) {
    on_sampled_transaction(|node| {
        node.update("set_user_context", |body| {
            body.context.get_or_insert_default().user = Some(Box::new(user));
        });
    });
}

/// Adds one entry of custom context to the current transaction: any JSON, not indexed.
pub fn set_custom_context(key: &str, value: impl Into<Value>) {
    on_sampled_transaction(|node| {
        let (key, value) = (key.replace(['.', '*', '"'], "_"), value.into());
        node.update("set_custom_context", |body| {
            body.context.get_or_insert_default().custom.get_or_insert_default().insert(key, value);
        });
    });
}

/// Reports an error with its whole `source()` chain, in what is current or else by the default agent.
///
/// Of a box give what is in it: `capture_error(&*boxed)`, for `anyhow::Error` and `eyre::Report` too. Returns the error's id, or
/// `None` where nothing is recorded. [`error`] says more of it.
///
/// ```
/// if let Err(error) = "12a".parse::<u32>() {
///     elastic_apm_core::capture_error(&error);
/// }
/// ```
pub fn capture_error<E: Error + ?Sized>(error: &E) -> Option<ErrorId> {
    self::error(error).capture()
}

/// Reports a message that is no error type. Returns the error's id, or `None` where nothing is recorded. [`message`] says more of
/// it.
pub fn capture_message(message: impl Into<LongText>) -> Option<ErrorId> {
    self::message(message).capture()
}

/// Describes an error, with its whole `source()` chain, in what is current or else by the default agent.
///
/// ```
/// fn give_up(error: &(dyn std::error::Error + Send + Sync)) {
///     elastic_apm_core::error(error).handled(false).culprit("shop::pay").label("attempt", 3).capture();
/// }
/// # give_up(&std::fmt::Error);
/// ```
pub fn error<E: Error + ?Sized>(error: &E) -> ErrorBuilder {
    ErrorBuilder::new(super::error::in_sight(), error)
}

/// Describes a message that is no error type, in what is current or else by the default agent.
///
/// ```
/// # let order = 7;
/// elastic_apm_core::message(format!("order {order} is late"))
///     .param_message("order {order} is late")
///     .level("warning")
///     .logger_name("shop::orders")
///     .capture();
/// ```
pub fn message(message: impl Into<LongText>) -> MessageBuilder {
    MessageBuilder::new(super::error::in_sight(), message)
}

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
    current::with(|current| match current {
        Current::Transaction(_) => None,
        Current::Span(node) => Some(node.id),
    })
    .flatten()
}

/// The `traceparent` header of what is current, for any client or broker: the receiver becomes its child.
///
/// The current *span's* id, or the nearest ancestor's that is reported; the transaction's where no span is current.
pub fn trace_parent_header() -> Option<String> {
    current_trace_parent().map(|parent| parent.to_string())
}

/// `traceparent` and `tracestate` of what is current.
pub fn current_trace_context() -> Option<TraceContext> {
    current::with(|current| {
        TraceContext::new(trace_parent_of(current), current.transaction().tracestate.clone())
    })
}

/// Writes `traceparent` and `tracestate` of what is current into `headers`, replacing what is there.
///
/// Nothing is added or removed where nothing is current.
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

fn current_trace_parent() -> Option<TraceParent> {
    current::with(trace_parent_of)
}

fn trace_parent_of(current: &Current) -> TraceParent {
    match current {
        Current::Transaction(node) => node.traceparent,
        Current::Span(node) => node.transaction.traceparent.with_parent(node.reported_id),
    }
}

fn on_transaction(change: impl FnOnce(&Arc<TransactionNode>)) {
    // Cloned out of the slot: conversions of the caller's values are user code.
    if let Some(node) = current::with(|current| Arc::clone(current.transaction())) {
        change(&node);
    }
}

fn on_sampled_transaction(change: impl FnOnce(&Arc<TransactionNode>)) {
    on_transaction(|node| {
        if node.sampled {
            change(node);
        }
    });
}

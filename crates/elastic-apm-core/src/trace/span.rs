//! The handle of a running span, and the scope in which one is current.

use std::ops::Deref;

use elastic_apm_intake::{
    Keyword, LabelValue, Outcome, ServiceTarget, SpanContext, SpanId, SpanLink, TraceId,
};

use super::current::{Activation, Current, TaskContext};
use super::node::{SharedSpan, SpanBody};
use super::span_builder::{Parent, SpanBuilder};
use crate::propagation::{TraceContext, TraceParent};

/// A step within a transaction: a function, a query, a call to another service.
///
/// It ends when this handle is dropped; it is *not* current by itself (see [`SpanBuilder::enter`]). The handle may move
/// between threads. Setters on an ended or unrecorded span do nothing; a debug line of the agent's log says so.
///
/// ```
/// use elastic_apm_core::testing::RecordingAgent;
///
/// let agent = RecordingAgent::new();
/// let transaction = agent.tracer().transaction("import", "batch").start();
/// let span = transaction.span("parse").start();
/// span.label("rows", 12);
/// drop(span);
///
/// assert_eq!(agent.events().spans[0].parent_id, transaction.id().unwrap());
/// ```
#[must_use = "a span ends as soon as its handle is dropped"]
pub struct Span {
    node: Option<SharedSpan>,
}

impl Span {
    /// A span that records nothing.
    pub const fn noop() -> Self {
        Span { node: None }
    }

    pub(crate) fn new(node: SharedSpan) -> Self {
        Span { node: Some(node) }
    }

    pub(crate) fn node(&self) -> Option<&SharedSpan> {
        self.node.as_ref()
    }

    /// Whether anything is recorded: there was a sampled transaction and the limit of spans was not reached.
    pub fn is_recording(&self) -> bool {
        self.node.as_ref().is_some_and(|node| !node.over_limit && !node.is_ended())
    }

    /// The span's id, or `None` when it does not record.
    pub fn id(&self) -> Option<SpanId> {
        self.node.as_ref().map(|node| node.id)
    }

    /// The id of the trace it belongs to, or `None` when it does not record.
    pub fn trace_id(&self) -> Option<TraceId> {
        self.node.as_ref().map(|node| node.transaction.trace_id)
    }

    /// The `traceparent` that makes others children of this span, or of its nearest ancestor that is reported.
    pub fn trace_parent(&self) -> Option<TraceParent> {
        let node = self.node.as_ref()?;
        Some(node.transaction.traceparent.with_parent(node.reported_id))
    }

    /// `traceparent` and `tracestate` for a call that this span stands for.
    pub fn trace_context(&self) -> Option<TraceContext> {
        let node = self.node.as_ref()?;
        Some(TraceContext::new(self.trace_parent()?, node.transaction.tracestate.clone()))
    }

    pub(crate) fn is_exit(&self) -> bool {
        self.node.as_ref().is_some_and(|node| node.exit)
    }

    /// Renames the span.
    pub fn set_name(&self, name: impl Into<Keyword>) {
        let Some(node) = self.recorded() else { return };
        let name = name.into();
        node.update("set_name", |event| event.name = name);
    }

    /// Sets the outcome. The user's word: no status and no error overrides it.
    pub fn set_outcome(&self, outcome: Outcome) {
        self.judge("set_outcome", |body| body.verdict.by_user(outcome));
    }

    /// Sets what the protocol's status says about the outcome; [`set_outcome`](Self::set_outcome) still wins.
    ///
    /// For authors of integrations.
    pub fn set_protocol_outcome(&self, outcome: Outcome) {
        self.judge("set_protocol_outcome", |body| body.verdict.by_protocol(outcome));
    }

    /// Marks the span as failed where neither the user nor the protocol says otherwise.
    pub fn set_failed(&self) {
        self.judge("set_failed", |body| body.verdict.failed());
    }

    /// Adds an indexed label. `.`, `*` and `"` in the key become `_`; the same key again replaces the value.
    pub fn label(&self, key: impl Into<Keyword>, value: impl Into<LabelValue>) {
        let Some(node) = self.recorded() else { return };
        let (key, value) = (key.into(), value.into());
        node.update("label", |event| event.labels.insert(key, value));
    }

    /// Links the span to a span of another trace.
    pub fn add_link(&self, link: SpanLink) {
        let Some(node) = self.recorded() else { return };
        node.update("add_link", |event| event.extra.get_or_insert_default().links.push(link));
    }

    /// Changes the context of an exit span: destination, target, HTTP, database. Not called unless it records.
    ///
    /// For authors of integrations. Two threads that change one span's context at once may lose one of the changes.
    pub fn update_context(&self, change: impl FnOnce(&mut SpanContext)) {
        let Some(node) = self.recorded() else { return };
        let mut taken = None;
        node.update("update_context", |event| taken = Some(event.context.take().unwrap_or_default()));
        let Some(mut context) = taken else { return };
        // Outside the lock: it is the caller's code. The span cannot end meanwhile, its owner is borrowed.
        change(&mut context);
        node.update("update_context", |event| event.context = Some(context));
    }

    /// Says which service an exit span calls, such as `mysql` and `shop`; what the context tells of it gives way.
    ///
    /// Without type and name the span shows no service. On a span that is not an exit span it has no effect.
    ///
    /// ```
    /// use elastic_apm_core::span;
    /// use elastic_apm_core::testing::RecordingAgent;
    ///
    /// let agent = RecordingAgent::new();
    /// {
    ///     let _transaction = agent.tracer().begin_transaction("script");
    ///     let query = span("SELECT FROM orders").span_type("db.mysql").exit().enter();
    ///     query.set_service_target("mysql", "shop");
    /// }
    ///
    /// let context = agent.events().spans[0].context.clone().unwrap();
    /// assert_eq!(context.destination.unwrap().service.unwrap().resource, "mysql/shop");
    /// ```
    pub fn set_service_target(&self, kind: impl Into<Keyword>, name: impl Into<Keyword>) {
        let Some(node) = self.recorded().filter(|node| node.exit) else { return };
        let target = ServiceTarget { kind: Some(kind.into()), name: Some(name.into()) };
        node.update("set_service_target", |event| {
            let context = event.context.get_or_insert_default();
            context.service.get_or_insert_default().target = Some(target);
            // The resource follows from the target.
            if let Some(destination) = &mut context.destination {
                destination.service = None;
            }
        });
    }

    /// Describes a span below this one, whatever is current.
    pub fn span(&self, name: impl Into<Keyword>) -> SpanBuilder {
        SpanBuilder::below(self.node.clone().map(Parent::span), name)
    }

    /// The context in which this span is current. For authors of integrations.
    pub fn context(&self) -> TaskContext {
        TaskContext::new(self.node.clone().map(Current::Span))
    }

    /// Drops the span silently when it ends: neither reported nor counted.
    pub fn discard(&self) {
        self.judge("discard", |body| body.discarded = true);
    }

    /// Ends the span, as dropping the handle does.
    pub fn end(self) {}

    fn recorded(&self) -> Option<&SharedSpan> {
        self.node.as_ref().filter(|node| !node.over_limit)
    }

    fn judge(&self, what: &str, change: impl FnOnce(&mut SpanBody)) {
        if let Some(node) = &self.node {
            node.judge(what, change);
        }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if let Some(node) = &self.node {
            node.end();
        }
    }
}

impl std::fmt::Debug for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Span").field("id", &self.id()).field("trace_id", &self.trace_id()).finish()
    }
}

/// A running span that is current on this thread; dropping it ends the span and restores what was current.
///
/// Not `Send`: it cannot be held over an `.await` of a spawned task. Dereferences to [`Span`]. A panic that passes
/// through makes the span a failure.
#[must_use = "the span ends as soon as its scope is dropped: bind it, as in `let _span = …`"]
pub struct SpanScope {
    running: Option<Running>,
}

struct Running {
    span: Span,
    activation: Activation,
}

static NOOP: Span = Span::noop();

impl SpanScope {
    #[inline]
    pub(crate) fn new(span: Span) -> Self {
        let activation = span.node.clone().map(|node| Activation::new(Current::Span(node)));
        SpanScope { running: activation.map(|activation| Running { span, activation }) }
    }

    /// Ends the span, as dropping the scope does.
    pub fn end(self) {}
}

impl Deref for SpanScope {
    type Target = Span;

    #[inline]
    fn deref(&self) -> &Span {
        match &self.running {
            Some(running) => &running.span,
            None => &NOOP,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.span.set_failed();
        }
        if let Some(node) = &self.span.node {
            self.activation.leave(node.id, &node.superseded);
        }
    }
}

impl std::fmt::Debug for SpanScope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SpanScope").field(&**self).finish()
    }
}

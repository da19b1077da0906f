//! What can be said of a span by anyone who has a reference to it, the owner among them.
//!
//! A reference to a span that does not record answers every call with a no-op.

use std::time::Duration;

use elastic_apm_intake::{Keyword, LabelValue, Outcome, ServiceTarget, SpanId, SpanLink, TraceId};

use super::current::{Current, TaskContext};
use super::links;
use super::span_builder::{Parent, SpanBuilder};
use super::span_node::{SharedSpan, SpanBody, SpanNode};
use crate::propagation::{TraceContext, TraceParent};

/// A running span, seen by someone who does not own it: names and describes it, never ends it.
///
/// Cheap to clone; `Send` and `Sync`. [`Span`](crate::Span) and [`SpanScope`](crate::SpanScope) dereference to it, and
/// [`current_span`](crate::current_span) gives that of what is current. Setters on an ended or unrecorded span do nothing; a debug
/// line of the agent's log says so.
///
/// ```
/// use elastic_apm_core::{capture_span, current_span, testing::RecordingAgent};
///
/// fn count_rows() {
///     current_span().label("rows", 3); // the span of whoever calls
/// }
///
/// let agent = RecordingAgent::new();
/// {
///     let _transaction = agent.tracer().begin_transaction("script");
///     let _span = capture_span("parse");
///     count_rows();
/// }
/// assert_eq!(agent.events().span("parse").labels.len(), 1);
/// ```
#[derive(Clone)]
pub struct SpanRef {
    pub(in crate::trace) node: Option<SharedSpan>,
}

impl SpanRef {
    /// A reference to no span.
    pub(crate) const fn noop() -> Self {
        SpanRef { node: None }
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
    ///
    /// A span that was asked for it is reported by itself: neither joined with others nor dropped for being fast.
    pub fn trace_parent(&self) -> Option<TraceParent> {
        let node = self.node.as_ref()?;
        Some(node.transaction.traceparent.with_parent(node.refer()))
    }

    /// The headers of a call that this span stands for.
    pub fn trace_context(&self) -> Option<TraceContext> {
        let node = self.node.as_ref()?;
        Some(node.transaction.context_below(self.trace_parent()?))
    }

    pub(crate) fn is_exit(&self) -> bool {
        self.node.as_ref().is_some_and(|node| node.exit)
    }

    /// Renames the span.
    pub fn set_name(&self, name: impl Into<Keyword>) {
        let Some(node) = self.recorded("set_name") else { return };
        let name = name.into();
        let name = if name.is_empty() { SpanNode::UNNAMED } else { name };
        node.update("set_name", |event| event.name = name);
    }

    /// Sets the outcome. The user's word: no status and no error overrides it.
    ///
    /// For a call that was answered with an HTTP status there is [`Outcome::of_call`].
    pub fn set_outcome(&self, outcome: Outcome) {
        self.judge("set_outcome", |body| body.verdict.by_user(outcome));
    }

    /// Sets the outcome unless the user did already.
    pub fn set_outcome_if_unset(&self, outcome: Outcome) {
        self.judge("set_outcome_if_unset", |body| body.verdict.by_user_if_unset(outcome));
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
        let Some(node) = self.recorded("label") else { return };
        let (key, value) = (key.into(), value.into());
        node.update("label", |event| event.labels.insert(key, value));
    }

    /// Links the span to a span or transaction, of another trace as a rule: its [`TraceParent`] or a [`SpanLink`].
    ///
    /// Links keep their order. An event has 1,000 of them at most.
    pub fn add_link(&self, link: impl Into<SpanLink>) {
        let Some(node) = self.recorded("add_link") else { return };
        let link = link.into();
        let mut is_added = true;
        node.update("add_link", |event| {
            is_added = links::push(&mut event.extra.get_or_insert_default().links, link);
        });
        if !is_added {
            links::explain(&node.transaction.tracer);
        }
    }

    /// Says how long it took, instead of the time until it ends.
    pub fn set_duration(&self, duration: Duration) {
        self.judge("set_duration", |body| body.duration = Some(duration));
    }

    /// Says which service an exit span calls, such as `mysql` and `shop`; what the context tells of it gives way.
    ///
    /// Without type and name the span shows no service. On a span that is not an exit span it has no effect. A span for which
    /// there was no place below the limit counts for this service, too.
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
        let Some(node) = self.node.as_ref().filter(|node| node.exit) else { return };
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
    ///
    /// Not possible where others refer to it: a span with children or an error, or that was sent on, is reported all the same, and
    /// a debug line of the agent's log says so.
    pub fn discard(&self) {
        self.judge("discard", |body| body.discarded = true);
    }

    /// The node, if it is going to be reported; else a debug line explains why nothing happens.
    pub(super) fn recorded(&self, what: &str) -> Option<&SharedSpan> {
        let node = self.node.as_ref()?;
        if node.over_limit {
            node.explain(what, "is one too many: see transaction_max_spans");
            return None;
        }
        Some(node)
    }

    fn judge(&self, what: &str, change: impl FnOnce(&mut SpanBody)) {
        if let Some(node) = &self.node {
            node.judge(what, change);
        }
    }
}

impl std::fmt::Debug for SpanRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SpanRef").field("id", &self.id()).field("trace_id", &self.trace_id()).finish()
    }
}

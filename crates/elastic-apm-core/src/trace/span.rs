//! The handle of a running span, and the scope in which one is current.

use std::ops::Deref;

use elastic_apm_intake::SpanContext;

use super::current::{Activation, Current};
use super::span_end;
use super::span_node::{SharedSpan, SpanNode};
use super::span_ref::SpanRef;

/// A step within a transaction: a function, a query, a call to another service.
///
/// It ends when this handle is dropped; it is *not* current by itself (see [`SpanBuilder::enter`](crate::SpanBuilder::enter)). The
/// handle may move between threads. Dereferences to [`SpanRef`], where everything that can be said of it is.
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
    shared: SpanRef,
}

impl Span {
    /// A span that records nothing.
    pub const fn noop() -> Self {
        Span { shared: SpanRef::noop() }
    }

    pub(crate) fn new(node: SharedSpan) -> Self {
        Span { shared: SpanRef { node: Some(node) } }
    }

    /// Changes the context of an exit span: destination, target, HTTP, database. Not called unless it records.
    ///
    /// For authors of integrations. Two threads that change one span's context at once may lose one of the changes.
    pub fn update_context(&self, change: impl FnOnce(&mut SpanContext)) {
        let Some(node) = self.recorded("update_context") else { return };
        let mut taken = Taken { node, context: None };
        node.update("update_context", |event| taken.context = Some(event.context.take().unwrap_or_default()));
        // Outside the lock: it is the caller's code. The span cannot end meanwhile, its owner is borrowed.
        if let Some(context) = &mut taken.context {
            change(context);
        }
    }

    /// Ends the span, as dropping the handle does.
    pub fn end(self) {}
}

/// The context while it is changed. Goes back also where the change panics.
struct Taken<'a> {
    node: &'a SpanNode,
    context: Option<Box<SpanContext>>,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if let Some(context) = self.context.take() {
            self.node.update("update_context", |event| event.context = Some(context));
        }
    }
}

impl Deref for Span {
    type Target = SpanRef;

    #[inline]
    fn deref(&self) -> &SpanRef {
        &self.shared
    }
}

impl Drop for Span {
    #[inline]
    fn drop(&mut self) {
        if let Some(node) = self.shared.node.take() {
            span_end::end(node);
        }
    }
}

impl std::fmt::Debug for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Span").field(&self.shared).finish()
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
    // Left before the span ends, so that nobody else holds it then as a rule.
    activation: Activation,
    span: Span,
}

static NOOP: Span = Span::noop();

impl SpanScope {
    #[inline]
    pub(crate) fn new(span: Span) -> Self {
        let activation = span.shared.node.clone().map(|node| Activation::new(Current::Span(node)));
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
        if let Some(node) = &self.span.shared.node {
            self.activation.leave(node.id, &node.superseded);
        }
    }
}

impl std::fmt::Debug for SpanScope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SpanScope").field(&**self).finish()
    }
}

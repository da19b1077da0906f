//! Spans below what is current, and the current span itself.

use elastic_apm_intake::Keyword;

use crate::trace::current::{self, Current};
use crate::trace::span::SpanScope;
use crate::trace::span_builder::SpanBuilder;
use crate::trace::span_node::SharedSpan;
use crate::trace::span_ref::SpanRef;

/// Describes a span below what is current.
///
/// ```
/// use elastic_apm_core::span;
///
/// fn orders() -> usize {
///     let span = span("SELECT FROM orders").span_type("db.mysql.query").exit().enter();
///     let rows = vec![1, 2, 3];
///     span.label("rows", rows.len());
///     rows.len()
/// }
/// # orders();
/// ```
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

/// The current span, to describe it where it was not started: labels, outcome, links.
///
/// A reference to no span, which ignores all it is told, where a transaction is current and no span, and where nothing is.
///
/// ```
/// use elastic_apm_core::{Outcome, current_span};
///
/// fn on_answer(status: u16) {
///     let span = current_span();
///     span.label("status", status);
///     span.set_outcome(Outcome::of_call(status));
/// }
/// # on_answer(200);
/// ```
pub fn current_span() -> SpanRef {
    let node = current::with(|current| match current {
        Current::Transaction(_) => None,
        Current::Span(node) => Some(SharedSpan::clone(node)),
    });
    SpanRef { node: node.flatten() }
}

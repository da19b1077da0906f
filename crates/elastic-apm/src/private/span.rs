//! `#[capture_span]` at run time: a scope for synchronous functions, futures for the others.

use elastic_apm_core::{FutureExt, InSpan, Keyword, LabelValue, SpanBuilder, SpanScope, trace_id};

/// A span below what is current.
#[inline]
pub fn describe(name: impl Into<Keyword>) -> SpanBuilder {
    elastic_apm_core::span(name)
}

/// Adds a label that is worked out only where it is recorded.
#[inline]
pub fn label(builder: SpanBuilder, key: &'static str, value: impl FnOnce() -> LabelValue) -> SpanBuilder {
    builder.label_with(key, value)
}

/// Starts the span around the rest of a synchronous function.
#[inline]
pub fn enter(builder: SpanBuilder) -> SpanScope {
    builder.enter()
}

/// Says how a synchronous function ended.
#[inline]
pub fn finish(scope: &SpanScope, failed: bool) {
    if failed {
        scope.set_failed();
    }
}

/// Puts the span around a future.
#[inline]
pub fn wrap<F: Future>(builder: SpanBuilder, future: F) -> InSpan<F> {
    future.in_span(builder)
}

/// [`wrap`], where `succeeded` is asked about the output, inside the span.
#[inline]
pub fn watch<F: Future>(builder: SpanBuilder, future: F, succeeded: fn(&F::Output) -> bool) -> InSpan<F> {
    future.in_span_with(builder, succeeded)
}

/// Whether wrapping a future could record anything: where it cannot, a boxed one need not be boxed again.
#[inline]
pub fn is_worth_boxing() -> bool {
    trace_id().is_some()
}

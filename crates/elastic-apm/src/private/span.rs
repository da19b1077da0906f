//! `#[capture_span]` at run time: a scope for synchronous functions, futures for the others.

use elastic_apm_core::{
    FutureExt, InSpan, Keyword, LabelValue, SpanBuilder, SpanScope, may_record, trace_id,
};

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

/// The span of a future, described at the call where its parent is known there, else at the first poll.
pub enum Carried<D, const N: usize> {
    /// Something is current at the call.
    AtCall(SpanBuilder),
    /// Nothing is: perhaps the transaction has not started yet. Labels are worked out all the same, since the arguments will be the
    /// future's then; none where nothing can ever record.
    AtFirstPoll(D, Option<[(&'static str, LabelValue); N]>),
}

/// Describes the span of a future.
#[inline]
pub fn carry<D: FnOnce() -> SpanBuilder, const N: usize>(
    describe: D,
    labels: impl FnOnce() -> [(&'static str, LabelValue); N],
) -> Carried<D, N> {
    if trace_id().is_some() {
        let builder = describe();
        let builder = if builder.is_recording() { labelled(builder, labels()) } else { builder };
        return Carried::AtCall(builder);
    }
    Carried::AtFirstPoll(describe, may_record().then(labels))
}

fn labelled<const N: usize>(builder: SpanBuilder, labels: [(&'static str, LabelValue); N]) -> SpanBuilder {
    labels.into_iter().fold(builder, |builder, (key, value)| builder.label(key, value))
}

impl<D: FnOnce() -> SpanBuilder, const N: usize> From<Carried<D, N>> for SpanBuilder {
    #[inline]
    fn from(carried: Carried<D, N>) -> Self {
        match carried {
            Carried::AtCall(builder) => builder,
            Carried::AtFirstPoll(describe, labels) => {
                let builder = describe();
                match labels {
                    Some(labels) => labelled(builder, labels),
                    None => builder,
                }
            }
        }
    }
}

/// Puts the span around a future.
#[inline]
pub fn wrap<F: Future, D: Into<SpanBuilder>>(description: D, future: F) -> InSpan<F, D> {
    future.in_span(description)
}

/// [`wrap`], where `succeeded` is asked about the output, inside the span.
#[inline]
pub fn watch<F: Future, D: Into<SpanBuilder>>(
    description: D,
    future: F,
    succeeded: fn(&F::Output) -> bool,
) -> InSpan<F, D> {
    future.in_span_with(description, succeeded)
}

/// Whether wrapping a future could record anything: where it cannot, a boxed one need not be boxed again.
#[inline]
pub fn is_worth_boxing() -> bool {
    may_record()
}

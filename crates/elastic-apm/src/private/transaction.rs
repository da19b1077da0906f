//! `#[transaction]` at run time: the same functions as `span`'s.

use elastic_apm_core::{Keyword, LabelValue, Run, TransactionBuilder, TransactionScope, default_tracer};

/// A transaction of the default agent.
#[inline]
pub fn describe(name: impl Into<Keyword>, kind: &'static str) -> TransactionBuilder {
    elastic_apm_core::transaction(name, kind)
}

/// Adds a label that is worked out only where the agent records.
#[inline]
pub fn label(
    builder: TransactionBuilder,
    key: &'static str,
    value: impl FnOnce() -> LabelValue,
) -> TransactionBuilder {
    builder.label_with(key, value)
}

/// A transaction around the rest of a synchronous function.
pub struct Scope(TransactionScope);

/// Starts the transaction around the rest of a synchronous function.
#[inline]
pub fn enter(builder: TransactionBuilder) -> Scope {
    Scope(builder.begin())
}

/// Says how a synchronous function ended.
#[inline]
pub fn finish(scope: &Scope, failed: bool) {
    if failed {
        scope.0.set_failed();
        scope.0.set_result_if_unset("failure");
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        self.0.set_result_if_unset(if std::thread::panicking() { "failure" } else { "success" });
    }
}

/// Puts the transaction around a future.
#[inline]
pub fn wrap<F: Future>(builder: TransactionBuilder, future: F) -> Run<F> {
    builder.run(future)
}

/// [`wrap`], where `succeeded` is asked about the output, inside the transaction.
#[inline]
pub fn watch<F: Future>(builder: TransactionBuilder, future: F, succeeded: fn(&F::Output) -> bool) -> Run<F> {
    builder.run_with(future, succeeded)
}

/// Whether wrapping a future could record anything: where it cannot, a boxed one need not be boxed again.
#[inline]
pub fn is_worth_boxing() -> bool {
    default_tracer().is_recording()
}

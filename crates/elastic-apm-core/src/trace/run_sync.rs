//! Closures inside a transaction or a span: the synchronous twins of `run` and `in_span`.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::span_builder::SpanBuilder;
use super::transaction_builder::TransactionBuilder;

impl TransactionBuilder {
    /// Runs `work` inside the transaction, which is current on this thread meanwhile and ends with it.
    ///
    /// What was current before is current again afterwards. A panic makes the transaction a failure, is reported as an error
    /// and passed on. The result is `success`, or `failure` after a panic, unless set.
    ///
    /// ```
    /// use elastic_apm_core::{capture_span, testing::RecordingAgent};
    ///
    /// let agent = RecordingAgent::new();
    /// let rows = agent.tracer().transaction("import", "script").run_sync(|| {
    ///     let _span = capture_span("parse");
    ///     3
    /// });
    ///
    /// assert_eq!(rows, 3);
    /// assert_eq!(agent.events().tree(), "transaction import [success]\n  span parse [success]\n");
    /// ```
    pub fn run_sync<T>(self, work: impl FnOnce() -> T) -> T {
        self.run_sync_with(work, |_| true)
    }

    /// Like [`run_sync`](Self::run_sync), and an `Err` makes the transaction a failure.
    pub fn try_run_sync<T, E>(self, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.run_sync_with(work, Result::is_ok)
    }

    /// Like [`run_sync`](Self::run_sync); `succeeded` is shown the output inside the transaction, and its `false` makes it a
    /// failure. It is asked also where nothing is recorded.
    pub fn run_sync_with<T>(self, work: impl FnOnce() -> T, succeeded: impl FnOnce(&T) -> bool) -> T {
        let scope = self.begin();
        let ended = catch_unwind(AssertUnwindSafe(|| {
            let output = work();
            let succeeded = succeeded(&output);
            (output, succeeded)
        }));
        match ended {
            Ok((output, succeeded)) => {
                scope.completed(succeeded);
                output
            }
            Err(panic) => {
                scope.panicked(panic.as_ref());
                drop(scope);
                resume_unwind(panic)
            }
        }
    }
}

impl SpanBuilder {
    /// Runs `work` inside the span, which is current on this thread meanwhile and ends with it. A panic makes it a failure.
    ///
    /// ```
    /// use elastic_apm_core::span;
    ///
    /// let rows = span("parse").run_sync(|| 3);
    /// assert_eq!(rows, 3);
    /// ```
    pub fn run_sync<T>(self, work: impl FnOnce() -> T) -> T {
        let _scope = self.enter();
        work()
    }

    /// Like [`run_sync`](Self::run_sync), and an `Err` makes the span a failure.
    pub fn try_run_sync<T, E>(self, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let scope = self.enter();
        let result = work();
        if result.is_err() {
            scope.set_failed();
        }
        result
    }
}

//! Closures that carry their context to where they run: another thread, a pool, a callback.

use super::current::TaskContext;

/// Takes the context that is current *now* along with `work`, to wherever it is called.
///
/// For threads, pools and callbacks, what [`in_current_span`](crate::FutureExt::in_current_span) is for futures. Where nothing is
/// current now, `work` sees whatever is current where it is called. It may be sent wherever `work` itself may be sent.
///
/// A closure that is called many times, or with arguments, takes a [`TaskContext`] along: see [`TaskContext::run_sync`].
///
/// ```
/// use elastic_apm_core::{capture_span, propagate, testing::RecordingAgent};
///
/// let agent = RecordingAgent::new();
/// let transaction = agent.tracer().transaction("report", "script").begin();
/// std::thread::scope(|scope| {
///     scope.spawn(propagate(|| drop(capture_span("draw"))));
/// });
/// drop(transaction);
///
/// assert_eq!(agent.events().tree(), "transaction report [success]\n  span draw [success]\n");
/// ```
pub fn propagate<T>(work: impl FnOnce() -> T) -> impl FnOnce() -> T {
    let mut context = TaskContext::current();
    move || {
        if context.is_empty() {
            return work();
        }
        let _entered = context.enter();
        work()
    }
}

impl TaskContext {
    /// Calls `work` in this context, as often as needed and from many threads at once.
    ///
    /// ```
    /// use elastic_apm_core::{TaskContext, capture_span, testing::RecordingAgent};
    ///
    /// let agent = RecordingAgent::new();
    /// let transaction = agent.tracer().transaction("report", "script").begin();
    /// let context = TaskContext::current();
    /// let draw = |page: u32| context.run_sync(|| {
    ///     let span = capture_span("draw");
    ///     span.label("page", page);
    /// });
    /// std::thread::scope(|scope| {
    ///     for page in 1..=3 {
    ///         scope.spawn(move || draw(page));
    ///     }
    /// });
    /// drop(transaction);
    ///
    /// assert_eq!(agent.events().spans.len(), 3);
    /// ```
    pub fn run_sync<T>(&self, work: impl FnOnce() -> T) -> T {
        let mut copy = self.clone();
        let _entered = copy.enter();
        work()
    }
}

//! Runs the connections' tasks on the agent's own runtime.

use std::future::Future;

use hyper::rt::Executor;

/// Spawns onto the current tokio runtime, out of sight of the application's `tracing` subscriber: what a connection to the
/// APM Server does must not become a trace of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct UntracedExecutor;

impl<F> Executor<F> for UntracedExecutor
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, task: F) {
        #[cfg(feature = "tracing")]
        let task = tracing::instrument::WithSubscriber::with_subscriber(
            task,
            tracing::subscriber::NoSubscriber::default(),
        );
        tokio::spawn(task);
    }
}

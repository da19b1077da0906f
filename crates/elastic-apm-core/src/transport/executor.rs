//! Runs tasks of requests and connections on the agent's own runtime, where the application's `tracing` does not see them.

use std::future::Future;

use hyper::rt::Executor;
use tokio::task::JoinHandle;

/// Spawns onto the current tokio runtime, out of sight of the application's `tracing` subscriber: what a request to the
/// APM Server does must not become a trace of its own.
pub(crate) fn spawn_untraced<F>(task: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    #[cfg(feature = "tracing")]
    let task = tracing::instrument::WithSubscriber::with_subscriber(
        task,
        tracing::subscriber::NoSubscriber::default(),
    );
    tokio::spawn(task)
}

/// Spawns the connections' tasks.
#[derive(Clone, Copy, Debug)]
pub(super) struct UntracedExecutor;

impl<F> Executor<F> for UntracedExecutor
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, task: F) {
        spawn_untraced(task);
    }
}

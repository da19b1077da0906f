//! `tokio::task`, with the context taken along: a spawned task is part of the transaction and span that spawn it.
//!
//! Each function is its namesake of tokio with [`in_current_span`](crate::FutureExt::in_current_span) or
//! [`propagate`] around what it is given, and nothing else: what is spawned without them starts with nothing
//! current. Write those where there is no function here, as for a `JoinSet`.

use tokio::task::{self, JoinHandle};

use crate::trace::{FutureExt as _, propagate};

/// [`tokio::task::spawn`] in the context that is current now.
///
/// The task may outlive the transaction; its spans are part of the trace all the same.
///
/// # Panics
///
/// Outside of a tokio runtime, as tokio's own does.
///
/// ```
/// use elastic_apm_core::{capture_span, task, testing::RecordingAgent};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// let agent = RecordingAgent::new();
/// let work = async {
///     let pour = task::spawn(async { drop(capture_span("pour")) });
///     pour.await.unwrap();
/// };
/// runtime.block_on(agent.tracer().transaction("coffee", "job").run(work));
///
/// assert_eq!(agent.events().tree(), "transaction coffee [success]\n  span pour [success]\n");
/// ```
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    task::spawn(future.in_current_span())
}

/// [`tokio::task::spawn_local`] in the context that is current now.
///
/// # Panics
///
/// Outside of a `LocalSet`, as tokio's own does.
#[track_caller]
pub fn spawn_local<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    task::spawn_local(future.in_current_span())
}

/// [`tokio::task::spawn_blocking`] in the context that is current now.
///
/// # Panics
///
/// Outside of a tokio runtime, as tokio's own does.
#[track_caller]
pub fn spawn_blocking<T>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T>
where
    T: Send + 'static,
{
    task::spawn_blocking(propagate(work))
}

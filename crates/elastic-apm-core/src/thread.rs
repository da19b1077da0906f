//! `std::thread`, with the context taken along: what a thread does is part of the transaction and span that spawn it.

use std::thread::{self, JoinHandle};

use crate::trace::propagate;

/// [`std::thread::spawn`] in the context that is current now.
///
/// For scoped threads, a `Builder` and other pools there is [`propagate`].
///
/// # Panics
///
/// If no thread can be made, as the standard library's own does.
///
/// ```
/// use elastic_apm_core::{capture_span, testing::RecordingAgent, thread};
///
/// let agent = RecordingAgent::new();
/// let transaction = agent.tracer().transaction("report", "script").begin();
/// thread::spawn(|| drop(capture_span("draw"))).join().unwrap();
/// drop(transaction);
///
/// assert_eq!(agent.events().tree(), "transaction report [success]\n  span draw [success]\n");
/// ```
pub fn spawn<T>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T>
where
    T: Send + 'static,
{
    thread::spawn(propagate(work))
}

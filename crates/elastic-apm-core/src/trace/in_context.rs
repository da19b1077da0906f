//! A future or a stream that carries a context through every poll.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use pin_project_lite::pin_project;

use super::current::TaskContext;

pin_project! {
    /// The future of [`FutureExt::in_current_span`](crate::FutureExt::in_current_span) and [`TaskContext::run`], and the
    /// stream of [`StreamExt::in_current_span`](crate::StreamExt::in_current_span).
    #[must_use = "futures and streams do nothing unless they are polled"]
    pub struct InContext<F> {
        #[pin]
        inner: Option<F>,
        // `None` leaves in sight what is current outside.
        context: Option<TaskContext>,
    }

    impl<F> PinnedDrop for InContext<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _entered = this.context.as_mut().map(TaskContext::enter);
            this.inner.set(None);
        }
    }
}

impl TaskContext {
    /// Runs `future` in this context.
    pub fn run<F: Future>(self, future: F) -> InContext<F> {
        InContext { inner: Some(future), context: Some(self) }
    }
}

impl<F> InContext<F> {
    /// What is current now, or where nothing is, whatever is when it is polled.
    pub(crate) fn current(inner: F) -> Self {
        let context = Some(TaskContext::current()).filter(|context| !context.is_empty());
        InContext { inner: Some(inner), context }
    }
}

impl<F: Future> Future for InContext<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let Some(future) = this.inner.as_pin_mut() else { polled_after_completion() };
        let _entered = this.context.as_mut().map(TaskContext::enter);
        future.poll(cx)
    }
}

impl<S: Stream> Stream for InContext<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        let Some(stream) = this.inner.as_pin_mut() else { return Poll::Ready(None) };
        let _entered = this.context.as_mut().map(TaskContext::enter);
        stream.poll_next(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.as_ref().map_or((0, Some(0)), Stream::size_hint)
    }
}

/// The caller's error; async functions answer it with a panic too.
#[cold]
pub(crate) fn polled_after_completion() -> ! {
    panic!("future polled after completion")
}

//! A future that carries a context through every poll.

use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::current::TaskContext;

pin_project! {
    /// The future of [`FutureExt::in_current_span`](crate::FutureExt::in_current_span) and [`TaskContext::run`].
    #[must_use = "futures do nothing unless they are polled"]
    pub struct InContext<F> {
        #[pin]
        inner: Option<F>,
        context: TaskContext,
    }

    impl<F> PinnedDrop for InContext<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _entered = this.context.enter();
            this.inner.set(None);
        }
    }
}

impl TaskContext {
    /// Runs `future` in this context.
    pub fn run<F: Future>(self, future: F) -> InContext<F> {
        InContext::new(future, self)
    }
}

impl<F: Future> InContext<F> {
    pub(crate) fn new(future: F, context: TaskContext) -> Self {
        InContext { inner: Some(future), context }
    }
}

impl<F: Future> Future for InContext<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let Some(future) = this.inner.as_pin_mut() else { polled_after_completion() };
        let _entered = this.context.enter();
        future.poll(cx)
    }
}

/// The caller's error; async functions answer it with a panic too.
#[cold]
pub(crate) fn polled_after_completion() -> ! {
    panic!("future polled after completion")
}

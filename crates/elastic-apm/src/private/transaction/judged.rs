//! A future in a transaction whose output is looked at: a failure is shown to the core as an `Err` and given back as it was.

use std::pin::Pin;
use std::task::{Context, Poll};

use elastic_apm_core::{Run, TransactionBuilder};
use pin_project_lite::pin_project;

pin_project! {
    #[must_use = "futures do nothing unless they are polled"]
    pub struct Watched<F: Future> {
        #[pin]
        run: Run<Judged<F>>,
    }
}

impl<F: Future> Watched<F> {
    pub(super) fn new(builder: TransactionBuilder, future: F, is_failure: fn(&F::Output) -> bool) -> Self {
        Watched { run: builder.try_run(Judged { inner: future, is_failure }) }
    }
}

impl<F: Future> Future for Watched<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        match self.project().run.poll(cx) {
            Poll::Ready(Ok(output) | Err(output)) => Poll::Ready(output),
            Poll::Pending => Poll::Pending,
        }
    }
}

pin_project! {
    struct Judged<F: Future> {
        #[pin]
        inner: F,
        is_failure: fn(&F::Output) -> bool,
    }
}

impl<F: Future> Future for Judged<F> {
    type Output = Result<F::Output, F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match this.inner.poll(cx) {
            Poll::Ready(output) if (this.is_failure)(&output) => Poll::Ready(Err(output)),
            Poll::Ready(output) => Poll::Ready(Ok(output)),
            Poll::Pending => Poll::Pending,
        }
    }
}

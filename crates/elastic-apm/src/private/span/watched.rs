//! A future in a span whose output is looked at, so that an `Err` makes the span a failure.
//!
//! The same life as the core's `InSpan`, which shows its output to nobody.

use std::pin::Pin;
use std::task::{Context, Poll};

use elastic_apm_core::{Outcome, Span, SpanBuilder, TaskContext};
use pin_project_lite::pin_project;

pin_project! {
    #[must_use = "futures do nothing unless they are polled"]
    pub struct Watched<F: Future> {
        // Emptied inside the context: what the future owns may do work when it is dropped.
        #[pin]
        inner: Option<F>,
        state: State,
        is_failure: fn(&F::Output) -> bool,
        cancelled: Outcome,
    }

    impl<F: Future> PinnedDrop for Watched<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let State::Running { context, span } = this.state {
                let _entered = context.enter();
                this.inner.set(None);
                span.set_protocol_outcome(*this.cancelled);
            }
        }
    }
}

enum State {
    New { builder: Option<SpanBuilder> },
    Running { context: TaskContext, span: Span },
    Ended,
}

impl<F: Future> Watched<F> {
    /// `cancelled` is the outcome of a span whose future is dropped midway.
    pub(super) fn new(
        future: F,
        builder: SpanBuilder,
        is_failure: fn(&F::Output) -> bool,
        cancelled: Outcome,
    ) -> Self {
        Watched { inner: Some(future), state: State::New { builder: Some(builder) }, is_failure, cancelled }
    }
}

impl<F: Future> Future for Watched<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        if let State::New { builder } = this.state {
            let span = builder.take().map_or_else(Span::noop, SpanBuilder::start);
            *this.state = match span.id() {
                Some(_) => State::Running { context: span.context(), span },
                None => State::Ended,
            };
        }
        let Some(future) = this.inner.as_mut().as_pin_mut() else { polled_after_completion() };
        let State::Running { context, span } = this.state else {
            let polled = future.poll(cx);
            if let Poll::Ready(output) = &polled {
                // Asked for what it does beside answering: an error is reported where no span is.
                (this.is_failure)(output);
                this.inner.set(None);
            }
            return polled;
        };
        let entered = context.enter();
        let panicking = FailOnPanic { outcome: this.cancelled };
        let polled = future.poll(cx);
        let Poll::Ready(output) = &polled else {
            panicking.disarm();
            return Poll::Pending;
        };
        if (this.is_failure)(output) {
            span.set_failed();
        }
        this.inner.set(None);
        panicking.disarm();
        drop(entered);
        *this.state = State::Ended;
        polled
    }
}

/// Dropped only when a poll unwinds: the future is not cancelled then, it has failed.
struct FailOnPanic<'a> {
    outcome: &'a mut Outcome,
}

impl FailOnPanic<'_> {
    fn disarm(self) {
        std::mem::forget(self);
    }
}

impl Drop for FailOnPanic<'_> {
    fn drop(&mut self) {
        *self.outcome = Outcome::Failure;
    }
}

/// The caller's error; `async` blocks answer it with a panic too.
#[cold]
fn polled_after_completion() -> ! {
    panic!("future polled after completion")
}

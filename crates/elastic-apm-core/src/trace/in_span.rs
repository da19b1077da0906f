//! Futures that carry a span, or just their context, through every poll.

use std::pin::Pin;
use std::task::{Context, Poll};

use elastic_apm_intake::Outcome;
use pin_project_lite::pin_project;

use super::current::TaskContext;
use super::in_context::{InContext, polled_after_completion};
use super::span::Span;
use super::span_builder::SpanBuilder;

/// Spans and context for futures.
///
/// ```
/// use elastic_apm_core::{FutureExt, span, testing::RecordingAgent};
///
/// async fn pour() {}
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// let agent = RecordingAgent::new();
/// runtime.block_on(agent.tracer().transaction("coffee", "job").run(async {
///     pour().in_span("pour").await;
///     pour().in_span(span("pour again").label("cup", 2)).await;
///     tokio::spawn(pour().in_span("in another task").in_current_span()).await.unwrap();
/// }));
///
/// assert_eq!(agent.events().spans.len(), 3);
/// ```
pub trait FutureExt: Future + Sized {
    /// Runs the future inside a span.
    ///
    /// The parent is what is current *now*; the span starts at the first poll and ends when the future completes or is dropped.
    /// Never polled, it leaves no span. A panic makes it a failure; dropped midway, its outcome is `unknown` (an exit
    /// span's is `failure`).
    fn in_span(self, span: impl Into<SpanBuilder>) -> InSpan<Self> {
        self.in_span_with(span, |_| true)
    }

    /// Like [`in_span`](Self::in_span), and an `Err` makes the span a failure.
    fn try_in_span<T, E>(self, span: impl Into<SpanBuilder>) -> InSpan<Self>
    where
        Self: Future<Output = Result<T, E>>,
    {
        self.in_span_with(span, Result::is_ok)
    }

    /// Like [`in_span`](Self::in_span); `succeeded` is shown the output inside the span, and its `false` makes the span a failure.
    ///
    /// It is asked also where no span is recorded, so that it may report an error.
    fn in_span_with(
        self,
        span: impl Into<SpanBuilder>,
        succeeded: fn(&Self::Output) -> bool,
    ) -> InSpan<Self> {
        InSpan::new(self, span.into(), succeeded)
    }

    /// Runs the future in the context that is current *now*: for `tokio::spawn` and its like.
    fn in_current_span(self) -> InContext<Self> {
        InContext::new(self, TaskContext::current())
    }
}

impl<F: Future> FutureExt for F {}

impl From<&'static str> for SpanBuilder {
    fn from(name: &'static str) -> Self {
        SpanBuilder::below_current(name)
    }
}

impl From<String> for SpanBuilder {
    fn from(name: String) -> Self {
        SpanBuilder::below_current(name)
    }
}

pin_project! {
    /// The future of [`FutureExt::in_span`].
    #[must_use = "futures do nothing unless they are polled"]
    pub struct InSpan<F: Future> {
        #[pin]
        inner: Option<F>,
        state: State,
        panicked: bool,
        succeeded: fn(&F::Output) -> bool,
    }

    impl<F: Future> PinnedDrop for InSpan<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let State::Running { context, span } = this.state {
                // What the future owns is dropped inside its context: clean-up code issues queries too.
                let _entered = context.enter();
                this.inner.set(None);
                if !*this.panicked {
                    span.set_protocol_outcome(if span.is_exit() { Outcome::Failure } else { Outcome::Unknown });
                }
            }
        }
    }
}

enum State {
    New {
        builder: SpanBuilder,
    },
    Running {
        context: TaskContext,
        span: Span,
    },
    /// Nothing is current: polls cost nothing.
    Bare,
    Done,
}

impl<F: Future> InSpan<F> {
    fn new(future: F, builder: SpanBuilder, succeeded: fn(&F::Output) -> bool) -> Self {
        let state = if builder.is_inert() {
            // Unsampled: no span, but the decision travels on, also to another task.
            match TaskContext::current() {
                context if context.is_empty() => State::Bare,
                context => State::Running { context, span: Span::noop() },
            }
        } else {
            State::New { builder }
        };
        InSpan { inner: Some(future), state, panicked: false, succeeded }
    }
}

impl<F: Future> Future for InSpan<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        if let State::New { builder } = this.state {
            let (span, context) = std::mem::replace(builder, SpanBuilder::inert()).start_with_context();
            *this.state = State::Running { context, span };
        }
        let Some(future) = this.inner.as_mut().as_pin_mut() else { polled_after_completion() };
        let State::Running { context, span } = this.state else {
            let polled = future.poll(cx);
            if let Poll::Ready(output) = &polled {
                (this.succeeded)(output);
                this.inner.set(None);
            }
            return polled;
        };
        let entered = context.enter();
        let watch = PanicWatch { span, panicked: this.panicked };
        let polled = future.poll(cx);
        if let Poll::Ready(output) = &polled {
            if !(this.succeeded)(output) {
                span.set_failed();
            }
            this.inner.set(None);
        }
        std::mem::forget(watch);
        drop(entered);
        if polled.is_ready() {
            *this.state = State::Done;
        }
        polled
    }
}

/// Dropped only when a poll unwinds.
struct PanicWatch<'a> {
    span: &'a Span,
    panicked: &'a mut bool,
}

impl Drop for PanicWatch<'_> {
    fn drop(&mut self) {
        *self.panicked = true;
        self.span.set_failed();
    }
}

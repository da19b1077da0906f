//! Futures that carry a span, or just their context, through every poll.

use std::pin::Pin;
use std::task::{Context, Poll};

use elastic_apm_intake::Keyword;
use pin_project_lite::pin_project;

use super::carried_span::CarriedSpan;
use super::in_context::{InContext, polled_after_completion};
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
    /// Runs the future inside a span, named by a string or described by a [`SpanBuilder`].
    ///
    /// The parent is what is current *now*, or, where nothing is, at the first poll. The span starts at the first poll and ends
    /// when the future completes or is dropped. Never polled, it leaves no span. A panic makes it a failure; dropped midway, its outcome
    /// is `unknown` (an exit span's is `failure`).
    ///
    /// A [`SpanBuilder`] forgets what it is told where nothing is current. To describe a span before its transaction starts,
    /// give a closure: it is called where the parent is known.
    ///
    /// ```
    /// use elastic_apm_core::{FutureExt, span, testing::RecordingAgent};
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    /// let agent = RecordingAgent::new();
    /// let work = async {}.in_span(|| span("work").label("cup", 2));
    /// runtime.block_on(agent.tracer().transaction("coffee", "job").run(work));
    ///
    /// assert_eq!(agent.events().span("work").labels.len(), 1);
    /// ```
    fn in_span<D: Into<SpanBuilder>>(self, span: D) -> InSpan<Self, D> {
        self.in_span_with(span, |_| true)
    }

    /// Like [`in_span`](Self::in_span), and an `Err` makes the span a failure.
    fn try_in_span<T, E, D: Into<SpanBuilder>>(self, span: D) -> InSpan<Self, D>
    where
        Self: Future<Output = Result<T, E>>,
    {
        self.in_span_with(span, Result::is_ok)
    }

    /// Like [`in_span`](Self::in_span); `succeeded` is shown the output inside the span, and its `false` makes the span a failure.
    ///
    /// It is asked also where no span is recorded, so that it may report an error.
    fn in_span_with<D: Into<SpanBuilder>>(
        self,
        span: D,
        succeeded: fn(&Self::Output) -> bool,
    ) -> InSpan<Self, D> {
        InSpan { inner: Some(self), span: CarriedSpan::new(span), succeeded }
    }

    /// Runs the future in the context that is current *now*: for `tokio::spawn` and its like.
    ///
    /// Where nothing is current now the future runs in whatever is current when it is polled.
    fn in_current_span(self) -> InContext<Self> {
        InContext::current(self)
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

impl From<Keyword> for SpanBuilder {
    fn from(name: Keyword) -> Self {
        SpanBuilder::below_current(name)
    }
}

/// Describes a span where its parent is known.
impl<F: FnOnce() -> SpanBuilder> From<F> for SpanBuilder {
    fn from(describe: F) -> Self {
        describe()
    }
}

pin_project! {
    /// The future of [`FutureExt::in_span`].
    #[must_use = "futures do nothing unless they are polled"]
    pub struct InSpan<F: Future, D = SpanBuilder> {
        #[pin]
        inner: Option<F>,
        span: CarriedSpan<D>,
        succeeded: fn(&F::Output) -> bool,
    }

    impl<F: Future, D> PinnedDrop for InSpan<F, D> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            this.span.abandon(|| this.inner.set(None));
        }
    }
}

impl<F: Future, D: Into<SpanBuilder>> Future for InSpan<F, D> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let Some(future) = this.inner.as_mut().as_pin_mut() else { polled_after_completion() };
        let polled = {
            let polling = this.span.poll();
            let polled = future.poll(cx);
            if let Poll::Ready(output) = &polled {
                let succeeded = (this.succeeded)(output);
                if let (false, Some(polling)) = (succeeded, &polling) {
                    polling.failed();
                }
                this.inner.set(None);
            }
            if let Some(polling) = polling {
                polling.over();
            }
            polled
        };
        if polled.is_ready() {
            this.span.end();
        }
        polled
    }
}

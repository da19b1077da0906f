//! Streams that carry a span, or just their context, through every poll.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use pin_project_lite::pin_project;

use super::carried_span::CarriedSpan;
use super::in_context::InContext;
use super::span_builder::SpanBuilder;

/// Spans and context for streams: what [`FutureExt`](crate::FutureExt) is for futures.
///
/// The name is that of other traits for streams: import it as `use elastic_apm_core::StreamExt as _`.
///
/// ```
/// use elastic_apm_core::{StreamExt as _, capture_span, testing::RecordingAgent};
/// use futures_util::{StreamExt as _, stream};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// let agent = RecordingAgent::new();
/// runtime.block_on(agent.tracer().transaction("coffee", "job").run(async {
///     let cups = stream::iter(1..=2).inspect(|_| drop(capture_span("fill")));
///     cups.in_span("cups").for_each(|_| async {}).await;
/// }));
///
/// assert_eq!(
///     agent.events().tree(),
///     "transaction coffee [success]\n  span cups [success]\n    span fill [success]\n    span fill [success]\n"
/// );
/// ```
pub trait StreamExt: Stream + Sized {
    /// Makes the items of the stream inside a span, named by a string or described by a [`SpanBuilder`] or a closure.
    ///
    /// The parent is what is current *now*, or, where nothing is, at the first poll. The span starts at the first poll and ends
    /// when the stream does or is dropped; it is current while the stream is polled, not while its items are used. Never polled, it
    /// leaves no span. A panic makes it a failure; dropped before its end, its outcome is `unknown` (an exit span's is `failure`).
    fn in_span<D: Into<SpanBuilder>>(self, span: D) -> StreamInSpan<Self, D> {
        self.in_span_with(span, |_| true)
    }

    /// Like [`in_span`](Self::in_span), and an `Err` among the items makes the span a failure.
    fn try_in_span<T, E, D: Into<SpanBuilder>>(self, span: D) -> StreamInSpan<Self, D>
    where
        Self: Stream<Item = Result<T, E>>,
    {
        self.in_span_with(span, Result::is_ok)
    }

    /// Like [`in_span`](Self::in_span); `succeeded` is shown each item inside the span, and its `false` makes the span a failure.
    ///
    /// It is asked also where no span is recorded, so that it may report an error.
    fn in_span_with<D: Into<SpanBuilder>>(
        self,
        span: D,
        succeeded: fn(&Self::Item) -> bool,
    ) -> StreamInSpan<Self, D> {
        StreamInSpan { inner: Some(self), span: CarriedSpan::new(span), succeeded }
    }

    /// Polls the stream in the context that is current *now*.
    ///
    /// Where nothing is current now it is polled in whatever is current then.
    fn in_current_span(self) -> InContext<Self> {
        InContext::current(self)
    }
}

impl<S: Stream> StreamExt for S {}

pin_project! {
    /// The stream of [`StreamExt::in_span`]. Polled after its end it stays at its end.
    #[must_use = "streams do nothing unless they are polled"]
    pub struct StreamInSpan<S: Stream, D = SpanBuilder> {
        #[pin]
        inner: Option<S>,
        span: CarriedSpan<D>,
        succeeded: fn(&S::Item) -> bool,
    }

    impl<S: Stream, D> PinnedDrop for StreamInSpan<S, D> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            this.span.abandon(|| this.inner.set(None));
        }
    }
}

impl<S: Stream, D: Into<SpanBuilder>> Stream for StreamInSpan<S, D> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let mut this = self.project();
        let Some(stream) = this.inner.as_mut().as_pin_mut() else { return Poll::Ready(None) };
        let polled = {
            let polling = this.span.poll();
            let polled = stream.poll_next(cx);
            match &polled {
                Poll::Ready(Some(item)) => {
                    let succeeded = (this.succeeded)(item);
                    if let (false, Some(polling)) = (succeeded, &polling) {
                        polling.failed();
                    }
                }
                Poll::Ready(None) => this.inner.set(None),
                Poll::Pending => {}
            }
            if let Some(polling) = polling {
                polling.over();
            }
            polled
        };
        if let Poll::Ready(None) = &polled {
            this.span.end();
        }
        polled
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.as_ref().map_or((0, Some(0)), Stream::size_hint)
    }
}

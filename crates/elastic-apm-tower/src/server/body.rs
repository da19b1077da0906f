//! The response body: ends the transaction when the last byte has been taken.
//!
//! It forwards what the inner body says of itself, so that an answer has the same `Content-Length` and framing as without us.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::exchange::Exchange;

pin_project! {
    /// The body of a traced response.
    pub struct ResponseBody<B> {
        // Of a traced response gone as soon as it has nothing more to give.
        #[pin]
        inner: Option<B>,
        exchange: Option<Exchange>,
        bytes: u64,
        // Asked after each frame, while the body is pinned; drop cannot ask, for it has no bound on `B`.
        at_end: bool,
    }

    impl<B> PinnedDrop for ResponseBody<B> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let Some(exchange) = this.exchange else { return };
            if this.inner.is_some() {
                let _entered = exchange.enter();
                this.inner.set(None);
            }
            if *this.at_end || exchange.is_complete_after(*this.bytes) {
                exchange.on_complete();
            }
        }
    }
}

impl<B: Body> ResponseBody<B> {
    pub(super) fn new(inner: B, exchange: Option<Exchange>) -> Self {
        let at_end = exchange.is_some() && inner.is_end_stream();
        ResponseBody { inner: Some(inner), exchange, bytes: 0, at_end }
    }
}

impl<B: Body> Body for ResponseBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let Some(exchange) = this.exchange.as_mut() else {
            let inner = this.inner.as_pin_mut();
            return inner.map_or(Poll::Ready(None), |inner| inner.poll_frame(cx));
        };
        if this.inner.is_none() {
            exchange.on_complete();
            return Poll::Ready(None);
        }
        // Kept beside what is caught, so that it is not moved through it.
        let mut polled = Poll::Pending;
        let caught = {
            let _entered = exchange.enter();
            catch_unwind(AssertUnwindSafe(|| {
                polled = poll_or_let_go(this.inner.as_mut(), this.at_end, cx);
            }))
        };
        if let Err(panic) = caught {
            exchange.on_panic(panic.as_ref());
            resume_unwind(panic)
        }
        match &polled {
            Poll::Pending => {}
            Poll::Ready(Some(Ok(frame))) => match frame.data_ref() {
                Some(data) => *this.bytes += data.remaining() as u64,
                None => {
                    *this.at_end = true;
                    if let Some(trailers) = frame.trailers_ref() {
                        exchange.on_trailers(trailers);
                    }
                }
            },
            Poll::Ready(Some(Err(_))) => exchange.on_body_error(),
            Poll::Ready(None) => exchange.on_complete(),
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

/// What a body gives.
type Polled<B> = Poll<Option<Result<Frame<<B as Body>::Data>, <B as Body>::Error>>>;

/// Polls the body, which is still there, and lets it go once it has nothing more to give. Notes whether it has.
#[inline]
fn poll_or_let_go<B: Body>(
    mut place: Pin<&mut Option<B>>,
    at_end: &mut bool,
    cx: &mut Context<'_>,
) -> Polled<B> {
    let Some(mut inner) = place.as_mut().as_pin_mut() else { return Poll::Ready(None) };
    let polled = inner.as_mut().poll_frame(cx);
    *at_end |= match &polled {
        // One that said that it would end may not be ready to.
        Poll::Pending => return polled,
        Poll::Ready(Some(Ok(_))) => inner.is_end_stream(),
        Poll::Ready(Some(Err(_))) => false,
        Poll::Ready(None) => true,
    };
    // Gone now it is entered once less, and what is said of it stays the same.
    if *at_end && inner.size_hint().exact() == Some(0) {
        place.set(None);
    }
    polled
}

/// The body of a response that layers outside of ours make up themselves, such as a timeout's.
impl<B: Default> Default for ResponseBody<B> {
    fn default() -> Self {
        ResponseBody { inner: Some(B::default()), exchange: None, bytes: 0, at_end: false }
    }
}

impl<B> std::fmt::Debug for ResponseBody<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResponseBody").finish_non_exhaustive()
    }
}

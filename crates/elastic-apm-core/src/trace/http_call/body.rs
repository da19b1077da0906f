//! A response body that keeps its call's span running until it has been read.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::HttpCall;

pin_project! {
    /// The body of an answer whose call is recorded until its end, or passed through. For authors of integrations.
    ///
    /// The span ends with the last frame, with an error (then it is a failure), or when the reader drops the body. Length and
    /// frames are those of the inner body.
    #[derive(Debug)]
    pub struct CallBody<B> {
        #[pin]
        inner: B,
        call: Option<HttpCall>,
    }
}

impl<B: Body> CallBody<B> {
    /// Keeps `call` until `inner` has been read; without one it only passes through.
    pub fn new(inner: B, call: Option<HttpCall>) -> Self {
        let call = call.filter(|_| !inner.is_end_stream());
        CallBody { inner, call }
    }
}

impl<B: Body> Body for CallBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let frame = ready!(this.inner.as_mut().poll_frame(cx));
        if let Some(call) = this.call {
            match &frame {
                Some(Ok(frame)) => {
                    if let Some(trailers) = frame.trailers_ref() {
                        call.on_trailers(trailers);
                    }
                }
                Some(Err(_)) => call.on_broken_body(),
                None => {}
            }
        }
        if !matches!(frame, Some(Ok(_))) || this.inner.is_end_stream() {
            *this.call = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// The body of an answer that layers outside of ours make up themselves, such as a timeout's.
impl<B: Default> Default for CallBody<B> {
    fn default() -> Self {
        CallBody { inner: B::default(), call: None }
    }
}

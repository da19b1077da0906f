//! The response future: sends the request with the span current.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use elastic_apm_core::{CallBody, HttpCall, TaskContext};
use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use crate::spent::polled_after_completion;

/// A call that is under way.
#[derive(Debug)]
pub(super) struct Call {
    http: HttpCall,
    context: TaskContext,
    until_body_end: bool,
}

impl Call {
    pub(super) fn new(http: HttpCall, until_body_end: bool) -> Self {
        let context = http.context();
        Call { http, context, until_body_end }
    }

    /// Runs `f` with the span current.
    pub(super) fn within<T>(&mut self, f: impl FnOnce() -> T) -> T {
        let _entered = self.context.enter();
        f()
    }
}

pin_project! {
    /// The future of [`ApmClient`](super::ApmClient). Dropped before its answer, the call is a failure.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are polled"]
    pub struct ResponseFuture<F> {
        // Where traced, gone as soon as it has answered.
        #[pin]
        inner: Option<F>,
        call: Option<Call>,
    }

    impl<F> PinnedDrop for ResponseFuture<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(call) = this.call {
                call.within(|| this.inner.set(None));
            }
        }
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn new(inner: F, call: Option<Call>) -> Self {
        ResponseFuture { inner: Some(inner), call }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
{
    type Output = Result<Response<CallBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut inner = this.inner;
        let Some(call) = this.call.as_mut() else {
            let future = inner.as_pin_mut().unwrap_or_else(|| polled_after_completion());
            return future.poll(cx).map_ok(|response| response.map(|body| CallBody::new(body, None)));
        };
        let result = ready!(call.within(|| {
            let future = inner.as_mut().as_pin_mut().unwrap_or_else(|| polled_after_completion());
            let polled = future.poll(cx);
            if polled.is_ready() {
                inner.set(None);
            }
            polled
        }));
        // Dropped at the end of this poll, unless the body keeps it.
        let call = this.call.take();
        Poll::Ready(result.map(|response| {
            let reading = call.and_then(|Call { mut http, until_body_end, .. }| {
                http.on_answer(response.status(), response.headers());
                (until_body_end || http.awaits_trailers()).then_some(http)
            });
            response.map(|body| CallBody::new(body, reading))
        }))
    }
}

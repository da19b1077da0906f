//! The response future: polls the service with the transaction current.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use super::body::ResponseBody;
use super::exchange::Exchange;
use crate::spent::polled_after_completion;

pin_project! {
    /// The future of [`ApmService`](super::ApmService). Owns the transaction until there is a response.
    pub struct ResponseFuture<F> {
        // Where traced, gone as soon as it has answered.
        #[pin]
        inner: Option<F>,
        exchange: Option<Exchange>,
    }

    impl<F> PinnedDrop for ResponseFuture<F> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if let Some(exchange) = this.exchange {
                drop_inside(exchange, this.inner);
            }
        }
    }
}

/// Drops what the service owns with the transaction current: clean-up code issues queries too.
// Away from the drop of what is not traced, or has answered.
#[inline(never)]
fn drop_inside<F>(exchange: &mut Exchange, mut inner: Pin<&mut Option<F>>) {
    let _entered = exchange.enter();
    inner.set(None);
}

impl<F> ResponseFuture<F> {
    #[inline(always)]
    pub(super) fn new(inner: F, exchange: Option<Exchange>) -> Self {
        ResponseFuture { inner: Some(inner), exchange }
    }
}

impl<F> ResponseFuture<F> {
    /// Polls; a response that is not traced has the service's own body. For authors of integrations that have one type for all bodies.
    pub fn poll_with<B, E, R>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        untraced: impl FnOnce(B) -> R,
        traced: impl FnOnce(ResponseBody<B>) -> R,
    ) -> Poll<Result<Response<R>, E>>
    where
        F: Future<Output = Result<Response<B>, E>>,
        B: Body,
    {
        let this = self.project();
        let mut inner = this.inner;
        let Some(exchange) = this.exchange.as_mut() else {
            let future = inner.as_pin_mut().unwrap_or_else(|| polled_after_completion());
            return future.poll(cx).map_ok(|response| response.map(untraced));
        };
        // Not within what catches panics: this one is the poller's, and no error of the request.
        if inner.is_none() {
            polled_after_completion()
        }
        // Kept beside what is caught, so that it is not moved through it.
        let mut answer = Poll::Pending;
        let caught = {
            let _entered = exchange.enter();
            let caught = catch_unwind(AssertUnwindSafe(|| answer = poll_and_let_go(inner.as_mut(), cx)));
            if caught.is_err() {
                inner.set(None);
            }
            caught
        };
        if let Err(panic) = caught {
            exchange.on_panic(panic.as_ref());
            resume_unwind(panic)
        }
        match ready!(answer) {
            Ok(response) => {
                let (mut head, body) = response.into_parts();
                exchange.on_head(&mut head, body.size_hint().exact());
                let body = ResponseBody::new(body, this.exchange.take());
                Poll::Ready(Ok(Response::from_parts(head, traced(body))))
            }
            Err(error) => {
                exchange.on_service_error();
                Poll::Ready(Err(error))
            }
        }
    }
}

/// Polls the service's future, which is still there, and lets it go once it has answered.
#[inline(always)]
fn poll_and_let_go<F: Future>(mut place: Pin<&mut Option<F>>, cx: &mut Context<'_>) -> Poll<F::Output> {
    let future = place.as_mut().as_pin_mut().unwrap_or_else(|| polled_after_completion());
    let polled = future.poll(cx);
    if polled.is_ready() {
        place.set(None);
    }
    polled
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.poll_with(cx, |body| ResponseBody::new(body, None), |body| body)
    }
}

impl<F> std::fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

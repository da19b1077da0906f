//! The response future: polls the service with the transaction current.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use super::body::ResponseBody;
use super::exchange::Exchange;

pin_project! {
    /// The future of [`ApmService`](super::ApmService). Owns the transaction until there is a response.
    pub struct ResponseFuture<F> {
        // `None` only while it is being dropped.
        #[pin]
        inner: Option<F>,
        exchange: Option<Exchange>,
    }

    impl<F> PinnedDrop for ResponseFuture<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // What the service owns is dropped with the transaction current: clean-up code issues queries too.
            if let Some(exchange) = this.exchange {
                exchange.within(|| this.inner.set(None));
            }
        }
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn new(inner: F, exchange: Option<Exchange>) -> Self {
        ResponseFuture { inner: Some(inner), exchange }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(inner) = this.inner.as_pin_mut() else { return Poll::Pending };
        let Some(exchange) = this.exchange.as_mut() else {
            return inner.poll(cx).map_ok(|response| response.map(|body| ResponseBody::new(body, None)));
        };
        let polled = exchange.within(|| catch_unwind(AssertUnwindSafe(|| inner.poll(cx))));
        let answer = match polled {
            Ok(polled) => ready!(polled),
            Err(panic) => {
                exchange.on_panic(panic.as_ref());
                *this.exchange = None;
                resume_unwind(panic)
            }
        };
        match answer {
            Ok(response) => {
                let (mut head, body) = response.into_parts();
                exchange.on_head(&mut head);
                let body = ResponseBody::new(body, this.exchange.take());
                Poll::Ready(Ok(Response::from_parts(head, body)))
            }
            Err(error) => {
                exchange.on_service_error();
                *this.exchange = None;
                Poll::Ready(Err(error))
            }
        }
    }
}

impl<F> std::fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

//! The service: starts a call and sends its headers along.

use std::task::{Context, Poll};

use elastic_apm_core::{CallBody, CallOptions, CallUrl, HttpCall};
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::future::{Call, ResponseFuture};

/// The service made by [`ApmClientLayer`](super::ApmClientLayer).
#[derive(Clone, Debug)]
pub struct ApmClient<S> {
    inner: S,
    until_body_end: bool,
}

impl<S> ApmClient<S> {
    pub(super) fn new(inner: S, until_body_end: bool) -> Self {
        ApmClient { inner, until_body_end }
    }
}

impl<S, B, R> Service<Request<B>> for ApmClient<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: Body,
{
    type Response = Response<CallBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        match start(&mut request) {
            Some(call) => {
                let mut call = Call::new(call, self.until_body_end);
                let future = call.within(|| self.inner.call(request));
                ResponseFuture::new(future, Some(call))
            }
            None => ResponseFuture::new(self.inner.call(request), None),
        }
    }
}

fn start<B>(request: &mut Request<B>) -> Option<HttpCall> {
    let default = CallOptions::new();
    let options = request.extensions().get().unwrap_or(&default);
    let url = || CallUrl::from(request.uri());
    HttpCall::start(request.method(), request.headers(), options, url).inject(request.headers_mut())
}

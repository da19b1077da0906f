//! The service: the one of the Tower crate, with axum's body on both sides.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::BoxError;
use axum::body::{Body, Bytes, HttpBody};
use elastic_apm_core::CapturedBody;
use elastic_apm_tower::server::{self, CapturingBody};
use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

/// The service made by [`ApmLayer`](crate::ApmLayer).
///
/// Takes any body that axum takes, and answers with axum's own, so that `axum::serve` serves it also around a whole router.
#[derive(Clone, Debug)]
pub struct ApmService<S> {
    traced: server::ApmService<S>,
}

impl<S> ApmService<S> {
    pub(crate) fn new(layer: &elastic_apm_tower::ApmLayer, inner: S) -> Self {
        ApmService { traced: layer.layer(inner) }
    }
}

impl<S, B, R> Service<Request<B>> for ApmService<S>
where
    S: Service<Request<Body>, Response = Response<R>>,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
    R: HttpBody<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.traced.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        ResponseFuture { traced: self.traced.call_capturing(request, Body::new, capture) }
    }
}

/// Captures the request's body where the transaction wants it. The body stays axum's, which a layer for any body could not do.
fn capture(request: &mut Request<Body>) {
    if let Some(place) = request.extensions_mut().remove::<CapturedBody>() {
        let body = std::mem::take(request.body_mut());
        *request.body_mut() = Body::new(CapturingBody::new(body, Some(place)));
    }
}

pin_project! {
    /// The future of [`ApmService`]. Owns the transaction until there is a response.
    #[derive(Debug)]
    pub struct ResponseFuture<F> {
        #[pin]
        traced: server::ResponseFuture<F>,
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: HttpBody<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    type Output = Result<Response<Body>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().traced.poll_with(cx, Body::new, Body::new)
    }
}

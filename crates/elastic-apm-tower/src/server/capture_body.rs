//! Copies the head of a request body while the service reads it. Never reads it itself, and holds nothing back.

use std::io::IoSlice;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Buf;
use elastic_apm_core::CapturedBody;
use http::Request;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

/// How many pieces of one frame are looked at; nearly all have one.
const PIECES: usize = 16;

/// Captures request bodies for the [`ApmLayer`](super::ApmLayer) outside of it, where the option `capture_body` asks for them.
///
/// A layer of its own, since it changes the type of the request's body: what is inside takes a `Request<CapturingBody<B>>`. Place it
/// right inside of `ApmLayer`. For axum it is not needed: the layer of `elastic-apm-axum` captures bodies by itself.
///
/// ```
/// use elastic_apm_tower::ApmLayer;
/// use elastic_apm_tower::server::{CaptureBodyLayer, CapturingBody};
/// use http::{Request, Response};
/// use tower::{ServiceBuilder, service_fn};
///
/// async fn echo(request: Request<CapturingBody<String>>) -> Result<Response<CapturingBody<String>>, std::convert::Infallible> {
///     Ok(Response::new(request.into_body()))
/// }
///
/// let service = ServiceBuilder::new().layer(ApmLayer::new()).layer(CaptureBodyLayer::new()).service(service_fn(echo));
/// # let service = tower::ServiceExt::<Request<String>>::boxed(service);
/// # drop(service);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct CaptureBodyLayer {}

impl CaptureBodyLayer {
    /// The layer; it has no options of its own.
    pub fn new() -> Self {
        CaptureBodyLayer::default()
    }
}

impl<S> Layer<S> for CaptureBodyLayer {
    type Service = CaptureBody<S>;

    fn layer(&self, inner: S) -> CaptureBody<S> {
        CaptureBody { inner }
    }
}

/// The service made by [`CaptureBodyLayer`].
#[derive(Clone, Debug)]
pub struct CaptureBody<S> {
    inner: S,
}

impl<S, B> Service<Request<B>> for CaptureBody<S>
where
    S: Service<Request<CapturingBody<B>>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        // Taken out, so that a second layer of this kind does not capture everything twice.
        let captured = request.extensions_mut().remove::<CapturedBody>();
        self.inner.call(request.map(|body| CapturingBody::new(body, captured)))
    }
}

pin_project! {
    /// A request body that is copied, up to a limit, as it is read. It says of itself what the inner body says.
    #[derive(Debug)]
    pub struct CapturingBody<B> {
        #[pin]
        inner: B,
        captured: Option<CapturedBody>,
    }
}

impl<B> CapturingBody<B> {
    /// A body whose data goes to `captured` too. For authors of integrations.
    pub fn new(inner: B, captured: Option<CapturedBody>) -> Self {
        CapturingBody { inner, captured }
    }
}

impl<B: Body> Body for CapturingBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        let polled = this.inner.poll_frame(cx);
        if let (Some(captured), Poll::Ready(Some(Ok(frame)))) = (this.captured, &polled) {
            if let Some(data) = frame.data_ref() {
                let mut pieces = [IoSlice::new(&[]); PIECES];
                let count = data.chunks_vectored(&mut pieces);
                pieces[..count].iter().for_each(|piece| captured.push(piece));
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

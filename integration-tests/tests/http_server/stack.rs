//! The four stacks that every case runs on.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::any;
use elastic_apm::tower::CaptureBodyLayer;
use elastic_apm::tower::server::CapturingBody;
use elastic_apm::{Tracer, User};
use elastic_apm_integration_tests::CheckedAgent;
use http::{HeaderName, Request, Response, StatusCode, request, response};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::util::BoxCloneSyncService;
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

use crate::client::Client;

/// The path that every case asks for; axum knows it as `/orders/{id}`.
pub(crate) const PATH: &str = "/orders/7";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framework {
    Tower,
    Axum,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

/// A framework spoken to over a protocol.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stack {
    pub(crate) framework: Framework,
    pub(crate) protocol: Protocol,
}

pub(crate) const TOWER_HTTP1: Stack = Stack { framework: Framework::Tower, protocol: Protocol::Http1 };
pub(crate) const TOWER_HTTP2: Stack = Stack { framework: Framework::Tower, protocol: Protocol::Http2 };
pub(crate) const AXUM_HTTP1: Stack = Stack { framework: Framework::Axum, protocol: Protocol::Http1 };
pub(crate) const AXUM_HTTP2: Stack = Stack { framework: Framework::Axum, protocol: Protocol::Http2 };

/// What our layer is told.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Options {
    pub(crate) ignore: Option<fn(&request::Parts) -> bool>,
    pub(crate) user: Option<fn(&request::Parts) -> Option<User>>,
    pub(crate) end_at_headers: Option<fn(&response::Parts) -> bool>,
    pub(crate) trusts_forwarded: bool,
}

/// The layer of either crate with these options: both have the same methods.
macro_rules! layer {
    ($layer:ty, $tracer:expr, $options:expr) => {{
        let Options { ignore, user, end_at_headers, trusts_forwarded } = $options;
        let layer = <$layer>::new().tracer($tracer).trust_forwarded_headers(trusts_forwarded);
        let layer = match ignore {
            Some(ignore) => layer.ignore(ignore),
            None => layer,
        };
        let layer = match user {
            Some(user) => layer.user(user),
            None => layer,
        };
        match end_at_headers {
            Some(end_at_headers) => layer.end_at_headers(end_at_headers),
            None => layer,
        }
    }};
}

/// Other layers, and on which side of ours they are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Around {
    /// Ours is not there at all.
    Bare,
    OursAlone,
    OursTwice,
    CatchPanicInside,
    CatchPanicOutside,
    TimeoutInside,
    TimeoutOutside,
    TraceInside,
    TraceOutside,
    CompressionInside,
    CompressionOutside,
    RequestIdInside,
    RequestIdOutside,
    /// Ours, and what plain Tower needs beside it for bodies to be captured.
    CapturingBodies,
}

/// Short, since the handlers of those cases never answer.
fn timeout() -> TimeoutLayer {
    TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, Duration::from_millis(20))
}

/// The header that the layers for request ids use.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

fn set_id() -> SetRequestIdLayer<MakeRequestUuid> {
    SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid)
}

fn propagate_id() -> PropagateRequestIdLayer {
    PropagateRequestIdLayer::new(REQUEST_ID)
}

/// A running server.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    protocol: Protocol,
}

impl Server {
    pub(crate) async fn connect(&self) -> Client {
        Client::connect(self.address, self.protocol).await
    }
}

impl Stack {
    /// The name of the transaction for [`PATH`]: plain Tower knows no routes.
    pub(crate) fn name(self, method: &str) -> String {
        match self.framework {
            Framework::Tower => format!("{method} unknown route"),
            Framework::Axum => format!("{method} /orders/{{id}}"),
        }
    }

    /// Serves `answer`, traced by `agent` with nothing around.
    pub(crate) async fn serve<F, A>(self, agent: &CheckedAgent, answer: F) -> Server
    where
        F: Fn(Request<Body>) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Response<Body>> + Send + 'static,
    {
        self.serve_with(agent.tracer(), Around::OursAlone, answer).await
    }

    /// Serves `answer`, traced by `agent` with these options.
    pub(crate) async fn serve_told<F, A>(self, agent: &CheckedAgent, options: Options, answer: F) -> Server
    where
        F: Fn(Request<Body>) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Response<Body>> + Send + 'static,
    {
        self.serve_layers(agent.tracer(), options, Around::OursAlone, answer).await
    }

    /// Serves `answer` with other layers around ours.
    pub(crate) async fn serve_with<F, A>(self, tracer: Tracer, around: Around, answer: F) -> Server
    where
        F: Fn(Request<Body>) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Response<Body>> + Send + 'static,
    {
        self.serve_layers(tracer, Options::default(), around, answer).await
    }

    async fn serve_layers<F, A>(self, tracer: Tracer, options: Options, around: Around, answer: F) -> Server
    where
        F: Fn(Request<Body>) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Response<Body>> + Send + 'static,
    {
        match self.framework {
            Framework::Tower => {
                let service = service_fn(move |request: Request<Body>| {
                    let answer = answer(request);
                    async move { Ok::<_, Infallible>(answer.await) }
                });
                let apm = layer!(elastic_apm::tower::ApmLayer, tracer, options);
                self.serve_service(on_tower(apm, around, service)).await
            }
            Framework::Axum => {
                let router = Router::new().route("/orders/{id}", any(answer));
                let apm = layer!(elastic_apm::axum::ApmLayer, tracer, options);
                self.serve_router(on_axum(apm, around, router)).await
            }
        }
    }

    /// Serves a whole Tower service.
    pub(crate) async fn serve_service<S>(self, service: S) -> Server
    where
        S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible>,
        S: Clone + Send + 'static,
        S::Future: Send,
    {
        let (listener, server) = self.listen().await;
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let service = TowerToHyperService::new(service.clone());
                tokio::spawn(async move {
                    // An error here is a caller that left, which is what many cases are about.
                    let _ = auto::Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(socket), service)
                        .await;
                });
            }
        });
        server
    }

    /// Serves a whole router.
    pub(crate) async fn serve_router(self, router: Router) -> Server {
        let (listener, server) = self.listen().await;
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        server
    }

    async fn listen(self) -> (TcpListener, Server) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, Server { address, protocol: self.protocol })
    }
}

type Boxed = BoxCloneSyncService<Request<Incoming>, Response<Body>, Infallible>;

fn on_tower<S>(apm: elastic_apm::tower::ApmLayer, around: Around, service: S) -> Boxed
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send,
{
    let builder = ServiceBuilder::new();
    if let Around::CapturingBodies = around {
        let to_body = |request: Request<CapturingBody<Incoming>>| request.map(Body::new);
        return boxed(builder.layer(apm).layer(CaptureBodyLayer::new()).map_request(to_body), service);
    }
    let service = service.map_request(|request: Request<Incoming>| request.map(Body::new));
    match around {
        Around::Bare => BoxCloneSyncService::new(service),
        Around::OursAlone | Around::CapturingBodies => boxed(builder.layer(apm), service),
        Around::OursTwice => boxed(builder.layer(apm.clone()).layer(apm), service),
        Around::CatchPanicInside => boxed(builder.layer(apm).layer(CatchPanicLayer::new()), service),
        Around::CatchPanicOutside => boxed(builder.layer(CatchPanicLayer::new()).layer(apm), service),
        Around::TimeoutInside => boxed(builder.layer(apm).layer(timeout()), service),
        Around::TimeoutOutside => boxed(builder.layer(timeout()).layer(apm), service),
        Around::TraceInside => boxed(builder.layer(apm).layer(TraceLayer::new_for_http()), service),
        Around::TraceOutside => boxed(builder.layer(TraceLayer::new_for_http()).layer(apm), service),
        Around::CompressionInside => boxed(builder.layer(apm).layer(CompressionLayer::new()), service),
        Around::CompressionOutside => boxed(builder.layer(CompressionLayer::new()).layer(apm), service),
        Around::RequestIdInside => boxed(builder.layer(apm).layer(set_id()).layer(propagate_id()), service),
        Around::RequestIdOutside => boxed(builder.layer(set_id()).layer(propagate_id()).layer(apm), service),
    }
}

fn boxed<L, S, B>(layer: L, service: S) -> Boxed
where
    L: Layer<S>,
    L::Service: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    L::Service: Clone + Send + Sync + 'static,
    <L::Service as Service<Request<Incoming>>>::Future: Send,
    B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    B::Error: Into<tower::BoxError>,
{
    BoxCloneSyncService::new(layer.layer(service).map_response(|response| response.map(Body::new)))
}

fn on_axum(apm: elastic_apm::axum::ApmLayer, around: Around, router: Router) -> Router {
    // `Router::layer` puts the later one outside.
    match around {
        Around::Bare => router,
        Around::OursAlone | Around::CapturingBodies => router.layer(apm),
        Around::OursTwice => router.layer(apm.clone()).layer(apm),
        Around::CatchPanicInside => router.layer(CatchPanicLayer::new()).layer(apm),
        Around::CatchPanicOutside => router.layer(apm).layer(CatchPanicLayer::new()),
        Around::TimeoutInside => router.layer(timeout()).layer(apm),
        Around::TimeoutOutside => router.layer(apm).layer(timeout()),
        Around::TraceInside => router.layer(TraceLayer::new_for_http()).layer(apm),
        Around::TraceOutside => router.layer(apm).layer(TraceLayer::new_for_http()),
        Around::CompressionInside => router.layer(CompressionLayer::new()).layer(apm),
        Around::CompressionOutside => router.layer(apm).layer(CompressionLayer::new()),
        Around::RequestIdInside => router.layer(propagate_id()).layer(set_id()).layer(apm),
        Around::RequestIdOutside => router.layer(apm).layer(propagate_id()).layer(set_id()),
    }
}

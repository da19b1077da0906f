//! The four stacks that every case runs on.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::any;
use elastic_apm::Tracer;
use elastic_apm_integration_tests::CheckedAgent;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::util::BoxCloneSyncService;
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

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
}

/// Short, since the handlers of those cases never answer.
fn timeout() -> TimeoutLayer {
    TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, Duration::from_millis(20))
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

    /// Serves `answer` with other layers around ours.
    pub(crate) async fn serve_with<F, A>(self, tracer: Tracer, around: Around, answer: F) -> Server
    where
        F: Fn(Request<Body>) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Response<Body>> + Send + 'static,
    {
        match self.framework {
            Framework::Tower => {
                let service = service_fn(move |request: Request<Incoming>| {
                    let answer = answer(request.map(Body::new));
                    async move { Ok::<_, Infallible>(answer.await) }
                });
                self.serve_service(on_tower(tracer, around, service)).await
            }
            Framework::Axum => {
                let router = Router::new().route("/orders/{id}", any(answer));
                self.serve_router(on_axum(tracer, around, router)).await
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

fn on_tower<S>(tracer: Tracer, around: Around, service: S) -> Boxed
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send,
{
    let apm = elastic_apm::tower::ApmLayer::new().tracer(tracer);
    let builder = ServiceBuilder::new();
    match around {
        Around::Bare => BoxCloneSyncService::new(service),
        Around::OursAlone => boxed(builder.layer(apm), service),
        Around::OursTwice => boxed(builder.layer(apm.clone()).layer(apm), service),
        Around::CatchPanicInside => boxed(builder.layer(apm).layer(CatchPanicLayer::new()), service),
        Around::CatchPanicOutside => boxed(builder.layer(CatchPanicLayer::new()).layer(apm), service),
        Around::TimeoutInside => boxed(builder.layer(apm).layer(timeout()), service),
        Around::TimeoutOutside => boxed(builder.layer(timeout()).layer(apm), service),
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

fn on_axum(tracer: Tracer, around: Around, router: Router) -> Router {
    let apm = elastic_apm::axum::ApmLayer::new().tracer(tracer);
    // `Router::layer` puts the later one outside.
    match around {
        Around::Bare => router,
        Around::OursAlone => router.layer(apm),
        Around::OursTwice => router.layer(apm.clone()).layer(apm),
        Around::CatchPanicInside => router.layer(CatchPanicLayer::new()).layer(apm),
        Around::CatchPanicOutside => router.layer(apm).layer(CatchPanicLayer::new()),
        Around::TimeoutInside => router.layer(timeout()).layer(apm),
        Around::TimeoutOutside => router.layer(apm).layer(timeout()),
    }
}

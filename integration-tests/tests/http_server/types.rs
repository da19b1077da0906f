//! What the layers must compile with: any error type, any body, other layers on either side, futures that are `Send` or not.

use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::error_handling::HandleErrorLayer;
use axum::middleware::{Next, from_fn};
use axum::routing::get;
use elastic_apm_integration_tests::CheckedAgent;
use http::{HeaderName, Request, Response, StatusCode};
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_http::compression::CompressionLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::trace::TraceLayer;

use crate::client::events_of;
use crate::stack::{AXUM_HTTP1, PATH};

fn plain(agent: &CheckedAgent) -> elastic_apm::tower::ApmLayer {
    elastic_apm::tower::ApmLayer::new().tracer(agent.tracer())
}

fn request() -> Request<Body> {
    Request::get(PATH).body(Body::empty()).unwrap()
}

#[test]
fn layers_are_clone_default_send_and_sync() {
    fn check<T: Clone + Default + Send + Sync + std::fmt::Debug + 'static>() {}

    check::<elastic_apm::axum::ApmLayer>();
    check::<elastic_apm::tower::ApmLayer>();
    check::<elastic_apm::tower::CaptureBodyLayer>();
}

#[test]
fn futures_and_bodies_are_send_where_the_services_are() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let agent = CheckedAgent::new();
    let answers = |_: Request<Body>| async { Ok::<_, Infallible>(Response::new(Body::empty())) };
    let mut service = is_send(plain(&agent).layer(service_fn(answers)));

    let answer = is_send(service.call(request()));
    let polled = futures_util::FutureExt::now_or_never(answer);

    drop(is_send(polled));

    let axum = elastic_apm::axum::ApmLayer::new().tracer(agent.tracer());
    let mut service = is_send(axum.layer(service_fn(answers)));
    drop(is_send(Service::<Request<Body>>::call(&mut service, request())));
}

#[tokio::test]
async fn a_stack_whose_errors_are_boxed_needs_nothing_else() {
    let agent = CheckedAgent::new();
    let service = ServiceBuilder::new()
        .layer(plain(&agent))
        .load_shed()
        .concurrency_limit(1)
        .timeout(Duration::from_secs(60))
        .service(service_fn(|_: Request<Body>| async {
            Ok::<_, BoxError>(Response::new("text".to_owned()))
        }));

    let answer = service.oneshot(request()).await.unwrap();

    drop(answer);
    assert_eq!(agent.events().transactions.len(), 1);
}

#[tokio::test]
async fn an_axum_stack_may_have_fallible_layers_inside_and_outside() {
    let agent = CheckedAgent::new();
    let apm = || elastic_apm::axum::ApmLayer::new().tracer(agent.tracer());
    let handle = || HandleErrorLayer::new(|_: BoxError| async { StatusCode::REQUEST_TIMEOUT });
    let limit = || tower::timeout::TimeoutLayer::new(Duration::from_secs(60));
    let inside = ServiceBuilder::new().layer(apm()).layer(handle()).layer(limit());
    let outside = ServiceBuilder::new().layer(handle()).layer(limit()).layer(apm());
    let between = ServiceBuilder::new().layer(handle()).layer(apm()).layer(limit());
    let router = Router::new()
        .route("/inside", get(|| async {}).layer(inside))
        .route("/outside", get(|| async {}).layer(outside))
        .route("/between", get(|| async {}).layer(between));

    let mut client = AXUM_HTTP1.serve_router(router).await.connect().await;
    for path in ["/inside", "/outside", "/between"] {
        client.exchange(Request::get(path)).await;
    }

    let events = events_of(&agent, 3).await;
    for path in ["inside", "outside", "between"] {
        events.transaction(&format!("GET /{path}"));
    }
}

#[tokio::test]
async fn other_layers_stand_on_either_side() {
    async fn passes(request: axum::extract::Request, next: Next) -> axum::response::Response {
        next.run(request).await
    }
    let agent = CheckedAgent::new();
    let id = HeaderName::from_static("x-request-id");
    let others = || {
        ServiceBuilder::new()
            .layer(SetRequestIdLayer::new(id.clone(), MakeRequestUuid))
            .layer(TraceLayer::new_for_http())
            .layer(PropagateRequestIdLayer::new(id.clone()))
            .layer(CompressionLayer::new())
            .layer(from_fn(passes))
    };
    let router = Router::new()
        .route("/users/{id}", get(|| async { "x".repeat(10_000) }))
        .layer(others())
        .layer(elastic_apm::axum::ApmLayer::new().tracer(agent.tracer()))
        .layer(others());

    let asked = Request::get("/users/7").header("accept-encoding", "gzip");
    let (head, body) = AXUM_HTTP1.serve_router(router).await.connect().await.exchange(asked).await;

    assert_eq!(head.headers["content-encoding"], "gzip");
    assert!(body.len() < 1_000);
    events_of(&agent, 1).await.transaction("GET /users/{id}");
}

#[tokio::test]
async fn a_service_whose_future_stays_on_its_thread_is_traced_too() {
    let agent = CheckedAgent::new();
    let local = Rc::new(7);
    let service = plain(&agent).layer(service_fn(move |_: Request<Rc<()>>| {
        let local = Rc::clone(&local);
        async move { Ok::<_, Infallible>(Response::new(local.to_string())) }
    }));

    let answer = service.oneshot(Request::get(PATH).body(Rc::new(())).unwrap()).await.unwrap();
    let body = http_body_util::BodyExt::collect(answer.into_body()).await.unwrap().to_bytes();

    assert_eq!(&*body, b"7");
    assert_eq!(agent.events().transactions.len(), 1);
}

#[tokio::test]
async fn axums_layer_stands_in_front_of_functions_middleware_and_boxed_errors() {
    async fn passes(request: axum::extract::Request, next: Next) -> axum::response::Response {
        next.run(request).await
    }
    let agent = CheckedAgent::new();
    let apm = || elastic_apm::axum::ApmLayer::new().tracer(agent.tracer());
    let function = |_: Request<Body>| async { Ok::<_, BoxError>(Response::new(Body::from("text"))) };
    let function = ServiceBuilder::new().layer(apm()).load_shed().service(service_fn(function));
    let router = Router::new().route(PATH, get(|| async { "text" }));
    let middleware = ServiceBuilder::new().layer(apm()).layer(from_fn(passes)).service(router);

    let of_function: Response<Body> = function.oneshot(request()).await.unwrap();
    let of_middleware: Response<Body> = middleware.oneshot(request()).await.unwrap();

    drop((of_function, of_middleware));
    assert_eq!(agent.events().transactions.len(), 2);
}

#[tokio::test]
async fn a_service_whose_future_stays_on_its_thread_is_traced_by_axums_layer_too() {
    let agent = CheckedAgent::new();
    let local = Rc::new(7);
    let apm = elastic_apm::axum::ApmLayer::new().tracer(agent.tracer());
    let service = apm.layer(service_fn(move |_: Request<Body>| {
        let local = Rc::clone(&local);
        async move { Ok::<_, Infallible>(Response::new(local.to_string())) }
    }));

    drop(service.oneshot(request()).await.unwrap());

    assert_eq!(agent.events().transactions.len(), 1);
}

//! What only axum does beside names: the whole router in the layer, the layer around the router, extractors.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Router, ServiceExt};
use elastic_apm::axum::{ApmLayer, ApmService, CapturedError, CurrentTransaction};
use elastic_apm::{Outcome, set_transaction_name};
use elastic_apm_integration_tests::CheckedAgent;
use tokio::net::TcpListener;
use tower::{Layer, Service, ServiceBuilder};
use tower_http::timeout::TimeoutLayer;

use crate::answers::{end, response};
use crate::client::{Client, events_of};
use crate::stack::{AXUM_HTTP1, PATH, Protocol};

async fn hello() -> &'static str {
    "hello"
}

fn layer(agent: &CheckedAgent) -> ApmLayer {
    ApmLayer::new().tracer(agent.tracer())
}

/// Serves a service by `axum::serve`.
async fn serve<S>(service: S) -> Client
where
    S: Service<Request, Response = Response, Error = std::convert::Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = ServiceExt::<Request>::into_make_service(service);
    tokio::spawn(async move { axum::serve(listener, service).await });
    Client::connect(address, Protocol::Http1).await
}

/// The names of the transactions of these paths.
async fn names(agent: &CheckedAgent, mut client: Client, paths: &[&str]) -> Vec<String> {
    for path in paths {
        client.exchange(http::Request::get(*path)).await;
    }
    let events = events_of(agent, paths.len()).await;
    events.transactions.iter().map(|event| event.name.as_ref().unwrap().to_string()).collect()
}

#[tokio::test]
async fn around_the_router_covers_nested_ones_fallbacks_and_what_came_after_a_layer() {
    let agent = CheckedAgent::new();
    let nested = Router::new().route("/{id}", get(hello)).fallback(|| async { StatusCode::IM_A_TEAPOT });
    let router = Router::new()
        .route("/before", get(hello))
        .layer(from_fn(|request: Request, next: Next| next.run(request)))
        .route("/after/{id}", get(hello))
        .nest("/nested", nested)
        .fallback(|| async { "nothing here" });
    let client = serve(layer(&agent).around(router)).await;

    let found = names(&agent, client, &["/before", "/after/7", "/nested/7", "/nested/7/8", "/nope"]).await;

    assert_eq!(
        found,
        ["GET /before", "GET /after/{id}", "GET /nested/{id}", "GET unknown route", "GET unknown route"]
    );
}

#[tokio::test]
async fn around_takes_a_router_whose_state_is_still_missing() {
    let agent = CheckedAgent::new();
    let answers = |State(state): State<Arc<str>>| async move { state.to_string() };
    let router: Router<Arc<str>> = Router::new().route("/users/{id}", get(answers));
    let client = serve(layer(&agent).around(router).with_state(Arc::from("state"))).await;

    assert_eq!(names(&agent, client, &["/users/7"]).await, ["GET /users/{id}"]);
}

#[tokio::test]
async fn around_beside_a_layer_inside_is_one_transaction() {
    let agent = CheckedAgent::new();
    let router = Router::new().route("/users/{id}", get(hello)).layer(layer(&agent));
    let client = serve(layer(&agent).around(router)).await;

    assert_eq!(names(&agent, client, &["/users/7"]).await, ["GET /users/{id}"]);
}

#[tokio::test]
async fn a_layer_outside_of_layers_around_the_router_gets_the_name_from_the_one_inside() {
    let agent = CheckedAgent::new();
    let router = layer(&agent).around(Router::new().route("/users/{id}", get(hello)));
    // What stands between may rewrite the path; a router's own layers come too late for that.
    let rewrites = |mut request: Request| {
        *request.uri_mut() = format!("/users{}", request.uri().path()).parse().unwrap();
        request
    };
    let between = ServiceBuilder::new().map_request(rewrites).service(router);
    let client = serve(layer(&agent).layer(between)).await;

    assert_eq!(names(&agent, client, &["/7"]).await, ["GET /users/{id}"]);
}

#[tokio::test]
async fn what_an_outer_layer_ignores_is_ignored_inside_whatever_its_path_becomes() {
    let agent = CheckedAgent::with(|options| {
        options.transaction_ignore_urls(["/health"]).transaction_ignore_user_agents(["probe/*"])
    });
    let router = layer(&agent).around(Router::new().route("/inner/{what}", get(hello)));
    let rewrites = |mut request: Request| {
        *request.uri_mut() = format!("/inner{}", request.uri().path()).parse().unwrap();
        request
    };
    let between = ServiceBuilder::new().map_request(rewrites).service(router);
    let mut client = serve(layer(&agent).layer(between)).await;

    client.exchange(http::Request::get("/health")).await;
    client.exchange(http::Request::get("/other").header("user-agent", "probe/1.0")).await;
    client.exchange(http::Request::get("/other")).await;

    events_of(&agent, 1).await.transaction("GET /inner/{what}");
}

#[tokio::test]
async fn what_an_outer_layers_closure_ignores_is_ignored_inside_too() {
    let agent = CheckedAgent::new();
    let router = layer(&agent).around(Router::new().route("/users/{id}", get(hello)));
    let outer = layer(&agent).ignore(|request| request.headers.contains_key("x-synthetic"));
    let mut client = serve(outer.layer(router)).await;

    client.exchange(http::Request::get("/users/7").header("x-synthetic", "1")).await;
    client.exchange(http::Request::get("/users/8")).await;

    let events = events_of(&agent, 1).await;
    let request = events.transactions[0].context.as_ref().unwrap().request.as_ref().unwrap();
    assert_eq!(request.url.pathname.as_deref(), Some("/users/8"));
}

#[tokio::test]
async fn a_layer_without_an_agent_leaves_the_request_to_the_one_inside() {
    let agent = CheckedAgent::new();
    let router = layer(&agent).around(Router::new().route("/users/{id}", get(hello)));
    let client = serve(ApmLayer::new().tracer(elastic_apm::Tracer::noop()).layer(router)).await;

    assert_eq!(names(&agent, client, &["/users/7"]).await, ["GET /users/{id}"]);
}

#[tokio::test]
async fn axum_serves_the_layer_around_a_whole_router() {
    fn is_served<S>(service: &S) -> &S
    where
        S: Service<Request, Response = Response, Error = std::convert::Infallible> + Clone + Send + 'static,
        S::Future: Send,
    {
        service
    }
    let agent = CheckedAgent::new();
    let service: ApmService<Router> = layer(&agent).layer(Router::new().route("/users/{id}", get(hello)));
    let client = serve(is_served(&service).clone()).await;

    assert_eq!(names(&agent, client, &["/users/7"]).await, ["GET unknown route"]);
}

#[tokio::test]
async fn the_extractor_tells_a_layer_outside_the_name_of_the_route() {
    async fn show(transaction: CurrentTransaction) -> String {
        transaction.id().unwrap().to_string()
    }
    let agent = CheckedAgent::new();
    let mut client = serve(layer(&agent).layer(Router::new().route("/users/{id}", get(show)))).await;

    let (_, body) = client.exchange(http::Request::get("/users/7")).await;

    let events = events_of(&agent, 1).await;
    assert_eq!(body, events.transaction("GET /users/{id}").id.to_string());
}

#[tokio::test]
async fn the_extractor_leaves_a_name_that_is_set() {
    async fn names_it(request: Request, next: Next) -> Response {
        set_transaction_name("mine");
        next.run(request).await
    }
    async fn show(_: CurrentTransaction) {}
    let agent = CheckedAgent::new();
    let router = Router::new().route("/users/{id}", get(show)).layer(from_fn(names_it));
    let client = serve(layer(&agent).layer(router)).await;

    assert_eq!(names(&agent, client, &["/users/7"]).await, ["mine"]);
}

#[tokio::test]
async fn the_extractor_never_fails_and_does_nothing_where_nothing_is_traced() {
    async fn show(transaction: CurrentTransaction) -> String {
        transaction.set_name("nobody hears it");
        transaction.label("a", 1);
        transaction.discard();
        format!("{:?}", transaction.id())
    }
    let ignoring = CheckedAgent::with(|options| options.transaction_ignore_urls(["*"]));
    let router = || Router::new().route("/orders/{id}", get(show));

    for router in [router(), router().layer(layer(&ignoring))] {
        let (head, body) = AXUM_HTTP1.serve_router(router).await.connect().await.get().await;
        assert_eq!((head.status, &*body), (StatusCode::OK, &b"None"[..]));
    }
}

#[tokio::test]
async fn the_extractor_discards_the_transaction() {
    async fn health(transaction: CurrentTransaction) {
        transaction.discard();
    }
    let agent = CheckedAgent::new();
    let router =
        Router::new().route("/health", get(health)).route("/orders/{id}", get(hello)).layer(layer(&agent));
    let mut client = AXUM_HTTP1.serve_router(router).await.connect().await;

    client.exchange(http::Request::get("/health")).await;
    client.get().await;

    events_of(&agent, 1).await.transaction("GET /orders/{id}");
}

#[tokio::test]
async fn an_error_type_that_becomes_a_response_brings_its_error_along() {
    struct AppError(std::num::ParseIntError);
    impl IntoResponse for AppError {
        fn into_response(self) -> Response {
            (StatusCode::BAD_REQUEST, CapturedError::new(self.0), "no number").into_response()
        }
    }
    let agent = CheckedAgent::new();
    let fails = || async { "x".parse::<u8>().map(|_| "a number").map_err(AppError) };
    let router = Router::new().route("/orders/{id}", get(fails)).layer(layer(&agent));

    let (head, body) = AXUM_HTTP1.serve_router(router).await.connect().await.get().await;

    assert_eq!((head.status, &*body), (StatusCode::BAD_REQUEST, &b"no number"[..]));
    let events = events_of(&agent, 1).await;
    let exception = events.errors[0].exception.as_ref().unwrap();
    assert_eq!(exception.message.as_deref(), Some("invalid digit found in string"));
    assert_eq!(response(&events.transactions[0]), Some((400, None)));
}

#[tokio::test]
async fn a_handler_may_fail_with_a_captured_error_itself() {
    async fn fails() -> Result<String, CapturedError> {
        Ok("x".parse::<u8>()?.to_string())
    }
    let agent = CheckedAgent::new();
    let router = Router::new().route("/orders/{id}", get(fails)).layer(layer(&agent));

    let (head, body) = AXUM_HTTP1.serve_router(router).await.connect().await.get().await;

    assert_eq!((head.status, body.len()), (StatusCode::INTERNAL_SERVER_ERROR, 0));
    let events = events_of(&agent, 1).await;
    assert_eq!(events.errors.len(), 1);
    assert_eq!(end(&events.transactions[0]), (Some("HTTP 5xx"), Some(Outcome::Failure)));
}

#[tokio::test]
async fn a_layer_that_answers_by_itself_stands_outside_of_the_layer_around_a_router() {
    let agent = CheckedAgent::new();
    let never = || async { std::future::pending::<&str>().await };
    let router = layer(&agent).layer(Router::new().route("/orders/{id}", get(never)));
    let limit =
        TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, std::time::Duration::from_millis(20));
    let mut client = serve(ServiceBuilder::new().layer(limit).service(router)).await;

    let (head, _) = client.exchange(http::Request::get(PATH)).await;

    assert_eq!(head.status, StatusCode::GATEWAY_TIMEOUT);
    let events = events_of(&agent, 1).await;
    assert_eq!(end(&events.transactions[0]), (Some("cancelled"), Some(Outcome::Unknown)));
}

//! What only axum does: names from route templates, wherever the layer sits.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{any_service, get, post};
use elastic_apm::axum::ApmLayer;
use elastic_apm::{Outcome, capture_span, set_transaction_name, transaction_id};
use elastic_apm_integration_tests::CheckedAgent;
use http::{Method, StatusCode};
use tokio::net::TcpListener;
use tower::{Layer, service_fn};

use crate::answers::{end, response};
use crate::client::{Client, events_of};
use crate::stack::{AXUM_HTTP1, AXUM_HTTP2, Protocol};

async fn hello() -> &'static str {
    "hello"
}

fn layer(agent: &CheckedAgent) -> ApmLayer {
    ApmLayer::new().tracer(agent.tracer())
}

/// The names of the transactions for these requests, over HTTP/1.1 and over HTTP/2, which must be the same.
async fn names(make: impl Fn(ApmLayer) -> Router, requests: &[(Method, &str, u16)]) -> Vec<String> {
    let mut found = Vec::new();
    for stack in [AXUM_HTTP1, AXUM_HTTP2] {
        let agent = CheckedAgent::new();
        let server = stack.serve_router(make(layer(&agent))).await;
        let mut client = server.connect().await;
        for (method, path, status) in requests {
            let (head, _) = client.exchange(http::Request::builder().method(method).uri(*path)).await;
            assert_eq!(head.status.as_u16(), *status, "{method} {path}");
        }
        let events = events_of(&agent, requests.len()).await;
        found.push(
            events
                .transactions
                .iter()
                .map(|event| event.name.clone().unwrap().to_string())
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!(found[0], found[1]);
    found.remove(0)
}

fn get_of(path: &str, status: u16) -> (Method, &str, u16) {
    (Method::GET, path, status)
}

#[tokio::test]
async fn a_router_names_by_the_full_template_through_nest_and_merge() {
    let make = |apm| {
        let merged = Router::new().route("/merged/{id}", get(hello));
        let deep = Router::new().route("/{item}", get(hello));
        let api = Router::new().route("/users/{id}", get(hello)).nest("/orders/{order}/items", deep);
        Router::new()
            .route("/", get(hello))
            .route("/files/{*path}", get(hello))
            .merge(merged)
            .nest("/api/v1", api)
            .layer(apm)
    };

    let found = names(
        make,
        &[
            get_of("/", 200),
            get_of("/files/a/b/c", 200),
            get_of("/merged/1?query=2", 200),
            get_of("/api/v1/users/7", 200),
            get_of("/api/v1/orders/3/items/4", 200),
            (Method::HEAD, "/api/v1/users/7", 200),
        ],
    )
    .await;

    assert_eq!(
        found,
        [
            "GET /",
            "GET /files/{*path}",
            "GET /merged/{id}",
            "GET /api/v1/users/{id}",
            "GET /api/v1/orders/{order}/items/{item}",
            "HEAD /api/v1/users/{id}",
        ]
    );
}

#[tokio::test]
async fn a_matched_route_keeps_its_name_whatever_it_answers() {
    let make = |apm| {
        Router::new()
            .route("/users/{id}", get(|| async { StatusCode::NOT_FOUND }))
            .route("/broken", get(|| async { StatusCode::INTERNAL_SERVER_ERROR }))
            .layer(apm)
    };

    let found = names(
        make,
        &[
            get_of("/users/7", 404),
            (Method::POST, "/users/7", 405),
            (Method::DELETE, "/broken", 405),
            get_of("/broken", 500),
        ],
    )
    .await;

    assert_eq!(found, ["GET /users/{id}", "POST /users/{id}", "DELETE /broken", "GET /broken"]);
}

#[tokio::test]
async fn what_matches_no_route_is_an_unknown_route() {
    let make = |apm| {
        let nested = Router::new().route("/known", get(hello)).fallback(|| async { StatusCode::IM_A_TEAPOT });
        let service = service_fn(|_: Request| async { Ok::<_, Infallible>(Response::new(Body::empty())) });
        Router::new()
            .route("/known", get(hello))
            .nest("/nested", nested)
            .nest_service("/service", service)
            .layer(apm)
    };

    let found = names(
        make,
        &[
            get_of("/nope/7", 404),
            get_of("/nested/nope", 418),
            get_of("/service/deep/7", 200),
            (Method::PUT, "/%2e%2e/etc", 404),
        ],
    )
    .await;

    assert_eq!(found, ["GET unknown route", "GET unknown route", "GET unknown route", "PUT unknown route"]);
}

#[tokio::test]
async fn a_fallback_is_an_unknown_route_too() {
    let make = |apm| {
        Router::new()
            .route("/known", post(hello).fallback(|| async { StatusCode::CONFLICT }))
            .fallback(|| async { "nothing here" })
            .layer(apm)
    };

    let found = names(make, &[get_of("/anything", 200), get_of("/known", 409)]).await;

    assert_eq!(found, ["GET unknown route", "GET /known"]);
}

#[tokio::test]
async fn route_layer_alone_names_routes_and_never_sees_the_rest() {
    let agent = CheckedAgent::new();
    let router = Router::new().route("/users/{id}", get(hello)).route_layer(layer(&agent));
    let mut client = AXUM_HTTP1.serve_router(router).await.connect().await;

    client.exchange(http::Request::get("/nope")).await;
    client.exchange(http::Request::get("/users/7")).await;

    let events = events_of(&agent, 1).await;
    events.transaction("GET /users/{id}");
}

#[tokio::test]
async fn routes_added_after_the_layer_are_not_traced() {
    let agent = CheckedAgent::new();
    let router = Router::new().route("/before", get(hello)).layer(layer(&agent)).route("/after", get(hello));
    let mut client = AXUM_HTTP1.serve_router(router).await.connect().await;

    client.exchange(http::Request::get("/after")).await;
    client.exchange(http::Request::get("/before")).await;

    events_of(&agent, 1).await.transaction("GET /before");
}

/// Serves a router with the layer around the whole of it, where no route is known yet.
async fn serve_around(agent: &CheckedAgent, router: Router) -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let service = axum::ServiceExt::<Request>::into_make_service(layer(agent).layer(router));
    tokio::spawn(async move { axum::serve(listener, service).await });
    Client::connect(address, Protocol::Http1).await
}

#[tokio::test]
async fn a_layer_around_the_whole_router_alone_knows_no_route() {
    let agent = CheckedAgent::new();
    let mut client = serve_around(&agent, Router::new().route("/users/{id}", get(hello))).await;

    client.exchange(http::Request::get("/users/7")).await;

    let events = events_of(&agent, 1).await;
    assert_eq!(end(events.transaction("GET unknown route")), (Some("HTTP 2xx"), Some(Outcome::Success)));
}

#[tokio::test]
async fn a_layer_outside_gets_the_name_from_one_inside_and_there_is_one_transaction() {
    let agent = CheckedAgent::new();
    let inside = [
        Router::new().route("/users/{id}", get(hello)).layer(layer(&agent)),
        Router::new().route("/users/{id}", get(hello)).route_layer(layer(&agent)),
        Router::new()
            .nest("/users", Router::new().route("/{id}", get(hello)).layer(layer(&agent)))
            .layer(layer(&agent)),
    ];

    for (served, router) in inside.into_iter().enumerate() {
        let mut client = serve_around(&agent, router).await;
        client.exchange(http::Request::get("/users/7")).await;
        client.exchange(http::Request::get("/nope")).await;
        let events = events_of(&agent, 2 * (served + 1)).await;
        let names: Vec<_> =
            events.transactions.iter().skip(2 * served).filter_map(|event| event.name.as_deref()).collect();
        assert_eq!(names, ["GET /users/{id}", "GET unknown route"]);
    }
}

#[tokio::test]
async fn a_nested_layer_records_the_whole_url_and_the_whole_template() {
    let agent = CheckedAgent::new();
    let nested = Router::new().route("/{id}", get(hello)).layer(layer(&agent));
    let server = AXUM_HTTP1.serve_router(Router::new().nest("/api/users", nested)).await;

    server.connect().await.exchange(http::Request::get("/api/users/7?a=1")).await;

    let events = events_of(&agent, 1).await;
    let request =
        events.transaction("GET /api/users/{id}").context.as_ref().unwrap().request.as_ref().unwrap();
    assert_eq!(request.url.full.as_deref(), Some(&*format!("http://{}/api/users/7?a=1", server.address)));
    assert_eq!(request.url.pathname.as_deref(), Some("/api/users/7"));
    assert_eq!(request.socket.as_ref().unwrap().remote_address.as_deref(), Some("127.0.0.1"));
}

#[tokio::test]
async fn a_nested_layer_ignores_urls_by_the_whole_path() {
    let agent = CheckedAgent::with(|options| options.transaction_ignore_urls(["/api/health"]));
    let nested = Router::new().route("/health", get(hello)).route("/{id}", get(hello)).layer(layer(&agent));
    let mut client = AXUM_HTTP1.serve_router(Router::new().nest("/api", nested)).await.connect().await;

    client.exchange(http::Request::get("/api/health")).await;
    client.exchange(http::Request::get("/api/7")).await;

    events_of(&agent, 1).await.transaction("GET /api/{id}");
}

#[tokio::test]
async fn a_nested_layer_names_by_the_whole_path_what_has_no_route() {
    let agent = CheckedAgent::with(|options| options.use_path_as_transaction_name(true));
    let nested = Router::new().fallback(hello).layer(layer(&agent));
    let server = AXUM_HTTP1.serve_router(Router::new().nest("/api", nested)).await;

    server.connect().await.exchange(http::Request::get("/api/no/where?a=1")).await;

    events_of(&agent, 1).await.transaction("GET /api/no/where");
}

#[tokio::test]
async fn a_peer_that_is_not_known_is_left_out() {
    let agent = CheckedAgent::new();
    let mut client = serve_around(&agent, Router::new().route("/", get(hello))).await;

    client.exchange(http::Request::get("/")).await;

    let events = events_of(&agent, 1).await;
    assert!(events.transactions[0].context.as_ref().unwrap().request.as_ref().unwrap().socket.is_none());
}

#[tokio::test]
async fn a_middleware_below_the_layer_is_inside_the_transaction_and_may_name_it() {
    async fn names_it(request: Request, next: Next) -> Response {
        let span = capture_span("before the handler");
        assert!(transaction_id().is_some());
        drop(span);
        let response = next.run(request).await;
        set_transaction_name("by the middleware");
        response
    }
    let agent = CheckedAgent::new();
    let router = Router::new().route("/users/{id}", get(hello)).layer(from_fn(names_it)).layer(layer(&agent));

    AXUM_HTTP1.serve_router(router).await.connect().await.exchange(http::Request::get("/users/7")).await;

    let events = events_of(&agent, 1).await;
    let request = events.transaction("by the middleware");
    assert_eq!(events.span("before the handler").parent_id, request.id);
}

#[tokio::test]
async fn what_a_middleware_answers_instead_of_the_route_has_the_routes_name() {
    async fn refuses(_: Request) -> StatusCode {
        StatusCode::UNAUTHORIZED
    }
    let agent = CheckedAgent::new();
    let router = Router::new()
        .route("/users/{id}", get(hello))
        .layer(from_fn(|request, _: Next| refuses(request)))
        .layer(layer(&agent));

    AXUM_HTTP1.serve_router(router).await.connect().await.exchange(http::Request::get("/users/7")).await;

    let events = events_of(&agent, 1).await;
    assert_eq!(response(events.transaction("GET /users/{id}")), Some((401, None)));
}

#[tokio::test]
async fn a_service_on_a_route_has_the_routes_name() {
    let service = service_fn(|_: Request| async { Ok::<_, Infallible>(Response::new(Body::empty())) });
    let make = move |apm| {
        Router::new().route_service("/service/{id}", service).route("/any", any_service(service)).layer(apm)
    };

    let found = names(make, &[get_of("/service/7", 200), (Method::PATCH, "/any", 200)]).await;

    assert_eq!(found, ["GET /service/{id}", "PATCH /any"]);
}

//! What is recorded of request and response, and when nothing is.

use axum::body::Body;
use elastic_apm::intake::Request as RequestContext;
use elastic_apm::{Tracer, User, set_user_context};
use elastic_apm_integration_tests::CheckedAgent;
use http::{Request, Response};
use serde_json::json;

use crate::client::events_of;
use crate::stack::{Around, Framework, Options, PATH, Protocol, Stack};

async fn answers(_: Request<Body>) -> Response<Body> {
    Response::builder()
        .header("set-cookie", "sessionid=secret")
        .header("x-plain", "seen")
        .body(Body::from("hello"))
        .unwrap()
}

/// The request of the only transaction.
fn request_of(events: &elastic_apm::testing::Events) -> &RequestContext {
    events.transactions[0].context.as_ref().unwrap().request.as_ref().unwrap()
}

pub(crate) async fn request_and_response_are_described_and_secrets_redacted(stack: Stack) {
    let agent = CheckedAgent::new();
    let server = stack.serve(&agent, answers).await;

    let request = Request::get(format!("{PATH}?a=1&b=two%20words"))
        .header("Authorization", "Bearer secret")
        .header("X-Api-Key", "secret")
        .header("x-auth-token", "secret")
        .header("cookie", "sessionid=secret; theme=dark; auth_token=secret")
        .header("accept", "text/html")
        .header("accept", "text/plain")
        .header("user-agent", "test/1.0");
    server.connect().await.exchange(request).await;

    let events = events_of(&agent, 1).await;
    let request = request_of(&events);
    let url = &request.url;
    let path = format!("{PATH}?a=1&b=two%20words");
    assert_eq!(request.method, "GET");
    assert_eq!(url.full.as_deref(), Some(&*format!("http://{}{path}", server.address)));
    assert_eq!((url.raw.as_deref(), url.protocol.as_deref()), (Some(&*path), Some("http:")));
    assert_eq!((url.hostname.as_deref(), url.port), (Some("127.0.0.1"), Some(server.address.port())));
    assert_eq!((url.pathname.as_deref(), url.search.as_deref()), (Some(PATH), Some("?a=1&b=two%20words")));
    let version = match stack.protocol {
        Protocol::Http1 => "1.1",
        Protocol::Http2 => "2",
    };
    assert_eq!(request.http_version.as_deref(), Some(version));
    let remote = request.socket.as_ref().and_then(|socket| socket.remote_address.as_deref());
    // Plain Tower does not know its peer.
    assert_eq!(remote, (stack.framework == Framework::Axum).then_some("127.0.0.1"));

    let headers = &request.headers;
    for secret in ["authorization", "x-api-key", "x-auth-token"] {
        assert_eq!(headers.get(secret), Some("[REDACTED]"));
    }
    assert_eq!(headers.get("cookie"), Some("[REDACTED]"), "cookies are told by name");
    let cookies = json!({"sessionid": "[REDACTED]", "theme": "dark", "auth_token": "[REDACTED]"});
    assert_eq!(request.cookies, cookies.as_object().cloned());
    assert_eq!((headers.get_all("accept").len(), headers.get("user-agent")), (2, Some("test/1.0")));
    let response = events.transactions[0].context.as_ref().unwrap().response.as_ref().unwrap();
    assert_eq!(response.status_code, Some(200));
    assert_eq!(response.headers.get("set-cookie"), Some("[REDACTED]"));
    assert_eq!(response.headers.get("x-plain"), Some("seen"));
    assert!(!events.lines.iter().any(|line| line.contains("secret")), "no secret leaves in any form");
}

pub(crate) async fn without_captured_headers_the_url_is_still_whole(stack: Stack) {
    let agent = CheckedAgent::with(|options| options.capture_headers(false));
    let server = stack.serve(&agent, answers).await;

    server.connect().await.get().await;

    let events = events_of(&agent, 1).await;
    let request = request_of(&events);
    assert_eq!(request.url.full.as_deref(), Some(&*format!("http://{}{PATH}", server.address)));
    let response = events.transactions[0].context.as_ref().unwrap().response.as_ref().unwrap();
    assert!(request.headers.is_empty() && response.headers.is_empty());
    assert_eq!(response.status_code, Some(200));
}

pub(crate) async fn an_unsampled_request_describes_nothing(stack: Stack) {
    let agent = CheckedAgent::with(|options| options.transaction_sample_rate(0.0));
    let server = stack.serve(&agent, answers).await;

    server.connect().await.get().await;

    let events = events_of(&agent, 1).await;
    let request = events.transaction(&stack.name("GET"));
    assert_eq!((request.sampled, request.result.as_deref()), (false, Some("HTTP 2xx")));
    assert!(request.context.is_none());
}

pub(crate) async fn two_layers_make_one_transaction(stack: Stack) {
    let agent = CheckedAgent::new();
    let server = stack.serve_with(agent.tracer(), Around::OursTwice, answers).await;

    server.connect().await.get().await;

    let events = events_of(&agent, 1).await;
    events.transaction(&stack.name("GET"));
}

pub(crate) async fn the_layers_closure_says_who_the_user_is_and_the_handler_knows_better(stack: Stack) {
    let agent = CheckedAgent::new();
    let user = |request: &http::request::Parts| {
        let id = request.headers.get("x-user")?.to_str().ok()?.to_owned();
        Some(User::new().id(id))
    };
    let server = stack
        .serve_told(&agent, Options { user: Some(user), ..Options::default() }, |request| async move {
            if request.headers().contains_key("x-session") {
                set_user_context(User::new().username("joe"));
            }
            Response::new(Body::empty())
        })
        .await;

    let mut client = server.connect().await;
    client.exchange(Request::get(PATH).header("x-user", "42")).await;
    client.exchange(Request::get(PATH).header("x-user", "42").header("x-session", "1")).await;
    client.exchange(Request::get(PATH)).await;

    let events = events_of(&agent, 3).await;
    let users: Vec<_> = events
        .transactions
        .iter()
        .map(|event| {
            let user = event.context.as_ref().unwrap().user.as_deref();
            user.map(|user| (user.id.as_deref(), user.username.as_deref()))
        })
        .collect();
    assert_eq!(users, [Some((Some("42"), None)), Some((Some("42"), Some("joe"))), None]);
}

pub(crate) async fn without_an_agent_the_layer_passes_through(stack: Stack) {
    let disabled = CheckedAgent::with(|options| options.enabled(false));

    for tracer in [Tracer::noop(), disabled.tracer()] {
        let inside = |_| async { Response::new(Body::from(format!("{:?}", elastic_apm::trace_id()))) };
        let server = stack.serve_with(tracer, Around::OursTwice, inside).await;
        let (_, body) = server.connect().await.get().await;
        assert_eq!(&*body, b"None");
    }

    assert_eq!(disabled.stats().recorded(), 0);
}

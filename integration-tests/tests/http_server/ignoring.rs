//! Requests that are to leave no transaction, and who says so.

use axum::body::Body;
use elastic_apm::tower::CurrentTransaction;
use elastic_apm::{capture_error, trace_id};
use elastic_apm_integration_tests::CheckedAgent;
use http::{Request, Response};

use crate::client::events_of;
use crate::stack::{Around, Options, PATH, Stack};

/// Answers whether a trace is current.
async fn traced(_: Request<Body>) -> Response<Body> {
    Response::new(Body::from(trace_id().is_some().to_string()))
}

pub(crate) async fn ignored_urls_make_none(stack: Stack) {
    let agent = CheckedAgent::with(|options| options.transaction_ignore_urls(["/other", "/ORDERS/*"]));
    let server = stack.serve_with(agent.tracer(), Around::OursTwice, traced).await;

    let (_, body) = server.connect().await.exchange(Request::get(format!("{PATH}?query"))).await;

    assert_eq!(&*body, b"false");
    assert_eq!((agent.events().transactions.len(), agent.stats().recorded()), (0, 0));
}

pub(crate) async fn ignored_user_agents_make_none(stack: Stack) {
    let agent =
        CheckedAgent::with(|options| options.transaction_ignore_user_agents(["kube-probe/*", "*Pingdom*"]));
    let server = stack.serve(&agent, traced).await;

    let mut client = server.connect().await;
    for (user_agent, expected) in [
        (&b"kube-probe/1.29"[..], "false"),
        (b"Mozilla/5.0 (compatible; pingdom.com_bot)", "false"),
        (b"curl/8.0", "true"),
        (b"not a kube-probe/1.29", "true"),
        (b"kube-probe/\xff", "true"),
        (b"", "true"),
    ] {
        let (_, body) = client.exchange(Request::get(PATH).header("user-agent", user_agent)).await;
        assert_eq!(body, expected, "{}", String::from_utf8_lossy(user_agent));
    }
    let (_, body) = client.get().await;

    assert_eq!(&*body, b"true", "no user agent is none of them");
    events_of(&agent, 5).await;
}

pub(crate) async fn the_layers_closure_may_ignore_a_request(stack: Stack) {
    let agent = CheckedAgent::new();
    let ignore = |request: &http::request::Parts| request.headers.contains_key("x-synthetic");
    let options = Options { ignore: Some(ignore), ..Options::default() };
    let server = stack.serve_told(&agent, options, traced).await;

    let mut client = server.connect().await;
    let (_, synthetic) = client.exchange(Request::get(PATH).header("x-synthetic", "1")).await;
    let (_, other) = client.get().await;

    assert_eq!((&*synthetic, &*other), (&b"false"[..], &b"true"[..]));
    events_of(&agent, 1).await;
}

pub(crate) async fn a_closure_that_panics_costs_no_request(stack: Stack) {
    let agent = CheckedAgent::new();
    let options = Options {
        ignore: Some(|_| panic!("in the closure")),
        user: Some(|_| panic!("in the closure")),
        end_at_headers: Some(|_| panic!("in the closure")),
        ..Options::default()
    };
    let server = stack.serve_told(&agent, options, traced).await;

    let (head, body) = server.connect().await.get().await;

    assert_eq!((head.status.as_u16(), &*body), (200, &b"true"[..]));
    assert_eq!(events_of(&agent, 1).await.errors.len(), 0);
}

pub(crate) async fn a_handler_may_discard_its_transaction(stack: Stack) {
    let agent = CheckedAgent::new();
    let discards = |request: Request<Body>| async move {
        request.extensions().get::<CurrentTransaction>().unwrap().discard();
        capture_error(&std::fmt::Error);
        Response::new(Body::from("hello"))
    };
    let server = stack.serve(&agent, discards).await;

    let (_, body) = server.connect().await.get().await;

    assert_eq!(&*body, b"hello");
    let events = agent.events();
    assert_eq!((events.transactions.len(), events.errors.len()), (0, 1), "what was captured before stays");
}

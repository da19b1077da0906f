//! Requests through an axum router with and without the layer.
//!
//! No sockets: the service is called as the server would call it, and its body read to the end.

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::routing::get;
use elastic_apm::axum::ApmLayer;
use http::{Request, Response};
use http_body::Body as _;
use reqwest_middleware::ClientWithMiddleware;
use tower::Service;

use crate::agent::{SendingAgent, StillAgent};
use crate::calls;
use crate::paths::Round;

/// Which agent the layer belongs to.
#[derive(Clone, Copy)]
pub(crate) enum Agents {
    /// One that is switched off.
    Disabled,
    /// One that samples nothing.
    Unsampled,
    /// One that records all.
    Sampled,
}

/// The request without a layer.
pub(crate) fn bare(times: usize) -> Round {
    let mut answer = answer(router());
    let mut requests = requests(times);
    Box::new(move || answer(next(&mut requests)))
}

/// The request through a layer that does nothing: what a router takes for having any.
pub(crate) fn unlayered(times: usize) -> Round {
    let mut answer = answer(router().layer(tower::layer::util::Identity::new()));
    let mut requests = requests(times);
    Box::new(move || answer(next(&mut requests)))
}

/// The request through the layer.
pub(crate) fn traced(agent: Agents, times: usize) -> Round {
    let agent = match agent {
        Agents::Disabled => StillAgent::disabled(),
        Agents::Unsampled => StillAgent::unsampled(),
        Agents::Sampled => StillAgent::sampled(),
    };
    let mut answer = answer(router().layer(ApmLayer::new().tracer(agent.tracer())));
    let mut requests = requests(times);
    Box::new(move || {
        let _open = &agent;
        answer(next(&mut requests));
    })
}

/// Requests that are recorded and sent.
pub(crate) fn sent(times: usize) {
    let agent = SendingAgent::new();
    let mut answer = answer(router().layer(ApmLayer::new().tracer(agent.tracer())));
    agent.repeat(times, || answer(request()));
}

/// The same requests without a layer.
pub(crate) fn answered(times: usize) {
    let mut answer = answer(router());
    (0..times).for_each(|_| answer(request()));
}

/// Requests in which the handler makes a call by reqwest, recorded and sent.
pub(crate) fn sent_with_call(times: usize) {
    let agent = SendingAgent::new();
    let router = calling(calls::traced_client()).layer(ApmLayer::new().tracer(agent.tracer()));
    let mut answer = answer(router);
    agent.repeat(times, || answer(request()));
}

/// The same requests without a layer, and a client without the middleware.
pub(crate) fn answered_with_call(times: usize) {
    let mut answer = answer(calling(calls::bare_client()));
    (0..times).for_each(|_| answer(request()));
}

/// Asks another service before it answers.
fn calling(client: ClientWithMiddleware) -> Router {
    let handler = |State(client): State<ClientWithMiddleware>, Path(id): Path<String>| async move {
        let answered = client.get(calls::URL).send().await;
        black_box(answered.expect("it is answered here"));
        id
    };
    Router::new().route("/users/{id}", get(handler)).with_state(client)
}

fn router() -> Router {
    Router::new().route("/users/{id}", get(|Path(id): Path<String>| async move { id }))
}

/// As a browser or a service in front would send it.
fn request() -> Request<Body> {
    let request = Request::get("/users/42?page=2")
        .header("host", "shop.example.com")
        .header("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
        .header("accept", "application/json")
        .header("accept-encoding", "gzip, br")
        .header("x-request-id", "5f2b9f2e-7a0c-4c3c-9a43-0d7d1a1d2b6e");
    request.body(Body::empty()).expect("it is well-formed")
}

/// Made beforehand, so that making them is not counted.
fn requests(times: usize) -> Vec<Request<Body>> {
    (0..times).map(|_| request()).collect()
}

/// The next of what was made beforehand.
pub(crate) fn next<T>(prepared: &mut Vec<T>) -> T {
    prepared.pop().expect("as many were made as are sent")
}

/// Calls the service and reads what it answers; everything is ready at the first poll.
fn answer(router: Router) -> impl FnMut(Request<Body>) {
    // As `axum::serve` does: handlers become routes once, and not with each request.
    let mut service = router.with_state::<()>(()).into_service::<Body>();
    move |request| {
        let response = ready(service.call(request)).unwrap_or_else(|never| match never {});
        read(response);
    }
}

fn read(response: Response<Body>) {
    let mut body = pin!(response.into_body());
    while let Some(frame) = ready(std::future::poll_fn(|cx| body.as_mut().poll_frame(cx))) {
        assert!(black_box(frame).is_ok());
    }
}

/// The output of a future in which nothing waits.
pub(crate) fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("nothing in it waits"),
    }
}

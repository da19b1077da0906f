//! Handlers and bodies that panic, with a layer that catches panics on either side of ours, and without one.

use axum::body::Body;
use elastic_apm::Outcome;
use elastic_apm::testing::Events;
use elastic_apm_integration_tests::CheckedAgent;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, StreamBody};
use tokio::task::yield_now;

use crate::answers::{end, response};
use crate::client::{data, events_of};
use crate::stack::{Around, PATH, Stack};

async fn panics(_: Request<Body>) -> Response<Body> {
    yield_now().await;
    panic!("no coffee left")
}

/// The panic is known with its message, once, and so is the failure; the status is not.
#[track_caller]
fn assert_reported(events: &Events, stack: Stack) {
    let request = events.transaction(&stack.name("GET"));
    assert_eq!(end(request), (Some("HTTP 5xx"), Some(Outcome::Failure)));
    assert_eq!(events.errors.len(), 1, "{}", events.tree());
    let error = &events.errors[0];
    let exception = error.exception.as_ref().unwrap();
    assert_eq!((exception.message.as_deref(), exception.handled), (Some("no coffee left"), Some(false)));
    assert_eq!(error.parent.unwrap().parent_id, request.id);
    assert_eq!(error.context.as_ref().unwrap().request, request.context.as_ref().unwrap().request);
}

pub(crate) async fn a_panic_that_nobody_catches_is_reported(stack: Stack) {
    let agent = CheckedAgent::new();
    let server = stack.serve(&agent, panics).await;

    server.connect().await.send(Request::get(PATH).body(Body::empty()).unwrap()).await.unwrap_err();

    let events = events_of(&agent, 1).await;
    assert_reported(&events, stack);
    assert_eq!(response(&events.transactions[0]), None);
}

pub(crate) async fn a_panic_that_is_caught_outside_is_reported(stack: Stack) {
    let agent = CheckedAgent::new();
    let server = stack.serve_with(agent.tracer(), Around::CatchPanicOutside, panics).await;

    let (head, _) = server.connect().await.get().await;

    assert_eq!(head.status, StatusCode::INTERNAL_SERVER_ERROR);
    let events = events_of(&agent, 1).await;
    assert_reported(&events, stack);
    assert_eq!(response(&events.transactions[0]), None, "the answer was made outside of ours");
}

pub(crate) async fn a_panic_that_is_caught_inside_is_a_server_error_like_any_other(stack: Stack) {
    let agent = CheckedAgent::new();
    let server = stack.serve_with(agent.tracer(), Around::CatchPanicInside, panics).await;

    let (head, _) = server.connect().await.get().await;

    assert_eq!(head.status, StatusCode::INTERNAL_SERVER_ERROR);
    let events = events_of(&agent, 1).await;
    let request = events.transaction(&stack.name("GET"));
    assert_eq!(end(request), (Some("HTTP 5xx"), Some(Outcome::Failure)));
    assert_eq!((response(request), events.errors.len()), (Some((500, None)), 0));
}

pub(crate) async fn a_panic_of_the_body_is_reported(stack: Stack) {
    let agent = CheckedAgent::new();
    let server = stack
        .serve(&agent, |_| async {
            let mut first = true;
            let frames = futures_util::stream::poll_fn(move |_| {
                assert!(std::mem::take(&mut first), "no coffee left");
                std::task::Poll::Ready(Some(data("first")))
            });
            Response::new(Body::new(StreamBody::new(frames)))
        })
        .await;

    let answer = server.connect().await.send(Request::get(PATH).body(Body::empty()).unwrap()).await;
    if let Ok(answer) = answer {
        answer.collect().await.unwrap_err();
    }

    let events = events_of(&agent, 1).await;
    assert_reported(&events, stack);
    assert_eq!(response(&events.transactions[0]), Some((200, Some(false))));
}

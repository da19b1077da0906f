//! Responses that last: their transaction ends with the headers.

use std::sync::{Arc, Mutex};

use axum::body::Body;
use elastic_apm::{Outcome, capture_message, trace_id};
use elastic_apm_integration_tests::CheckedAgent;
use http::{Request, Response};
use http_body_util::BodyExt;
use tower::{Layer, ServiceExt, service_fn};

use crate::answers::{end, response};
use crate::client::{controlled_body, data, events_of};
use crate::stack::{Options, PATH, Server, Stack};

/// Serves one answer of this content type whose body the test controls.
async fn serve(
    stack: Stack,
    agent: &CheckedAgent,
    options: Options,
    content_type: &'static str,
    body: Body,
) -> Server {
    let body = Arc::new(Mutex::new(Some(body)));
    stack
        .serve_told(agent, options, move |_| {
            let body = body.lock().unwrap().take().unwrap();
            async move { Response::builder().header("content-type", content_type).body(body).unwrap() }
        })
        .await
}

pub(crate) async fn a_stream_of_events_ends_with_its_headers_and_goes_on(stack: Stack) {
    let agent = CheckedAgent::new();
    let (frames, body) = controlled_body();
    let server = serve(stack, &agent, Options::default(), "text/event-stream; charset=utf-8", body).await;

    let mut client = server.connect().await;
    let mut answer = client.send(Request::get(PATH).body(Body::empty()).unwrap()).await.unwrap();
    let events = events_of(&agent, 1).await;
    frames.send(data("data: late\n\n")).unwrap();
    let late = answer.frame().await.unwrap().unwrap().into_data().unwrap();
    drop(answer);
    client.hang_up();
    frames.closed().await;

    assert_eq!(&*late, b"data: late\n\n");
    let request = events.transaction(&stack.name("GET"));
    assert_eq!(end(request), (Some("HTTP 2xx"), Some(Outcome::Success)));
    assert_eq!(response(request), Some((200, None)));
    assert_eq!(agent.events().transactions.len(), 1, "that somebody left says nothing more");
}

pub(crate) async fn the_layers_closure_chooses_what_ends_with_its_headers(stack: Stack) {
    for (content_type, ends) in
        [("application/x-tail", true), ("text/event-stream", false), ("text/plain", false)]
    {
        let agent = CheckedAgent::new();
        let (frames, body) = controlled_body();
        let is_tail = |head: &http::response::Parts| head.headers["content-type"] == "application/x-tail";
        let options = Options { end_at_headers: Some(is_tail), ..Options::default() };
        let server = serve(stack, &agent, options, content_type, body).await;

        let mut client = server.connect().await;
        let mut answer = client.send(Request::get(PATH).body(Body::empty()).unwrap()).await.unwrap();
        frames.send(data("first")).unwrap();
        answer.frame().await.unwrap().unwrap();

        assert_eq!(agent.stats().recorded(), u64::from(ends), "{content_type}");
        drop(frames);
        answer.collect().await.unwrap();
        events_of(&agent, 1).await;
    }
}

pub(crate) async fn what_a_long_lived_body_does_is_part_of_the_trace(stack: Stack) {
    let agent = CheckedAgent::new();
    let mut left = 1;
    let frames = futures_util::stream::poll_fn(move |_| {
        left -= 1;
        assert!(trace_id().is_some());
        capture_message("in the body");
        std::task::Poll::Ready((left >= 0).then(|| data("x")))
    });
    let body = Body::new(http_body_util::StreamBody::new(frames));
    let server = serve(stack, &agent, Options::default(), "text/event-stream", body).await;

    server.connect().await.get().await;

    let events = events_of(&agent, 1).await;
    assert_eq!(events.errors[0].parent.unwrap().trace_id, events.transactions[0].trace_id);
}

pub(crate) async fn a_long_lived_body_that_panics_is_reported(stack: Stack) {
    let agent = CheckedAgent::new();
    let mut first = true;
    let frames = futures_util::stream::poll_fn(move |_| {
        assert!(std::mem::take(&mut first), "no coffee left");
        std::task::Poll::Ready(Some(data("x")))
    });
    let body = Body::new(http_body_util::StreamBody::new(frames));
    let server = serve(stack, &agent, Options::default(), "text/event-stream", body).await;

    let answer = server.connect().await.send(Request::get(PATH).body(Body::empty()).unwrap()).await;
    if let Ok(answer) = answer {
        answer.collect().await.unwrap_err();
    }

    let events = events_of(&agent, 1).await;
    let exception = events.errors[0].exception.as_ref().unwrap();
    assert_eq!((exception.message.as_deref(), events.errors.len()), (Some("no coffee left"), 1));
    assert_eq!(end(&events.transactions[0]), (Some("HTTP 2xx"), Some(Outcome::Success)));
}

#[tokio::test]
async fn an_answered_connect_ends_with_its_headers_and_a_refused_one_with_its_body() {
    for (status, ends) in [(200, true), (204, true), (407, false)] {
        let agent = CheckedAgent::new();
        let (_frames, body) = controlled_body();
        let body = Mutex::new(Some(body));
        let tunnels = service_fn(|_: Request<Body>| {
            let body = body.lock().unwrap().take().unwrap();
            async move {
                Ok::<_, std::convert::Infallible>(Response::builder().status(status).body(body).unwrap())
            }
        });
        let request = Request::connect("a.test:443").body(Body::empty()).unwrap();

        let layer = elastic_apm::tower::ApmLayer::new().tracer(agent.tracer());
        let answer = layer.layer(tunnels).oneshot(request).await.unwrap();

        assert_eq!(agent.stats().recorded(), u64::from(ends), "{status}");
        drop(answer);
        agent.events().transaction("CONNECT unknown route");
    }
}

//! Exchanges that end before their time: the caller leaves, or the body fails.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::Body;
use elastic_apm::{Outcome, capture_span};
use elastic_apm_integration_tests::CheckedAgent;
use http::{Method, Request, Response};
use http_body_util::BodyExt;
use tokio::sync::{mpsc, oneshot};
use tokio::task::yield_now;

use crate::answers::{end, response};
use crate::client::{controlled_body, data, events_of};
use crate::stack::{AXUM_HTTP2, PATH, Stack, TOWER_HTTP2};

/// Lets time pass that must be found in a duration; it synchronises nothing.
async fn some_time() -> Duration {
    let since = Instant::now();
    while since.elapsed() < Duration::from_millis(20) {
        yield_now().await;
    }
    since.elapsed()
}

pub(crate) async fn a_caller_that_leaves_before_the_answer_cancels_it(stack: Stack) {
    let agent = CheckedAgent::new();
    let (entered, mut has_entered) = mpsc::unbounded_channel();
    let server = stack
        .serve(&agent, move |_| {
            let (alive, gone) = oneshot::channel::<()>();
            entered.send(gone).unwrap();
            async move {
                std::future::pending::<()>().await;
                drop(alive);
                unreachable!("nobody answers")
            }
        })
        .await;
    let mut client = server.connect().await;
    let answer = client.start(Request::get(PATH).body(Body::empty()).unwrap()).await;
    let answer = tokio::spawn(answer);

    let gone = has_entered.recv().await.unwrap();
    let waited = some_time().await;
    client.hang_up();
    gone.await.unwrap_err();
    answer.await.unwrap().unwrap_err();

    let events = events_of(&agent, 1).await;
    let request = events.transaction(&stack.name("GET"));
    assert_eq!(end(request), (Some("cancelled"), Some(Outcome::Unknown)));
    assert_eq!(response(request), None, "no status is invented");
    assert!(request.duration >= waited.as_secs_f64() * 1000.0 - 1.0, "{} of {waited:?}", request.duration);
    assert_eq!(events.errors.len(), 0);
}

pub(crate) async fn a_caller_that_leaves_midway_cancels_it(stack: Stack) {
    let agent = CheckedAgent::new();
    let (frames, body) = controlled_body();
    let body = Arc::new(Mutex::new(Some(body)));
    let server = stack
        .serve(&agent, move |_| {
            let body = body.lock().unwrap().take().unwrap();
            async { Response::new(body) }
        })
        .await;
    let mut client = server.connect().await;
    let mut answer = client.send(Request::get(PATH).body(Body::empty()).unwrap()).await.unwrap();
    frames.send(data("first")).unwrap();
    answer.frame().await.unwrap().unwrap();

    let waited = some_time().await;
    drop(answer);
    client.hang_up();
    frames.closed().await;

    let events = events_of(&agent, 1).await;
    let request = events.transaction(&stack.name("GET"));
    assert_eq!(end(request), (Some("cancelled"), Some(Outcome::Unknown)));
    assert_eq!(response(request), Some((200, Some(false))));
    assert!(request.duration >= waited.as_secs_f64() * 1000.0 - 1.0, "{} of {waited:?}", request.duration);
}

pub(crate) async fn what_a_cancelled_handler_cleans_up_is_below_the_transaction(stack: Stack) {
    struct CleansUp;
    impl Drop for CleansUp {
        fn drop(&mut self) {
            drop(capture_span("clean up"));
        }
    }
    let agent = CheckedAgent::new();
    let (entered, mut has_entered) = mpsc::unbounded_channel();
    let server = stack
        .serve(&agent, move |_| {
            let entered = entered.clone();
            async move {
                let _owned = CleansUp;
                entered.send(()).unwrap();
                std::future::pending().await
            }
        })
        .await;
    let mut client = server.connect().await;
    let answer = client.start(Request::get(PATH).body(Body::empty()).unwrap()).await;
    let answer = tokio::spawn(answer);

    has_entered.recv().await.unwrap();
    client.hang_up();
    answer.await.unwrap().unwrap_err();

    let events = events_of(&agent, 1).await;
    assert_eq!(events.span("clean up").parent_id, events.transactions[0].id);
}

pub(crate) async fn a_body_that_fails_midway_is_a_failure(stack: Stack) {
    let agent = CheckedAgent::new();
    let (frames, body) = controlled_body();
    let body = Arc::new(Mutex::new(Some(body)));
    let server = stack
        .serve(&agent, move |_| {
            let body = body.lock().unwrap().take().unwrap();
            async { Response::new(body) }
        })
        .await;
    let mut client = server.connect().await;
    let mut answer = client.send(Request::get(PATH).body(Body::empty()).unwrap()).await.unwrap();

    frames.send(data("first")).unwrap();
    answer.frame().await.unwrap().unwrap();
    frames.send(Err("the disk is gone".into())).unwrap();
    assert!(answer.collect().await.is_err(), "the caller sees it too");

    let events = events_of(&agent, 1).await;
    let request = events.transaction(&stack.name("GET"));
    assert_eq!(end(request), (Some("HTTP 2xx"), Some(Outcome::Failure)));
    assert_eq!(response(request), Some((200, Some(false))));
}

#[tokio::test]
async fn a_stream_that_is_reset_cancels_its_request_alone() {
    for stack in [TOWER_HTTP2, AXUM_HTTP2] {
        let agent = CheckedAgent::new();
        let (entered, mut has_entered) = mpsc::unbounded_channel();
        let server = stack
            .serve(&agent, move |request| {
                let (alive, gone) = oneshot::channel::<()>();
                entered.send(gone).unwrap();
                async move {
                    if request.method() == Method::POST {
                        std::future::pending::<()>().await;
                    }
                    drop(alive);
                    Response::new(Body::from("hello"))
                }
            })
            .await;
        let mut client = server.connect().await;

        let given_up = client.start(Request::post(PATH).body(Body::empty()).unwrap()).await;
        let gone = has_entered.recv().await.unwrap();
        drop(given_up);
        gone.await.unwrap_err();
        let (_, body) = client.get().await;

        assert_eq!(&*body, b"hello", "the connection goes on");
        let events = events_of(&agent, 2).await;
        assert_eq!(end(events.transaction(&stack.name("POST"))), (Some("cancelled"), Some(Outcome::Unknown)));
        assert_eq!(end(events.transaction(&stack.name("GET"))), (Some("HTTP 2xx"), Some(Outcome::Success)));
    }
}

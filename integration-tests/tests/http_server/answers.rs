//! Answers that are complete: when the transaction ends, and what it says then.

use std::sync::{Arc, Mutex};
use std::task::Poll;

use axum::body::Body;
use elastic_apm::intake::TransactionEvent;
use elastic_apm::{
    FutureExt, Outcome, capture_error, capture_span, set_transaction_name, set_transaction_outcome,
    set_transaction_result, transaction_id,
};
use elastic_apm_integration_tests::CheckedAgent;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::yield_now;
use tower::BoxError;

use crate::client::{controlled_body, data, events_of};
use crate::stack::{AXUM_HTTP1, PATH, Stack};

pub(crate) fn end(event: &TransactionEvent) -> (Option<&str>, Option<Outcome>) {
    (event.result.as_deref(), event.outcome)
}

/// Status, and `finished` where it is said.
pub(crate) fn response(event: &TransactionEvent) -> Option<(u16, Option<bool>)> {
    let response = event.context.as_ref()?.response.as_ref()?;
    Some((response.status_code?, response.finished))
}

pub(crate) async fn a_fixed_answer_is_one_transaction_of_type_request(stack: Stack) {
    let agent = CheckedAgent::new();
    let server = stack.serve(&agent, |_| async { Response::new(Body::from("hello")) }).await;

    let (head, body) = server.connect().await.get().await;

    assert_eq!((head.status, &*body), (StatusCode::OK, &b"hello"[..]));
    let events = events_of(&agent, 1).await;
    let request = events.transaction(&stack.name("GET"));
    assert_eq!(
        (request.kind.as_str(), end(request)),
        ("request", (Some("HTTP 2xx"), Some(Outcome::Success)))
    );
    assert_eq!(response(request), Some((200, None)));
    assert_eq!((request.parent_id, request.sampled, events.errors.len()), (None, true, 0));
}

pub(crate) async fn every_status_has_its_result_and_outcome(stack: Stack) {
    let cases = [
        (200, "HTTP 2xx", Outcome::Success),
        (204, "HTTP 2xx", Outcome::Success),
        (301, "HTTP 3xx", Outcome::Success),
        (304, "HTTP 3xx", Outcome::Success),
        (400, "HTTP 4xx", Outcome::Success),
        (404, "HTTP 4xx", Outcome::Success),
        (499, "HTTP 4xx", Outcome::Success),
        (500, "HTTP 5xx", Outcome::Failure),
        (503, "HTTP 5xx", Outcome::Failure),
        (599, "HTTP 5xx", Outcome::Failure),
        (799, "HTTP 7xx", Outcome::Success),
    ];
    let agent = CheckedAgent::new();
    let server = stack
        .serve(&agent, |request| async move {
            let status: u16 = request.headers()["x-status"].to_str().unwrap().parse().unwrap();
            Response::builder().status(status).body(Body::empty()).unwrap()
        })
        .await;

    let mut client = server.connect().await;
    for (status, ..) in cases {
        let (head, _) = client.exchange(Request::get(PATH).header("x-status", status)).await;
        assert_eq!(head.status, status);
    }

    let events = events_of(&agent, cases.len()).await;
    for (event, (status, result, outcome)) in events.transactions.iter().zip(cases) {
        assert_eq!((response(event), end(event)), (Some((status, None)), (Some(result), Some(outcome))));
        assert_eq!(event.name.as_deref(), Some(&*stack.name("GET")), "a matched route keeps its name");
    }
}

pub(crate) async fn a_streamed_answer_ends_with_its_last_byte(stack: Stack) {
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
    let first = answer.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!((&*first, agent.stats().recorded()), (&b"first"[..], 0), "the transaction still runs");
    frames.send(data("second")).unwrap();
    drop(frames);
    let rest = answer.collect().await.unwrap().to_bytes();

    assert_eq!(&*rest, b"second");
    let events = events_of(&agent, 1).await;
    let request = events.transaction(&stack.name("GET"));
    assert_eq!(end(request), (Some("HTTP 2xx"), Some(Outcome::Success)));
    assert_eq!(response(request), Some((200, None)));
}

pub(crate) async fn a_body_that_is_dropped_unread_where_there_is_none_is_no_abort(stack: Stack) {
    let cases = [("HEAD", 200, 7), ("HEAD", 200, 0), ("GET", 204, 0), ("GET", 304, 0), ("GET", 200, 0)];
    let agent = CheckedAgent::new();
    let server = stack
        .serve(&agent, |request| async move {
            let number = |name| request.headers()[name].to_str().unwrap().parse().unwrap();
            let (status, length): (u16, usize) = (number("x-status"), number("x-length").into());
            // Over HTTP/2 hyper leaves it to the service to send no body to a HEAD; axum sees to it.
            let is_bare_head = request.method() == Method::HEAD && request.version() == Version::HTTP_2;
            let body = if is_bare_head { Body::empty() } else { Body::from("x".repeat(length)) };
            Response::builder().status(status).header("content-length", length).body(body).unwrap()
        })
        .await;

    let mut client = server.connect().await;
    for (method, status, length) in cases {
        let request = Request::builder().method(method).uri(PATH);
        let (head, read) =
            client.exchange(request.header("x-status", status).header("x-length", length)).await;
        assert_eq!((head.status.as_u16(), read.len()), (status, 0));
    }

    let events = events_of(&agent, cases.len()).await;
    for (event, case) in events.transactions.iter().zip(cases) {
        assert_eq!(event.outcome, Some(Outcome::Success), "{case:?}");
        assert_eq!(response(event), Some((case.1, None)), "{case:?}");
    }
}

pub(crate) async fn trailers_end_the_answer(stack: Stack) {
    let agent = CheckedAgent::new();
    let server = stack
        .serve(&agent, |_| async {
            let (frames, body) = controlled_body();
            let trailers = HeaderMap::from_iter([("x-sum".parse().unwrap(), HeaderValue::from_static("7"))]);
            frames.send(data("data")).unwrap();
            frames.send(Ok(Frame::trailers(trailers))).unwrap();
            Response::builder().header("trailer", "x-sum").body(body).unwrap()
        })
        .await;

    let request = Request::get(PATH).header("te", "trailers").body(Body::empty()).unwrap();
    let answer = server.connect().await.send(request).await.unwrap();
    let collected = answer.into_body().collect().await.unwrap();

    assert_eq!(collected.trailers().unwrap()["x-sum"], "7");
    assert_eq!(&*collected.to_bytes(), b"data");
    let events = events_of(&agent, 1).await;
    assert_eq!(response(&events.transactions[0]), Some((200, None)));
}

pub(crate) async fn what_handler_and_body_do_is_below_the_transaction(stack: Stack) {
    let agent = CheckedAgent::new();
    let server = stack
        .serve(&agent, |_| {
            // The part of a handler that runs before its future is polled.
            drop(capture_span("in the call"));
            async {
                yield_now().await;
                async { yield_now().await }.in_span("in the future").await;
                let mut left = 2;
                let frames = futures_util::stream::poll_fn(move |_| {
                    drop(capture_span("in the body"));
                    left -= 1;
                    Poll::Ready((left >= 0).then(|| data("x")))
                });
                Response::new(Body::new(StreamBody::new(frames)))
            }
        })
        .await;

    let (_, body) = server.connect().await.get().await;

    assert_eq!(&*body, b"xx");
    let events = events_of(&agent, 1).await;
    let request = &events.transactions[0];
    assert!(events.spans.iter().all(|span| span.parent_id == request.id), "{}", events.tree());
    assert_eq!((events.span("in the call").outcome, events.spans.len()), (Some(Outcome::Success), 5));
    assert_eq!(transaction_id(), None);
}

pub(crate) async fn the_handlers_word_wins_over_the_layers(stack: Stack) {
    let agent = CheckedAgent::new();
    let server = stack
        .serve(&agent, |_| async {
            set_transaction_name("mine");
            set_transaction_result("my result");
            set_transaction_outcome(Outcome::Success);
            Response::builder().status(500).body(Body::empty()).unwrap()
        })
        .await;

    server.connect().await.get().await;

    let events = events_of(&agent, 1).await;
    assert_eq!(end(events.transaction("mine")), (Some("my result"), Some(Outcome::Success)));
}

pub(crate) async fn the_request_body_reaches_the_handler_as_it_was_sent(stack: Stack) {
    let agent = CheckedAgent::new();
    let (read, mut has_read) = mpsc::unbounded_channel();
    let server = stack
        .serve(&agent, move |request| {
            let read = read.clone();
            async move {
                let mut body = request.into_body();
                let mut all = Vec::new();
                while let Some(frame) = body.frame().await {
                    let frame = frame.unwrap().into_data().unwrap();
                    all.extend_from_slice(&frame);
                    read.send(frame).unwrap();
                }
                Response::new(Body::from(all))
            }
        })
        .await;
    let (frames, body) = controlled_body();
    let mut client = server.connect().await;
    let answer = client.start(Request::post(PATH).body(body).unwrap()).await;
    let answer = tokio::spawn(answer);

    frames.send(data("first ")).unwrap();
    assert_eq!(has_read.recv().await.unwrap(), "first ", "it is not held back until it is whole");
    frames.send(data("second")).unwrap();
    drop(frames);
    let echoed = answer.await.unwrap().unwrap().into_body().collect().await.unwrap().to_bytes();

    assert_eq!(&*echoed, b"first second");
    let events = events_of(&agent, 1).await;
    events.transaction(&stack.name("POST"));
}

pub(crate) async fn concurrent_requests_never_mix(stack: Stack) {
    let agent = CheckedAgent::new();
    let server = stack
        .serve(&agent, |_| async {
            let own = transaction_id();
            for _ in 0..10 {
                async { yield_now().await }.in_span("step").await;
                assert_eq!(transaction_id(), own);
            }
            Response::new(Body::from(own.unwrap().to_string()))
        })
        .await;

    let mut clients = Vec::new();
    for _ in 0..8 {
        clients.push(server.connect().await);
    }
    let asking = clients.into_iter().map(|mut client| async move { client.get().await.1 });
    let answers = futures_util::future::join_all(asking).await;

    let events = events_of(&agent, 8).await;
    for request in &events.transactions {
        assert!(answers.iter().any(|answer| *answer == request.id.to_string()));
        assert_eq!(events.spans.iter().filter(|span| span.parent_id == request.id).count(), 10);
        assert_eq!(events.transactions.iter().filter(|other| other.trace_id == request.trace_id).count(), 1);
    }
}

pub(crate) async fn an_error_captured_in_the_handler_leaves_the_outcome_to_the_status(stack: Stack) {
    let agent = CheckedAgent::new();
    let server = stack
        .serve(&agent, |_| async {
            let _span = capture_span("query");
            capture_error(&std::io::Error::other(BoxError::from("disk on fire")));
            Response::new(Body::empty())
        })
        .await;

    server.connect().await.get().await;

    let events = events_of(&agent, 1).await;
    let (request, error) = (&events.transactions[0], &events.errors[0]);
    assert_eq!(
        (request.outcome, events.span("query").outcome),
        (Some(Outcome::Success), Some(Outcome::Failure))
    );
    assert_eq!(error.parent.unwrap().parent_id, events.span("query").id);
    assert_eq!(error.context.as_ref().unwrap().request, request.context.as_ref().unwrap().request);
    assert!(error.context.as_ref().unwrap().response.is_none());
    assert_eq!(error.transaction.as_ref().unwrap().kind.as_deref(), Some("request"));
}

#[tokio::test]
async fn an_upgrade_ends_the_transaction_and_the_connection_goes_on() {
    let agent = CheckedAgent::new();
    let server = AXUM_HTTP1
        .serve(&agent, |request| {
            let upgrading = hyper::upgrade::on(request);
            tokio::spawn(async move {
                let mut peer = TokioIo::new(upgrading.await.unwrap());
                let mut asked = [0; 4];
                peer.read_exact(&mut asked).await.unwrap();
                peer.write_all(b"pong").await.unwrap();
            });
            async {
                let answer = Response::builder().status(101);
                answer.header("connection", "upgrade").header("upgrade", "echo").body(Body::empty()).unwrap()
            }
        })
        .await;

    let mut socket = TcpStream::connect(server.address).await.unwrap();
    let request =
        format!("GET {PATH} HTTP/1.1\r\nhost: a.test\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.unwrap());
    }
    let events = events_of(&agent, 1).await;
    socket.write_all(b"ping").await.unwrap();
    let mut echoed = Vec::new();
    socket.read_to_end(&mut echoed).await.unwrap();

    assert!(head.starts_with(b"HTTP/1.1 101 "));
    assert_eq!(echoed, b"pong");
    let request = events.transaction("GET /orders/{id}");
    assert_eq!(end(request), (Some("HTTP 1xx"), Some(Outcome::Success)));
    assert_eq!(response(request), Some((101, None)));
}

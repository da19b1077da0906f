//! Requests whose bodies come slowly, in part, or as garbage, from clients on raw sockets.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use elastic_apm::intake::Body as BodyContext;
use elastic_apm::testing::Events;
use elastic_apm::{CaptureBody, Tracer};
use elastic_apm_integration_tests::{CheckedAgent, PATIENCE};
use http::{Request, Response};
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::client::events_of;
use crate::stack::{AXUM_HTTP1, AXUM_HTTP2, Around, PATH, Server, Stack, TOWER_HTTP1, TOWER_HTTP2};

/// Reads the body as far as it goes, and says what became of it.
async fn reads(request: Request<Body>) -> Response<Body> {
    let mut body = request.into_body();
    let mut read = 0;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return Response::builder().status(400).body(Body::empty()).unwrap() };
        read += frame.into_data().map_or(0, |data| data.len());
    }
    Response::new(Body::from(read.to_string()))
}

async fn serve(stack: Stack, tracer: Tracer) -> Server {
    stack.serve_with(tracer, Around::CapturingBodies, reads).await
}

fn capturing() -> CheckedAgent {
    CheckedAgent::with(|options| options.capture_body(CaptureBody::All))
}

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.address).await.unwrap()
}

fn head(rest: &str) -> Vec<u8> {
    format!("POST {PATH} HTTP/1.1\r\nhost: a.test\r\ncontent-type: text/plain\r\n{rest}\r\n\r\n").into_bytes()
}

/// The body that the only transaction carries.
fn captured(events: &Events) -> Option<String> {
    let request = events.transactions[0].context.as_ref().unwrap().request.as_ref().unwrap();
    match request.body.as_ref()? {
        BodyContext::Text(text) => Some(text.to_string()),
        BodyContext::Fields(fields) => panic!("no text: {fields:?}"),
    }
}

#[tokio::test]
async fn a_client_that_hangs_up_in_the_head_leaves_no_transaction() {
    for stack in [TOWER_HTTP1, AXUM_HTTP1] {
        let agent = capturing();
        let server = serve(stack, agent.tracer()).await;

        for part in ["", "P", "POST /orders/7 HTTP/1.1\r\nhost: a.te", "\0\0\0\r\n\r\n"] {
            let mut socket = connect(&server).await;
            socket.write_all(part.as_bytes()).await.unwrap();
            socket.shutdown().await.unwrap();
            let _ = timeout(PATIENCE, socket.read_to_end(&mut Vec::new())).await.unwrap();
        }

        assert_eq!(agent.stats().recorded(), 0);
    }
}

#[tokio::test]
async fn a_client_that_hangs_up_in_the_body_leaves_what_it_sent() {
    for stack in [TOWER_HTTP1, AXUM_HTTP1] {
        let agent = capturing();
        let server = serve(stack, agent.tracer()).await;

        let mut socket = connect(&server).await;
        socket.write_all(&head("content-length: 100")).await.unwrap();
        socket.write_all(b"only this much").await.unwrap();
        socket.shutdown().await.unwrap();
        let _ = timeout(PATIENCE, socket.read_to_end(&mut Vec::new())).await.unwrap();

        let events = events_of(&agent, 1).await;
        assert_eq!(captured(&events).as_deref(), Some("only this much"));
    }
}

#[tokio::test]
async fn a_body_that_is_garbage_is_the_handlers_to_refuse() {
    for stack in [TOWER_HTTP1, AXUM_HTTP1] {
        for garbage in ["zz\r\nwhat\r\n", "5\r\nhello\r\nzz\r\n", "ffffffffffffffffff\r\n", "5\r\nhello"] {
            let agent = capturing();
            let server = serve(stack, agent.tracer()).await;

            let mut socket = connect(&server).await;
            socket.write_all(&head("transfer-encoding: chunked")).await.unwrap();
            socket.write_all(garbage.as_bytes()).await.unwrap();
            socket.shutdown().await.unwrap();
            let mut answer = Vec::new();
            let _ = timeout(PATIENCE, socket.read_to_end(&mut answer)).await.unwrap();

            let events = events_of(&agent, 1).await;
            let hello = garbage.contains("hello").then_some("hello");
            assert_eq!(captured(&events).as_deref(), hello, "{garbage:?}");
            assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400"), "{garbage:?}");
        }
    }
}

#[tokio::test]
async fn a_body_that_drips_is_captured_drop_by_drop() {
    for stack in [TOWER_HTTP1, AXUM_HTTP1] {
        let agent = capturing();
        let server = serve(stack, agent.tracer()).await;

        let mut socket = connect(&server).await;
        socket.set_nodelay(true).unwrap();
        let body = "żółć drips".as_bytes();
        let length = format!("content-length: {}\r\nconnection: close", body.len());
        for byte in head(&length).iter().chain(body) {
            socket.write_all(&[*byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
        let mut answer = Vec::new();
        timeout(PATIENCE, socket.read_to_end(&mut answer)).await.unwrap().unwrap();

        assert!(answer.ends_with(b"14"), "{}", String::from_utf8_lossy(&answer));
        assert_eq!(captured(&events_of(&agent, 1).await).as_deref(), Some("żółć drips"));
    }
}

#[tokio::test]
async fn a_client_that_waits_to_be_told_to_go_on_is_told_only_when_the_handler_reads() {
    for stack in [TOWER_HTTP1, AXUM_HTTP1] {
        let agent = capturing();
        let traced = serve(stack, agent.tracer()).await;
        let bare = stack.serve_with(Tracer::noop(), Around::Bare, reads).await;

        let mut answers = Vec::new();
        for server in [&bare, &traced] {
            let mut socket = connect(server).await;
            let rest = "content-length: 5\r\nexpect: 100-continue\r\nconnection: close";
            socket.write_all(&head(rest)).await.unwrap();
            let mut go_on = [0; 25];
            timeout(PATIENCE, socket.read_exact(&mut go_on)).await.unwrap().unwrap();
            assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
            socket.write_all(b"hello").await.unwrap();
            let mut answer = String::new();
            timeout(PATIENCE, socket.read_to_string(&mut answer)).await.unwrap().unwrap();
            answers.push(answer.lines().filter(|line| !line.starts_with("date: ")).collect::<String>());
        }

        assert_eq!(answers[0], answers[1]);
        assert_eq!(captured(&events_of(&agent, 1).await).as_deref(), Some("hello"));
    }
}

#[tokio::test]
async fn streams_that_are_reset_as_fast_as_they_are_opened_are_as_many_cancelled_requests() {
    const STREAMS: usize = 50;
    for stack in [TOWER_HTTP2, AXUM_HTTP2] {
        let agent = capturing();
        let (entered, mut has_entered) = mpsc::unbounded_channel();
        let never = move |_| {
            let _ = entered.send(());
            std::future::pending()
        };
        let server = stack.serve_with(agent.tracer(), Around::CapturingBodies, never).await;

        let mut client = server.connect().await;
        for _ in 0..STREAMS {
            let answer = client.start(Request::post(PATH).body(Body::empty()).unwrap()).await;
            timeout(PATIENCE, has_entered.recv()).await.unwrap().unwrap();
            drop(answer);
        }

        let events = timeout(PATIENCE, events_of(&agent, STREAMS)).await.unwrap();
        assert!(events.transactions.iter().all(|event| event.result.as_deref() == Some("cancelled")));
    }
}

#[tokio::test]
async fn a_request_lasts_until_a_client_that_reads_slowly_has_its_answer() {
    for stack in [TOWER_HTTP1, AXUM_HTTP1] {
        let agent = CheckedAgent::new();
        // More than sockets hold for a reader that does not read, in pieces that the server asks for one by one.
        let large = |_| async {
            let pieces = std::iter::repeat_n(Ok::<_, Infallible>(Bytes::from(vec![b'x'; 1 << 16])), 512);
            Response::new(Body::from_stream(futures_util::stream::iter(pieces)))
        };
        let server = stack.serve(&agent, large).await;

        let mut slow = connect(&server).await;
        slow.write_all(
            format!("GET {PATH} HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n").as_bytes(),
        )
        .await
        .unwrap();
        slow.read_u8().await.unwrap();
        assert_eq!(agent.stats().recorded(), 0, "it lasts as long as its reader");
        // Time that must be found in its duration.
        tokio::time::sleep(Duration::from_millis(20)).await;
        let mut rest = Vec::new();
        timeout(PATIENCE, slow.read_to_end(&mut rest)).await.unwrap().unwrap();

        assert!(rest.len() > 32 << 20);
        let event = &events_of(&agent, 1).await.transactions[0];
        assert_eq!(event.result.as_deref(), Some("HTTP 2xx"));
        assert!(event.duration >= 19.0, "{}", event.duration);
    }
}

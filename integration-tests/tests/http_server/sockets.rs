//! WebSockets and streams of events as axum makes them: the transaction ends with the headers, the conversation goes on.

use std::convert::Infallible;

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::{any, get};
use bytes::Bytes;
use elastic_apm::axum::ApmLayer;
use elastic_apm::{Outcome, trace_id};
use elastic_apm_integration_tests::{CheckedAgent, PATIENCE};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::answers::{end, response};
use crate::client::events_of;
use crate::stack::{AXUM_HTTP1, AXUM_HTTP2, Server, Stack};

/// Says back every text it is told.
async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if let Message::Text(text) = message {
            socket.send(Message::Text(text)).await.unwrap();
        }
    }
}

async fn serve(stack: Stack, agent: &CheckedAgent) -> Server {
    let upgrades = |upgrade: WebSocketUpgrade| async { upgrade.on_upgrade(echo) };
    let router = Router::new().route("/ws/{room}", any(upgrades));
    stack.serve_router(router.layer(ApmLayer::new().tracer(agent.tracer()))).await
}

/// Says `ping` in a masked frame, hears it, and says goodbye.
async fn converse(mut peer: impl AsyncRead + AsyncWrite + Unpin) {
    peer.write_all(b"\x81\x84\0\0\0\0ping").await.unwrap();
    let mut heard = [0; 6];
    peer.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"\x81\x04ping");
    peer.write_all(b"\x88\x80\0\0\0\0").await.unwrap();
    let mut goodbye = [0; 2];
    peer.read_exact(&mut goodbye).await.unwrap();
    assert_eq!(&goodbye, b"\x88\x00");
}

#[tokio::test]
async fn a_websocket_over_http1_ends_the_transaction_with_its_101() {
    let agent = CheckedAgent::new();
    let server = serve(AXUM_HTTP1, &agent).await;

    let mut socket = TcpStream::connect(server.address).await.unwrap();
    let request = "GET /ws/7 HTTP/1.1\r\nhost: a.test\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                   sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.unwrap());
    }
    let events = events_of(&agent, 1).await;
    converse(socket).await;

    assert!(head.starts_with(b"HTTP/1.1 101 "));
    assert!(String::from_utf8(head).unwrap().contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    let request = events.transaction("GET /ws/{room}");
    assert_eq!(end(request), (Some("HTTP 1xx"), Some(Outcome::Success)));
    assert_eq!(response(request), Some((101, None)));
}

#[tokio::test]
async fn a_websocket_over_http2_ends_the_transaction_with_its_200() {
    let agent = CheckedAgent::new();
    let server = serve(AXUM_HTTP2, &agent).await;

    let socket = TokioIo::new(TcpStream::connect(server.address).await.unwrap());
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), socket).await.unwrap();
    tokio::spawn(async move { drop(connection.await) });
    let request = || {
        Request::connect(format!("http://{}/ws/7", server.address))
            .extension(hyper::ext::Protocol::from_static("websocket"))
            .header("sec-websocket-version", "13")
            .body(Empty::<Bytes>::new())
            .unwrap()
    };
    // The server says that it takes such a request in its settings, which may still be on their way.
    let answer = async {
        loop {
            sender.ready().await.unwrap();
            match sender.send_request(request()).await {
                Ok(answer) => return answer,
                Err(error) => assert!(error.is_user(), "{error:?}"),
            }
            tokio::task::yield_now().await;
        }
    };
    let answer = tokio::time::timeout(PATIENCE, answer).await.unwrap();
    let status = answer.status();
    let peer = TokioIo::new(hyper::upgrade::on(answer).await.unwrap());
    let events = events_of(&agent, 1).await;
    converse(peer).await;

    assert_eq!(status, StatusCode::OK);
    let request = events.transaction("CONNECT /ws/{room}");
    assert_eq!(end(request), (Some("HTTP 2xx"), Some(Outcome::Success)));
    assert_eq!(response(request), Some((200, None)));
}

#[tokio::test]
async fn a_websocket_that_is_refused_is_an_answer_like_any_other() {
    let agent = CheckedAgent::new();
    let mut client = serve(AXUM_HTTP1, &agent).await.connect().await;

    let (head, _) = client.exchange(Request::get("/ws/7")).await;

    assert_eq!(head.status, StatusCode::BAD_REQUEST);
    let events = events_of(&agent, 1).await;
    assert_eq!(end(events.transaction("GET /ws/{room}")), (Some("HTTP 4xx"), Some(Outcome::Success)));
}

#[tokio::test]
async fn a_stream_of_events_ends_the_transaction_with_its_headers_and_stays_in_the_trace() {
    for stack in [AXUM_HTTP1, AXUM_HTTP2] {
        let agent = CheckedAgent::new();
        let (ticks, source) = mpsc::unbounded_channel::<()>();
        let source = std::sync::Arc::new(std::sync::Mutex::new(Some(source)));
        let events = move || {
            let mut source = source.lock().unwrap().take().unwrap();
            let events = futures_util::stream::poll_fn(move |cx| {
                let traced = trace_id().is_some();
                source
                    .poll_recv(cx)
                    .map(|tick| tick.map(|()| Ok::<_, Infallible>(Event::default().data(traced.to_string()))))
            });
            async { Sse::new(events).keep_alive(KeepAlive::default()) }
        };
        let router = Router::new().route("/events", get(events));
        let server = stack.serve_router(router.layer(ApmLayer::new().tracer(agent.tracer()))).await;

        let mut client = server.connect().await;
        let request = Request::get("/events").body(axum::body::Body::empty()).unwrap();
        let mut answer = client.send(request).await.unwrap();
        let recorded = events_of(&agent, 1).await;
        ticks.send(()).unwrap();
        let first = answer.frame().await.unwrap().unwrap().into_data().unwrap();
        drop(answer);
        client.hang_up();
        ticks.closed().await;

        assert_eq!(first, "data: true\n\n");
        assert_eq!(end(recorded.transaction("GET /events")), (Some("HTTP 2xx"), Some(Outcome::Success)));
        assert_eq!(agent.events().transactions.len(), 1, "that somebody left says nothing more");
    }
}

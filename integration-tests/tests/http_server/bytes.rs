//! Answers are the same with and without the layer: byte for byte over HTTP/1, part by part over HTTP/2.

use std::fmt::Write as _;

use axum::body::Body;
use bytes::Bytes;
use elastic_apm::tower::CapturedError;
use elastic_apm::{CaptureBody, Tracer};
use elastic_apm_integration_tests::CheckedAgent;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{controlled_body, data};
use crate::stack::{AXUM_HTTP1, AXUM_HTTP2, Around, Server, Stack, TOWER_HTTP1, TOWER_HTTP2};

/// The last part of the path says which answer is wanted.
const ANSWERS: [&str; 18] = [
    "fixed",
    "empty",
    "large",
    "streamed",
    "streamed-with-length",
    "short-of-its-length",
    "trailers",
    "pending-once",
    "no-content",
    "not-modified",
    "error",
    "many-headers",
    "close",
    "zero-length-frames",
    "echo",
    "unread-request",
    "event-stream",
    "carries-an-error",
];

async fn answers(request: Request<Body>) -> Response<Body> {
    let answer = Response::builder();
    let (frames, stream) = controlled_body();
    let send = |texts: &[&'static str]| texts.iter().for_each(|text| frames.send(data(text)).unwrap());
    let path = request.uri().path().to_owned();
    match path.rsplit('/').next().unwrap() {
        "fixed" => answer.header("content-type", "text/plain").body(Body::from("hello")),
        "empty" => answer.body(Body::empty()),
        "large" => answer.body(Body::from("x".repeat(1 << 20))),
        "streamed" => {
            send(&["one", "two", "three"]);
            answer.body(stream)
        }
        "streamed-with-length" => {
            send(&["one", "two"]);
            answer.header("content-length", 6).body(stream)
        }
        "short-of-its-length" => {
            send(&["one"]);
            answer.header("content-length", 6).body(stream)
        }
        "trailers" => {
            send(&["data"]);
            let sum = HeaderMap::from_iter([("x-sum".parse().unwrap(), HeaderValue::from_static("7"))]);
            frames.send(Ok(Frame::trailers(sum))).unwrap();
            answer.header("trailer", "x-sum").body(stream)
        }
        "pending-once" => {
            let mut polls = 0;
            answer.body(Body::new(StreamBody::new(futures_util::stream::poll_fn(move |cx| {
                polls += 1;
                cx.waker().wake_by_ref();
                match polls {
                    1 | 3 => std::task::Poll::Pending,
                    2 => std::task::Poll::Ready(Some(data("late"))),
                    _ => std::task::Poll::Ready(None),
                }
            }))))
        }
        "no-content" => answer.status(204).body(Body::empty()),
        "not-modified" => answer.status(304).header("etag", "\"7\"").body(Body::empty()),
        "error" => answer.status(500).body(Body::from("sorry")),
        "many-headers" => {
            let answer = (0..50).fold(answer, |answer, number| answer.header("x-many", number));
            answer.header("set-cookie", "a=1").header("set-cookie", "b=2").body(Body::from("ok"))
        }
        "close" => answer.header("connection", "close").body(Body::from("bye")),
        "zero-length-frames" => {
            send(&["", "one", "", ""]);
            answer.body(stream)
        }
        "echo" => answer.body(request.into_body()),
        "unread-request" => answer.status(413).body(Body::from("too large")),
        "event-stream" => {
            send(&["data: 1\n\n", "data: 2\n\n"]);
            answer.header("content-type", "text/event-stream").body(stream)
        }
        "carries-an-error" => {
            answer.status(500).extension(CapturedError::new("lost".to_owned())).body(Body::from("sorry"))
        }
        other => unreachable!("{other}"),
    }
    .unwrap()
}

/// A server without the layer, and those that must not be told from it.
async fn servers(stack: Stack, agent: &CheckedAgent) -> (Server, Vec<(&'static str, Server)>) {
    let bare = stack.serve_with(Tracer::noop(), Around::Bare, answers).await;
    let unsampled = CheckedAgent::with(|options| options.transaction_sample_rate(0.0));
    let capturing = CheckedAgent::with(|options| options.capture_body(CaptureBody::All));
    let others = vec![
        ("traced", stack.serve_with(agent.tracer(), Around::OursAlone, answers).await),
        ("traced twice", stack.serve_with(agent.tracer(), Around::OursTwice, answers).await),
        ("unsampled", stack.serve_with(unsampled.tracer(), Around::OursAlone, answers).await),
        ("capturing bodies", stack.serve_with(capturing.tracer(), Around::CapturingBodies, answers).await),
        ("without an agent", stack.serve_with(Tracer::noop(), Around::OursAlone, answers).await),
    ];
    (bare, others)
}

/// Everything that comes back for these bytes, but for the time of day.
async fn raw(server: &Server, request: &str) -> String {
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A server that breaks a connection off may reset it; what came before counts.
    let _ = socket.read_to_end(&mut answer).await;
    let mut text = String::new();
    for line in String::from_utf8(answer).unwrap().split_inclusive('\n') {
        text.push_str(if line.starts_with("date: ") { "date: today\r\n" } else { line });
    }
    text
}

#[tokio::test]
async fn every_byte_over_http1_is_the_same() {
    let mut compared = 0;
    for stack in [TOWER_HTTP1, AXUM_HTTP1] {
        let agent = CheckedAgent::new();
        let (bare, others) = servers(stack, &agent).await;
        for answer in ANSWERS {
            for (method, version, close) in [
                ("GET", "1.1", "close"),
                ("HEAD", "1.1", "close"),
                ("POST", "1.1", "close"),
                ("GET", "1.0", "close"),
                ("GET", "1.0", "keep-alive"),
            ] {
                let mut request = String::new();
                if close == "keep-alive" {
                    write!(
                        request,
                        "{method} /orders/fixed HTTP/{version}\r\nconnection: keep-alive\r\n\r\n"
                    )
                    .unwrap();
                }
                write!(request, "{method} /orders/{answer} HTTP/{version}\r\nhost: a.test\r\n").unwrap();
                request.push_str("te: trailers\r\nconnection: close\r\n");
                request.push_str(match method {
                    "POST" => "content-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n",
                    _ => "\r\n",
                });

                let expected = raw(&bare, &request).await;
                // A body that is too short makes hyper break the connection off.
                assert!(expected.starts_with("HTTP/1.") || answer == "short-of-its-length", "{request}");
                for (what, server) in &others {
                    assert_eq!(raw(server, &request).await, expected, "{what}: {request}");
                    compared += 1;
                }
            }
        }
    }
    println!("{compared} answers compared");
}

#[tokio::test]
async fn requests_that_wait_in_one_connection_are_answered_in_order_by_the_same_bytes() {
    let agent = CheckedAgent::new();
    for stack in [TOWER_HTTP1, AXUM_HTTP1] {
        let (bare, others) = servers(stack, &agent).await;
        let keep = "GET /orders/streamed HTTP/1.1\r\nhost: a.test\r\n\r\n";
        let request =
            format!("{keep}{keep}GET /orders/fixed HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n");

        let expected = raw(&bare, &request).await;

        assert_eq!(expected.matches("HTTP/1.1 200 OK").count(), 3);
        for (what, server) in &others {
            assert_eq!(raw(server, &request).await, expected, "{what}");
        }
    }
}

/// An answer over HTTP/2 in all its parts.
#[derive(Debug, PartialEq)]
struct Parts {
    status: u16,
    headers: Vec<(String, HeaderValue)>,
    body: Result<(Bytes, Option<HeaderMap>), String>,
}

async fn parts(server: &Server, method: &str, answer: &str) -> Result<Parts, String> {
    let request = Request::builder().method(method).uri(format!("/orders/{answer}")).header("te", "trailers");
    let body = if method == "POST" { Body::from("onetwo") } else { Body::empty() };
    let request = request.header("content-type", "text/plain").body(body).unwrap();
    let mut client = server.connect().await;
    let answer = client.send(request).await.map_err(|error| error.to_string())?;
    let (mut head, body) = answer.into_parts();
    head.headers.remove("date");
    let body = match body.collect().await {
        Ok(collected) => {
            let trailers = collected.trailers().cloned();
            Ok((collected.to_bytes(), trailers))
        }
        Err(error) => Err(format!("{error:?}")),
    };
    let headers = head.headers.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
    Ok(Parts { status: head.status.as_u16(), headers, body })
}

#[tokio::test]
async fn every_part_over_http2_is_the_same() {
    let mut compared = 0;
    for stack in [TOWER_HTTP2, AXUM_HTTP2] {
        let agent = CheckedAgent::new();
        let (bare, others) = servers(stack, &agent).await;
        for answer in ANSWERS {
            for method in ["GET", "HEAD", "POST"] {
                let expected = parts(&bare, method, answer).await;
                for (what, server) in &others {
                    assert_eq!(parts(server, method, answer).await, expected, "{what}: {method} {answer}");
                    compared += 1;
                }
            }
        }
    }
    println!("{compared} answers compared");
}

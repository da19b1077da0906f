//! What the caller gets: the same as without us.

use std::convert::Infallible;
use std::error::Error;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::{any, get};
use bytes::Bytes;
use elastic_apm::Outcome;
use elastic_apm_integration_tests::CheckedAgent;
use http::header;
use reqwest_middleware::ClientBuilder;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::{Server, client, in_job, only, status};

#[tokio::test]
async fn the_answer_is_the_one_without_the_middleware() {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);
    let parts = |answer: reqwest::Response| async {
        let (status, mut headers) = (answer.status(), answer.headers().clone());
        headers.remove(header::DATE);
        (status, answer.version(), headers, answer.text().await.unwrap())
    };
    let plain = reqwest::Client::new();

    for path in ["/200", "/404", "/204"] {
        let expected = parts(plain.get(server.url(path)).send().await.unwrap()).await;
        let traced = in_job(&agent, client().get(server.url(path)).send()).await.unwrap();
        assert_eq!(parts(traced).await, expected, "{path}");
    }
}

#[tokio::test]
async fn the_error_is_the_one_without_the_middleware() {
    let agent = CheckedAgent::new();
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let chain = |error: &dyn Error| {
        let mut texts = vec![error.to_string()];
        let mut source = error.source();
        while let Some(error) = source {
            texts.push(error.to_string());
            source = error.source();
        }
        texts
    };
    let url = format!("http://{closed}/");
    let plain = ClientBuilder::new(reqwest::Client::new()).build();

    let expected = plain.get(&url).send().await.unwrap_err();
    let traced = in_job(&agent, client().get(&url).send()).await.unwrap_err();

    assert_eq!(chain(&traced), chain(&expected));
}

#[tokio::test]
async fn the_span_ends_with_the_headers_and_bodies_stream_in_both_directions() {
    let agent = CheckedAgent::new();
    async fn echo(request: Request) -> Response {
        Response::new(request.into_body())
    }
    let server = Server::with(Router::new().route("/echo", any(echo))).await;
    let (chunks, mut source) = mpsc::unbounded_channel::<&'static str>();
    let stream = futures_util::stream::poll_fn(move |cx| {
        source.poll_recv(cx).map(|chunk| chunk.map(|chunk| Ok::<_, Infallible>(Bytes::from(chunk))))
    });

    in_job(&agent, async {
        chunks.send("first").unwrap();
        let call = client().post(server.url("/echo")).body(reqwest::Body::wrap_stream(stream)).send();
        let mut answer = call.await.unwrap();
        assert_eq!(agent.stats().recorded(), 1, "the span has ended, the bodies have not");
        assert_eq!(answer.chunk().await.unwrap().unwrap(), "first");
        chunks.send("second").unwrap();
        assert_eq!(answer.chunk().await.unwrap().unwrap(), "second");
        drop(chunks);
        assert_eq!(answer.chunk().await.unwrap(), None);
    })
    .await;

    assert_eq!(only(&agent.events()).outcome, Some(Outcome::Success));
}

#[tokio::test]
async fn a_body_that_breaks_off_after_the_headers_leaves_the_span_as_it_was() {
    let agent = CheckedAgent::new();
    let (frames, source) = mpsc::unbounded_channel::<Result<Bytes, &'static str>>();
    let source = Arc::new(Mutex::new(Some(source)));
    let answer = move || {
        let mut source = source.lock().unwrap().take().unwrap();
        let body = Body::from_stream(futures_util::stream::poll_fn(move |cx| source.poll_recv(cx)));
        async { Response::new(body) }
    };
    let server = Server::with(Router::new().route("/", get(answer))).await;

    let read = in_job(&agent, async {
        let answer = client().get(server.url("/")).send().await.unwrap();
        frames.send(Err("the disk is gone")).unwrap();
        answer.bytes().await
    })
    .await;

    assert!(read.is_err());
    let events = agent.events();
    assert_eq!((status(only(&events)), only(&events).outcome), (Some(200), Some(Outcome::Success)));
}

//! Spans that last until the body has been read, where the application wants it.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use elastic_apm::tower::ApmClientLayer;
use elastic_apm::{Outcome, reqwest as apm_0_13, reqwest_0_12 as apm_0_12};
use elastic_apm_integration_tests::CheckedAgent;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Empty, StreamBody};
use hyper::body::Frame;
use hyper_util::client::legacy;
use hyper_util::rt::TokioExecutor;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use tokio::sync::mpsc;
use tower::{Layer, ServiceExt};

use crate::clients::{Setup, reqwest_0_12};
use crate::{Server, in_job, only, status};

type Frames = mpsc::UnboundedSender<Result<Bytes, &'static str>>;

/// A server whose one answer has the frames that the test sends.
async fn answering_with_frames() -> (Server, Frames) {
    let (frames, source) = mpsc::unbounded_channel();
    let source = Arc::new(Mutex::new(Some(source)));
    let answer = move || {
        let mut source = source.lock().unwrap().take().unwrap();
        let body = Body::from_stream(futures_util::stream::poll_fn(move |cx| source.poll_recv(cx)));
        async { Response::new(body) }
    };
    (Server::with(Router::new().route("/", get(answer))).await, frames)
}

fn client() -> ClientWithMiddleware {
    let apm = apm_0_13::ApmMiddleware::new().until_body_end(true);
    ClientBuilder::new(reqwest::Client::new()).with(apm).build()
}

#[tokio::test]
async fn the_span_lasts_until_the_last_byte_has_been_read() {
    let (agent, (server, frames)) = (CheckedAgent::new(), answering_with_frames().await);

    in_job(&agent, async {
        let mut answer = client().get(server.url("/")).send().await.unwrap();
        frames.send(Ok("first".into())).unwrap();
        assert_eq!(answer.chunk().await.unwrap().unwrap(), "first");
        assert_eq!(agent.stats().recorded(), 0, "the body has not ended");
        drop(frames);
        assert_eq!(answer.chunk().await.unwrap(), None);
        assert_eq!(agent.stats().recorded(), 1);
    })
    .await;

    assert_eq!(
        (only(&agent.events()).outcome, status(only(&agent.events()))),
        (Some(Outcome::Success), Some(200))
    );
}

#[tokio::test]
async fn with_reqwest_0_12_too_the_span_lasts_until_the_body_has_been_read() {
    let (agent, (server, frames)) = (CheckedAgent::new(), answering_with_frames().await);
    let apm = apm_0_12::ApmMiddleware::new().until_body_end(true);
    let client = reqwest_middleware_0_4::ClientBuilder::new(reqwest_0_12(Setup::default())).with(apm).build();

    in_job(&agent, async {
        let answer = client.get(server.url("/")).send().await.unwrap();
        assert_eq!(agent.stats().recorded(), 0, "the body has not ended");
        frames.send(Ok("all".into())).unwrap();
        drop(frames);
        assert_eq!(answer.text().await.unwrap(), "all");
        assert_eq!(agent.stats().recorded(), 1);
    })
    .await;
}

#[tokio::test]
async fn with_hyper_util_too_the_span_lasts_until_the_body_has_been_read() {
    let (agent, (server, frames)) = (CheckedAgent::new(), answering_with_frames().await);
    let hyper = legacy::Client::builder(TokioExecutor::new()).build_http();
    let client = ApmClientLayer::new().until_body_end(true).layer(hyper);
    let request = Request::get(server.url("/")).body(Empty::<Bytes>::new()).unwrap();

    in_job(&agent, async {
        let answer = client.oneshot(request).await.unwrap();
        assert_eq!(agent.stats().recorded(), 0, "the body has not ended");
        frames.send(Ok("all".into())).unwrap();
        drop(frames);
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "all");
        assert_eq!(agent.stats().recorded(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_body_that_breaks_off_is_a_failure_with_the_status_and_the_reader_gets_the_error() {
    let (agent, (server, frames)) = (CheckedAgent::new(), answering_with_frames().await);

    let read = in_job(&agent, async {
        let answer = client().get(server.url("/")).send().await.unwrap();
        frames.send(Err("the disk is gone")).unwrap();
        answer.bytes().await
    })
    .await;

    assert!(read.unwrap_err().to_string().starts_with("error decoding response body"));
    let events = agent.events();
    assert_eq!((only(&events).outcome, status(only(&events))), (Some(Outcome::Failure), Some(200)));
}

#[tokio::test]
async fn a_timeout_while_the_body_is_read_is_still_known_as_one() {
    let (agent, (server, _frames)) = (CheckedAgent::new(), answering_with_frames().await);

    let read = in_job(&agent, async {
        // Long enough for the head of the answer, also on a machine that has much else to do.
        let call = client().get(server.url("/")).timeout(Duration::from_secs(2)).send();
        call.await.unwrap().bytes().await
    })
    .await;

    assert!(read.unwrap_err().is_timeout());
    assert_eq!(only(&agent.events()).outcome, Some(Outcome::Failure));
}

#[tokio::test]
async fn a_body_that_nobody_reads_ends_the_span_when_it_is_dropped_as_the_status_says() {
    let (agent, (server, _frames)) = (CheckedAgent::new(), answering_with_frames().await);

    in_job(&agent, async { drop(client().get(server.url("/")).send().await.unwrap()) }).await;

    assert_eq!(only(&agent.events()).outcome, Some(Outcome::Success));
}

#[tokio::test]
async fn an_answer_without_a_body_ends_the_span_at_once() {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);

    in_job(&agent, async {
        let _answer = client().get(server.url("/204")).send().await.unwrap();
        assert_eq!(agent.stats().recorded(), 1);
    })
    .await;
}

#[tokio::test]
async fn with_hyper_util_too_an_answer_without_a_body_ends_the_span_at_once() {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);
    let hyper = legacy::Client::builder(TokioExecutor::new()).build_http();
    let client = ApmClientLayer::new().until_body_end(true).layer(hyper);
    let request = Request::get(server.url("/204")).body(Empty::<Bytes>::new()).unwrap();

    in_job(&agent, async {
        let _answer = client.oneshot(request).await.unwrap();
        assert_eq!(agent.stats().recorded(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_the_answer_says_of_itself_is_what_it_says_without_us() {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);
    let (url, plain) = (server.url("/200?a=1"), ClientBuilder::new(reqwest::Client::new()).build());

    let traced = in_job(&agent, client().get(&url).send()).await.unwrap();
    let plain = plain.get(&url).send().await.unwrap();

    assert_eq!((traced.url(), traced.content_length()), (plain.url(), plain.content_length()));
    assert_eq!((traced.remote_addr(), traced.version()), (plain.remote_addr(), plain.version()));
    assert_eq!(traced.text().await.unwrap(), plain.text().await.unwrap());
}

#[tokio::test]
async fn by_grpc_the_span_lasts_until_the_trailers_without_being_asked_to() {
    async fn answer() -> Response {
        let trailers = HeaderMap::from_iter([("grpc-status".parse().unwrap(), "0".parse().unwrap())]);
        let frames = [Frame::data(Bytes::from_static(b"message")), Frame::trailers(trailers)];
        let body = StreamBody::new(futures_util::stream::iter(frames.map(Ok::<_, Infallible>)));
        Response::builder().header("trailer", "grpc-status").body(Body::new(body)).unwrap()
    }
    let server = Server::with(Router::new().route("/test.Echo/Say", post(answer))).await;
    let agent = CheckedAgent::new();
    let client = ClientBuilder::new(reqwest::Client::new()).with(apm_0_13::ApmMiddleware::new()).build();

    in_job(&agent, async {
        let call = client.post(server.url("/test.Echo/Say")).header("content-type", "application/grpc");
        let answer = call.header("te", "trailers").send().await.unwrap();
        assert_eq!(agent.stats().recorded(), 0, "the status is still to come");
        assert_eq!(answer.bytes().await.unwrap(), "message");
    })
    .await;

    let events = agent.events();
    let span = only(&events);
    assert_eq!((span.name.as_str(), span.outcome), ("/test.Echo/Say", Some(Outcome::Success)));
}

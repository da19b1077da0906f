//! Requests with bodies of their own, by every way to send one: a body that fails is the caller's error, with us and without.

use axum::Router;
use axum::body::Body;
use axum::routing::post;
use bytes::Bytes;
use elastic_apm::reqwest::RequestBuilderExt as _;
use elastic_apm::reqwest_0_12::RequestBuilderExt as _;
use elastic_apm::tower::ApmClientLayer;
use elastic_apm::{Outcome, reqwest as apm_0_13, reqwest_0_12 as apm_0_12};
use elastic_apm_integration_tests::CheckedAgent;
use futures_util::stream::{self, Stream};
use http::Request;
use tower::{Layer, ServiceExt};

use crate::clients::{
    Answer, Client, Failure, Setup, answer_0_12, answer_0_13, answer_http, boxed_chain, chain, hyper,
    reqwest_0_12, reqwest_0_13,
};
use crate::{Server, in_job, only, status, traceparent};

with_every_client! {
    a_body_that_is_sent_arrives_whole_within_the_trace
    a_body_that_cannot_be_sent_is_the_error_without_us_and_a_failure_without_a_status
}

type Pieces = Vec<Result<Bytes, &'static str>>;

/// Posts a body in pieces, traced or without us.
async fn upload(client: Client, url: &str, pieces: Pieces, traced: bool) -> Result<Answer, Failure> {
    let (setup, pieces) = (Setup::default(), streamed(pieces));
    match client {
        Client::Reqwest013 => {
            let client = reqwest_middleware::ClientBuilder::new(reqwest_0_13(setup));
            let client = if traced { client.with(apm_0_13::ApmMiddleware::new()) } else { client };
            let request = client.build().post(url).body(reqwest::Body::wrap_stream(pieces));
            answer_0_13(request.send().await.map_err(chain)?).await
        }
        Client::Reqwest012 => {
            let client = reqwest_middleware_0_4::ClientBuilder::new(reqwest_0_12(setup));
            let client = if traced { client.with(apm_0_12::ApmMiddleware::new()) } else { client };
            let request = client.build().post(url).body(::reqwest_0_12::Body::wrap_stream(pieces));
            answer_0_12(request.send().await.map_err(chain)?).await
        }
        Client::SendTraced013 => {
            let request = reqwest_0_13(setup).post(url).body(reqwest::Body::wrap_stream(pieces));
            let sent = if traced { request.send_traced().await } else { request.send().await };
            answer_0_13(sent.map_err(chain)?).await
        }
        Client::SendTraced012 => {
            let request = reqwest_0_12(setup).post(url).body(::reqwest_0_12::Body::wrap_stream(pieces));
            let sent = if traced { request.send_traced().await } else { request.send().await };
            answer_0_12(sent.map_err(chain)?).await
        }
        Client::HyperUtil => {
            let request = Request::post(url).body(Body::from_stream(pieces)).unwrap();
            if traced {
                let sent = ApmClientLayer::new().layer(hyper(setup)).oneshot(request).await;
                answer_http(sent.map_err(boxed_chain)?).await
            } else {
                answer_http(hyper(setup).oneshot(request).await.map_err(boxed_chain)?).await
            }
        }
    }
}

/// The pieces one by one: the client is asked for the next one only when it has sent the one before.
fn streamed(pieces: Pieces) -> impl Stream<Item = Result<Bytes, &'static str>> + Send {
    stream::unfold(pieces.into_iter(), |mut pieces| async {
        tokio::task::yield_now().await;
        Some((pieces.next()?, pieces))
    })
}

/// A server that answers with what it has read to the end.
async fn echoing() -> Server {
    Server::with(Router::new().route("/", post(|body: Bytes| async { body }))).await
}

async fn a_body_that_is_sent_arrives_whole_within_the_trace(client: Client) {
    let (agent, server) = (CheckedAgent::new(), echoing().await);
    let pieces = || vec![Ok(Bytes::from("one ")), Ok(Bytes::new()), Ok(Bytes::from("two"))];
    let plain = upload(client, &server.url("/"), pieces(), false).await.unwrap();

    let traced = in_job(&agent, upload(client, &server.url("/"), pieces(), true)).await.unwrap();

    assert_eq!((traced.body.as_slice(), &traced), (&b"one two"[..], &plain));
    let events = agent.events();
    let span = only(&events);
    assert_eq!((span.outcome, status(span)), (Some(Outcome::Success), Some(200)));
    assert_eq!(server.seen("traceparent"), [vec![], traceparent(&events, span.id, "01")]);
}

async fn a_body_that_cannot_be_sent_is_the_error_without_us_and_a_failure_without_a_status(client: Client) {
    let (agent, server) = (CheckedAgent::new(), echoing().await);
    let pieces = || vec![Ok(Bytes::from("half of it")), Err("the disk is gone")];
    let expected = upload(client, &server.url("/"), pieces(), false).await.unwrap_err();

    let failure = in_job(&agent, upload(client, &server.url("/"), pieces(), true)).await.unwrap_err();

    assert_eq!(failure, expected);
    assert!(failure.iter().any(|text| text.contains("the disk is gone")), "{failure:?}");
    let events = agent.events();
    assert_eq!((only(&events).outcome, status(only(&events))), (Some(Outcome::Failure), None));
    assert_eq!(events.errors.len(), 0, "most errors come up again where they are handled");
}

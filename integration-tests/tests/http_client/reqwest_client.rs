//! What only reqwest does: URLs of its own kind, bodies that stream, redirects without an end.

use std::convert::Infallible;

use axum::Router;
use axum::extract::Request;
use axum::response::{Redirect, Response};
use axum::routing::any;
use bytes::Bytes;
use elastic_apm::Outcome;
use elastic_apm_integration_tests::CheckedAgent;
use reqwest_middleware::ClientBuilder;
use tokio::sync::mpsc;

use crate::{Server, client, context, in_job, only, status};

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
async fn a_call_that_is_never_awaited_leaves_no_span() {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);

    in_job(&agent, async { drop(client().get(server.url("/200")).send()) }).await;

    assert_eq!(agent.events().spans.len(), 0);
    assert_eq!(server.seen("host").len(), 0);
}

#[tokio::test]
async fn a_url_that_cannot_be_called_fails_as_without_us_and_leaves_a_valid_span() {
    let plain = ClientBuilder::new(reqwest::Client::new()).build();
    let too_long = format!("http://joe:hunter2@a.test:81/{}", "x".repeat(70_000));

    for (url, name) in [
        // reqwest refuses these before any middleware sees them.
        ("data:text/plain,hello", None),
        ("unix:/run/docker.sock", None),
        ("http://[::1%25eth0]/", None),
        ("/only/a/path", None),
        ("ftp://a.test/", Some("GET a.test")),
        (&*too_long, Some("GET a.test:81")),
    ] {
        let agent = CheckedAgent::new();
        let expected = plain.get(url).send().await.unwrap_err();
        let error = in_job(&agent, client().get(url).send()).await.unwrap_err();
        assert_eq!(format!("{error:?}"), format!("{expected:?}"), "{url}");

        let events = agent.events();
        let spans: Vec<_> = events.spans.iter().map(|span| (span.name.as_str(), span.outcome)).collect();
        assert_eq!(spans, Vec::from_iter(name.map(|name| (name, Some(Outcome::Failure)))), "{url}");
        assert!(!events.lines.iter().any(|line| line.contains("hunter2")));
    }
}

#[tokio::test]
async fn a_call_of_another_scheme_shows_the_ports_of_that_scheme() {
    for (url, shown, port, resource) in [
        ("ftp://joe:hunter2@a.test/b", "ftp://a.test/b", Some(21), "a.test:21"),
        ("ftp://a.test:80/b", "ftp://a.test:80/b", Some(80), "a.test:80"),
        ("wss://a.test/b", "wss://a.test/b", Some(443), "a.test:443"),
        ("gopher://a.test:70/b", "gopher://a.test:70/b", Some(70), "a.test:70"),
        ("gopher://[::1]/b", "gopher://[::1]/b", None, "[::1]"),
    ] {
        let agent = CheckedAgent::new();

        in_job(&agent, client().get(url).send()).await.unwrap_err();

        let events = agent.events();
        let context = context(only(&events));
        let destination = context.destination.as_ref().unwrap();
        assert_eq!(context.http.as_ref().unwrap().url.as_deref(), Some(shown), "{url}");
        assert_eq!(destination.port, port, "{url}");
        assert_eq!(destination.service.as_ref().unwrap().resource, resource, "{url}");
        let target = context.service.as_ref().unwrap().target.as_ref().unwrap();
        assert_eq!(target.name.as_deref(), Some(resource), "{url}");
    }
}

#[tokio::test]
async fn a_call_to_no_server_has_none_whatever_its_url_contains() {
    for url in ["data:text/plain,http://joe:hunter2@a.test/", "mailto:joe@a.test?body=http://a.test/"] {
        let agent = CheckedAgent::new();
        let request = reqwest::Request::new(reqwest::Method::GET, url.parse().unwrap());

        in_job(&agent, client().execute(request)).await.unwrap_err();

        let events = agent.events();
        let span = only(&events);
        assert_eq!((span.name.as_str(), span.outcome), ("GET", Some(Outcome::Failure)), "{url}");
        assert!(context(span).destination.as_ref().is_none_or(|known| known.address.is_none()), "{url}");
        assert!(!events.lines.iter().any(|line| line.contains("a.test") || line.contains("hunter2")));
    }
}

#[tokio::test]
async fn a_fragment_is_no_part_of_what_is_called() {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);

    in_job(&agent, client().post(server.url("/200?a=1#fragment")).send()).await.unwrap();

    let events = agent.events();
    let http = context(only(&events)).http.as_ref().unwrap();
    assert_eq!(http.url.as_deref(), Some(&*server.url("/200?a=1")));
    assert_eq!(http.method.as_deref(), Some("POST"));
}

#[tokio::test]
async fn redirects_without_an_end_are_the_clients_error_and_a_failure_without_a_status() {
    let agent = CheckedAgent::new();
    let server = Server::with(Router::new().route("/", any(|| async { Redirect::temporary("/") }))).await;

    let error = in_job(&agent, client().get(server.url("/")).send()).await.unwrap_err();

    assert!(error.is_redirect());
    let events = agent.events();
    assert_eq!((only(&events).outcome, status(only(&events))), (Some(Outcome::Failure), None));
    let sent = server.seen("traceparent");
    assert!(sent.len() > 2 && sent.iter().all(|header| *header == sent[0]), "{sent:?}");
}

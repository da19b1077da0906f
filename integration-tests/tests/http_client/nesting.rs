//! Calls below spans, below each other, and in retries.

use std::pin::Pin;

use elastic_apm::reqwest::ApmMiddleware;
use elastic_apm::{FutureExt, capture_span, span};
use elastic_apm_integration_tests::CheckedAgent;
use reqwest_middleware::{ClientBuilder, Next};

use crate::{Server, client, in_job, only, status, traceparent};

/// What a middleware that is a function returns.
type Answer<'a> = Pin<Box<dyn Future<Output = reqwest_middleware::Result<reqwest::Response>> + Send + 'a>>;

#[tokio::test]
async fn two_stacked_middlewares_make_one_span() {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);
    let twice = ClientBuilder::new(reqwest::Client::new())
        .with(ApmMiddleware::new())
        .with(ApmMiddleware::new())
        .build();

    in_job(&agent, twice.get(server.url("/200")).send()).await.unwrap();

    let events = agent.events();
    assert_eq!(server.seen("traceparent"), [traceparent(&events, only(&events).id, "01")]);
    assert_eq!(status(only(&events)), Some(200));
}

#[tokio::test]
async fn a_call_is_below_the_current_span_and_concurrent_calls_are_siblings() {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);

    in_job(&agent, async {
        let call = |path| client().get(server.url(path)).send();
        async { tokio::join!(call("/200"), call("/404"), call("/500")) }.in_span("gather").await
    })
    .await
    .0
    .unwrap();

    let events = agent.events();
    let gather = events.span("gather");
    let calls: Vec<_> = events.spans.iter().filter(|span| span.kind == "external").collect();
    assert_eq!(calls.len(), 3);
    assert!(calls.iter().all(|call| call.parent_id == gather.id), "{}", events.tree());
}

#[tokio::test]
async fn a_call_in_a_spawned_task_is_traced_where_the_context_goes_along() {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);

    in_job(&agent, async {
        let call = |path| {
            let url = server.url(path);
            async move { client().get(url).send().await.unwrap() }
        };
        tokio::spawn(call("/200").in_current_span()).await.unwrap();
        tokio::spawn(call("/404")).await.unwrap();
    })
    .await;

    assert_eq!(status(only(&agent.events())), Some(200));
    assert_eq!(server.seen("traceparent")[1], [""; 0]);
}

#[tokio::test]
async fn what_an_inner_middleware_does_is_below_the_call_only_if_it_is_of_its_kind() {
    fn inner<'a>(
        request: reqwest::Request,
        extensions: &'a mut http::Extensions,
        next: Next<'a>,
    ) -> Answer<'a> {
        drop(capture_span("sign"));
        drop(span("connect").span_type("external.http").start());
        next.run(request, extensions)
    }
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);
    let client = ClientBuilder::new(reqwest::Client::new()).with(ApmMiddleware::new()).with(inner).build();

    in_job(&agent, client.get(server.url("/200")).send()).await.unwrap();

    let lines = agent.events().tree();
    assert!(lines.contains("connect") && !lines.contains("sign"), "{lines}");
}

#[tokio::test]
async fn calling_twice_makes_two_spans() {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);

    in_job(&agent, async {
        let client = client();
        for _ in 0..2 {
            client.get(server.url("/503")).send().await.unwrap();
        }
    })
    .await;

    let events = agent.events();
    assert_eq!(events.spans.len(), 2);
    let sent = server.seen("traceparent");
    assert_ne!(sent[0], sent[1]);
}

//! Calls below spans, below each other, and in retries.

use std::pin::Pin;

use elastic_apm::reqwest::ApmMiddleware;
use elastic_apm::{FutureExt, Outcome, capture_span, span};
use elastic_apm_integration_tests::CheckedAgent;
use reqwest_middleware::{ClientBuilder, Next};

use crate::{Server, client, in_job, only, status, traceparent};

/// What a middleware that is a function returns.
type Answer<'a> = Pin<Box<dyn Future<Output = reqwest_middleware::Result<reqwest::Response>> + Send + 'a>>;

#[tokio::test]
async fn below_an_exit_span_of_another_type_there_is_no_span_and_its_id_is_sent() {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);

    in_job(&agent, async {
        let query = span("Elasticsearch: GET /_search").span_type("db.elasticsearch").exit();
        async { client().get(server.url("/404")).send().await }.in_span(query).await.unwrap();
    })
    .await;

    let events = agent.events();
    assert_eq!(only(&events).kind, "db");
    assert_eq!(only(&events).outcome, Some(Outcome::Success), "the call's status is not the query's");
    assert_eq!(server.seen("traceparent"), [traceparent(&events, only(&events).id, "01")]);
}

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
async fn inside_a_retry_middleware_there_is_a_span_per_attempt() {
    fn retry<'a>(
        request: reqwest::Request,
        extensions: &'a mut http::Extensions,
        next: Next<'a>,
    ) -> Answer<'a> {
        Box::pin(async move {
            let first = next.clone().run(request.try_clone().unwrap(), extensions).await?;
            if first.status().is_server_error() { next.run(request, extensions).await } else { Ok(first) }
        })
    }
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);
    let inside = ClientBuilder::new(reqwest::Client::new()).with(retry).with(ApmMiddleware::new()).build();
    let outside = ClientBuilder::new(reqwest::Client::new()).with(ApmMiddleware::new()).with(retry).build();

    in_job(&agent, inside.get(server.url("/500")).send()).await.unwrap();
    let attempts = agent.events();
    in_job(&agent, outside.get(server.url("/500")).send()).await.unwrap();
    let all = agent.events();

    let sent = server.seen("traceparent");
    let [first, second] = &attempts.spans[..] else { panic!("{}", attempts.tree()) };
    assert_eq!(first.parent_id, second.parent_id);
    assert_eq!(sent[..2], [traceparent(&attempts, first.id, "01"), traceparent(&attempts, second.id, "01")]);
    assert_eq!((all.spans.len(), sent.len()), (3, 4));
    assert_eq!(sent[2], sent[3], "both attempts belong to the one call");
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

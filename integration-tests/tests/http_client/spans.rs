//! What the span says.

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use elastic_apm::Outcome;
use elastic_apm_integration_tests::CheckedAgent;

use crate::{Server, client, context, in_job, only, status, traceparent};

#[tokio::test]
async fn a_call_is_an_exit_span_with_name_url_destination_and_target() {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);
    let url = server.url("/200?a=1&b=two%20words#fragment");

    let answer = in_job(&agent, client().post(&url).send()).await.unwrap();

    assert_eq!(answer.status(), 200);
    let events = agent.events();
    let span = only(&events);
    assert_eq!((span.name.as_str(), span.kind.as_str()), (&*format!("POST {}", server.host), "external"));
    assert_eq!((span.subtype.as_deref(), span.sync), (Some("http"), None));
    assert_eq!((span.parent_id, span.outcome), (events.transactions[0].id, Some(Outcome::Success)));
    let http = context(span).http.as_ref().unwrap();
    assert_eq!(http.url.as_deref(), Some(&*server.url("/200?a=1&b=two%20words")));
    assert_eq!((http.method.as_deref(), http.status_code), (Some("POST"), Some(200)));
    let (address, port) = server.host.split_once(':').unwrap();
    let destination = context(span).destination.as_ref().unwrap();
    assert_eq!((destination.address.as_deref(), destination.port), (Some(address), port.parse().ok()));
    assert_eq!(destination.service.as_ref().unwrap().resource, *server.host);
    let target = context(span).service.as_ref().unwrap().target.as_ref().unwrap();
    assert_eq!((target.kind.as_deref(), target.name.as_deref()), (Some("http"), Some(&*server.host)));
}

#[tokio::test]
async fn a_status_of_400_and_above_is_a_failure_and_no_error() {
    let cases = [
        (200, Outcome::Success),
        (204, Outcome::Success),
        (304, Outcome::Success),
        (400, Outcome::Failure),
        (404, Outcome::Failure),
        (500, Outcome::Failure),
        (503, Outcome::Failure),
    ];
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);

    in_job(&agent, async {
        for (status, _) in cases {
            let answer = client().get(server.url(&format!("/{status}"))).send().await.unwrap();
            assert_eq!(answer.status(), status);
        }
    })
    .await;

    let events = agent.events();
    let found: Vec<_> =
        events.spans.iter().map(|span| (status(span).unwrap(), span.outcome.unwrap())).collect();
    assert_eq!(found, cases);
    assert_eq!(events.errors.len(), 0);
    assert_eq!(events.transactions[0].outcome, Some(Outcome::Success));
}

#[tokio::test]
async fn credentials_in_the_url_reach_the_server_and_never_the_span() {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);
    let url = format!("http://joe:hunter2@{}/200", server.host);

    in_job(&agent, client().get(url).send()).await.unwrap();

    assert_eq!(server.seen("authorization"), [["Basic am9lOmh1bnRlcjI="]]);
    let events = agent.events();
    assert_eq!(context(only(&events)).http.as_ref().unwrap().url.as_deref(), Some(&*server.url("/200")));
    assert!(!events.lines.iter().any(|line| line.contains("hunter2") || line.contains("joe")));
}

#[tokio::test]
async fn a_redirect_that_the_client_follows_is_one_span() {
    let agent = CheckedAgent::new();
    let router = Router::new()
        .route("/from", get(|| async { Redirect::temporary("/to") }))
        .route("/to", get(|| async { "there" }));
    let server = Server::with(router).await;

    in_job(&agent, client().get(server.url("/from")).send()).await.unwrap();

    let events = agent.events();
    assert_eq!(status(only(&events)), Some(200));
    let expected = traceparent(&events, only(&events).id, "01");
    assert_eq!(server.seen("traceparent"), [expected.clone(), expected]);
}

//! Beside a retry middleware, and error events where the application wants them.

use std::time::Duration;

use elastic_apm::Outcome;
use elastic_apm::reqwest::ApmMiddleware;
use elastic_apm_integration_tests::CheckedAgent;
use reqwest_middleware::ClientBuilder;
use reqwest_retry::RetryTransientMiddleware;
use reqwest_retry::policies::ExponentialBackoff;
use tokio::net::TcpListener;

use crate::{Server, in_job, only, traceparent};

fn twice_again() -> RetryTransientMiddleware<ExponentialBackoff> {
    let at_once = Duration::from_millis(1);
    let policy = ExponentialBackoff::builder().retry_bounds(at_once, at_once).build_with_max_retries(2);
    RetryTransientMiddleware::new_with_policy(policy)
}

#[tokio::test]
async fn inside_reqwest_retry_there_is_a_span_per_attempt_and_later_ones_are_numbered() {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);
    let client =
        ClientBuilder::new(reqwest::Client::new()).with(twice_again()).with(ApmMiddleware::new()).build();

    in_job(&agent, client.get(server.url("/503")).send()).await.unwrap();

    let events = agent.events();
    let attempts: Vec<_> = events.spans.iter().map(|span| span.labels.get("attempt").cloned()).collect();
    assert_eq!(attempts, [None, Some(2.into()), Some(3.into())]);
    assert!(events.spans.iter().all(|span| span.outcome == Some(Outcome::Failure)));
    let sent: Vec<_> = events.spans.iter().map(|span| traceparent(&events, span.id, "01")).collect();
    assert_eq!(server.seen("traceparent"), sent);
}

#[tokio::test]
async fn outside_of_reqwest_retry_there_is_one_span_for_all_attempts() {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);
    let client =
        ClientBuilder::new(reqwest::Client::new()).with(ApmMiddleware::new()).with(twice_again()).build();

    in_job(&agent, client.get(server.url("/503")).send()).await.unwrap();

    let events = agent.events();
    assert_eq!(server.seen("traceparent"), vec![traceparent(&events, only(&events).id, "01"); 3]);
    assert_eq!(only(&events).labels.get("attempt"), None);
}

#[tokio::test]
async fn an_error_event_is_sent_only_where_it_is_wanted_and_hangs_below_the_call() {
    let agent = CheckedAgent::new();
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = format!("http://{closed}/");
    let client = |apm| ClientBuilder::new(reqwest::Client::new()).with(apm).build();

    in_job(&agent, client(ApmMiddleware::new()).get(&url).send()).await.unwrap_err();
    assert_eq!(agent.events().errors.len(), 0);
    let wanted = client(ApmMiddleware::new().capture_errors(true));
    let error = in_job(&agent, wanted.get(&url).send()).await.unwrap_err();

    let events = agent.events();
    let captured = &events.errors[0];
    assert_eq!(captured.parent.as_ref().unwrap().parent_id, events.spans[1].id);
    let exception = captured.exception.as_ref().unwrap();
    assert_eq!(exception.message.as_deref(), Some(&*error.to_string()));
    assert!(!exception.cause.is_empty());
}

//! Calls without an answer.

use std::time::Duration;

use elastic_apm::Outcome;
use elastic_apm::reqwest::ApmMiddleware;
use elastic_apm_integration_tests::CheckedAgent;
use reqwest::dns::{Name, Resolve, Resolving};
use reqwest_middleware::ClientBuilder;
use tokio::net::TcpListener;

use crate::{Server, client, context, in_job, only, status};

/// What must hold of a call that got no answer.
#[track_caller]
fn assert_failed_without_status(agent: &CheckedAgent) {
    let events = agent.events();
    let span = only(&events);
    assert_eq!((span.outcome, status(span)), (Some(Outcome::Failure), None));
    assert!(context(span).destination.is_some() && context(span).service.is_some());
    assert_eq!(events.errors.len(), 0);
}

#[tokio::test]
async fn a_refused_connection_is_a_failure_without_a_status() {
    let agent = CheckedAgent::new();
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();

    let error = in_job(&agent, client().get(format!("http://{closed}/")).send()).await.unwrap_err();

    assert!(error.is_connect());
    assert_failed_without_status(&agent);
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_a_failure_without_a_status() {
    struct NoSuchName;
    impl Resolve for NoSuchName {
        fn resolve(&self, _: Name) -> Resolving {
            Box::pin(async { Err("no such name".into()) })
        }
    }
    let agent = CheckedAgent::new();
    let resolving_nothing = reqwest::Client::builder().dns_resolver(NoSuchName).build().unwrap();
    let client = ClientBuilder::new(resolving_nothing).with(ApmMiddleware::new()).build();

    let error = in_job(&agent, client.get("http://api.example.com/users").send()).await.unwrap_err();

    assert!(error.is_connect());
    assert_failed_without_status(&agent);
    let events = agent.events();
    assert_eq!(only(&events).name, "GET api.example.com");
    let target = context(only(&events)).service.as_ref().unwrap().target.as_ref().unwrap();
    assert_eq!(target.name.as_deref(), Some("api.example.com:80"), "the port always counts here");
}

#[tokio::test]
async fn a_timeout_is_a_failure_without_a_status_and_with_its_true_duration() {
    let (agent, (server, _)) = (CheckedAgent::new(), Server::of_silence().await);
    let call = client().get(server.url("/")).timeout(Duration::from_millis(30)).send();

    let error = in_job(&agent, call).await.unwrap_err();

    assert!(error.is_timeout());
    assert_failed_without_status(&agent);
    assert!(only(&agent.events()).duration >= 29.0);
}

#[tokio::test]
async fn a_call_that_is_dropped_before_its_answer_is_a_failure_without_a_status() {
    let (agent, (server, asked)) = (CheckedAgent::new(), Server::of_silence().await);

    in_job(&agent, async {
        tokio::select! {
            answer = client().get(server.url("/")).send() => unreachable!("{answer:?}"),
            () = asked.notified() => {}
        }
    })
    .await;

    assert_failed_without_status(&agent);
}

#[tokio::test]
async fn a_call_that_is_never_awaited_leaves_no_span() {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);

    in_job(&agent, async { drop(client().get(server.url("/200")).send()) }).await;

    assert_eq!(agent.events().spans.len(), 0);
    assert_eq!(server.seen("host").len(), 0);
}

#[tokio::test]
async fn an_answer_that_is_no_http_is_a_failure() {
    let agent = CheckedAgent::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = [0; 1024];
        tokio::io::AsyncReadExt::read(&mut socket, &mut request).await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut socket, b"garbage\r\n\r\n").await.unwrap();
    });

    in_job(&agent, client().get(format!("http://{address}/")).send()).await.unwrap_err();

    assert_failed_without_status(&agent);
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_a_failure_without_a_status() {
    let (agent, server) = (CheckedAgent::new(), Server::of_statuses().await);

    let error = in_job(&agent, client().get(format!("https://{}/", server.host)).send()).await.unwrap_err();

    assert!(error.is_connect());
    assert_failed_without_status(&agent);
}

#[tokio::test]
async fn a_url_that_cannot_be_called_fails_as_without_us_and_leaves_a_valid_span() {
    let agent = CheckedAgent::new();
    let plain = ClientBuilder::new(reqwest::Client::new()).build();

    for url in ["data:text/plain,hello", "unix:/run/docker.sock", "http://[::1%25eth0]/", "/only/a/path"] {
        let expected = plain.get(url).send().await.unwrap_err().to_string();
        let error = in_job(&agent, client().get(url).send()).await.unwrap_err();
        assert_eq!(error.to_string(), expected, "{url}");
    }

    for span in agent.events().spans {
        assert_eq!((span.name.as_str(), span.outcome), ("GET", Some(Outcome::Failure)));
    }
}

//! Calls that fail, by every way to send a request: the caller gets the error it would have got, and the span says so.

use std::net::SocketAddr;
use std::time::Duration;

use elastic_apm::Outcome;
use elastic_apm_integration_tests::CheckedAgent;
use elastic_apm_integration_tests::certificate::SelfSigned;
use elastic_apm_integration_tests::fault_server::FaultServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};

use crate::clients::{Client, Setup};
use crate::{Server, context, in_job, only, status};

with_every_client! {
    a_call_without_an_answer_is_a_failure_without_a_status_and_its_error_the_one_without_us
    a_timeout_is_a_failure_with_its_true_duration_and_its_error_the_one_without_us
    a_body_that_breaks_off_is_the_readers_error_and_leaves_the_span_as_it_was
    a_call_that_is_dropped_before_its_answer_is_a_failure_without_a_status
}

async fn a_call_without_an_answer_is_a_failure_without_a_status_and_its_error_the_one_without_us(
    client: Client,
) {
    // Bound and never listened on, so that nobody else answers there.
    let closed = TcpSocket::new_v4().unwrap();
    closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let untrusted = FaultServer::start_tls(SelfSigned::new().config);
    let plain = Server::of_statuses().await;
    // Some words of the error, so that it is the one that is meant, and what brings it about.
    let cases = [
        ("refused", format!("http://{}/", closed.local_addr().unwrap())),
        ("no such name", "http://api.example.com/users".to_owned()),
        ("UnknownIssuer", format!("https://127.0.0.1:{}/", untrusted.port())),
        ("InvalidContentType", format!("https://{}/", plain.host)),
        ("invalid HTTP version", format!("http://{}/", answering_with(b"garbage\r\n\r\n").await)),
        ("closed before", format!("http://{}/", answering_with(b"").await)),
        ("closed before", format!("http://{}/", answering_with(b"HTTP/1.1 200 OK\r\nconte").await)),
    ];

    for (what, url) in cases {
        let agent = CheckedAgent::new();
        let setup = Setup { resolves: what != "no such name", ..Setup::default() };
        let expected = client.plain_by(setup, &url).await.unwrap_err();

        let failure = in_job(&agent, client.get_by(setup, &url)).await.unwrap_err();

        assert_eq!(failure, expected, "{what}");
        assert!(failure.iter().any(|text| text.contains(what)), "{what}: {failure:?}");
        let events = agent.events();
        let span = only(&events);
        assert_eq!((span.outcome, status(span)), (Some(Outcome::Failure), None), "{what}");
        assert!(context(span).destination.is_some() && context(span).service.is_some(), "{what}");
        assert_eq!(events.errors.len(), 0, "{what}");
    }
}

async fn a_timeout_is_a_failure_with_its_true_duration_and_its_error_the_one_without_us(client: Client) {
    let (agent, (server, _asked)) = (CheckedAgent::new(), Server::of_silence().await);
    let (setup, url) = (Setup { patience: Duration::from_millis(30), ..Setup::default() }, server.url("/"));
    let expected = client.plain_by(setup, &url).await.unwrap_err();

    let failure = in_job(&agent, client.get_by(setup, &url)).await.unwrap_err();

    assert_eq!(failure, expected);
    let events = agent.events();
    assert_eq!((only(&events).outcome, status(only(&events))), (Some(Outcome::Failure), None));
    assert!(only(&events).duration >= 29.0, "{}", only(&events).duration);
}

async fn a_body_that_breaks_off_is_the_readers_error_and_leaves_the_span_as_it_was(client: Client) {
    let agent = CheckedAgent::new();
    let url =
        format!("http://{}/", answering_with(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nfour").await);
    let expected = client.plain(&url).await.unwrap_err();

    let failure = in_job(&agent, client.get(&url)).await.unwrap_err();

    assert_eq!(failure, expected);
    let events = agent.events();
    assert_eq!((only(&events).outcome, status(only(&events))), (Some(Outcome::Success), Some(200)));
}

async fn a_call_that_is_dropped_before_its_answer_is_a_failure_without_a_status(client: Client) {
    let (agent, (server, asked)) = (CheckedAgent::new(), Server::of_silence().await);
    let url = server.url("/");

    in_job(&agent, async {
        tokio::select! {
            answer = client.get(&url) => unreachable!("{answer:?}"),
            () = asked.notified() => {}
        }
    })
    .await;

    let events = agent.events();
    assert_eq!((only(&events).outcome, status(only(&events))), (Some(Outcome::Failure), None));
}

/// A server that says this to everybody and hangs up.
async fn answering_with(bytes: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            // Read the request first: what is unread when a socket closes makes it a reset.
            let mut request = [0; 4096];
            let _ = socket.read(&mut request).await;
            let _ = socket.write_all(bytes).await;
        }
    });
    address
}

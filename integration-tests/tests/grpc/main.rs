//! The HTTP side of gRPC: tonic's server and channel with our layers around them, over real sockets.
//!
//! A call is an HTTP/2 request whose outcome stands in trailers. The layers pass these through; they do not read them.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail as the test does")]

mod echo;

use bytes::Bytes;
use elastic_apm::Outcome;
use elastic_apm::tower::{ApmClientLayer, ApmLayer};
use elastic_apm_integration_tests::CheckedAgent;
use futures_util::StreamExt;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic::{Code, Status};
use tower::Layer;

use crate::echo::{BytesCodec, Echo};

/// Serves [`Echo`] by tonic's own server, with the layer or without it.
async fn serve(agent: Option<&CheckedAgent>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let incoming = TcpIncoming::from(listener);
    match agent {
        Some(agent) => {
            let apm = ApmLayer::new().tracer(agent.tracer());
            let server = Server::builder().layer(apm).add_service(Echo);
            tokio::spawn(server.serve_with_incoming(incoming));
        }
        None => _ = tokio::spawn(Server::builder().add_service(Echo).serve_with_incoming(incoming)),
    }
    address.to_string()
}

type Client = tonic::client::Grpc<elastic_apm::tower::client::ApmClient<Channel>>;

async fn client(address: &str) -> Client {
    let channel = Channel::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap();
    // A channel keeps its origin to itself: said to the client, the span has it too.
    let origin = format!("http://{address}").parse().unwrap();
    tonic::client::Grpc::with_origin(ApmClientLayer::new().layer(channel), origin)
}

/// Calls a method with one message; all messages of the answer, or the status in place of one.
async fn call(client: &mut Client, method: &'static str) -> Vec<Result<Bytes, Code>> {
    client.ready().await.unwrap();
    let request = tonic::Request::new(Bytes::from("hello"));
    let path = http::uri::PathAndQuery::from_static(method);
    let answer = client.server_streaming(request, path, BytesCodec).await;
    let code = |status: Status| status.code();
    match answer {
        Ok(answer) => answer.into_inner().map(|message| message.map_err(code)).collect().await,
        Err(status) => vec![Err(status.code())],
    }
}

#[tokio::test]
async fn a_call_is_one_trace_from_tonics_channel_to_tonics_server() {
    let (caller, called) = (CheckedAgent::new(), CheckedAgent::new());
    let address = serve(Some(&called)).await;
    let mut client = client(&address).await;

    let job = caller.tracer().transaction("job", "script");
    let answer = job.run(call(&mut client, "/test.Echo/Say")).await;

    assert_eq!(answer, [Ok(Bytes::from("hello"))]);
    let (caller, called) = (caller.events(), ended(&called, 1).await);
    let (span, request) = (&caller.spans[0], called.transaction("POST unknown route"));
    assert_eq!((span.name.as_str(), span.outcome), (&*format!("POST {address}"), Some(Outcome::Success)));
    assert_eq!((request.trace_id, request.parent_id), (span.trace_id, Some(span.id)));
    assert_eq!((request.result.as_deref(), request.outcome), (Some("HTTP 2xx"), Some(Outcome::Success)));
    let request = request.context.as_ref().unwrap().request.as_ref().unwrap();
    assert_eq!(request.url.full.as_deref(), Some(&*format!("http://{address}/test.Echo/Say")));
}

#[tokio::test]
async fn tonics_routes_in_a_router_of_axums_are_named_by_their_service() {
    let agent = CheckedAgent::new();
    let routes = tonic::service::Routes::new(Echo).into_axum_router();
    let app = routes.layer(elastic_apm::axum::ApmLayer::new().tracer(agent.tracer()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, app).await });
    let mut client = client(&address).await;

    assert_eq!(call(&mut client, "/test.Echo/Say").await, [Ok(Bytes::from("hello"))]);
    assert_eq!(call(&mut client, "/test.Unknown/Say").await, [Err(Code::Unimplemented)]);

    let events = ended(&agent, 2).await;
    events.transaction("POST /test.Echo/{*rest}");
    events.transaction("POST unknown route");
}

#[tokio::test]
async fn messages_and_statuses_in_trailers_arrive_as_they_were_sent() {
    let agent = CheckedAgent::new();
    let address = serve(Some(&agent)).await;
    let mut client = client(&address).await;
    let hello = || Ok(Bytes::from("hello"));

    for (method, expected) in [
        ("/test.Echo/Say", vec![hello()]),
        ("/test.Echo/Repeat", vec![hello(), hello(), hello()]),
        ("/test.Echo/BreakOff", vec![hello(), Err(Code::DataLoss)]),
        ("/test.Echo/Refuse", vec![Err(Code::PermissionDenied)]),
        ("/test.Echo/NoSuchMethod", vec![Err(Code::Unimplemented)]),
    ] {
        assert_eq!(call(&mut client, method).await, expected, "{method}");
    }

    // What went wrong is in the trailers, which are gRPC's: as HTTP, all of these are complete answers.
    let events = ended(&agent, 5).await;
    assert!(events.transactions.iter().all(|event| event.result.as_deref() == Some("HTTP 2xx")));
}

#[tokio::test]
async fn frames_and_trailers_are_the_same_with_and_without_the_layer() {
    let agent = CheckedAgent::new();
    let (traced, bare) = (serve(Some(&agent)).await, serve(None).await);

    let mut compared = 0;
    for method in ["Say", "Repeat", "BreakOff", "Refuse", "NoSuchMethod"] {
        let expected = parts(&bare, method).await;
        assert_eq!(parts(&traced, method).await, expected);
        assert!(expected.contains("grpc-status"), "{expected}");
        compared += 1;
    }
    ended(&agent, compared).await;
}

/// Everything that comes back over a bare HTTP/2 connection, in order, but for the time of day.
async fn parts(address: &str, method: &str) -> String {
    let socket = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), socket).await.unwrap();
    tokio::spawn(async move { drop(connection.await) });
    let request = http::Request::post(format!("http://{address}/test.Echo/{method}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Full::new(Bytes::from_static(b"\0\0\0\0\x05hello")))
        .unwrap();
    let (mut head, mut body) = sender.send_request(request).await.unwrap().into_parts();
    head.headers.remove("date");
    let mut parts = format!("{head:?}");
    while let Some(frame) = body.frame().await {
        parts.push_str(&format!("{frame:?}"));
    }
    parts
}

/// What was recorded once so many requests have ended: a server may see the end a moment after its caller does.
async fn ended(agent: &CheckedAgent, transactions: usize) -> elastic_apm::testing::Events {
    let all = async {
        loop {
            let events = agent.events();
            if events.transactions.len() >= transactions {
                return events;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(elastic_apm_integration_tests::PATIENCE, all).await.expect("they end")
}

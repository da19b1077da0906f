//! The HTTP side of gRPC: tonic's server and channel with our layers around them, over real sockets.
//!
//! A call is an HTTP/2 request whose outcome stands in trailers. The layers pass these through and read the status in them.

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
use tower::{Layer, ServiceExt};

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
    let (span, request) = (&caller.spans[0], called.transaction("/test.Echo/Say"));
    assert_eq!((span.name.as_str(), span.outcome), ("/test.Echo/Say", Some(Outcome::Success)));
    assert_eq!((request.trace_id, request.parent_id), (span.trace_id, Some(span.id)));
    assert_eq!((request.result.as_deref(), request.outcome), (Some("OK"), Some(Outcome::Success)));
    let request = request.context.as_ref().unwrap().request.as_ref().unwrap();
    assert_eq!(request.url.full.as_deref(), Some(&*format!("http://{address}/test.Echo/Say")));
}

#[tokio::test]
async fn a_call_that_goes_out_is_an_exit_span_of_its_own_kind() {
    let agent = CheckedAgent::new();
    let address = serve(None).await;
    let mut client = client(&address).await;

    agent.tracer().transaction("job", "script").run(call(&mut client, "/test.Echo/Say")).await;

    let span = &agent.events().spans[0];
    assert_eq!((span.kind.as_str(), span.subtype.as_deref()), ("external", Some("grpc")));
    let context = span.context.as_ref().unwrap();
    assert!(context.http.is_none());
    let target = context.service.as_ref().unwrap().target.as_ref().unwrap();
    assert_eq!((target.kind.as_deref(), target.name.as_deref()), (Some("grpc"), Some(&*address)));
    let destination = context.destination.as_ref().unwrap();
    assert_eq!(destination.service.as_ref().unwrap().resource, *address);
    assert_eq!(destination.address.as_deref(), Some("127.0.0.1"));
}

#[tokio::test]
async fn to_its_caller_a_call_is_a_failure_unless_its_status_is_ok() {
    let address = serve(None).await;
    let mut client = client(&address).await;

    for (method, outcome) in [
        ("/test.Echo/Say", Outcome::Success),
        ("/test.Echo/Repeat", Outcome::Success),
        ("/test.Echo/BreakOff", Outcome::Failure),
        ("/test.Echo/Refuse", Outcome::Failure),
        ("/test.Echo/NoSuchMethod", Outcome::Failure),
    ] {
        let agent = CheckedAgent::new();
        agent.tracer().transaction("job", "script").run(call(&mut client, method)).await;

        let span = &agent.events().spans[0];
        assert_eq!((span.name.as_str(), span.outcome), (method, Some(outcome)));
    }
}

#[tokio::test]
async fn a_call_that_its_caller_gives_up_is_a_failure_and_ends_then() {
    let agent = CheckedAgent::new();
    let address = serve(None).await;
    let mut client = client(&address).await;
    client.ready().await.unwrap();
    let path = http::uri::PathAndQuery::from_static("/test.Echo/Wait");

    let job = agent.tracer().transaction("job", "script");
    job.run(async {
        let answer =
            client.server_streaming(tonic::Request::new(Bytes::from("hello")), path, BytesCodec).await;
        let mut messages = answer.unwrap().into_inner();
        assert!(messages.next().await.unwrap().is_ok());
        // Between two messages it is still under way.
        assert!(agent.events().spans.is_empty());
        drop(messages);
    })
    .await;

    assert_eq!(agent.events().spans[0].outcome, Some(Outcome::Failure));
}

#[tokio::test]
async fn a_query_is_no_part_of_a_methods_name() {
    let agent = CheckedAgent::new();
    let answer = tower::service_fn(|_: http::Request<String>| async {
        Ok::<_, std::convert::Infallible>(http::Response::new(String::new()))
    });
    let request = http::Request::post("https://api.example.com/test.Echo/Say?token=hunter2");
    let request = request.header("content-type", "application/grpc").body(String::new()).unwrap();

    let call = ApmClientLayer::new().layer(answer).oneshot(request);
    agent.tracer().transaction("job", "script").run(call).await.unwrap();

    let events = agent.events();
    assert_eq!(events.spans[0].name, "/test.Echo/Say");
    assert!(!events.lines.iter().any(|line| line.contains("hunter2")));
}

#[tokio::test]
async fn an_answer_of_somebody_who_does_not_speak_grpc_is_a_failure() {
    for (status, header, outcome) in [
        (200, ("grpc-status", "0"), Outcome::Success),
        (200, ("server", "proxy"), Outcome::Failure),
        (503, ("grpc-status", "0"), Outcome::Failure),
    ] {
        let agent = CheckedAgent::new();
        let answer = tower::service_fn(move |_: http::Request<String>| async move {
            let answer = http::Response::builder().status(status).header(header.0, header.1);
            Ok::<_, std::convert::Infallible>(answer.body(String::new()).unwrap())
        });
        let request = http::Request::post("https://api.example.com/test.Echo/Say");
        let request = request.header("content-type", "application/grpc").body(String::new()).unwrap();

        let call = ApmClientLayer::new().layer(answer).oneshot(request);
        agent.tracer().transaction("job", "script").run(call).await.unwrap();

        assert_eq!(agent.events().spans[0].outcome, Some(outcome), "{status} {header:?}");
    }
}

#[tokio::test]
async fn tonics_routes_in_a_router_of_axums_are_named_by_their_method_too() {
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
    events.transaction("/test.Echo/Say");
    events.transaction("POST unknown route");
}

#[tokio::test]
async fn messages_and_statuses_arrive_as_they_were_sent_and_the_status_is_the_result() {
    let hello = || Ok(Bytes::from("hello"));

    let unknown = "POST unknown route";
    for (method, expected, name, result, outcome) in [
        ("/test.Echo/Say", vec![hello()], "/test.Echo/Say", "OK", Outcome::Success),
        ("/test.Echo/Repeat", vec![hello(), hello(), hello()], "/test.Echo/Repeat", "OK", Outcome::Success),
        // In the trailers, behind a message.
        (
            "/test.Echo/BreakOff",
            vec![hello(), Err(Code::DataLoss)],
            "/test.Echo/BreakOff",
            "DATA_LOSS",
            Outcome::Failure,
        ),
        // In the headers, without a body.
        (
            "/test.Echo/Refuse",
            vec![Err(Code::PermissionDenied)],
            "/test.Echo/Refuse",
            "PERMISSION_DENIED",
            Outcome::Success,
        ),
        (
            "/test.Echo/NoSuchMethod",
            vec![Err(Code::Unimplemented)],
            unknown,
            "UNIMPLEMENTED",
            Outcome::Success,
        ),
    ] {
        let agent = CheckedAgent::new();
        let mut client = client(&serve(Some(&agent)).await).await;

        assert_eq!(call(&mut client, method).await, expected, "{method}");

        let events = ended(&agent, 1).await;
        let event = &events.transactions[0];
        let found = (event.name.as_deref(), event.result.as_deref(), event.outcome);
        assert_eq!(found, (Some(name), Some(result), Some(outcome)), "{method}");
    }
}

#[tokio::test]
async fn a_call_that_is_given_up_while_it_is_answered_is_cancelled_and_has_its_methods_name() {
    let agent = CheckedAgent::new();
    let mut client = client(&serve(Some(&agent)).await).await;

    client.ready().await.unwrap();
    let path = http::uri::PathAndQuery::from_static("/test.Echo/Wait");
    let answer = client.server_streaming(tonic::Request::new(Bytes::from("hello")), path, BytesCodec).await;
    let mut messages = answer.unwrap().into_inner();
    assert!(messages.next().await.unwrap().is_ok());
    drop(messages);

    let events = ended(&agent, 1).await;
    let event = events.transaction("/test.Echo/Wait");
    assert_eq!((event.result.as_deref(), event.outcome), (Some("cancelled"), Some(Outcome::Unknown)));
}

#[tokio::test]
async fn what_a_handler_calls_its_transaction_stands() {
    let agent = CheckedAgent::new();
    let named = tower::service_fn(|request: http::Request<String>| async move {
        let transaction = request.extensions().get::<elastic_apm::tower::CurrentTransaction>();
        transaction.unwrap().set_name("greeting");
        let answer = http::Response::builder().header("grpc-status", "14").body(String::new());
        Ok::<_, std::convert::Infallible>(answer.unwrap())
    });
    let service = ApmLayer::new().tracer(agent.tracer()).layer(named);
    let request = http::Request::post("/test.Echo/Say").header("content-type", "application/grpc+proto");

    let answer = service.oneshot(request.body(String::new()).unwrap()).await.unwrap();
    drop(answer.into_body().collect().await);

    let events = agent.events();
    let event = events.transaction("greeting");
    assert_eq!((event.result.as_deref(), event.outcome), (Some("UNAVAILABLE"), Some(Outcome::Failure)));
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

//! Request bodies that are captured, when and how much of them.

use std::sync::{Arc, Mutex};

use axum::body::Body;
use bytes::{Buf as _, Bytes};
use elastic_apm::intake::{Body as BodyContext, Context};
use elastic_apm::testing::Events;
use elastic_apm::tower::CaptureBodyLayer;
use elastic_apm::tower::server::CapturingBody;
use elastic_apm::{AgentBuilder, CaptureBody, capture_error};
use elastic_apm_integration_tests::CheckedAgent;
use http::{Request, Response, StatusCode};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::sync::mpsc;
use tower::{Layer, ServiceBuilder, ServiceExt, service_fn};

use crate::client::{controlled_body, data, events_of};
use crate::stack::{Around, PATH, Server, Stack};

/// Reads the whole body, reports an error, and sends the body back.
async fn reads(request: Request<Body>) -> Response<Body> {
    let body = request.into_body().collect().await.unwrap().to_bytes();
    capture_error(&std::fmt::Error);
    Response::new(Body::from(body))
}

fn capturing(events: CaptureBody) -> CheckedAgent {
    CheckedAgent::with(|options| options.capture_body(events))
}

async fn serve(stack: Stack, agent: &CheckedAgent) -> Server {
    stack.serve_with(agent.tracer(), Around::CapturingBodies, reads).await
}

async fn post(server: &Server, content_type: &str, body: impl Into<Body>) -> Bytes {
    let request = Request::post(PATH).header("content-type", content_type).body(body.into()).unwrap();
    let answer = server.connect().await.send(request).await.unwrap();
    answer.into_body().collect().await.unwrap().to_bytes()
}

fn body_in(context: Option<&Context>) -> Option<String> {
    match context?.request.as_ref()?.body.as_ref()? {
        BodyContext::Text(text) => Some(text.to_string()),
        BodyContext::Fields(fields) => panic!("no text: {fields:?}"),
    }
}

/// The body that the only transaction carries.
fn captured(events: &Events) -> Option<String> {
    body_in(events.transactions[0].context.as_deref())
}

pub(crate) async fn the_option_says_which_events_carry_the_body(stack: Stack) {
    for (option, in_transaction, in_error) in [
        (CaptureBody::Off, false, false),
        (CaptureBody::Errors, false, true),
        (CaptureBody::Transactions, true, false),
        (CaptureBody::All, true, true),
    ] {
        let agent = capturing(option);
        let server = serve(stack, &agent).await;

        assert_eq!(post(&server, "text/plain", "hello").await, "hello");

        let events = events_of(&agent, 1).await;
        let in_events = (captured(&events), body_in(events.errors[0].context.as_deref()));
        let hello = Some("hello".to_owned());
        assert_eq!(
            in_events,
            (hello.clone().filter(|_| in_transaction), hello.filter(|_| in_error)),
            "{option}"
        );
    }
}

pub(crate) async fn a_body_is_off_unless_asked_for(stack: Stack) {
    let agent = CheckedAgent::new();
    let server = serve(stack, &agent).await;

    post(&server, "text/plain", "hello").await;

    assert_eq!(captured(&events_of(&agent, 1).await), None);
}

pub(crate) async fn only_bodies_of_the_content_types_named_are_captured(stack: Stack) {
    let configure = |options: AgentBuilder| {
        options.capture_body(CaptureBody::All).capture_body_content_types(["text/*", "application/x-*"])
    };
    for (content_type, encoding, is_captured) in [
        (Some("text/plain; charset=utf-8"), None, true),
        (Some("TEXT/csv"), None, true),
        (Some("application/x-custom"), None, true),
        (Some("application/json"), None, false),
        (Some("image/png"), None, false),
        (None, None, false),
        (Some(""), None, false),
        (Some("text/plain"), Some("gzip"), false),
    ] {
        let agent = CheckedAgent::with(configure);
        let server = serve(stack, &agent).await;
        let said = [("content-type", content_type), ("content-encoding", encoding)];
        let said = said.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let request = said.fold(Request::post(PATH), |request, (name, value)| request.header(name, value));
        let request = request.body(Body::from("hello")).unwrap();
        server.connect().await.send(request).await.unwrap().collect().await.unwrap();

        let is_there = captured(&events_of(&agent, 1).await).is_some();
        assert_eq!(is_there, is_captured, "{content_type:?} {encoding:?}");
    }
}

pub(crate) async fn secret_fields_of_a_form_are_redacted(stack: Stack) {
    let agent = capturing(CaptureBody::All);
    let server = serve(stack, &agent).await;

    let form = "user=joe&password=hunter2&p%61sswd=hunter2&q=a%20b";
    post(&server, "application/x-www-form-urlencoded", form).await;

    let events = events_of(&agent, 1).await;
    assert_eq!(
        captured(&events).as_deref(),
        Some("user=joe&password=[REDACTED]&p%61sswd=[REDACTED]&q=a%20b")
    );
    assert!(!events.lines.iter().any(|line| line.contains("hunter2")));
}

pub(crate) async fn a_long_body_is_cut_and_reaches_the_handler_whole(stack: Stack) {
    for character in ["x", "é", "𝄞", "\u{1}"] {
        let agent = capturing(CaptureBody::All);
        let server = serve(stack, &agent).await;
        let sent = character.repeat(300_000);

        let received = post(&server, "text/plain", sent.clone()).await;

        assert_eq!(received.len(), sent.len());
        let text = captured(&events_of(&agent, 1).await).unwrap();
        assert_eq!((text.chars().count(), text.ends_with('…')), (10_000, true), "{character:?}");
        assert!(text.starts_with(&character.repeat(9_999)));
    }
}

pub(crate) async fn an_option_says_how_much_of_a_body_is_kept(stack: Stack) {
    for (limit, sent, kept) in [
        (5, "ééééé".to_owned(), "ééééé".to_owned()),
        (5, "é".repeat(6), "éééé…".to_owned()),
        (20_000, "é".repeat(30_000), "é".repeat(19_999) + "…"),
    ] {
        let agent =
            CheckedAgent::with(|options| options.capture_body(CaptureBody::All).long_field_max_length(limit));
        let server = serve(stack, &agent).await;

        post(&server, "text/plain", sent).await;

        assert!(captured(&events_of(&agent, 1).await) == Some(kept), "{limit}");
    }
}

/// The form is shorter than the limit only because of what was redacted in it.
pub(crate) async fn a_form_that_was_cut_says_so_where_its_secrets_are_redacted(stack: Stack) {
    let agent =
        CheckedAgent::with(|options| options.capture_body(CaptureBody::All).long_field_max_length(50));
    let server = serve(stack, &agent).await;

    let form = format!("password={}&name=a-long-name", "x".repeat(30));
    post(&server, "application/x-www-form-urlencoded", form).await;

    assert_eq!(captured(&events_of(&agent, 1).await).as_deref(), Some("password=[REDACTED]&name=a-lo…"));
}

pub(crate) async fn a_body_that_is_no_text_is_shown_with_replacement_characters(stack: Stack) {
    let agent = capturing(CaptureBody::All);
    let server = serve(stack, &agent).await;

    let received = post(&server, "text/plain", Bytes::from_static(b"\x00\xff\xfeok")).await;

    assert_eq!(&*received, b"\x00\xff\xfeok");
    assert_eq!(captured(&events_of(&agent, 1).await).as_deref(), Some("\0\u{fffd}\u{fffd}ok"));
}

pub(crate) async fn what_the_handler_does_not_read_is_not_captured(stack: Stack) {
    let agent = capturing(CaptureBody::All);
    let refuses =
        |_| async { Response::builder().status(StatusCode::FORBIDDEN).body(Body::empty()).unwrap() };
    let server = stack.serve_with(agent.tracer(), Around::CapturingBodies, refuses).await;

    post(&server, "text/plain", "hello").await;

    assert_eq!(captured(&events_of(&agent, 1).await), None);
}

pub(crate) async fn a_body_reaches_the_handler_while_it_is_sent(stack: Stack) {
    let agent = capturing(CaptureBody::All);
    let (read, mut has_read) = mpsc::unbounded_channel();
    let server = stack
        .serve_with(agent.tracer(), Around::CapturingBodies, move |request| {
            let read = read.clone();
            async move {
                let mut body = request.into_body();
                while let Some(frame) = body.frame().await {
                    read.send(frame.unwrap().into_data().unwrap()).unwrap();
                }
                Response::new(Body::empty())
            }
        })
        .await;
    let (frames, body) = controlled_body();
    let mut client = server.connect().await;
    let request = Request::post(PATH).header("content-type", "text/plain").body(body).unwrap();
    let answer = tokio::spawn(client.start(request).await);

    frames.send(data("first ")).unwrap();
    assert_eq!(has_read.recv().await.unwrap(), "first ", "it is not held back until it is whole");
    frames.send(data("second")).unwrap();
    drop(frames);
    answer.await.unwrap().unwrap();

    assert_eq!(captured(&events_of(&agent, 1).await).as_deref(), Some("first second"));
}

pub(crate) async fn an_unsampled_requests_body_is_not_captured(stack: Stack) {
    let agent =
        CheckedAgent::with(|options| options.capture_body(CaptureBody::All).transaction_sample_rate(0.0));
    let server = serve(stack, &agent).await;

    assert_eq!(post(&server, "text/plain", "hello").await, "hello");

    let events = events_of(&agent, 1).await;
    assert!(!events.lines.iter().any(|line| line.contains("hello")));
}

pub(crate) async fn two_layers_capture_a_body_once(stack: Stack) {
    let agent = capturing(CaptureBody::All);
    let server = match stack.framework {
        crate::stack::Framework::Axum => stack.serve_with(agent.tracer(), Around::OursTwice, reads).await,
        crate::stack::Framework::Tower => serve(stack, &agent).await,
    };

    post(&server, "text/plain", "hello").await;

    assert_eq!(captured(&events_of(&agent, 1).await).as_deref(), Some("hello"));
}

#[tokio::test]
async fn a_captured_body_says_of_itself_what_the_bare_one_says() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    for around in [Around::Bare, Around::CapturingBodies] {
        for stack in [crate::stack::TOWER_HTTP1, crate::stack::AXUM_HTTP1] {
            let agent = capturing(CaptureBody::All);
            let looks = Arc::clone(&seen);
            let server = stack
                .serve_with(agent.tracer(), around, move |request| {
                    let looks = Arc::clone(&looks);
                    async move {
                        let mut body = request.into_body();
                        let mut says = Vec::new();
                        loop {
                            says.push((
                                body.is_end_stream(),
                                format!("{:?}", SizeHint::exact(&body.size_hint())),
                            ));
                            let Some(Ok(frame)) = body.frame().await else { break };
                            assert!(Frame::is_data(&frame));
                        }
                        looks.lock().unwrap().push(says);
                        Response::new(Body::empty())
                    }
                })
                .await;
            post(&server, "text/plain", "hello").await;
        }
    }

    let seen = seen.lock().unwrap();
    assert_eq!((seen.len(), seen[0].len()), (4, 2));
    assert!(seen.iter().all(|says| *says == seen[0]), "{seen:?}");
}

#[tokio::test]
async fn of_data_in_several_pieces_every_piece_is_captured_once_also_by_two_layers() {
    type Pieces = bytes::buf::Chain<Bytes, bytes::buf::Chain<Bytes, Bytes>>;
    let agent = capturing(CaptureBody::All);
    let pieces = Bytes::from("one ").chain(Bytes::from("two ").chain(Bytes::from("three")));
    let body = http_body_util::Full::<Pieces>::new(pieces);
    let request = Request::post(PATH).header("content-type", "text/plain").body(body).unwrap();
    let reads =
        service_fn(|request: Request<CapturingBody<CapturingBody<http_body_util::Full<Pieces>>>>| async {
            let read = request.into_body().collect().await.unwrap().to_bytes();
            Ok::<_, std::convert::Infallible>(Response::new(Body::from(read)))
        });
    let service = ServiceBuilder::new()
        .layer(elastic_apm::tower::ApmLayer::new().tracer(agent.tracer()))
        .layer(CaptureBodyLayer::new())
        .layer(CaptureBodyLayer::new())
        .service(reads);

    let answer = service.oneshot(request).await.unwrap();

    assert_eq!(answer.collect().await.unwrap().to_bytes(), "one two three");
    assert_eq!(captured(&agent.events()).as_deref(), Some("one two three"));
}

#[tokio::test]
async fn the_layer_that_captures_does_nothing_without_the_one_that_traces() {
    let reads = service_fn(|request: Request<CapturingBody<Body>>| async {
        let read = request.into_body().collect().await.unwrap().to_bytes();
        Ok::<_, std::convert::Infallible>(Response::new(Body::from(read)))
    });
    let service = CaptureBodyLayer::new().layer(reads);

    let answer = service.oneshot(Request::new(Body::from("hello"))).await.unwrap();

    assert_eq!(answer.collect().await.unwrap().to_bytes(), "hello");
}

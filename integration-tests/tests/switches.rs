//! The options that switch the agent, or a part of it, off: what each leaves, over real sockets.

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use elastic_apm::axum::ApmLayer;
use elastic_apm::reqwest::ApmMiddleware;
use elastic_apm::{
    Agent, AgentBuilder, DropReason, LogLevel, TraceIds, capture_error, capture_span, current_trace_ids,
};
use elastic_apm_integration_tests::PATIENCE;
use elastic_apm_integration_tests::agent_log::AgentLog;
use elastic_apm_integration_tests::fault_server::{Answer, FaultServer, Received};
use http::Request;
use reqwest_middleware::ClientBuilder;
use tower::ServiceExt as _;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn agent_of(server: &FaultServer) -> AgentBuilder {
    Agent::builder()
        .without_env()
        .service_name("switched")
        .server_url(server.url())
        .server_timeout(PATIENCE)
        .log_level(LogLevel::Off)
}

/// What one request to an application of this agent leads to.
struct Seen {
    /// What the service that the application calls has received.
    call: Received,
    /// The ids that the handler's log shows.
    ids: TraceIds,
}

/// A request with the caller's `traceparent`; its handler records a span and an error and calls another service.
async fn request(agent: &Agent) -> Seen {
    let other = FaultServer::start();
    let (say, heard) = tokio::sync::oneshot::channel();
    let url = other.url();
    let say = std::sync::Mutex::new(Some(say));
    let say = std::sync::Arc::new(say);
    let handler = move || async move {
        let span = capture_span("work");
        capture_error(&std::fmt::Error);
        drop(span);
        let say = say.lock().expect("no panic").take().expect("one request");
        let _ = say.send(current_trace_ids());
        let client = ClientBuilder::new(reqwest::Client::new()).with(ApmMiddleware::new()).build();
        client.post(url).header("x-call", "yes").send().await.expect("an answer");
        "ok"
    };
    let app: Router =
        Router::new().route("/users/{id}", get(handler)).layer(ApmLayer::new().tracer(agent.tracer()));
    let request =
        Request::get("/users/7").header("traceparent", CALLER).body(Body::empty()).expect("a request");
    let response = app.oneshot(request).await.expect("an answer");
    let body = axum::body::to_bytes(response.into_body(), 1024).await.expect("a body");
    assert_eq!(body, "ok");
    Seen { call: other.received().remove(0), ids: heard.await.expect("the handler ran") }
}

fn kinds(server: &FaultServer) -> Vec<String> {
    let documents = server.received().into_iter().flat_map(|request| request.documents().split_off(1));
    let kind =
        |document: serde_json::Value| document.as_object().and_then(|object| object.keys().next().cloned());
    documents.filter_map(kind).collect()
}

#[tokio::test]
async fn with_everything_on_a_request_leaves_events_headers_and_ids() {
    let server = FaultServer::start();
    let agent = agent_of(&server).build();

    let seen = request(&agent).await;

    assert!(agent.flush_async(PATIENCE).await);
    assert_eq!(kinds(&server), ["error", "span", "span", "transaction"]);
    assert!(seen.call.header("traceparent").is_some_and(|header| header.contains(TRACE)));
    assert!(seen.ids.to_string().contains(TRACE));
}

#[tokio::test]
async fn a_disabled_agent_leaves_nothing() {
    let server = FaultServer::start();
    let agent = agent_of(&server).enabled(false).build();

    let seen = request(&agent).await;

    assert!(agent.flush_async(PATIENCE).await && agent.shutdown(PATIENCE));
    assert_eq!((agent.stats().recorded(), seen.call.header("traceparent")), (0, None));
    assert_eq!(seen.ids.to_string(), "");
    assert!(server.received().is_empty() && server.questions("/").is_empty());
}

#[tokio::test]
async fn an_agent_that_does_not_record_leaves_nothing_and_asks_for_its_configuration() {
    let server = FaultServer::start();
    let agent = agent_of(&server).recording(false).build();

    let seen = request(&agent).await;

    assert!(agent.flush_async(PATIENCE).await);
    assert_eq!((agent.stats().recorded(), seen.call.header("traceparent")), (0, None));
    server.wait_for_questions("/config/v1/agents", 1);
    assert!(server.received().is_empty() && server.questions("/").is_empty());
}

#[tokio::test]
async fn without_instrumentation_integrations_pass_everything_on_and_what_is_recorded_by_hand_is() {
    let server = FaultServer::start();
    let agent = agent_of(&server).instrument(false).build();

    let seen = request(&agent).await;
    let by_hand = agent.begin_transaction("script");
    drop(capture_span("step"));
    let client = ClientBuilder::new(reqwest::Client::new()).with(ApmMiddleware::new()).build();
    let other = FaultServer::start();
    client.post(other.url()).header("traceparent", "as it was").send().await.expect("an answer");
    by_hand.end_with("job", "success");

    assert!(agent.flush_async(PATIENCE).await);
    assert_eq!(seen.call.header("traceparent"), None);
    assert_eq!(other.received()[0].header("traceparent"), Some("as it was"));
    assert_eq!(kinds(&server), ["span", "transaction"]);
    assert_eq!(server.names_taken(), ["step", "job"]);
}

#[tokio::test]
async fn with_sending_off_there_is_no_contact_and_all_else_works() {
    let server = FaultServer::start();
    server.central(Answer::new(200).body(r#"{"recording":"false"}"#));
    let log = AgentLog::new();
    let agent = log.build(agent_of(&server).disable_send(true));

    let seen = request(&agent).await;

    assert!(agent.flush_async(PATIENCE).await && agent.flush(PATIENCE));
    let stats = agent.stats();
    assert_eq!((stats.recorded(), stats.dropped_for(DropReason::SendDisabled), stats.queued()), (4, 4, 0));
    assert!(seen.call.header("traceparent").is_some_and(|header| header.contains(TRACE)));
    assert!(seen.ids.to_string().contains(TRACE));
    assert!(agent.shutdown(PATIENCE));
    assert!(server.received().is_empty() && server.questions("/").is_empty());
    assert!(server.questions("/config/v1/agents").is_empty());
    assert!(log.warnings().is_empty(), "{:#?}", log.warnings());
}

#[tokio::test]
async fn with_context_propagation_only_headers_and_ids_are_all_there_is() {
    let server = FaultServer::start();
    let agent = agent_of(&server).context_propagation_only(true).build();

    let seen = request(&agent).await;
    let root = agent.begin_transaction("script");
    let ids = current_trace_ids().to_string();
    drop(root);
    let error = agent.tracer().capture_error(&std::fmt::Error);

    assert!(agent.flush_async(PATIENCE).await);
    let header = seen.call.header("traceparent").expect("a header");
    assert!(header.starts_with(&format!("00-{TRACE}-")) && header.ends_with("-01"), "{header}");
    assert!(!header.contains("b7ad6b7169203331"), "{header} is the caller's own");
    assert!(seen.ids.to_string().contains(TRACE), "{}", seen.ids);
    assert!(ids.contains("trace.id") && ids.contains("transaction.id"), "{ids}");
    assert_eq!((agent.stats().recorded(), error), (0, None));
    // Settings are asked for: they may end this.
    server.wait_for_questions("/config/v1/agents", 1);
    assert!(server.received().is_empty() && server.questions("/").is_empty());
}

#[tokio::test]
async fn context_propagation_only_can_be_switched_centrally() {
    let server = FaultServer::start();
    server.central(Answer::new(200).body(r#"{"context_propagation_only":"true"}"#));
    let log = AgentLog::new();
    let agent = log.build(agent_of(&server));
    log.wait_for("Central configuration: context_propagation_only=\"true\"");

    let seen = request(&agent).await;

    assert!(agent.flush_async(PATIENCE).await);
    assert!(seen.call.header("traceparent").is_some());
    assert_eq!(agent.stats().recorded(), 0);
}

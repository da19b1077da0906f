//! Every option that Kibana may change, set by the server while the agent runs: each does what it does when it is set locally.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::post;
use elastic_apm::axum::ApmLayer;
use elastic_apm::{Agent, TraceContinuationStrategy, capture_span, span};
use elastic_apm_core::OPTIONS;
use elastic_apm_integration_tests::PATIENCE;
use elastic_apm_integration_tests::agent_log::AgentLog;
use elastic_apm_integration_tests::fault_server::{Answer, FaultServer};
use http::Request;
use serde_json::{Value, json};
use tower::ServiceExt as _;

const CALLER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// An agent whose server has set these options, and its log, which has heard of the last one.
fn agent_of(server: &FaultServer, options: &Value) -> (Agent, AgentLog) {
    server.central(Answer::new(200).header("etag", "\"1\"").body(options.to_string()));
    let log = AgentLog::new();
    let builder = Agent::builder()
        .without_env()
        .service_name("central")
        .server_url(server.url())
        .server_timeout(PATIENCE)
        .api_request_time(Duration::from_secs(3600));
    let agent = log.build(builder);
    for name in options.as_object().into_iter().flat_map(|options| options.keys()) {
        log.wait_for(&format!("Central configuration: {name}="));
    }
    (agent, log)
}

/// Posts a form to `path`, through a layer of the agent's.
async fn request(agent: &Agent, path: &str, headers: &[(&str, &str)]) {
    let handler = |body: String| async move {
        drop(capture_span("one"));
        drop(capture_span("two"));
        format!("{} bytes", body.len())
    };
    let app: Router =
        Router::new().route("/tenants/{id}", post(handler)).layer(ApmLayer::new().tracer(agent.tracer()));
    let mut request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from("visible=1&pin=1234")).expect("a request");
    let response = app.oneshot(request).await.expect("an answer");
    axum::body::to_bytes(response.into_body(), 1024).await.expect("a body");
}

/// The transactions that the server has taken.
fn transactions(server: &FaultServer) -> Vec<Value> {
    let documents = server.received().into_iter().flat_map(|request| request.documents());
    documents.filter_map(|mut document| document.get_mut("transaction").map(Value::take)).collect()
}

#[tokio::test]
async fn options_about_what_is_captured_are_in_force() {
    let server = FaultServer::start();
    let options = json!({
        "capture_body": "transactions",
        "capture_body_content_types": "application/x-www-form-urlencoded*",
        "sanitize_field_names": "pin, x-visible",
        "transaction_max_spans": "1",
        "transaction_name_groups": "POST /tenants/*",
    });
    let (agent, _log) = agent_of(&server, &options);

    request(&agent, "/tenants/7", &[("x-visible", "no"), ("authorization", "shown now")]).await;
    agent.flush_async(PATIENCE).await;

    let transaction = &transactions(&server)[0];
    let request = &transaction["context"]["request"];
    assert_eq!(request["body"], "visible=1&pin=[REDACTED]");
    assert_eq!(request["headers"]["x-visible"], "[REDACTED]");
    assert_eq!(request["headers"]["authorization"], "shown now");
    assert_eq!(transaction["span_count"], json!({"started": 1, "dropped": 1}));
    assert_eq!(transaction["name"], "POST /tenants/*");
}

#[tokio::test]
async fn options_about_which_requests_are_traced_are_in_force() {
    let server = FaultServer::start();
    let options = json!({
        "capture_headers": "false",
        "trace_continuation_strategy": TraceContinuationStrategy::Restart.as_str(),
        "transaction_ignore_urls": "/tenants/health*",
        "transaction_ignore_user_agents": "kube-probe/*",
        "use_path_as_transaction_name": "true",
    });
    let (agent, _log) = agent_of(&server, &options);

    request(&agent, "/tenants/health", &[]).await;
    request(&agent, "/tenants/7", &[("user-agent", "kube-probe/1.30")]).await;
    request(&agent, "/nowhere", &[("traceparent", CALLER), ("x-visible", "yes")]).await;
    agent.flush_async(PATIENCE).await;

    let transactions = transactions(&server);
    assert_eq!(transactions.len(), 1, "{transactions:#?}");
    assert_eq!(transactions[0]["name"], "POST /nowhere");
    assert_eq!(transactions[0]["context"]["request"]["headers"], Value::Null);
    assert_ne!(transactions[0]["trace_id"], CALLER[3..35]);
    assert_eq!(transactions[0]["links"][0]["trace_id"], CALLER[3..35]);
}

#[tokio::test]
async fn options_about_sampling_and_the_log_are_in_force() {
    let server = FaultServer::start();
    let options = json!({"transaction_sample_rate": "0", "log_level": "info"});
    let (agent, log) = agent_of(&server, &options);
    let before = log.lines().len();

    request(&agent, "/tenants/7", &[]).await;
    server.refuse();
    agent.flush_async(PATIENCE).await;
    server.serve();
    while !agent.flush_async(PATIENCE).await {}

    let transaction = &transactions(&server)[0];
    assert_eq!((&transaction["sampled"], &transaction["sample_rate"]), (&json!(false), &json!(0)));
    // Locally it says everything down to debug.
    let said: Vec<_> = log.lines().split_off(before);
    assert!(said.iter().any(|line| line.contains("could not reach the server")), "{said:#?}");
    assert!(said.iter().all(|line| !line.starts_with("DEBUG")), "{said:#?}");
}

#[test]
fn options_about_sending_are_in_force() {
    for options in [json!({"api_request_time": "20ms"}), json!({"api_request_size": "1kb"})] {
        let server = FaultServer::start();
        let (agent, _log) = agent_of(&server, &options);

        for _ in 0..20 {
            agent.tracer().transaction("event", "script").start().end();
        }

        // Locally a batch waits for an hour, or for 768 kB.
        server.wait_for_requests(1);
        assert!(!server.names_taken().is_empty(), "{options}");
    }
}

#[test]
fn a_transaction_that_runs_keeps_the_options_of_its_start() {
    let server = FaultServer::start();
    let answer = |etag: &str, options: Value| {
        Answer::new(200)
            .header("etag", format!("\"{etag}\""))
            .header("cache-control", "max-age=5")
            .body(options.to_string())
    };
    server.central(answer("1", json!({"transaction_max_spans": "3"})));
    let log = AgentLog::new();
    let agent = log.build(
        Agent::builder()
            .without_env()
            .service_name("central")
            .server_url(server.url())
            .server_timeout(PATIENCE),
    );
    log.wait_for("Central configuration: transaction_max_spans=");
    let run = |before_spans: &dyn Fn()| {
        let _transaction = agent.begin_transaction("script");
        before_spans();
        for _ in 0..5 {
            span("SELECT")
                .span_type("db.mysql")
                .service_target("mysql", "shop")
                .enter()
                .set_duration(Duration::from_millis(1));
            drop(capture_span("step"));
        }
    };

    run(&|| {
        server.central(answer(
            "2",
            json!({
                "transaction_max_spans": "0",
                "exit_span_min_duration": "1s",
                "span_compression_enabled": "false",
                "recording": "true",
            }),
        ));
        log.wait_for("Central configuration: span_compression_enabled=");
    });
    run(&|| {});
    agent.flush(PATIENCE);

    let counts: Vec<Value> = transactions(&server).iter().map(|event| event["span_count"].clone()).collect();
    assert_eq!(counts, [json!({"started": 3, "dropped": 7}), json!({"started": 0, "dropped": 10})]);
}

#[test]
fn each_option_that_elastics_agents_let_kibana_change_may_be_changed() {
    // Those of the specification, the Go and the Python agent that this agent has.
    let expected = [
        "api_request_size",
        "api_request_time",
        "capture_body",
        "capture_headers",
        "context_propagation_only",
        "log_level",
        "recording",
        "sanitize_field_names",
        "trace_continuation_strategy",
        "transaction_ignore_urls",
        "transaction_ignore_user_agents",
        "transaction_max_spans",
        "transaction_name_groups",
        "transaction_sample_rate",
        "exit_span_min_duration",
        "span_compression_enabled",
        "span_compression_exact_match_max_duration",
        "span_compression_same_kind_max_duration",
        "span_stack_trace_min_duration",
        "stack_trace_limit",
        "baggage_to_attach",
    ];

    for option in OPTIONS.iter().filter(|option| expected.contains(&option.name)) {
        assert!(option.dynamic, "{}", option.name);
    }
}

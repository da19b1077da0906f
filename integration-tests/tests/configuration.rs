//! Options: where they come from, what is said of those that cannot be used, and that they reach the events.

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use elastic_apm::axum::ApmLayer;
use elastic_apm::intake::{Metadata, SampleRate};
use elastic_apm::{Agent, ConfigError, DropReason, LogLevel, Source};
use elastic_apm_integration_tests::agent_log::AgentLog;
use elastic_apm_integration_tests::fault_server::{Fault, FaultServer, Received};
use elastic_apm_integration_tests::{CheckedAgent, PATIENCE, child};
use http::Request;
use serde_json::Value;
use tower::ServiceExt as _;

/// Unusable values: variable, value, option, and a part of what was expected.
const UNUSABLE: [(&str, &str, &str, &str); 12] = [
    ("ELASTIC_APM_SERVER_URL", "apm.example:8200", "server_url", "an http or https URL"),
    ("ELASTIC_APM_SERVER_URL", "http://apm.example?x=1", "server_url", "an http or https URL"),
    ("ELASTIC_APM_SERVER_TIMEOUT", "5 parsecs", "server_timeout", "from 10ms to 60m"),
    ("ELASTIC_APM_API_REQUEST_TIME", "1ms", "api_request_time", "from 10ms to 60m"),
    ("ELASTIC_APM_API_REQUEST_SIZE", "big", "api_request_size", "from 1kb to 5mb"),
    ("ELASTIC_APM_MAX_QUEUE_SIZE", "0", "max_queue_size", "from 1 to 1000000"),
    ("ELASTIC_APM_VERIFY_SERVER_CERT", "no", "verify_server_cert", "true or false"),
    ("ELASTIC_APM_TRANSACTION_SAMPLE_RATE", "1.5", "transaction_sample_rate", "0"),
    ("ELASTIC_APM_TRANSACTION_MAX_SPANS", "many", "transaction_max_spans", "number"),
    ("ELASTIC_APM_GLOBAL_LABELS", "team", "global_labels", "key=value"),
    ("ELASTIC_APM_LOG_LEVEL", "loud", "log_level", "warning"),
    ("ELASTIC_APM_ENABLED", "1", "enabled", "true or false"),
];

fn metadata(agent: &CheckedAgent) -> Metadata {
    agent.tracer().transaction("job", "script").start().end();
    agent.events().metadata.expect("every request has metadata")
}

/// One request to `/users/7` with these headers, answered with a secret header of its own.
async fn request(agent: &CheckedAgent, headers: &[(&str, &str)]) {
    let answer = || async { ([("x-session-id", "s3cret"), ("x-answer", "visible")], "ok") };
    let app: Router = Router::new()
        .route("/users/{id}", get(answer))
        .route("/health", get(answer))
        .layer(ApmLayer::new().tracer(agent.tracer()));
    for path in ["/users/7", "/health"] {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).expect("a request");
        let response = app.clone().oneshot(request).await.expect("an answer");
        axum::body::to_bytes(response.into_body(), 1024).await.expect("a body");
    }
}

/// The context of the transaction of `/users/7`, as it was on the wire.
fn context(agent: &CheckedAgent) -> Value {
    let documents =
        agent.events().lines.into_iter().map(|line| serde_json::from_str::<Value>(&line).expect("JSON"));
    let transaction = |mut document: Value| document.get_mut("transaction").map(Value::take);
    let mut transactions = documents.filter_map(transaction);
    let found = transactions.find(|transaction| transaction["name"] == "GET /users/{id}");
    found.expect("the transaction")["context"].clone()
}

#[test]
fn a_variable_that_cannot_be_used_is_named_with_its_value_and_what_was_expected() {
    for (variable, value, option, expected) in UNUSABLE {
        let agent = CheckedAgent::with(|builder| builder.env_vars([(variable, value)]));

        let warnings: Vec<String> =
            agent.log_lines().into_iter().filter(|line| line.starts_with("WARN")).collect();
        assert_eq!(warnings.len(), 1, "{variable}={value}: {warnings:#?}");
        for part in [option, &format!("{value:?}"), "environment", expected] {
            assert!(warnings[0].contains(part), "{part:?} is not in {warnings:#?}");
        }
        agent.tracer().transaction("job", "script").start().end();
        assert_eq!(agent.events().transactions.len(), 1, "{variable}={value} stopped the agent");
    }
}

#[test]
fn a_variable_that_cannot_be_used_leaves_the_default_in_force() {
    let agent = CheckedAgent::with(|builder| {
        builder.env_vars([("ELASTIC_APM_TRANSACTION_SAMPLE_RATE", "-1"), ("ELASTIC_APM_ENABLED", "on")])
    });

    agent.tracer().transaction("job", "script").start().end();

    assert_eq!(agent.events().transaction("job").sample_rate.map(SampleRate::as_f64), Some(1.0));
}

#[test]
fn the_environment_beats_the_code() {
    let agent = CheckedAgent::with(|builder| {
        builder.service_name("code").environment("code").transaction_sample_rate(1.0).env_vars([
            ("ELASTIC_APM_SERVICE_NAME", "environment"),
            ("ELASTIC_APM_TRANSACTION_SAMPLE_RATE", "0"),
        ])
    });

    let metadata = metadata(&agent);

    assert_eq!(metadata.service.name.as_str(), "environment");
    assert_eq!(metadata.service.environment.as_deref(), Some("code"));
    assert!(!agent.events().transaction("job").sampled);
}

#[test]
fn a_variable_that_cannot_be_used_leaves_the_code_in_force() {
    let agent = CheckedAgent::with(|builder| {
        builder.transaction_sample_rate(0.0).env_vars([("ELASTIC_APM_TRANSACTION_SAMPLE_RATE", "half")])
    });

    agent.tracer().transaction("job", "script").start().end();

    assert!(!agent.events().transaction("job").sampled);
}

#[test]
fn an_empty_variable_is_not_set() {
    let agent = CheckedAgent::with(|builder| {
        builder.service_name("code").env_vars([("ELASTIC_APM_SERVICE_NAME", "")])
    });

    assert_eq!(metadata(&agent).service.name.as_str(), "code");
}

#[test]
fn a_misspelt_variable_is_told_what_was_probably_meant() {
    let agent = CheckedAgent::with(|builder| builder.env_vars([("ELASTIC_APM_SERVICE_NMAE", "checkout")]));

    let lines = agent.log_lines();
    let found = lines.iter().find(|line| line.contains("ELASTIC_APM_SERVICE_NMAE"));
    assert!(found.is_some_and(|line| line.contains("ELASTIC_APM_SERVICE_NAME?")), "{lines:#?}");
}

#[test]
fn try_build_returns_what_build_warns_of() {
    let error = Agent::builder()
        .env_vars([("ELASTIC_APM_SERVER_TIMEOUT", "5 parsecs")])
        .log_level(LogLevel::Off)
        .try_build()
        .expect_err("the value cannot be used");

    let ConfigError::InvalidValue { option, source, ref value, .. } = error else { panic!("{error}") };
    assert_eq!((option, source, value.as_str()), ("server_timeout", Source::Environment, "5 parsecs"));
    assert!(
        error.to_string().starts_with("invalid server_timeout \"5 parsecs\" from environment: expected ")
    );
}

#[test]
fn try_build_starts_an_agent_whose_options_are_fine() {
    let server = FaultServer::start();
    let agent = Agent::builder()
        .env_vars([("ELASTIC_APM_SERVER_URL", server.url())])
        .log_level(LogLevel::Off)
        .try_build()
        .expect("the options are fine");

    agent.tracer().transaction("job", "script").start().end();

    assert!(agent.flush(PATIENCE));
    assert_eq!(server.names_taken(), ["job"]);
}

#[test]
fn secrets_go_into_the_header_and_never_into_the_log() {
    let server = FaultServer::start();
    server.next([Fault::answer(401, r#"{"error":"authentication failed"}"#)]);
    let log = AgentLog::new();
    let variables =
        [("ELASTIC_APM_SERVER_URL", server.url()), ("ELASTIC_APM_SECRET_TOKEN", "t0ken".to_owned())];
    let agent = log.build(Agent::builder().env_vars(variables));

    agent.tracer().transaction("job", "script").start().end();
    agent.flush(PATIENCE);
    agent.shutdown(PATIENCE);

    let received: Vec<Received> = server.received();
    assert_eq!(received[0].header("authorization"), Some("Bearer t0ken"));
    assert!(log.lines().iter().all(|line| !line.contains("t0ken")), "{:#?}", log.lines());
    assert!(received.iter().all(|request| !request.lines().concat().contains("t0ken")));
    assert!(!format!("{agent:?}").contains("t0ken"));
}

#[test]
fn secrets_that_cannot_be_used_are_not_shown_either() {
    for (variable, value) in [
        ("ELASTIC_APM_SECRET_TOKEN", "s3cret\u{e9}"),
        ("ELASTIC_APM_API_KEY", "id:s3cret\u{e9}"),
        ("ELASTIC_APM_SERVER_URL", "http://admin:s3cret@apm.example:8200"),
    ] {
        let agent =
            CheckedAgent::with(|builder| builder.log_level(LogLevel::Trace).env_vars([(variable, value)]));
        let error = Agent::builder().env_vars([(variable, value)]).log_level(LogLevel::Off).try_build();

        let lines = agent.log_lines();
        assert!(lines.iter().any(|line| line.starts_with("WARN")), "{variable}: {lines:#?}");
        assert!(lines.iter().all(|line| !line.contains("s3cret")), "{variable}: {lines:#?}");
        let error = error.expect_err("the value cannot be used");
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
    }
}

#[test]
fn an_api_key_wins_over_a_token_and_is_encoded() {
    let server = FaultServer::start();
    let agent = Agent::builder()
        .without_env()
        .server_url(server.url())
        .secret_token("t0ken")
        .api_key("id:key")
        .log_level(LogLevel::Off)
        .build();

    agent.tracer().transaction("job", "script").start().end();
    agent.flush(PATIENCE);

    assert_eq!(server.received()[0].header("authorization"), Some("ApiKey aWQ6a2V5"));
}

#[test]
fn a_disabled_agent_does_not_talk_to_the_server() {
    let server = FaultServer::start();
    let agent = Agent::builder()
        .env_vars([("ELASTIC_APM_ENABLED", "false")])
        .server_url(server.url())
        .log_level(LogLevel::Off)
        .build();

    agent.tracer().transaction("job", "script").start().end();

    assert!(agent.flush(PATIENCE) && agent.shutdown(PATIENCE));
    assert_eq!(agent.stats().recorded(), 0);
    assert!(server.received().is_empty());
}

#[test]
fn the_log_is_as_loud_as_it_is_told() {
    let lines = |level: &'static str| {
        let (server, log) = (FaultServer::start(), AgentLog::new());
        server.always(Fault::answer(500, ""));
        let variables = [("ELASTIC_APM_LOG_LEVEL", level), ("ELASTIC_APM_VERIFY_SERVER_CERT", "maybe")];
        let agent = log.hear(|| Agent::builder().env_vars(variables).server_url(server.url()).build());
        agent.tracer().transaction("job", "script").start().end();
        agent.flush(PATIENCE);
        assert_eq!(agent.stats().dropped_for(DropReason::SendFailed), 1);
        log.lines()
    };
    let some = |lines: &[String], level: &str| lines.iter().any(|line| line.starts_with(level));

    let (off, warning, debug) = (lines("off"), lines("warning"), lines("debug"));

    assert!(off.is_empty(), "{off:#?}");
    assert!(some(&warning, "WARN") && !some(&warning, "INFO") && !some(&warning, "DEBUG"), "{warning:#?}");
    assert!(some(&debug, "WARN") && some(&debug, "INFO") && some(&debug, "DEBUG"), "{debug:#?}");
}

#[test]
fn who_and_where_reaches_the_metadata() {
    let agent = CheckedAgent::with(|builder| {
        builder.env_vars([
            ("ELASTIC_APM_SERVICE_NAME", "checkout"),
            ("ELASTIC_APM_SERVICE_VERSION", "1.2.3"),
            ("ELASTIC_APM_SERVICE_NODE_NAME", "node-7"),
            ("ELASTIC_APM_ENVIRONMENT", "production"),
            ("ELASTIC_APM_HOSTNAME", "web-1"),
            ("ELASTIC_APM_GLOBAL_LABELS", "team=payments,tier=1"),
        ])
    });

    metadata(&agent);

    let sent: Value = serde_json::from_str(&agent.events().lines[0]).expect("JSON");
    let sent = &sent["metadata"];
    assert_eq!(sent["service"]["name"], "checkout");
    assert_eq!(sent["service"]["version"], "1.2.3");
    assert_eq!(sent["service"]["node"]["configured_name"], "node-7");
    assert_eq!(sent["service"]["environment"], "production");
    assert_eq!(sent["system"]["configured_hostname"], "web-1");
    assert_eq!(sent["labels"], serde_json::json!({"team": "payments", "tier": "1"}));
}

#[test]
fn a_name_that_the_server_would_refuse_is_adjusted() {
    let agent = CheckedAgent::with(|builder| builder.service_name("check.out/eu"));

    assert_eq!(metadata(&agent).service.name.as_str(), "check_out_eu");
    assert!(agent.log_lines().iter().any(|line| line.contains("service_name")), "{:#?}", agent.log_lines());
}

#[tokio::test]
async fn secret_headers_are_redacted_by_default() {
    let agent = CheckedAgent::new();

    let headers = [
        ("authorization", "Bearer s3cret"),
        ("cookie", "theme=dark; sessionid=s3cret"),
        ("x-visible", "yes"),
    ];
    request(&agent, &headers).await;

    let context = context(&agent);
    assert_eq!(context["request"]["headers"]["authorization"], "[REDACTED]");
    assert_eq!(context["request"]["headers"]["cookie"], "[REDACTED]");
    assert_eq!(context["request"]["cookies"]["theme"], "dark");
    assert_eq!(context["request"]["cookies"]["sessionid"], "[REDACTED]");
    assert_eq!(context["request"]["headers"]["x-visible"], "yes");
    assert_eq!(context["response"]["headers"]["x-session-id"], "[REDACTED]");
    assert_eq!(context["response"]["headers"]["x-answer"], "visible");
    assert!(agent.events().lines.iter().all(|line| !line.contains("s3cret")));
}

#[tokio::test]
async fn the_fields_to_redact_can_be_chosen() {
    let variables = [("ELASTIC_APM_SANITIZE_FIELD_NAMES", "x-vis*")];
    let agent = CheckedAgent::with(|builder| builder.env_vars(variables));

    request(&agent, &[("x-visible", "yes"), ("x-api-key", "shown now")]).await;

    let headers = &context(&agent)["request"]["headers"];
    assert_eq!((&headers["x-visible"], &headers["x-api-key"]), (&"[REDACTED]".into(), &"shown now".into()));
}

#[tokio::test]
async fn no_headers_are_sent_where_that_is_off() {
    let agent = CheckedAgent::with(|builder| builder.env_vars([("ELASTIC_APM_CAPTURE_HEADERS", "false")]));

    request(&agent, &[("x-visible", "yes")]).await;

    let context = context(&agent);
    assert_eq!(
        (&context["request"]["headers"], &context["response"]["headers"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(
        (&context["request"]["method"], &context["response"]["status_code"]),
        (&"GET".into(), &200.into())
    );
}

#[tokio::test]
async fn paths_to_ignore_start_no_transaction() {
    let variables = [("ELASTIC_APM_TRANSACTION_IGNORE_URLS", "/heal*, /ready")];
    let agent = CheckedAgent::with(|builder| builder.env_vars(variables));

    request(&agent, &[]).await;

    let names: Vec<_> = agent.events().transactions.into_iter().map(|event| event.name).collect();
    assert_eq!(names, [Some("GET /users/{id}".into())]);
}

#[test]
fn the_first_agent_installed_stays_the_default_until_it_is_dropped() {
    let server = FaultServer::start();

    let ended =
        child::run(env!("CARGO_BIN_EXE_two-agents"), &[], &[("ELASTIC_APM_SERVER_URL", &server.url())]);

    let mut by_service: Vec<(String, Vec<String>)> = Vec::new();
    for request in server.received() {
        let service = request.documents()[0]["metadata"]["service"]["name"].as_str().map(str::to_owned);
        by_service.push((service.expect("a name"), request.names()));
    }
    by_service.sort();
    let expected = [
        ("first", vec!["while both live", "after the second was dropped"]),
        ("second", vec!["the second's own"]),
        ("third", vec!["after a third was installed"]),
    ];
    let expected = expected.map(|(service, names)| {
        (service.to_owned(), names.into_iter().map(str::to_owned).collect::<Vec<_>>())
    });
    assert!(ended.status.success(), "{ended:#?}");
    assert_eq!(by_service, expected, "{ended:#?}");
    let warnings: Vec<&str> = ended.stderr.lines().filter(|line| line.contains("WARN")).collect();
    assert_eq!(warnings.len(), 1, "{ended:#?}");
    assert!(warnings[0].contains("another agent is the default already"), "{warnings:#?}");
}

#[test]
fn the_process_environment_is_read_unless_told_otherwise() {
    let server = FaultServer::start();
    let variables = [
        ("ELASTIC_APM_SERVER_URL", &*server.url()),
        ("ELASTIC_APM_SERVICE_NAME", "from the environment"),
        ("ELASTIC_APM_LOG_LEVEL", "off"),
    ];

    let ended = child::run(env!("CARGO_BIN_EXE_exit-case"), &["without-tokio", "return"], &variables);

    let received = server.received();
    assert_eq!(received[0].documents()[0]["metadata"]["service"]["name"], "from the environment");
    assert_eq!(ended.stderr, "");
}

//! What the first line of every request says of service, process and machine.

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use elastic_apm::AgentBuilder;
use elastic_apm::intake::Metadata;
use elastic_apm_integration_tests::CheckedAgent;
use http::Request;
use tower::ServiceExt as _;

fn metadata(agent: &CheckedAgent) -> Metadata {
    agent.tracer().transaction("job", "script").start().end();
    agent.events().metadata.expect("every request has metadata")
}

#[test]
fn the_service_is_what_opentelemetry_is_told_where_nobody_says_anything_else() {
    let told = "service.version=1.2,service.instance.id=node%207,deployment.environment.name=production";
    let agent = CheckedAgent::with(|builder| {
        builder
            .service_name("checkout")
            .env_vars([("OTEL_SERVICE_NAME", "otel"), ("OTEL_RESOURCE_ATTRIBUTES", told)])
    });

    let service = metadata(&agent).service;

    assert_eq!(service.name, "checkout", "the code's word counts more");
    assert_eq!(service.version.as_deref(), Some("1.2"));
    assert_eq!(service.environment.as_deref(), Some("production"));
    assert_eq!(service.node.and_then(|node| node.configured_name).as_deref(), Some("node 7"));
    let line = "INFO   environment=\"production\" (source: OTEL_RESOURCE_ATTRIBUTES)";
    assert!(agent.log_lines().iter().any(|shown| shown == line), "{:#?}", agent.log_lines());
}

#[test]
fn who_reads_no_environment_reads_none_of_opentelemetrys_either() {
    let agent = CheckedAgent::with(|builder| {
        builder.env_vars([("OTEL_RESOURCE_ATTRIBUTES", "service.version=1.2")]).without_env()
    });

    assert_eq!(metadata(&agent).service.version, None);
}

/// Name and version of the framework, after a request that was answered by a router of axum.
async fn framework(
    configure: impl FnOnce(AgentBuilder) -> AgentBuilder,
    layer: impl FnOnce(Router, &CheckedAgent) -> Router,
) -> (Option<String>, Option<String>) {
    let agent = CheckedAgent::with(configure);
    let router = layer(Router::new().route("/", get(|| async { "hello" })), &agent);
    let answer = router.oneshot(Request::get("/").body(Body::empty()).expect("a request")).await;
    axum::body::to_bytes(answer.expect("an answer").into_body(), 1024).await.expect("a body");

    let framework = agent.events().metadata.expect("it is there").service.framework.unwrap_or_default();
    (framework.name.map(|name| name.to_string()), framework.version.map(|version| version.to_string()))
}

fn with_axums(router: Router, agent: &CheckedAgent) -> Router {
    elastic_apm::axum::ApmLayer::new().tracer(agent.tracer()).around(router)
}

#[tokio::test]
async fn axums_layer_says_that_the_service_is_made_with_axum() {
    let (name, version) = framework(|options| options, with_axums).await;

    assert_eq!(name.as_deref(), Some("axum"));
    let lock = include_str!("../../Cargo.lock");
    let (_, locked) = lock.split_once("name = \"axum\"\nversion = \"").expect("axum is in the lock file");
    assert!(version.is_some_and(|version| locked.starts_with(&format!("{version}."))));
}

#[tokio::test]
async fn towers_layer_does_not_know_what_it_is_in() {
    let towers = |router: Router, agent: &CheckedAgent| {
        router.layer(elastic_apm::tower::ApmLayer::new().tracer(agent.tracer()))
    };

    assert_eq!(framework(|options| options, towers).await, (None, None));
}

#[tokio::test]
async fn what_is_configured_of_the_framework_wins() {
    let named = framework(|options| options.framework_name("loco"), with_axums).await;
    let both = framework(|options| options.framework_name("loco").framework_version("1"), with_axums).await;
    let version = framework(|options| options.framework_version("0.8.4"), with_axums).await;

    let text = |text: &str| Some(text.to_owned());
    assert_eq!(named, (text("loco"), None));
    assert_eq!(both, (text("loco"), text("1")));
    assert_eq!(version, (text("axum"), text("0.8.4")));
}

#[test]
fn any_integration_can_say_the_framework_once() {
    let agent = CheckedAgent::new();
    agent.tracer().set_framework("jobs", "2");
    agent.tracer().set_framework("other", "3");
    elastic_apm::Tracer::noop().set_framework("nobody", "1");

    let framework = metadata(&agent).service.framework.expect("it is there");

    assert_eq!((framework.name.as_deref(), framework.version.as_deref()), (Some("jobs"), Some("2")));
}

#[test]
fn the_pod_is_named_by_the_deployment() {
    let variables = [
        ("KUBERNETES_NAMESPACE", "shop"),
        ("KUBERNETES_NODE_NAME", "node-1"),
        ("KUBERNETES_POD_NAME", "web-7"),
        ("KUBERNETES_POD_UID", "90d81341-92de-11e7-8cf2-507b9d4141fa"),
    ];
    let agent = CheckedAgent::with(|builder| builder.env_vars(variables));

    let kubernetes = metadata(&agent).system.and_then(|system| system.kubernetes).expect("it is there");

    assert_eq!(kubernetes.namespace.as_deref(), Some("shop"));
    assert_eq!(kubernetes.node.and_then(|node| node.name).as_deref(), Some("node-1"));
    let pod = kubernetes.pod.expect("it is there");
    assert_eq!((pod.name.as_deref(), pod.uid.as_deref()), (Some("web-7"), Some(variables[3].1)));
}

#[test]
fn agent_language_and_runtime_are_said_in_elastics_words() {
    let service = metadata(&CheckedAgent::new()).service;

    assert_eq!(
        (service.agent.name.as_str(), service.language.expect("it is there").name.as_str()),
        ("rust", "rust")
    );
    assert_eq!(service.agent.activation_method.as_deref(), Some("programmatic-self-attach"));
    let runtime = service.runtime.expect("it is there");
    assert_eq!(runtime.name, "rustc");
    assert!(runtime.version.starts_with("1."), "{runtime:?}");
}

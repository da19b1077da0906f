//! What the first line of every request says of service, process and machine.

use elastic_apm::intake::Metadata;
use elastic_apm_integration_tests::CheckedAgent;

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

//! Agents behind a proxy that the environment names.

use std::time::Duration;

use elastic_apm::{Agent, AgentBuilder, LogLevel};
use elastic_apm_integration_tests::agent_log::AgentLog;
use elastic_apm_integration_tests::certificate::SelfSigned;
use elastic_apm_integration_tests::fault_server::FaultServer;
use elastic_apm_integration_tests::proxy::Proxy;

use crate::support::{PATIENCE, numbered, record_numbered};

/// An agent that reads these variables and reaches the server by a name that is not one of this machine.
fn agent_of<const N: usize>(server: &FaultServer, variables: [(&str, String); N]) -> AgentBuilder {
    Agent::builder()
        .env_vars(variables)
        .service_name("behind a proxy")
        .server_url(server.url().replace("127.0.0.1", "0.0.0.0"))
        .server_timeout(PATIENCE)
        .metrics_interval(Duration::ZERO)
        .log_level(LogLevel::Off)
}

#[test]
fn events_and_questions_go_through_the_proxy() {
    let (server, proxy) = (FaultServer::start(), Proxy::start());
    server.version("8.15.0");
    let log = AgentLog::new();
    let variables = [("HTTP_PROXY", proxy.url("joe:s3cret"))];
    let agent = log.build(agent_of(&server, variables).secret_token("t0ken"));

    record_numbered(&agent, 0..3);
    let delivered = agent.flush(PATIENCE);
    let lines = log.wait_for("the APM Server has version 8.15.0");

    assert!(delivered);
    assert_eq!(server.names_taken(), numbered(0..3));
    let heads = proxy.heads();
    assert!(!heads.is_empty());
    for head in &heads {
        let first = head.lines().next().unwrap_or_default();
        assert!(first.contains(&format!(" http://0.0.0.0:{}/", server.port())), "{heads:#?}");
        assert!(head.contains("proxy-authorization: Basic am9lOnMzY3JldA=="), "{heads:#?}");
    }
    assert!(
        lines.iter().any(|line| line.starts_with("INFO") && line.contains("through the proxy")),
        "{lines:#?}"
    );
    assert!(lines.iter().all(|line| !line.contains("s3cret")), "{lines:#?}");
}

#[test]
fn an_https_server_is_reached_through_a_tunnel() {
    let (server, proxy) = (FaultServer::start_tls(SelfSigned::new().config), Proxy::start());
    let variables = [("https_proxy", proxy.url("joe:s3cret"))];
    let agent = agent_of(&server, variables).verify_server_cert(false).secret_token("t0ken").build();

    record_numbered(&agent, 0..3);
    let delivered = agent.flush(PATIENCE);

    let heads = proxy.heads();
    assert!(delivered);
    assert_eq!(server.names_taken(), numbered(0..3));
    assert!(
        heads.iter().all(|head| head.starts_with(&format!("CONNECT 0.0.0.0:{} ", server.port()))),
        "{heads:#?}"
    );
    assert!(heads.iter().all(|head| !head.contains("t0ken")), "{heads:#?}");
}

#[test]
fn a_server_that_is_exempt_or_on_this_machine_is_contacted_directly() {
    let (server, proxy) = (FaultServer::start(), Proxy::start());
    let all = || ("ALL_PROXY", proxy.url("joe:s3cret"));
    let exempt = agent_of(&server, [all(), ("no_proxy", "0.0.0.0".to_owned())]).build();
    let local = agent_of(&server, [all()]).server_url(server.url()).build();
    let ignoring = agent_of(&server, [all()]).without_env().build();

    for (number, agent) in [exempt, local, ignoring].iter().enumerate() {
        record_numbered(agent, number..=number);
        assert!(agent.flush(PATIENCE), "{number}");
    }

    assert_eq!(server.names_taken(), numbered(0..3));
    assert!(proxy.heads().is_empty());
}

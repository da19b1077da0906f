//! Which version the server has, what depends on it, and that nothing waits for it.

use std::time::Duration;

use elastic_apm::Agent;
use elastic_apm_integration_tests::agent_log::AgentLog;
use elastic_apm_integration_tests::fault_server::{Answer, FaultServer};

use crate::support::{PATIENCE, agent_of, eager_agent_of, record_numbered, within};

/// An agent that samples nothing, once it has learnt the server's version.
fn unsampling_agent_of(server: &FaultServer, version: &str) -> Agent {
    server.version(version);
    let log = AgentLog::new();
    let agent = log.build(agent_of(server).transaction_sample_rate(0.0));
    log.wait_for(&format!("the APM Server has version {version}"));
    agent
}

#[test]
fn the_question_carries_credentials_and_names() {
    let server = FaultServer::start();
    let agent = agent_of(&server).secret_token("t0ken").service_version("7").build();

    let question = &server.wait_for_questions("/", 1)[0];

    assert_eq!(question.request_line, "GET / HTTP/1.1");
    assert_eq!(question.header("authorization"), Some("Bearer t0ken"));
    assert!(question.header("user-agent").is_some_and(|name| name.ends_with("(faults 7)")), "{question:?}");
    drop(agent);
}

#[test]
fn servers_before_8_get_unsampled_transactions() {
    let server = FaultServer::start();
    let agent = unsampling_agent_of(&server, "7.17.9");

    record_numbered(&agent, 0..3);
    assert!(agent.flush(PATIENCE));

    let sent = &server.received()[0].documents()[1]["transaction"];
    assert_eq!((&sent["sampled"], &sent["sample_rate"]), (&false.into(), &0.into()));
    assert_eq!((agent.stats().recorded(), agent.stats().sent()), (3, 3));
}

#[test]
fn servers_from_8_on_get_none_and_none_is_counted() {
    let server = FaultServer::start();
    let agent = unsampling_agent_of(&server, "8.0.0");

    record_numbered(&agent, 0..3);
    assert!(agent.flush(PATIENCE));

    assert!(server.received().is_empty());
    assert_eq!((agent.stats().recorded(), agent.stats().dropped()), (0, 0));
}

#[test]
fn errors_of_unsampled_transactions_are_sent_whatever_the_version() {
    let server = FaultServer::start();
    let agent = unsampling_agent_of(&server, "8.15.0");

    {
        let _job = agent.begin_transaction("script");
        elastic_apm::capture_message("sent all the same");
    }
    assert!(agent.flush(PATIENCE));

    let sent = server.received()[0].documents();
    assert_eq!(sent.len(), 2, "{sent:#?}");
    assert_eq!(sent[1]["error"]["transaction"]["sampled"], false);
}

#[test]
fn a_server_of_unknown_version_gets_unsampled_transactions_and_is_asked_again() {
    let server = FaultServer::start();
    let log = AgentLog::new();
    let agent = log.build(agent_of(&server).transaction_sample_rate(0.0));
    log.wait_for("DEBUG the version of the APM Server is unknown: the answer names none");
    record_numbered(&agent, 0..1);
    let delivered = agent.flush(PATIENCE);
    server.version("8.15.0");

    log.wait_for("the APM Server has version 8.15.0");
    record_numbered(&agent, 1..2);
    agent.flush(PATIENCE);

    assert!(delivered);
    assert_eq!(server.names_taken(), ["0"]);
    assert!(log.warnings().is_empty(), "{:#?}", log.warnings());
}

#[test]
fn what_is_no_version_is_none() {
    for answer in [
        Answer::new(200).body("<html>8.0.0</html>"),
        Answer::new(200).body(r#"{"version":8}"#),
        Answer::new(200).body(r#"{"version":"eight"}"#),
        Answer::new(200).body("[]"),
        Answer::new(401).body(r#"{"version":"8.0.0"}"#),
        Answer::new(500),
    ] {
        let server = FaultServer::start();
        server.info(answer.clone());
        let log = AgentLog::new();
        let agent = log.build(agent_of(&server).transaction_sample_rate(0.0));
        log.wait_for("the version of the APM Server is unknown");

        record_numbered(&agent, 0..1);

        assert!(agent.flush(PATIENCE), "{answer:?}");
        assert_eq!(server.names_taken(), ["0"], "{answer:?}");
    }
}

#[test]
fn events_do_not_wait_for_the_version() {
    let server = FaultServer::refusing();
    server.hang_on_accept();
    let agent = eager_agent_of(&server).build();
    record_numbered(&agent, 0..1);
    server.serve();

    // The question hangs in a connection that nobody will ever take.
    within(Duration::from_secs(5), || server.wait_for_events(1));

    drop(agent);
}

#[test]
fn the_activation_method_is_told_to_all_but_one_version() {
    for (version, method) in [
        ("8.7.0", None),
        ("8.7.1", Some("programmatic-self-attach")),
        ("8.6.2", Some("programmatic-self-attach")),
    ] {
        let server = FaultServer::start();
        server.version(version);
        let log = AgentLog::new();
        let agent = log.build(agent_of(&server));
        log.wait_for("the APM Server has version");

        record_numbered(&agent, 0..1);
        agent.flush(PATIENCE);

        let metadata = &server.received()[0].documents()[0]["metadata"];
        assert_eq!(metadata["service"]["agent"]["activation_method"].as_str(), method, "{version}");
    }
}

#[test]
fn a_server_that_came_back_may_have_another_version() {
    let server = FaultServer::start();
    server.version("7.17.0");
    let log = AgentLog::new();
    let agent = log.build(agent_of(&server));
    log.wait_for("the APM Server has version 7.17.0");
    server.refuse();
    record_numbered(&agent, 0..1);
    agent.flush(PATIENCE);
    server.version("8.0.0");
    server.serve();

    agent.flush(PATIENCE);

    log.wait_for("the APM Server has version 8.0.0");
}

#[test]
fn an_agent_that_does_not_record_asks_nothing() {
    let server = FaultServer::start();
    let agent = agent_of(&server).recording(false).build();

    agent.flush(PATIENCE);
    agent.shutdown(PATIENCE);

    assert!(server.questions("/").is_empty());
}

//! Central configuration: what the server sets is in force while the agent runs, and gives way when it is deleted.

use elastic_apm::Agent;
use elastic_apm_integration_tests::agent_log::AgentLog;
use elastic_apm_integration_tests::fault_server::{Answer, FaultServer};

use crate::support::{PATIENCE, agent_of, numbered, record_numbered};

const PATH: &str = "/config/v1/agents";

fn configuration(etag: &str, settings: &str) -> Answer {
    Answer::new(200)
        .header("etag", format!("\"{etag}\""))
        .header("cache-control", "max-age=5, must-revalidate")
        .body(settings)
}

fn heard_agent_of(server: &FaultServer) -> (Agent, AgentLog) {
    let log = AgentLog::new();
    (log.build(agent_of(server)), log)
}

#[test]
fn options_of_the_server_are_in_force() {
    let server = FaultServer::start();
    server.central(configuration("1", r#"{"transaction_sample_rate":"0"}"#));
    let (agent, log) = heard_agent_of(&server);
    log.wait_for("INFO Central configuration: transaction_sample_rate=\"0\" (source: central)");

    record_numbered(&agent, 0..1);
    agent.flush(PATIENCE);

    assert_eq!(server.received()[0].documents()[1]["transaction"]["sampled"], false);
}

#[test]
fn recording_can_be_switched_off_and_on() {
    let server = FaultServer::start();
    server.central(configuration("off", r#"{"recording":"false"}"#));
    let (agent, log) = heard_agent_of(&server);
    log.wait_for("Central configuration: recording=\"false\"");
    record_numbered(&agent, 0..3);
    let off = (agent.tracer().is_recording(), agent.stats().recorded());
    server.central(configuration("on", "{}"));

    log.wait_for("Central configuration: recording is as set locally again");
    record_numbered(&agent, 3..6);
    agent.flush(PATIENCE);

    assert_eq!(off, (false, 0));
    assert_eq!(server.names_taken(), numbered(3..6));
    let questions = server.questions(PATH);
    assert_eq!(questions[0].header("if-none-match"), None);
    assert_eq!(questions[1].header("if-none-match"), Some("\"off\""));
}

#[test]
fn the_question_is_asked_as_the_agent_that_sends() {
    let server = FaultServer::start();
    let agent = agent_of(&server).environment("test 1").secret_token("t0ken").build();

    let question = &server.wait_for_questions(PATH, 1)[0];

    assert_eq!(
        question.request_line,
        "GET /config/v1/agents?service.name=faults&service.environment=test%201 HTTP/1.1"
    );
    assert_eq!(question.header("authorization"), Some("Bearer t0ken"));
    drop(agent);
}

#[test]
fn an_agent_that_wants_none_asks_for_none() {
    let server = FaultServer::start();
    let agent = agent_of(&server).central_config(false).build();
    server.wait_for_questions("/", 1);

    record_numbered(&agent, 0..1);
    agent.flush(PATIENCE);
    agent.shutdown(PATIENCE);

    assert!(server.questions(PATH).is_empty());
}

#[test]
fn an_agent_that_does_not_record_still_asks() {
    let server = FaultServer::start();
    server.central(configuration("1", r#"{"recording":"true"}"#));
    let log = AgentLog::new();
    let agent = log.build(agent_of(&server).recording(false));

    log.wait_for("Central configuration: recording=\"true\"");
    record_numbered(&agent, 0..1);
    agent.flush(PATIENCE);

    assert_eq!(server.names_taken(), numbered(0..1));
    // Recording, it has a use for the version too.
    server.wait_for_questions("/", 1);
}

#[test]
fn a_server_that_has_none_is_no_cause_for_a_warning() {
    for status in [403, 404] {
        let server = FaultServer::start();
        server.central(Answer::new(status));
        let (agent, log) = heard_agent_of(&server);
        log.wait_for(&format!("DEBUG central configuration: the server answered {status}"));

        record_numbered(&agent, 0..1);

        assert!(agent.flush(PATIENCE));
        assert!(log.warnings().is_empty(), "{:#?}", log.warnings());
    }
}

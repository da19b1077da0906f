//! A server that comes late, goes away, and comes back.

use std::collections::BTreeSet;
use std::time::Duration;

use elastic_apm::DropReason;
use elastic_apm_integration_tests::agent_log::AgentLog;
use elastic_apm_integration_tests::fault_server::FaultServer;

use crate::support::{
    PATIENCE, agent_of, eager_agent_of, names_once, numbered, record, record_numbered, settled, within,
};

#[test]
fn events_recorded_before_the_server_is_there_arrive_later() {
    let server = FaultServer::refusing();
    let log = AgentLog::new();
    let agent = log.build(eager_agent_of(&server));

    record_numbered(&agent, 0..3);
    // The first failure is a warning, the second one is not.
    log.wait_for("DEBUG could not reach the server");
    record_numbered(&agent, 3..5);
    server.serve();
    server.wait_for_events(5);
    let lines = log.wait_for("takes events again");

    let warnings = log.warnings();
    assert_eq!(server.names_taken(), numbered(0..5));
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert!(warnings[0].contains("could not reach the server"), "{warnings:#?}");
    assert_eq!(lines.iter().filter(|line| line.contains("takes events again")).count(), 1);
    agent.flush(PATIENCE);
    assert_eq!(settled(&agent.stats(), DropReason::SendFailed), (5, 0));
}

#[test]
fn a_name_that_is_not_known_is_like_a_server_that_is_not_there() {
    let log = AgentLog::new();
    let server = FaultServer::start();
    let agent = log.build(agent_of(&server).server_url("http://no-such-host.invalid:8200"));

    record_numbered(&agent, 0..1);
    let delivered = agent.flush(PATIENCE);

    assert!(!delivered);
    assert!(log.warnings()[0].contains("could not reach the server"), "{:#?}", log.warnings());
    assert_eq!((agent.stats().queued(), agent.stats().dropped()), (1, 0));
}

#[test]
fn a_restarted_server_gets_the_next_request() {
    let server = FaultServer::start();
    let log = AgentLog::new();
    let agent = log.build(agent_of(&server));

    for number in 0..20 {
        record_numbered(&agent, number..=number);
        assert!(agent.flush(PATIENCE), "event {number}: {:#?}", log.lines());
        // Closes the agent's connection, which it learns only when it looks.
        server.serve();
    }

    assert_eq!(server.names_taken(), numbered(0..20));
}

#[test]
fn a_flush_that_succeeds_ends_the_back_off() {
    let server = FaultServer::refusing();
    let agent = eager_agent_of(&server).build();
    record_numbered(&agent, 0..1);
    // Each one is a failed attempt, so that the next one would be due in 36 seconds.
    for _ in 0..8 {
        assert!(!agent.flush(PATIENCE));
    }
    server.serve();
    assert!(agent.flush(PATIENCE));

    record_numbered(&agent, 1..2);

    assert_eq!(server.wait_for_events(2).len(), 2);
}

#[test]
fn a_queue_that_fills_up_cuts_the_back_off_from_a_server_that_is_not_there_short() {
    let server = FaultServer::refusing();
    let agent = eager_agent_of(&server).max_queue_size(100).api_request_size(1024).build();
    record_numbered(&agent, 0..1);
    // Each one is a failed attempt, so that the next one would be due in 36 seconds.
    for _ in 0..8 {
        assert!(!agent.flush(PATIENCE));
    }
    server.serve();

    record_numbered(&agent, 1..100);

    within(Duration::from_secs(5), || server.wait_for_events(100));
    assert_eq!(agent.stats().dropped(), 0);
}

#[test]
fn a_server_that_restarts_under_load_gets_nothing_twice() {
    let server = FaultServer::start();
    let agent = eager_agent_of(&server).max_queue_size(100_000).build();
    let tracer = agent.tracer();
    let recorder = std::thread::spawn(move || {
        for number in 0..20_000 {
            record(&tracer, number.to_string());
        }
    });

    while !recorder.is_finished() {
        server.refuse();
        std::thread::yield_now();
        server.serve();
    }
    recorder.join().expect("recording does not panic");
    // What a restart cut off, a flush reports; the next one has a server that stays.
    while !agent.flush(PATIENCE) {}

    let stats = agent.stats();
    let arrived: BTreeSet<String> = names_once(&server.received());
    assert_eq!((stats.recorded(), stats.queued()), (20_000, 0), "{stats:?}");
    assert_eq!(stats.sent() + stats.dropped(), 20_000, "{stats:?}");
    assert!(arrived.len() as u64 >= stats.sent(), "{} arrived, {stats:?}", arrived.len());
}

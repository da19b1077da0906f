//! Several servers: when one fails, the next one gets what it did not take, and nothing twice.

use elastic_apm::{AgentBuilder, DropReason};
use elastic_apm_integration_tests::agent_log::AgentLog;
use elastic_apm_integration_tests::fault_server::{Fault, FaultServer};

use crate::support::{PATIENCE, agent_of, eager_agent_of, names_once, numbered, record_numbered, settled};

fn agent_of_both(servers: &[FaultServer; 2]) -> AgentBuilder {
    // The one address is not used where there are several.
    agent_of(&FaultServer::refusing()).server_urls(servers.each_ref().map(FaultServer::url))
}

/// Which of the two has been sent to.
fn used(servers: &[FaultServer; 2]) -> usize {
    servers.iter().position(|server| !server.received().is_empty()).expect("one of them")
}

#[test]
fn a_server_that_is_down_costs_one_attempt() {
    let servers = [FaultServer::refusing(), FaultServer::start()];
    let agent = agent_of_both(&servers).build();

    record_numbered(&agent, 0..3);
    // Which comes first is left to chance.
    let flushed = [agent.flush(PATIENCE), agent.flush(PATIENCE)];

    assert!(flushed[1]);
    assert_eq!(servers[1].names_taken(), numbered(0..3));
    assert_eq!(settled(&agent.stats(), DropReason::SendFailed), (3, 0));
}

#[test]
fn what_one_server_does_not_take_goes_to_the_other() {
    for refusal in [Fault::answer(503, ""), Fault::answer(429, ""), Fault::answer(401, "")] {
        let servers = [FaultServer::start(), FaultServer::start()];
        let agent = agent_of_both(&servers).build();
        servers.iter().for_each(|server| server.next([refusal.clone()]));

        record_numbered(&agent, 0..3);
        while !agent.flush(PATIENCE) {}

        // Each of the two refuses once, and then the first one is asked again.
        let taken: Vec<_> = servers.iter().flat_map(FaultServer::names_taken).collect();
        assert_eq!(taken, numbered(0..3), "{refusal:?}");
        assert_eq!(servers.each_ref().map(|server| server.received().len()).iter().sum::<usize>(), 3);
    }
}

#[test]
fn a_server_that_goes_away_is_followed_by_the_other_without_a_flush() {
    let servers = [FaultServer::start(), FaultServer::start()];
    let agent = eager_agent_of(&servers[0]).server_urls(servers.each_ref().map(FaultServer::url)).build();
    record_numbered(&agent, 0..1);
    assert!(agent.flush(PATIENCE));
    let first = used(&servers);
    servers[first].refuse();

    record_numbered(&agent, 1..4);
    servers[1 - first].wait_for_events(3);
    agent.flush(PATIENCE);

    let received: Vec<_> = servers.iter().flat_map(FaultServer::received).collect();
    assert_eq!(names_once(&received).len(), 4);
    assert_eq!(settled(&agent.stats(), DropReason::SendFailed), (4, 0));
}

#[test]
fn the_other_server_may_have_another_version() {
    let servers = [FaultServer::start(), FaultServer::start()];
    servers[0].version("7.17.0");
    servers[1].version("8.15.0");
    let log = AgentLog::new();
    let agent = log.build(agent_of_both(&servers));
    record_numbered(&agent, 0..1);
    assert!(agent.flush(PATIENCE));
    log.wait_for("the APM Server has version");
    let first = used(&servers);
    servers[first].refuse();

    record_numbered(&agent, 1..2);
    while !agent.flush(PATIENCE) {}

    log.wait_for(["the APM Server has version 8.15.0", "the APM Server has version 7.17.0"][first]);
    assert!(
        log.lines()
            .iter()
            .any(|line| line.contains(&format!("the next requests go to {}", servers[1 - first].url())))
    );
}

#[test]
fn where_all_are_down_nothing_is_lost() {
    let servers = [FaultServer::refusing(), FaultServer::refusing()];
    let agent = agent_of_both(&servers).build();
    record_numbered(&agent, 0..3);
    for _ in 0..5 {
        assert!(!agent.flush(PATIENCE));
    }

    servers[1].serve();
    while !agent.flush(PATIENCE) {}

    assert_eq!(servers[1].names_taken(), numbered(0..3));
    assert_eq!(settled(&agent.stats(), DropReason::SendFailed), (3, 0));
}

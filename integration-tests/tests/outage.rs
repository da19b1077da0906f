//! Five thousand events a second, and a server that is gone for ten seconds: what is lost, and that nothing arrives twice.
//!
//! The cases take about twenty seconds each, and run side by side.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use elastic_apm::{Agent, DropReason, LogLevel, Stats};
use elastic_apm_integration_tests::PATIENCE;
use elastic_apm_integration_tests::fault_server::{FaultServer, Received};

const PER_SECOND: u32 = 5_000;
/// How often events are recorded, as many at a time as keep the rate.
const TICK: Duration = Duration::from_millis(10);
/// With the server there, without it, and with it again.
const PHASES: [Duration; 3] = [Duration::from_secs(2), Duration::from_secs(10), Duration::from_secs(2)];

fn agent_of(server: &FaultServer) -> elastic_apm::AgentBuilder {
    Agent::builder()
        .without_env()
        .service_name("outage")
        .server_url(server.url())
        .api_request_time(Duration::from_millis(500))
        .log_level(LogLevel::Off)
}

/// Records events at the rate for as long as the phases last, and lets the server go and come back between them; returns how many
/// events these were, once all is settled.
fn live_through(agent: &Agent, server: &FaultServer, go: impl FnOnce()) -> usize {
    let recorded = thread::scope(|scope| {
        let recorder = scope.spawn(|| record(agent));
        thread::sleep(PHASES[0]);
        go();
        thread::sleep(PHASES[1]);
        server.serve();
        recorder.join().expect("recording does not panic")
    });
    let start = Instant::now();
    while !agent.flush(PATIENCE) {
        assert!(start.elapsed() < PATIENCE, "{:?}", agent.stats());
    }
    recorded
}

fn record(agent: &Agent) -> usize {
    let (tracer, start) = (agent.tracer(), Instant::now());
    let until: Duration = PHASES.iter().sum();
    let mut recorded = 0;
    while start.elapsed() < until {
        let due = (start.elapsed().as_secs_f64() * f64::from(PER_SECOND)) as usize;
        while recorded < due {
            tracer.transaction(recorded.to_string(), "script").start().end();
            recorded += 1;
        }
        thread::sleep(TICK);
    }
    recorded
}

/// The numbers of the events in requests that came as a whole; fails if one is there twice.
fn arrived(received: &[Received]) -> BTreeSet<usize> {
    let whole = received.iter().filter(|request| request.is_complete);
    let numbers: Vec<usize> =
        whole.flat_map(Received::names).map(|name| name.parse().expect("a number")).collect();
    let distinct: BTreeSet<usize> = numbers.iter().copied().collect();
    assert_eq!(distinct.len(), numbers.len(), "something arrived twice");
    distinct
}

/// Fails unless all is counted, and nothing is lost but for this reason.
#[track_caller]
fn settled(stats: &Stats, recorded: usize, reason: DropReason) {
    assert_eq!((stats.recorded(), stats.queued()), (recorded as u64, 0), "{stats:?}");
    assert_eq!(stats.dropped(), stats.dropped_for(reason), "{stats:?}");
    assert_eq!(stats.sent() + stats.dropped(), stats.recorded(), "{stats:?}");
}

#[test]
fn a_server_that_goes_and_comes_back_costs_nothing() {
    let server = FaultServer::start();
    let agent = agent_of(&server).max_queue_size(65_536).max_queue_bytes(64 << 20).build();

    let recorded = live_through(&agent, &server, || server.leave());

    settled(&agent.stats(), recorded, DropReason::SendFailed);
    assert_eq!(agent.stats().dropped(), 0, "{:?}", agent.stats());
    assert_eq!(arrived(&server.received()), (0..recorded).collect());
}

#[test]
fn a_server_that_is_killed_costs_the_one_request_on_its_way() {
    let server = FaultServer::start();
    let agent = agent_of(&server).max_queue_size(65_536).max_queue_bytes(64 << 20).build();

    let recorded = live_through(&agent, &server, || server.refuse());

    let (stats, received) = (agent.stats(), server.received());
    settled(&stats, recorded, DropReason::SendFailed);
    let largest = received.iter().map(Received::event_count).max().expect("requests");
    let arrived = arrived(&received);
    let missing: Vec<usize> = (0..recorded).filter(|number| !arrived.contains(number)).collect();
    // What the server had taken as a whole when it was killed is counted as lost, and has arrived all the same.
    assert!(stats.dropped() as usize <= largest && missing.len() as u64 <= stats.dropped(), "{stats:?}");
    assert!(missing.windows(2).all(|pair| pair[1] == pair[0] + 1), "of one request: {missing:?}");
}

#[test]
fn with_the_default_queue_what_does_not_fit_is_counted_and_nothing_else_is_lost() {
    let server = FaultServer::start();
    let agent = agent_of(&server).build();

    let recorded = live_through(&agent, &server, || server.leave());

    let stats = agent.stats();
    settled(&stats, recorded, DropReason::QueueFull);
    assert!(stats.dropped() > 0, "{stats:?}");
    assert_eq!(arrived(&server.received()).len() as u64, stats.sent());
}

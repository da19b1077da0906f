//! What the cases share: agents that talk to a fault server, events with names, bounded time.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use elastic_apm::{Agent, AgentBuilder, DropReason, LogLevel, Stats, Tracer};
use elastic_apm_integration_tests::fault_server::{FaultServer, Received};

pub(crate) use elastic_apm_integration_tests::PATIENCE;

/// What a call may take beyond its own limit: a loaded machine is no failure.
const MARGIN: Duration = Duration::from_secs(2);

/// Describes an agent of this server that sends when it is flushed, and otherwise late.
pub(crate) fn agent_of(server: &FaultServer) -> AgentBuilder {
    Agent::builder()
        .without_env()
        .service_name("faults")
        .server_url(server.url())
        .server_timeout(PATIENCE)
        .metrics_interval(Duration::ZERO)
        .log_level(LogLevel::Off)
}

/// Describes an agent of this server that sends soon, without being told.
pub(crate) fn eager_agent_of(server: &FaultServer) -> AgentBuilder {
    agent_of(server).api_request_time(Duration::from_millis(20))
}

/// Records one event.
pub(crate) fn record(tracer: &Tracer, name: impl Into<String>) {
    tracer.transaction(name.into(), "script").start().end();
}

/// Records events named by their numbers.
pub(crate) fn record_numbered(agent: &Agent, numbers: impl IntoIterator<Item = usize>) {
    let tracer = agent.tracer();
    for number in numbers {
        record(&tracer, number.to_string());
    }
}

/// Names of events with these numbers.
pub(crate) fn numbered(numbers: impl IntoIterator<Item = usize>) -> Vec<String> {
    numbers.into_iter().map(|number| number.to_string()).collect()
}

/// Runs `call` and fails if it took notably longer than `limit`.
#[track_caller]
pub(crate) fn within<T>(limit: Duration, call: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = call();
    let took = start.elapsed();
    assert!(took <= limit + MARGIN, "{took:?}, and {limit:?} were allowed");
    result
}

/// Events sent, and dropped for this reason; nothing else may have become of any.
#[track_caller]
pub(crate) fn settled(stats: &Stats, reason: DropReason) -> (u64, u64) {
    let dropped = stats.dropped_for(reason);
    assert_eq!((stats.dropped(), stats.queued()), (dropped, 0), "{stats:?}");
    assert_eq!(stats.recorded(), stats.sent() + dropped, "{stats:?}");
    (stats.sent(), dropped)
}

/// The names of all events in whole requests, whatever came of these; fails if one is there twice.
#[track_caller]
pub(crate) fn names_once(received: &[Received]) -> BTreeSet<String> {
    let names: Vec<String> =
        received.iter().filter(|request| request.is_complete).flat_map(Received::names).collect();
    let distinct: BTreeSet<String> = names.iter().cloned().collect();
    assert_eq!(distinct.len(), names.len(), "something arrived twice");
    distinct
}

//! A reporter thread that panics starts over: what it had in hand is counted, who waits is answered, the rest is sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use elastic_apm::{Agent, AgentBuilder, DropReason, Transport, TransportFuture};
use elastic_apm_integration_tests::agent_log::AgentLog;
use elastic_apm_integration_tests::fault_server::{Fault, FaultServer};

use crate::support::{PATIENCE, agent_of, eager_agent_of, numbered, record_numbered, settled, within};

/// A transport of an application's that panics on the reporter's own thread, as often as it is told to.
struct Panics {
    inner: Box<dyn Transport>,
    times: Arc<AtomicUsize>,
}

impl Transport for Panics {
    fn send(&self, request: http::Request<Bytes>) -> TransportFuture<'_> {
        self.inner.send(request)
    }

    fn wants_compression(&self) -> bool {
        let once_less = |times: usize| times.checked_sub(1);
        assert!(
            self.times.fetch_update(Ordering::SeqCst, Ordering::SeqCst, once_less).is_err(),
            "on purpose"
        );
        false
    }
}

/// An agent with that transport, and how often it is to panic from now on.
fn panicking(builder: AgentBuilder, log: &AgentLog) -> (Agent, Arc<AtomicUsize>) {
    let times = Arc::new(AtomicUsize::new(0));
    let agent = {
        let times = Arc::clone(&times);
        log.build(builder.wrap_transport(|inner| Box::new(Panics { inner, times })))
    };
    // Whoever panics next has been through its start.
    record_numbered(&agent, 0..1);
    assert!(agent.flush(PATIENCE));
    (agent, times)
}

#[test]
fn the_thread_starts_over_and_says_what_it_cost() {
    let (server, log) = (FaultServer::start(), AgentLog::new());
    let (agent, times) = panicking(agent_of(&server), &log);
    times.store(1, Ordering::SeqCst);

    record_numbered(&agent, 1..4);
    let during = within(Duration::from_secs(1), || agent.flush(PATIENCE));
    record_numbered(&agent, 4..6);
    let after = agent.flush(PATIENCE);

    assert_eq!((during, after), (false, true));
    assert_eq!(server.names_taken(), ["0", "4", "5"]);
    assert_eq!(settled(&agent.stats(), DropReason::ReporterPanicked), (3, 3));
    let warnings = log.warnings();
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    for part in ["ERROR", "panicked: on purpose", "3 events", "reporter_panicked", "at once"] {
        assert!(warnings[0].contains(part), "{part:?} is not in {warnings:#?}");
    }
}

#[test]
fn a_thread_that_panics_again_and_again_waits_longer_each_time_and_not_when_somebody_asks() {
    let (server, log) = (FaultServer::start(), AgentLog::new());
    let (agent, times) = panicking(eager_agent_of(&server), &log);
    // In the middle of its run, and twice at its start: then there is a pause of four seconds.
    times.store(3, Ordering::SeqCst);
    record_numbered(&agent, 1..2);
    log.wait_for("it starts over in about 4 s");

    record_numbered(&agent, 2..4);
    let delivered = within(Duration::from_secs(1), || agent.flush(PATIENCE));

    assert!(delivered, "{:#?}", log.lines());
    assert_eq!(server.names_taken(), ["0", "2", "3"]);
    assert_eq!(settled(&agent.stats(), DropReason::ReporterPanicked), (3, 1));
}

#[test]
fn events_wait_within_the_bound_while_the_thread_is_down() {
    let (server, log) = (FaultServer::start(), AgentLog::new());
    let (agent, times) = panicking(eager_agent_of(&server).max_queue_size(10), &log);
    times.store(usize::MAX, Ordering::SeqCst);
    record_numbered(&agent, 1..2);
    log.wait_for("it starts over in about 4 s");

    record_numbered(&agent, 2..52);
    let stats = agent.stats();
    times.store(0, Ordering::SeqCst);
    let delivered = agent.flush(PATIENCE);

    assert_eq!((stats.queued(), stats.dropped_for(DropReason::QueueFull)), (10, 40), "{stats:?}");
    assert!(delivered);
    assert_eq!(server.names_taken().len(), 11);
}

#[test]
fn a_shutdown_ends_a_thread_that_is_down() {
    let (server, log) = (FaultServer::start(), AgentLog::new());
    let (agent, times) = panicking(eager_agent_of(&server), &log);
    times.store(usize::MAX, Ordering::SeqCst);
    record_numbered(&agent, 1..2);
    log.wait_for("it starts over in about 4 s");
    record_numbered(&agent, 2..4);

    let first = within(Duration::from_secs(1), || agent.shutdown(PATIENCE));
    times.store(0, Ordering::SeqCst);
    let second = within(Duration::from_secs(1), || agent.shutdown(PATIENCE));

    let stats = agent.stats();
    assert_eq!((first, second), (false, false));
    assert_eq!((stats.queued(), stats.sent()), (0, 1), "{stats:?}");
    assert_eq!(stats.dropped_for(DropReason::AfterShutdown), 2, "{stats:?}");
}

#[test]
fn everybody_who_waits_during_a_panic_is_answered() {
    let (server, log) = (FaultServer::start(), AgentLog::new());
    let (agent, times) = panicking(agent_of(&server), &log);
    server.always(Fault::Hang);
    record_numbered(&agent, 1..2);

    thread::scope(|scope| {
        let flushes: Vec<_> = (0..8).map(|_| scope.spawn(|| agent.flush(PATIENCE))).collect();
        // In flight: the next batch is sealed, and with it the panic comes, once this one is answered.
        server.wait_for_requests(2);
        record_numbered(&agent, 2..3);
        times.store(1, Ordering::SeqCst);
        let asking = scope.spawn(|| agent.flush(PATIENCE));
        server.release();
        within(Duration::from_secs(5), || {
            for flush in flushes {
                flush.join().expect("a flush does not panic");
            }
            asking.join().expect("a flush does not panic");
        });
    });

    server.always(Fault::accept());
    record_numbered(&agent, 3..4);
    assert!(agent.flush(PATIENCE));
    assert!(server.names_taken().contains(&numbered(3..4)[0]));
    assert_eq!(agent.stats().queued(), 0);
}

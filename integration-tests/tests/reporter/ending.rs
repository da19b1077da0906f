//! Shutdown: once, in time, and what it answers afterwards; also while the reporter's thread is stuck in an application's code.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use elastic_apm::{Agent, DropReason, Transport, TransportFuture};
use elastic_apm_integration_tests::fault_server::{Fault, FaultServer};

use crate::support::{
    PATIENCE, agent_of, eager_agent_of, numbered, record, record_numbered, settled, within,
};

const SHORT: Duration = Duration::from_millis(100);

#[test]
fn shutdown_twice_is_shutdown_once() {
    let server = FaultServer::start();
    let agent = agent_of(&server).build();
    record_numbered(&agent, 0..3);

    let first = agent.shutdown(PATIENCE);
    let stats = agent.stats();
    let second = within(Duration::ZERO, || agent.shutdown(PATIENCE));
    let flushed = within(Duration::ZERO, || agent.flush(PATIENCE));
    let after = agent.stats();
    within(Duration::ZERO, || drop(agent));

    assert_eq!((first, second, flushed), (true, true, true));
    assert_eq!(settled(&stats, DropReason::AfterShutdown), (3, 0));
    assert_eq!(after, stats);
    assert_eq!(server.names_taken(), numbered(0..3));
}

#[test]
fn a_shutdown_that_lost_something_stays_one() {
    let server = FaultServer::start();
    server.always(Fault::answer(400, r#"{"accepted":2,"errors":[{"message":"bad"}]}"#));
    let agent = agent_of(&server).build();
    record_numbered(&agent, 0..3);

    let first = agent.shutdown(PATIENCE);
    record_numbered(&agent, 3..4);
    let second = (agent.shutdown(PATIENCE), agent.flush(PATIENCE));

    assert_eq!((first, second), (false, (false, false)));
    assert_eq!(agent.stats().dropped_for(DropReason::Rejected), 1);
    assert_eq!(agent.stats().dropped_for(DropReason::AfterShutdown), 1);
}

#[test]
fn what_was_lost_before_a_shutdown_is_not_held_against_it() {
    let server = FaultServer::start();
    server.next([Fault::answer(500, "")]);
    let agent = agent_of(&server).build();
    record_numbered(&agent, 0..3);
    assert!(!agent.flush(PATIENCE));
    record_numbered(&agent, 3..6);

    assert!(agent.shutdown(PATIENCE) && agent.shutdown(PATIENCE));
}

#[test]
fn several_threads_may_shut_down_at_once() {
    let server = FaultServer::start();
    let agent = agent_of(&server).build();
    record_numbered(&agent, 0..50);

    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert!(within(Duration::from_secs(3), || agent.shutdown(PATIENCE))));
        }
    });

    assert_eq!(settled(&agent.stats(), DropReason::AfterShutdown), (50, 0));
}

#[test]
fn what_is_recorded_after_shutdown_is_counted() {
    let server = FaultServer::start();
    let agent = agent_of(&server).build();
    let tracer = agent.tracer();
    record(&tracer, "before");
    agent.shutdown(PATIENCE);

    record(&tracer, "after");
    let stats = agent.stats();
    drop(agent);
    record(&tracer, "long after");

    assert_eq!(settled(&stats, DropReason::AfterShutdown), (1, 1));
    assert_eq!(server.names_taken(), ["before"]);
}

#[test]
fn what_is_recorded_during_shutdown_is_counted_once() {
    for _ in 0..50 {
        let server = FaultServer::start();
        let agent: Agent = eager_agent_of(&server).build();

        thread::scope(|scope| {
            for _ in 0..4 {
                let tracer = agent.tracer();
                scope.spawn(move || (0..200).for_each(|_| record(&tracer, "event")));
            }
            agent.shutdown(PATIENCE);
        });

        let stats = agent.stats();
        assert_eq!((stats.recorded(), stats.queued()), (800, 0), "{stats:?}");
        assert_eq!(server.names_taken().len() as u64, stats.sent(), "{stats:?}");
    }
}

/// Holds the reporter's own thread up, once it is told to, until it is let go.
struct Stuck {
    inner: Box<dyn Transport>,
    gate: Arc<Gate>,
}

#[derive(Default)]
struct Gate {
    is_closed: AtomicBool,
    is_held: AtomicBool,
}

impl Transport for Stuck {
    fn send(&self, request: http::Request<Bytes>) -> TransportFuture<'_> {
        self.inner.send(request)
    }

    fn wants_compression(&self) -> bool {
        while self.gate.is_closed.load(Ordering::SeqCst) {
            self.gate.is_held.store(true, Ordering::SeqCst);
            thread::yield_now();
        }
        false
    }
}

/// An agent whose reporter is stuck in an application's code, and what lets it go.
fn stuck_agent(server: &FaultServer) -> (Agent, Arc<Gate>) {
    let gate = Arc::new(Gate::default());
    let agent = {
        let gate = Arc::clone(&gate);
        eager_agent_of(server).wrap_transport(|inner| Box::new(Stuck { inner, gate })).build()
    };
    record_numbered(&agent, 0..1);
    assert!(agent.flush(PATIENCE));
    gate.is_closed.store(true, Ordering::SeqCst);
    record_numbered(&agent, 1..2);
    while !gate.is_held.load(Ordering::SeqCst) {
        thread::yield_now();
    }
    (agent, gate)
}

#[test]
fn an_async_flush_ends_in_time_though_the_reporter_is_stuck_and_the_runtime_has_no_timer() {
    let server = FaultServer::start();
    let (agent, gate) = stuck_agent(&server);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");

    let delivered = within(SHORT, || runtime.block_on(agent.flush_async(SHORT)));
    gate.is_closed.store(false, Ordering::SeqCst);
    let later = runtime.block_on(agent.flush_async(PATIENCE));

    assert_eq!((delivered, later), (false, true));
    assert_eq!(server.names_taken(), numbered(0..2));
}

#[test]
fn a_flush_and_a_shutdown_end_in_time_though_the_reporter_is_stuck() {
    let server = FaultServer::start();
    let (agent, gate) = stuck_agent(&server);
    record_numbered(&agent, 2..4);

    let flushed = within(SHORT, || agent.flush(SHORT));
    let shut_down = within(SHORT, || agent.shutdown(SHORT));
    record_numbered(&agent, 4..5);

    let stats = agent.stats();
    assert_eq!((flushed, shut_down), (false, false));
    // What the thread has in hand is its own to count.
    assert_eq!((stats.dropped_for(DropReason::AfterShutdown), stats.queued()), (3, 1), "{stats:?}");
    gate.is_closed.store(false, Ordering::SeqCst);
    agent.shutdown(PATIENCE);
    assert_eq!(agent.stats().queued(), 0, "{:?}", agent.stats());
}

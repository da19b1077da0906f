//! Flush and shutdown: they tell the truth, and they end in time whatever the server does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use elastic_apm::intake::TransactionEvent;
use elastic_apm::{DropReason, Transport, TransportError, TransportFuture};
use elastic_apm_integration_tests::fault_server::{Fault, FaultServer};
use tokio::sync::Notify;

use crate::support::{
    PATIENCE, agent_of, eager_agent_of, numbered, record, record_numbered, settled, within,
};

const SHORT: Duration = Duration::from_millis(100);

/// Servers on which everything waits, each with a name for messages.
fn stalling_servers() -> Vec<(&'static str, FaultServer)> {
    let accepts_nobody = FaultServer::refusing();
    accepts_nobody.hang_on_accept();
    let mut servers = vec![("accepts nobody", accepts_nobody)];
    for (name, fault) in [
        ("reads no body", Fault::HangBeforeBody),
        ("does not answer", Fault::Hang),
        ("reads slowly", Fault::ReadSlowly { bytes: 1, pause: Duration::from_millis(50) }),
    ] {
        let server = FaultServer::start();
        server.always(fault);
        servers.push((name, server));
    }
    servers
}

#[test]
fn flush_returns_in_time_from_a_server_that_stalls() {
    for (name, server) in stalling_servers() {
        let agent = agent_of(&server).build();
        record_numbered(&agent, 0..100);

        let delivered = within(SHORT, || agent.flush(SHORT));

        assert!(!delivered, "{name}");
        assert_eq!((agent.stats().queued(), agent.stats().dropped()), (100, 0), "{name}");
        within(SHORT, || agent.shutdown(SHORT));
    }
}

#[test]
fn shutdown_returns_in_time_from_a_server_that_stalls() {
    for (name, server) in stalling_servers() {
        let agent = agent_of(&server).build();
        record_numbered(&agent, 0..100);

        let delivered = within(SHORT, || agent.shutdown(SHORT));

        assert!(!delivered, "{name}");
        assert_eq!(settled(&agent.stats(), DropReason::AfterShutdown), (0, 100), "{name}");
    }
}

#[test]
fn dropping_the_agent_ends_in_time_on_a_server_that_stalls() {
    let server = FaultServer::start();
    server.always(Fault::Hang);
    let agent = agent_of(&server).build();
    record_numbered(&agent, 0..1);

    within(Duration::from_secs(3), || drop(agent));
}

#[test]
fn nobody_waits_for_a_server_that_refuses() {
    let server = FaultServer::refusing();
    let agent = agent_of(&server).build();
    record_numbered(&agent, 0..1);

    let flushed = within(Duration::ZERO, || agent.flush(PATIENCE));
    let kept = agent.stats().queued();
    let shut_down = within(Duration::ZERO, || agent.shutdown(PATIENCE));

    assert_eq!((flushed, kept, shut_down), (false, 1, false));
    assert_eq!(settled(&agent.stats(), DropReason::AfterShutdown), (0, 1));
}

#[test]
fn dropping_the_agent_sends_what_it_holds() {
    let server = FaultServer::start();
    let agent = agent_of(&server).build();
    record_numbered(&agent, 0..10);

    drop(agent);

    assert_eq!(server.names_taken(), numbered(0..10));
}

#[test]
fn a_flush_of_nothing_is_immediate() {
    let server = FaultServer::refusing();
    let agent = agent_of(&server).build();

    assert!(within(Duration::ZERO, || agent.flush(PATIENCE)));
}

#[test]
fn any_time_is_a_legal_time() {
    let server = FaultServer::start();
    let agent = agent_of(&server).build();

    record_numbered(&agent, 0..1);
    agent.flush(Duration::ZERO);
    let flushed = agent.flush(Duration::MAX);
    record_numbered(&agent, 1..2);
    let shut_down = agent.shutdown(Duration::MAX);

    assert!(flushed && shut_down);
    assert_eq!(server.names_taken(), numbered(0..2));
}

#[test]
fn a_flush_covers_what_several_requests_carry() {
    let server = FaultServer::start();
    let agent = agent_of(&server).api_request_size(1024).build();
    record_numbered(&agent, 0..500);

    let delivered = agent.flush(PATIENCE);

    assert!(delivered);
    assert_eq!(server.names_taken(), numbered(0..500));
}

#[test]
fn a_refused_event_does_not_keep_a_shutdown_from_sending_the_rest() {
    let server = FaultServer::start();
    let agent = agent_of(&server).api_request_size(1024).max_queue_size(200).build();
    server.next([Fault::Hang, Fault::answer(400, r#"{"accepted":0,"errors":[{"message":"bad"}]}"#)]);
    record_numbered(&agent, 0..100);
    let hung = server.wait_for_requests(1)[0].event_count() as u64;

    let delivered = thread::scope(|scope| {
        let shutdown = scope.spawn(|| agent.shutdown(PATIENCE));
        // The reporter has heard of the shutdown when it takes nothing more in.
        while agent.stats().dropped_for(DropReason::AfterShutdown) == 0 {
            record_numbered(&agent, 100..101);
        }
        server.release();
        shutdown.join().expect("shutdown does not panic")
    });

    let stats = agent.stats();
    let [rejected, late] =
        [DropReason::Rejected, DropReason::AfterShutdown].map(|why| stats.dropped_for(why));
    assert!(!delivered, "something was lost");
    // One that was being recorded at that very moment may have come too late as well.
    assert!((1..=2).contains(&late) && stats.queued() == 0, "{stats:?}");
    assert!(rejected < 20, "more than one request was rejected: {stats:?}");
    assert_eq!(server.names_taken().len() as u64, stats.sent() - hung, "{stats:?}");
}

#[test]
fn an_event_that_is_lost_after_a_flush_was_asked_for_neither_ends_nor_spoils_it() {
    let server = FaultServer::start();
    server.next([Fault::Hang]);
    let fails = |transaction: &mut TransactionEvent| {
        assert_ne!(transaction.name.as_deref(), Some("bad"), "on purpose");
        true
    };
    let agent = agent_of(&server).filter(fails).build();
    record_numbered(&agent, 0..2);

    let delivered = thread::scope(|scope| {
        let flush = scope.spawn(|| agent.flush(PATIENCE));
        server.wait_for_requests(1);
        record(&agent.tracer(), "bad");
        // What is counted as lost has been seen by the reporter.
        while agent.stats().dropped_for(DropReason::FilterFailed) == 0 {
            thread::yield_now();
        }
        let ended_early = flush.is_finished();
        server.release();
        assert!(!ended_early, "the flush does not wait for what it was asked for");
        flush.join().expect("flush does not panic")
    });

    assert!(delivered);
}

#[test]
fn several_threads_may_flush_at_once() {
    let server = FaultServer::start();
    let agent = agent_of(&server).build();

    let delivered: Vec<bool> = thread::scope(|scope| {
        let flushes: Vec<_> = (0..8)
            .map(|number| {
                let agent = &agent;
                scope.spawn(move || {
                    record_numbered(agent, number..=number);
                    agent.flush(PATIENCE)
                })
            })
            .collect();
        flushes.into_iter().map(|flush| flush.join().expect("flush does not panic")).collect()
    });

    let mut names = server.names_taken();
    names.sort_unstable();
    assert_eq!(delivered, [true; 8]);
    assert_eq!(names, numbered(0..8));
}

#[test]
fn a_flush_while_others_record_ends() {
    let server = FaultServer::start();
    let agent = eager_agent_of(&server).max_queue_size(16).build();

    thread::scope(|scope| {
        let recorders: Vec<_> = (0..4)
            .map(|_| {
                let tracer = agent.tracer();
                scope.spawn(move || (0..5_000).for_each(|_| record(&tracer, "event")))
            })
            .collect();
        while recorders.iter().any(|recorder| !recorder.is_finished()) {
            assert!(within(Duration::from_secs(10), || agent.flush(PATIENCE)));
        }
    });

    assert!(agent.flush(PATIENCE));
    assert_eq!(agent.stats().queued(), 0);
}

#[tokio::test]
async fn an_async_flush_leaves_a_single_threaded_runtime_alone() {
    let server = FaultServer::start();
    let agent = agent_of(&server).build();
    server.always(Fault::Hang);
    record_numbered(&agent, 0..1);

    // Were the thread blocked, nobody would release the server.
    let (delivered, ()) = tokio::join!(biased; agent.flush_async(PATIENCE), async { server.release() });

    assert!(delivered);
    assert_eq!(server.wait_for_requests(1)[0].names(), numbered(0..1));
}

/// Fails at the first request with events, once the gate opens, before anything was sent.
struct FailsFirst {
    inner: Box<dyn Transport>,
    begun: Arc<Notify>,
    gate: Arc<Notify>,
    is_first: AtomicBool,
}

impl Transport for FailsFirst {
    fn send(&self, request: http::Request<Bytes>) -> TransportFuture<'_> {
        if request.method() != http::Method::POST || !self.is_first.swap(false, Ordering::Relaxed) {
            return self.inner.send(request);
        }
        self.begun.notify_one();
        Box::pin(async {
            self.gate.notified().await;
            Err(TransportError::not_sent("on purpose"))
        })
    }
}

#[tokio::test]
async fn a_request_that_had_begun_before_the_flush_is_not_its_attempt() {
    let server = FaultServer::start();
    let (begun, gate) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let wrap = {
        let (begun, gate) = (Arc::clone(&begun), Arc::clone(&gate));
        move |inner| -> Box<dyn Transport> {
            Box::new(FailsFirst { inner, begun, gate, is_first: AtomicBool::new(true) })
        }
    };
    let agent = eager_agent_of(&server).wrap_transport(wrap).build();
    record_numbered(&agent, 0..1);
    begun.notified().await;

    let (delivered, ()) = tokio::join!(biased; agent.flush_async(PATIENCE), async { gate.notify_one() });

    assert!(delivered);
    assert_eq!(server.names_taken(), numbered(0..1));
}

#[tokio::test]
async fn an_async_flush_ends_in_time() {
    let server = FaultServer::start();
    let agent = agent_of(&server).build();
    server.always(Fault::Hang);
    record_numbered(&agent, 0..1);

    let delivered = agent.flush_async(SHORT).await;

    assert!(!delivered);
    server.release();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn async_flushes_may_overlap_and_be_given_up() {
    let server = FaultServer::start();
    let agent = agent_of(&server).build();
    server.next([Fault::Hang]);
    record_numbered(&agent, 0..1);

    let given_up = tokio::time::timeout(Duration::from_millis(10), agent.flush_async(PATIENCE)).await;
    server.release();
    let delivered = tokio::join!(agent.flush_async(PATIENCE), agent.flush_async(PATIENCE));

    assert!(given_up.is_err() || given_up == Ok(true));
    assert_eq!(delivered, (true, true));
}

//! More events than the server takes: bounded, counted, and never the application's problem.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use elastic_apm::intake::TransactionEvent;
use elastic_apm::{DropReason, set_custom_context};
use elastic_apm_integration_tests::agent_log::AgentLog;
use elastic_apm_integration_tests::fault_server::{Fault, FaultServer};

use crate::support::{
    PATIENCE, agent_of, eager_agent_of, names_once, record, record_numbered, settled, within,
};

#[test]
fn what_waits_for_a_hanging_server_is_bounded_and_the_rest_is_counted() {
    // Events in the queue, in the request that hangs and in the one that grows: a line is longer than 200 bytes.
    const BOUND: u64 = 10 + 2 * (1024 / 200 + 1);
    let server = FaultServer::start();
    server.always(Fault::Hang);
    let agent = eager_agent_of(&server).max_queue_size(10).api_request_size(1024).build();
    record_numbered(&agent, 0..1);
    server.wait_for_requests(1);

    for number in 1..2_000 {
        record_numbered(&agent, number..=number);
        let stats = agent.stats();
        assert_eq!(stats.recorded(), stats.sent() + stats.dropped() + stats.queued());
        assert!(stats.queued() <= BOUND, "{stats:?}");
    }
    let during = agent.stats();
    server.release();
    let delivered = agent.flush(PATIENCE);

    assert!(delivered);
    assert_eq!(during.sent(), 0, "{during:?}");
    assert!(during.dropped_for(DropReason::QueueFull) >= 2_000 - BOUND, "{during:?}");
    let (sent, dropped) = settled(&agent.stats(), DropReason::QueueFull);
    assert_eq!((sent + dropped, dropped), (2_000, during.dropped()));
    assert_eq!(names_once(&server.received()).len() as u64, sent);
}

#[test]
fn an_overflow_is_said_once_and_the_rest_at_the_end() {
    let (server, log) = (FaultServer::start(), AgentLog::new());
    server.always(Fault::Hang);
    let agent = log.build(eager_agent_of(&server).max_queue_size(10).api_request_size(1024));
    record_numbered(&agent, 0..1);
    server.wait_for_requests(1);
    record_numbered(&agent, 1..100);
    server.release();
    log.wait_for("events were dropped (queue_full)");
    let first = log.warnings();

    server.always(Fault::accept());
    while agent.stats().dropped_for(DropReason::QueueFull) < 500 {
        record_numbered(&agent, 0..100);
    }
    agent.shutdown(PATIENCE);

    let warnings = log.warnings();
    let said: u64 = warnings
        .iter()
        .filter_map(|line| line.strip_prefix("WARN ")?.split(' ').next()?.parse::<u64>().ok())
        .sum();
    assert_eq!(first.len(), 1, "{first:#?}");
    assert_eq!(warnings.len(), 2, "{warnings:#?}");
    assert_eq!(said, agent.stats().dropped_for(DropReason::QueueFull), "{warnings:#?}");
}

#[test]
fn what_waits_is_bounded_in_bytes_too() {
    let server = FaultServer::start();
    server.always(Fault::Hang);
    let agent = eager_agent_of(&server).max_queue_bytes(50_000).api_request_size(1024).build();
    record_numbered(&agent, 0..1);
    server.wait_for_requests(1);

    for _ in 0..100 {
        let large = agent.begin_transaction("script");
        set_custom_context("blob", "x".repeat(10_000));
        large.end_with("large", "success");
    }

    // Of 10 kB each: four in the queue, one in the request that grows.
    let stats = agent.stats();
    assert!(stats.queued() <= 1 + 4 + 1, "{stats:?}");
    server.release();
    agent.shutdown(PATIENCE);
    settled(&agent.stats(), DropReason::QueueFull);
}

#[test]
fn the_counters_agree_at_every_moment() {
    let server = FaultServer::start();
    let agent = eager_agent_of(&server).max_queue_size(50).api_request_size(2048).build();
    server.always(Fault::answer(400, r#"{"accepted":1}"#));
    let stop = AtomicBool::new(false);

    thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let stats = agent.stats();
                assert!(stats.recorded() >= stats.sent() + stats.dropped(), "{stats:?}");
            }
        });
        let recorders: Vec<_> = (0..4)
            .map(|_| {
                let tracer = agent.tracer();
                scope.spawn(move || (0..2_000).for_each(|_| record(&tracer, "event")))
            })
            .collect();
        for recorder in recorders {
            recorder.join().expect("recording does not panic");
        }
        stop.store(true, Ordering::Relaxed);
        watcher.join().expect("the counters agree");
    });
    server.always(Fault::accept());
    agent.shutdown(PATIENCE);

    let stats = agent.stats();
    assert_eq!((stats.recorded(), stats.sent() + stats.dropped()), (8_000, 8_000), "{stats:?}");
}

#[test]
fn every_event_is_counted_once_whatever_becomes_of_it() {
    const EACH: usize = 3_000;
    let server = FaultServer::start();
    // Now and then a filter leaves one out, one fails, and one is too large.
    let filter = |transaction: &mut TransactionEvent| match transaction.name.as_deref() {
        Some("filtered") => false,
        Some("fails") => panic!("on purpose"),
        _ => true,
    };
    let agent = eager_agent_of(&server)
        .max_queue_size(300)
        .api_request_size(4 * 1024)
        .server_timeout(Duration::from_millis(100))
        .filter(filter)
        .build();
    let faults = [
        Fault::accept(),
        Fault::answer(400, r#"{"accepted":3,"errors":[{"message":"bad"}]}"#),
        Fault::answer(503, ""),
        Fault::ResetAfter(1_000),
        Fault::answer(500, ""),
        Fault::Hang,
    ];
    let stop = AtomicBool::new(false);

    thread::scope(|scope| {
        let watchers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut last = agent.stats();
                    while !stop.load(Ordering::Relaxed) {
                        let stats = agent.stats();
                        assert_eq!(
                            stats.recorded(),
                            stats.sent() + stats.dropped() + stats.queued(),
                            "{stats:?}"
                        );
                        assert!(
                            stats.recorded() >= last.recorded()
                                && stats.sent() >= last.sent()
                                && stats.dropped() >= last.dropped(),
                            "{last:?}, {stats:?}"
                        );
                        last = stats;
                    }
                })
            })
            .collect();
        let troublemaker = scope.spawn(|| {
            for fault in faults.iter().cycle() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                server.next([fault.clone()]);
                agent.flush(Duration::from_millis(20));
                server.serve();
            }
        });
        let recorders: Vec<_> = (0..4)
            .map(|_| {
                let tracer = agent.tracer();
                scope.spawn(move || {
                    for number in 0..EACH {
                        let name = match number % 100 {
                            1 => "filtered",
                            2 => "fails",
                            _ => "event",
                        };
                        record(&tracer, name);
                        if number % 100 == 0 {
                            let large = tracer.begin_transaction("script");
                            set_custom_context("blob", "x".repeat(400_000));
                            large.end_with("large", "success");
                        }
                    }
                })
            })
            .collect();
        for recorder in recorders {
            recorder.join().expect("recording does not panic");
        }
        stop.store(true, Ordering::Relaxed);
        troublemaker.join().expect("a flush does not panic");
        for watcher in watchers {
            watcher.join().expect("the counters agree");
        }
    });
    server.release();
    server.always(Fault::accept());
    agent.shutdown(PATIENCE);

    let stats = agent.stats();
    let recorded = 4 * (EACH + EACH / 100) as u64;
    assert_eq!((stats.recorded(), stats.queued()), (recorded, 0), "{stats:?}");
    assert_eq!(stats.sent() + stats.dropped(), recorded, "{stats:?}");
    assert!(stats.dropped_for(DropReason::Filtered) > 0 && stats.dropped_for(DropReason::FilterFailed) > 0);
}

#[test]
fn the_application_never_waits_for_a_server_that_hangs() {
    let server = FaultServer::start();
    server.always(Fault::Hang);
    let agent = agent_of(&server).build();

    within(PATIENCE, || {
        thread::scope(|scope| {
            for _ in 0..8 {
                let tracer = agent.tracer();
                scope.spawn(move || (0..5_000).for_each(|_| record(&tracer, "event")));
            }
        });
    });

    assert_eq!(agent.stats().recorded(), 40_000);
    server.release();
}

#[test]
fn a_server_that_accepts_no_connection_costs_only_what_does_not_fit() {
    let server = FaultServer::refusing();
    server.hang_on_accept();
    let agent = eager_agent_of(&server).max_queue_size(10).api_request_size(1024).build();

    record_numbered(&agent, 0..500);
    server.serve();
    while !agent.flush(PATIENCE) {}

    let stats = agent.stats();
    assert_eq!(stats.queued(), 0, "{stats:?}");
    assert_eq!(stats.sent() + stats.dropped(), 500, "{stats:?}");
    assert_eq!(server.names_taken().len() as u64, stats.sent());
}

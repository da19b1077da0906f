//! A minute at saturation with a server that takes nothing: memory stays where it was, within what is configured.
//!
//! Each case is a process of its own, so that nothing else is measured, and all run side by side.

use std::path::Path;
use std::thread;
use std::time::Duration;

use elastic_apm_integration_tests::fault_server::{Fault, FaultServer};
use elastic_apm_integration_tests::{PATIENCE, child};

const SECONDS: u64 = 60;
/// When the queue, both batches and the allocator's pools are certainly full.
const WARM: usize = 10;
/// What a process without anything in its queue takes, and what batches take beside the queue.
const BESIDE_KB: u64 = 30 * 1024;
/// How much more memory may be in use at the end than once everything was full: the allocator's own to and fro.
const DRIFT_KB: u64 = 4 * 1024;
/// The memory of an event is estimated: texts and what allocations cost beside what is in them.
const ESTIMATE: u64 = 2;

/// Runs a case and returns the resident kilobytes of each second.
fn soak(server: &FaultServer, size: &str, variables: &[(&str, &str)]) -> Vec<u64> {
    let url = server.url();
    let mut all = vec![
        ("ELASTIC_APM_SERVER_URL", &*url),
        ("ELASTIC_APM_SERVICE_NAME", "soak"),
        ("ELASTIC_APM_LOG_LEVEL", "off"),
    ];
    all.extend_from_slice(variables);
    let ended = child::run_within(
        Duration::from_secs(SECONDS) + PATIENCE,
        env!("CARGO_BIN_EXE_soak-case"),
        &[&SECONDS.to_string(), size],
        &all,
    );
    assert!(ended.status.success() && ended.stderr.contains("counted "), "{ended:#?}");
    let lines = ended.stderr.lines().filter_map(|line| line.strip_prefix("rss "));
    lines.map(|kilobytes| kilobytes.parse().expect("a number")).collect()
}

#[track_caller]
fn assert_flat(what: &str, resident: &[u64], queue_kb: u64) {
    let warm = &resident[WARM..];
    let (first, most) = (warm[0], warm.iter().max().copied().unwrap_or_default());
    println!("{what}: {first} kB when full, {most} kB at most");
    assert!(most <= first + DRIFT_KB, "{what} grows: {resident:?}");
    assert!(most <= BESIDE_KB + ESTIMATE * queue_kb, "{what} exceeds its bound: {resident:?}");
}

#[test]
fn memory_is_flat_while_the_server_is_stalled() {
    if !Path::new("/proc/self/statm").exists() {
        println!("SKIPPED soak: no /proc/self/statm");
        return;
    }
    let stalled = FaultServer::start();
    stalled.always(Fault::Hang);
    let slow = FaultServer::start();
    slow.always(Fault::ReadSlowly { bytes: 1, pause: Duration::from_secs(1) });

    thread::scope(|scope| {
        // The default: 4,096 events or 10 MB, and a request fails after five seconds.
        let small = scope.spawn(|| soak(&stalled, "small", &[]));
        // Bound by bytes.
        let large = scope.spawn(|| soak(&slow, "large", &[("ELASTIC_APM_MAX_QUEUE_BYTES", "20mb")]));
        assert_flat("small events", &small.join().expect("the case ends"), 10 * 1024);
        assert_flat("large events", &large.join().expect("the case ends"), 20 * 1024);
    });
}

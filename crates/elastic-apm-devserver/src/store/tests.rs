use std::time::Duration;

use serde_json::json;

use super::*;
use crate::fixtures::{error, in_trace, only_trace, send, span, store_with, trace_id, transaction};

/// So many traces of one transaction each, all of the same size.
fn fill(store: &Store, traces: std::ops::Range<u32>) {
    for number in traces {
        send(store, "a", &[in_trace(number, transaction(1, 0, "GET /", 0, 5))]);
    }
}

fn ids(store: &Store) -> Vec<String> {
    store.traces().iter().map(|trace| trace.id().to_string()).collect()
}

/// What one more trace of [`fill`] costs.
fn cost_of_one_trace() -> u64 {
    let store = Store::new(1 << 30);
    fill(&store, 0x100..0x101);
    let first = store.stats().bytes;
    fill(&store, 0x101..0x102);
    store.stats().bytes - first
}

#[test]
fn the_oldest_traces_make_room() {
    let room = cost_of_one_trace() * 10;
    let store = Store::new(usize::try_from(room).unwrap());

    fill(&store, 0x100..0x120);

    let stats = store.stats();
    assert!(stats.bytes <= stats.max_bytes, "{stats:?}");
    assert!((5..=10).contains(&stats.traces), "{stats:?}");
    assert_eq!(stats.evicted_traces + stats.traces, 0x20);
    assert_eq!(stats.evicted_events, stats.evicted_traces);
    let newest: Vec<_> = (0..stats.traces as u32).map(|age| trace_id(0x11f - age)).collect();
    assert_eq!(ids(&store), newest);
}

#[test]
fn traces_leave_as_a_whole() {
    let room = cost_of_one_trace() * 6;
    let store = Store::new(usize::try_from(room).unwrap());
    send(
        &store,
        "a",
        &[transaction(1, 0, "root", 0, 5), span(2, 1, 1, "one", 0, 1), span(3, 1, 1, "two", 0, 1)],
    );

    fill(&store, 0x100..0x106);

    assert!(!ids(&store).contains(&trace_id(1)));
    assert!(store.events().iter().all(|event| event.trace_id() != trace_id(1).parse().ok()));
    assert_eq!(store.stats().evicted_events, store.stats().evicted_traces + 2);
}

#[test]
fn a_trace_larger_than_the_store_does_not_stay() {
    let store = Store::new(2_000);

    send(&store, "a", &[span(2, 1, 1, &"x".repeat(4_000), 0, 1)]);

    assert_eq!((store.stats().traces, store.stats().evicted_traces), (0, 1));
    assert!(store.stats().bytes <= 2_000);
}

#[test]
fn sources_are_shared_and_leave_with_their_last_event() {
    let store = Store::new(1 << 30);
    fill(&store, 0x100..0x110);
    let traces = store.traces();
    assert!(
        traces.windows(2).all(|pair| Arc::ptr_eq(pair[0].events()[0].source(), pair[1].events()[0].source()))
    );
    drop(traces);

    store.clear();

    assert_eq!((store.stats().bytes, store.stats().events), (0, 0));
    assert_eq!(store.stats().accepted, 16);
}

#[test]
fn events_without_a_trace_have_their_own_bounded_list() {
    let store = Store::new(80_000);
    fill(&store, 0x100..0x101);

    for number in 0..500 {
        send(
            &store,
            "a",
            &[json!({"metricset": {"timestamp": number, "samples": {"x": {"value": number}}}})],
        );
    }

    let kept = store.events_without_trace();
    assert_eq!(kept.last().unwrap().timestamp_us(), 499);
    assert!((10..500).contains(&kept.len()), "{}", kept.len());
    assert_eq!((store.stats().traces, store.stats().evicted_traces), (1, 0));
    assert_eq!(store.stats().evicted_events, 500 - kept.len() as u64);
}

#[test]
fn events_come_back_in_order_of_arrival() {
    let store = Store::new(1 << 30);
    let names = ["a", "b", "c", "d"];
    for (index, name) in names.iter().enumerate() {
        send(&store, "a", &[in_trace(index as u32 % 2 + 1, transaction(index as u32 + 1, 0, name, 0, 1))]);
    }

    let events = store.events();

    assert_eq!(events.iter().map(|event| event.name()).collect::<Vec<_>>(), names);
}

#[test]
fn a_snapshot_does_not_change() {
    let store = store_with(&[span(2, 1, 1, "early", 0, 1)]);
    let before = only_trace(&store);

    send(&store, "a", &[transaction(1, 0, "root", 0, 5)]);

    assert!(before.summary().missing_root);
    assert_eq!(only_trace(&store).summary().name.as_deref(), Some("root"));
}

#[test]
fn the_root_and_all_started_spans_make_a_trace_complete() {
    let mut root = transaction(1, 0, "root", 0, 5);
    root["transaction"]["span_count"]["started"] = json!(2);
    let store = store_with(&[root, span(2, 1, 1, "one", 0, 1)]);
    assert!(!only_trace(&store).summary().complete);

    send(&store, "a", &[span(3, 1, 1, "two", 0, 1)]);

    assert!(only_trace(&store).summary().complete);
}

#[test]
fn without_a_root_the_events_give_start_and_duration() {
    let store = store_with(&[span(2, 1, 1, "one", 10, 20), span(3, 1, 1, "two", 5, 2)]);

    let summary = only_trace(&store).summary();

    assert!(summary.missing_root);
    assert_eq!((summary.name, summary.duration_ms), (None, 25.0));
    assert_eq!(summary.start_us, crate::fixtures::START + 5_000);
}

#[test]
fn the_roots_service_comes_first() {
    let store = Store::new(1 << 30);
    send(&store, "back", &[transaction(3, 2, "inner", 1, 3)]);
    send(&store, "middle", &[transaction(2, 1, "middle", 1, 3)]);

    send(&store, "front", &[transaction(1, 0, "outer", 0, 5)]);

    assert_eq!(only_trace(&store).summary().services, ["front", "back", "middle"]);
}

#[test]
fn services_are_summed_up_by_transaction_name() {
    let mut failed = transaction(4, 0, "GET /", 0, 40);
    failed["transaction"]["outcome"] = json!("failure");
    let mut unknown = transaction(5, 0, "job", 0, 7);
    unknown["transaction"]["outcome"] = json!(null);
    let store = store_with(&[
        transaction(1, 0, "GET /", 0, 10),
        transaction(2, 0, "GET /", 0, 20),
        transaction(3, 0, "GET /", 0, 30),
        failed,
        unknown,
        span(6, 1, 1, "s", 0, 1),
        span(7, 6, 1, "s", 0, 1),
        error(1, 1, "oops"),
    ]);

    let services = store.services();

    assert_eq!((services.len(), services[0].service.as_str(), services[0].errors), (1, "a", 1));
    assert_eq!(services[0].agent, "rust/1");
    let [get, job] = &services[0].transactions[..] else { panic!("{services:?}") };
    assert_eq!((get.name.as_str(), get.count, get.spans), ("GET /", 4, 2));
    assert_eq!((get.p50_ms, get.p95_ms, get.error_rate), (20.0, 40.0, Some(0.25)));
    assert_eq!((job.name.as_str(), job.error_rate), ("job", None));
}

#[test]
fn changes_name_what_is_new_and_what_is_gone() {
    let store = Store::new(1 << 30);
    fill(&store, 0x100..0x103);
    let before = store.changes_since(0, 10);
    assert_eq!((before.first_seq, before.traces.len()), (0, 3));

    fill(&store, 0x101..0x102);
    let changes = store.changes_since(before.version, 10);
    assert_eq!(changes.traces.iter().map(|trace| trace.id.clone()).collect::<Vec<_>>(), [trace_id(0x101)]);

    store.clear();
    let cleared = store.changes_since(changes.version, 10);
    assert!(cleared.traces.is_empty());
    assert_eq!(cleared.first_seq, 4);
}

#[tokio::test]
async fn waiting_ends_with_the_change_that_was_waited_for() {
    let store = Store::new(1 << 30);
    let writer = store.clone();

    let (waited, ()) = tokio::join!(
        store.wait_for(|store| store.stats().traces == 2, Duration::from_secs(20)),
        async move { fill(&writer, 0x100..0x102) }
    );

    assert_eq!(waited, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn waiting_in_vain_says_what_there_was() {
    let store = Store::new(1 << 30);
    fill(&store, 0x100..0x101);

    let error = store.wait_for(|store| store.stats().traces == 2, Duration::from_secs(1)).await.unwrap_err();

    assert_eq!(
        error.to_string(),
        "the store did not get there within 1s: 1 events accepted, 0 rejected, 0 failed requests, 1 traces"
    );
}

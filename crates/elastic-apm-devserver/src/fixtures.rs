//! For unit tests: events in short hand, put into a store the way the intake does it.

use serde_json::{Value, json};

use crate::protocol::stream::Stream;
use crate::store::{Store, Trace};
use std::sync::Arc;

/// When the first event of a fixture starts, in microseconds since the Unix epoch.
pub(crate) const START: u64 = 1_700_000_000_000_000;

/// A trace id from a small number.
pub(crate) fn trace_id(number: u32) -> String {
    format!("{number:032x}")
}

fn id(number: u32) -> Value {
    if number == 0 { Value::Null } else { json!(format!("{number:016x}")) }
}

/// A transaction of trace 1; parent 0 is none. Times in milliseconds.
pub(crate) fn transaction(own: u32, parent: u32, name: &str, offset: i64, duration: u64) -> Value {
    json!({"transaction": {
        "id": id(own), "trace_id": trace_id(1), "parent_id": id(parent), "name": name, "type": "request",
        "timestamp": START.saturating_add_signed(offset * 1000), "duration": duration, "outcome": "success",
        "span_count": {"started": 0},
    }})
}

/// A span of trace 1. Times in milliseconds.
pub(crate) fn span(own: u32, parent: u32, transaction: u32, name: &str, offset: i64, duration: u64) -> Value {
    json!({"span": {
        "id": id(own), "trace_id": trace_id(1), "parent_id": id(parent), "transaction_id": id(transaction),
        "name": name, "type": "app", "timestamp": START.saturating_add_signed(offset * 1000), "duration": duration,
        "outcome": "success",
    }})
}

/// An error of trace 1.
pub(crate) fn error(parent: u32, transaction: u32, message: &str) -> Value {
    json!({"error": {
        "id": format!("{parent:032x}"), "trace_id": trace_id(1), "parent_id": id(parent),
        "transaction_id": id(transaction), "timestamp": START,
        "exception": {"type": "Broken", "message": message},
    }})
}

/// The same event in another trace.
pub(crate) fn in_trace(number: u32, mut line: Value) -> Value {
    for event in line.as_object_mut().into_iter().flat_map(|line| line.values_mut()) {
        event["trace_id"] = json!(trace_id(number));
    }
    line
}

/// Sends the lines as one stream of this service; all of them have to be good.
pub(crate) fn send(store: &Store, service: &str, lines: &[Value]) {
    let metadata =
        json!({"metadata": {"service": {"name": service, "agent": {"name": "rust", "version": "1"}}}});
    let mut stream = Stream::new(store.clone(), false, START);
    for line in std::iter::once(&metadata).chain(lines) {
        stream.push(format!("{line}\n").as_bytes());
    }
    let body = stream.finish();
    assert!(body.errors.is_empty(), "{:?}", body.errors);
}

/// A roomy store with these lines from one service.
pub(crate) fn store_with(lines: &[Value]) -> Store {
    let store = Store::new(1 << 30);
    send(&store, "a", lines);
    store
}

/// The only trace of a store.
pub(crate) fn only_trace(store: &Store) -> Arc<Trace> {
    let traces = store.traces();
    assert_eq!(traces.len(), 1);
    Arc::clone(&traces[0])
}

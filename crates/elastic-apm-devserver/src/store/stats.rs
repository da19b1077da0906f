//! What the server has counted since it started.

use serde::Serialize;

/// Counters and the fill level of the store. Counters never go down; clearing the store does not reset them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Stats {
    /// Intake requests that were answered, with whatever status.
    pub requests: u64,
    /// Those of them that were answered with a status of 400 or above.
    pub failed_requests: u64,
    /// Events that were accepted, metadata not counted.
    pub accepted: u64,
    /// Lines that were refused, too long ones included.
    pub rejected: u64,
    /// Lines that were longer than the permitted size.
    pub too_large: u64,
    /// Accepted transactions that were not kept because they were not sampled, as servers from 8.0 do.
    pub unsampled: u64,
    /// Traces that were dropped to stay within the byte limit.
    pub evicted_traces: u64,
    /// Events that were dropped with them, or from the list of events without a trace.
    pub evicted_events: u64,
    /// Traces in the store.
    pub traces: u64,
    /// Events in the store.
    pub events: u64,
    /// Bytes the store is charged with: documents, their decoded form, bookkeeping.
    pub bytes: u64,
    /// The byte limit.
    pub max_bytes: u64,
}

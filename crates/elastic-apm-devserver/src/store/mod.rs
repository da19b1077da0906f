//! Everything the server has received and still keeps: in memory, by trace, bounded in bytes.
//!
//! [`Store`] is the handle that tests and the pages read from. It knows nothing of HTTP.

mod record;
mod services;
mod source;
mod state;
mod stats;
#[cfg(test)]
mod tests;
mod trace;
mod wait;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use elastic_apm_intake::{Metadata, TraceId};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::watch;

pub(crate) use self::record::Draft;
pub use self::record::Record;
pub use self::services::{ServiceSummary, TransactionSummary};
pub use self::source::Source;
use self::state::State;
pub use self::stats::Stats;
pub use self::trace::{Trace, TraceSummary};
pub use self::wait::DeadlinePassed;

/// A handle to the store of one server; clones see the same contents.
#[derive(Clone, Debug)]
pub struct Store(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// The version of the state: what waits for a change watches this.
    version: watch::Sender<u64>,
}

/// What happened since an earlier version of the store.
#[derive(Debug, Serialize)]
pub(crate) struct Changes {
    #[serde(skip)]
    pub(crate) version: u64,
    /// Traces with a lower sequence number are gone.
    pub(crate) first_seq: u64,
    /// Traces that are new or have new events, newest first.
    pub(crate) traces: Vec<TraceSummary>,
    pub(crate) stats: Stats,
}

impl Store {
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self(Arc::new(Shared { state: Mutex::new(State::new(max_bytes)), version: watch::Sender::new(0) }))
    }

    /// All traces, newest first: in descending order of the arrival of their first event.
    pub fn traces(&self) -> Vec<Arc<Trace>> {
        self.state().traces.values().rev().cloned().collect()
    }

    /// The trace with this id.
    pub fn trace(&self, id: TraceId) -> Option<Arc<Trace>> {
        self.state().trace(id).cloned()
    }

    /// Every event in the store, decoded, in order of arrival.
    pub fn events(&self) -> Vec<Arc<Record>> {
        let mut events: Vec<_> = {
            let state = self.state();
            let traced = state.traces.values().flat_map(|trace| trace.events());
            traced.chain(&state.loose).cloned().collect()
        };
        events.sort_unstable_by_key(|event| event.seq());
        events
    }

    /// Events that belong to no trace (metrics, errors outside of transactions), in order of arrival.
    pub fn events_without_trace(&self) -> Vec<Arc<Record>> {
        self.state().loose.iter().cloned().collect()
    }

    /// What each service did, by transaction name; in alphabetical order.
    pub fn services(&self) -> Vec<ServiceSummary> {
        services::summarise(&self.traces())
    }

    /// Counters and fill level.
    pub fn stats(&self) -> Stats {
        self.state().stats()
    }

    /// Drops all events; counters stay.
    pub fn clear(&self) {
        self.change(State::clear);
    }

    pub(crate) fn source(&self, metadata: Metadata, document: Box<RawValue>) -> Arc<Source> {
        self.state().sources.intern(metadata, document)
    }

    pub(crate) fn add(&self, drafts: Vec<Draft>) {
        self.change(|state| state.add(drafts));
    }

    /// Counts what left no event behind.
    pub(crate) fn count(&self, update: impl FnOnce(&mut Stats)) {
        self.change(|state| {
            update(&mut state.stats);
            state.version += 1;
        });
    }

    /// The newest `limit` of the traces that changed after `version`.
    pub(crate) fn changes_since(&self, version: u64, limit: usize) -> Changes {
        let (current, first_seq, stats, traces) = {
            let state = self.state();
            let changed = state.traces.values().rev().filter(|trace| trace.changed() > version);
            let changed: Vec<_> = changed.take(limit).cloned().collect();
            (state.version, state.first_seq(), state.stats(), changed)
        };
        let traces = traces.iter().map(|trace| trace.summary()).collect();
        Changes { version: current, first_seq, traces, stats }
    }

    /// Follows the version of the store; it changes whenever anything here changes.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.0.version.subscribe()
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let version = {
            let mut state = self.state();
            change(&mut state);
            state.version
        };
        // Two writers may come here in the other order; the version must not go back.
        self.0.version.send_if_modified(|current| {
            let newer = version > *current;
            *current = version.max(*current);
            newer
        });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

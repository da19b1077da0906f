//! The contents of the store and its byte limit: what is kept, and what has to go first.
//!
//! Traces leave as a whole, the one whose first event arrived earliest before the others. Events
//! without a trace have a share of their own, so that a flood of metrics cannot push the traces out.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use elastic_apm_intake::TraceId;

use super::record::{Draft, Record};
use super::source::Sources;
use super::stats::Stats;
use super::trace::Trace;

/// Events without a trace may use one part in so many of the byte limit.
const LOOSE_SHARE: usize = 8;

#[derive(Debug)]
pub(super) struct State {
    /// By the sequence number of their first event, so the first entry is the oldest.
    pub(super) traces: BTreeMap<u64, Arc<Trace>>,
    by_id: HashMap<TraceId, u64>,
    pub(super) loose: VecDeque<Arc<Record>>,
    pub(super) sources: Sources,
    pub(super) stats: Stats,
    pub(super) next_seq: u64,
    pub(super) version: u64,
    max_bytes: usize,
    trace_bytes: usize,
    loose_bytes: usize,
}

impl State {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self {
            traces: BTreeMap::new(),
            by_id: HashMap::new(),
            loose: VecDeque::new(),
            sources: Sources::default(),
            stats: Stats::default(),
            next_seq: 0,
            version: 0,
            max_bytes,
            trace_bytes: 0,
            loose_bytes: 0,
        }
    }

    pub(super) fn add(&mut self, drafts: Vec<Draft>) {
        self.version += 1;
        self.stats.accepted += drafts.len() as u64;
        for draft in drafts {
            let seq = self.next_seq;
            self.next_seq += 1;
            let record = Arc::new(draft.into_record(seq));
            match record.trace_id() {
                Some(id) => self.add_to_trace(id, record),
                None => {
                    self.loose_bytes += record.cost();
                    self.loose.push_back(record);
                }
            }
        }
        self.evict();
    }

    pub(super) fn trace(&self, id: TraceId) -> Option<&Arc<Trace>> {
        self.traces.get(self.by_id.get(&id)?)
    }

    /// The sequence number below which no trace is left.
    pub(super) fn first_seq(&self) -> u64 {
        self.traces.keys().next().copied().unwrap_or(self.next_seq)
    }

    pub(super) fn clear(&mut self) {
        let cleared = Self::new(self.max_bytes);
        let (stats, next_seq, version) = (self.stats, self.next_seq, self.version + 1);
        *self = Self { stats, next_seq, version, ..cleared };
    }

    pub(super) fn stats(&self) -> Stats {
        Stats {
            traces: self.traces.len() as u64,
            events: (self.traces.values().map(|trace| trace.events().len()).sum::<usize>() + self.loose.len())
                as u64,
            bytes: self.bytes() as u64,
            max_bytes: self.max_bytes as u64,
            ..self.stats
        }
    }

    fn add_to_trace(&mut self, id: TraceId, record: Arc<Record>) {
        let seq = *self.by_id.entry(id).or_insert(record.seq());
        let trace = self.traces.entry(seq).or_insert_with(|| {
            let trace = Trace::new(id, seq);
            self.trace_bytes += trace.cost();
            Arc::new(trace)
        });
        self.trace_bytes += record.cost();
        // Readers may hold the trace as it was; then this copies its list of pointers.
        Arc::make_mut(trace).push(record, self.version);
    }

    fn bytes(&self) -> usize {
        self.trace_bytes + self.loose_bytes + self.sources.cost()
    }

    fn evict(&mut self) {
        while self.loose_bytes > self.max_bytes / LOOSE_SHARE {
            let Some(record) = self.loose.pop_front() else { break };
            self.loose_bytes -= record.cost();
            self.stats.evicted_events += 1;
        }
        while self.bytes() > self.max_bytes {
            let Some((_, trace)) = self.traces.pop_first() else { break };
            self.by_id.remove(&trace.id());
            self.trace_bytes -= trace.cost();
            self.stats.evicted_traces += 1;
            self.stats.evicted_events += trace.events().len() as u64;
            drop(trace);
            self.sources.sweep();
        }
    }
}

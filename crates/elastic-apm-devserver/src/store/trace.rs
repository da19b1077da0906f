//! One trace: its events in order of arrival, and what is known of it at a glance.

use std::sync::Arc;

use elastic_apm_intake::{Event, Outcome, TraceId};
use serde::Serialize;

use super::record::Record;
use crate::waterfall::Waterfall;

/// A snapshot of one trace. Cheap to hold; events that arrive later are not in it.
#[derive(Clone, Debug)]
pub struct Trace {
    id: TraceId,
    seq: u64,
    changed: u64,
    cost: usize,
    records: Vec<Arc<Record>>,
    root: Option<Arc<Record>>,
    services: Vec<String>,
    counts: Counts,
    start_us: u64,
    end_us: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    transactions: u64,
    spans: u64,
    errors: u64,
    /// Spans that the transactions say they started.
    started: u64,
}

/// One line of the trace list.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TraceSummary {
    /// The trace id, 32 hex digits.
    pub id: String,
    /// Grows with the arrival of each new trace; the list is in descending order of it.
    pub seq: u64,
    /// The name of the root transaction, `None` while that has not arrived.
    pub name: Option<String>,
    /// All services with a transaction or span: the root's first, then in order of arrival.
    pub services: Vec<String>,
    /// Start in microseconds since the Unix epoch: the root's, else the earliest event's.
    pub start_us: u64,
    /// Duration in milliseconds: the root's, else from the earliest start to the latest end.
    pub duration_ms: f64,
    /// How many transactions arrived.
    pub transactions: u64,
    /// How many spans arrived; a compressed one counts once.
    pub spans: u64,
    /// How many errors arrived.
    pub errors: u64,
    /// The root's outcome, `unknown` without a root.
    pub outcome: Outcome,
    /// No transaction without a parent has arrived.
    pub missing_root: bool,
    /// The root and every span that the transactions say they started have arrived.
    pub complete: bool,
}

impl Trace {
    pub(crate) fn new(id: TraceId, seq: u64) -> Self {
        Self {
            id,
            seq,
            changed: 0,
            cost: size_of::<Self>(),
            records: Vec::new(),
            root: None,
            services: Vec::new(),
            counts: Counts::default(),
            start_us: u64::MAX,
            end_us: 0,
        }
    }

    pub(crate) fn push(&mut self, record: Arc<Record>, changed: u64) {
        self.changed = changed;
        self.cost += record.cost();
        match record.event() {
            Event::Transaction(transaction) => {
                self.counts.transactions += 1;
                self.counts.started += u64::from(transaction.span_count.started);
                if record.parent_id().is_none() && self.root.is_none() {
                    self.root = Some(Arc::clone(&record));
                }
            }
            Event::Span(_) => self.counts.spans += 1,
            Event::Error(_) => self.counts.errors += 1,
            _ => {}
        }
        if record.is_timed() {
            self.start_us = self.start_us.min(record.timestamp_us());
            self.end_us = self.end_us.max(record.end_us());
            if !self.services.iter().any(|service| service == record.service()) {
                self.services.push(record.service().to_owned());
            }
        }
        self.records.push(record);
    }

    /// The trace id.
    pub fn id(&self) -> TraceId {
        self.id
    }

    /// All events of the trace in order of arrival.
    pub fn events(&self) -> &[Arc<Record>] {
        &self.records
    }

    /// Its transactions in order of arrival.
    pub fn transactions(&self) -> impl Iterator<Item = &Arc<Record>> {
        self.records.iter().filter(|record| matches!(record.event(), Event::Transaction(_)))
    }

    /// Its spans in order of arrival.
    pub fn spans(&self) -> impl Iterator<Item = &Arc<Record>> {
        self.records.iter().filter(|record| matches!(record.event(), Event::Span(_)))
    }

    /// Its errors in order of arrival.
    pub fn errors(&self) -> impl Iterator<Item = &Arc<Record>> {
        self.records.iter().filter(|record| matches!(record.event(), Event::Error(_)))
    }

    /// The transaction without a parent, the first to arrive if there are several.
    pub fn root(&self) -> Option<&Arc<Record>> {
        self.root.as_ref()
    }

    /// All services with a transaction or span, in order of arrival.
    pub fn services(&self) -> &[String] {
        &self.services
    }

    /// The trace as one line of the list.
    pub fn summary(&self) -> TraceSummary {
        let root = self.root.as_deref();
        let duration_us = match root {
            Some(root) => root.duration_us(),
            None => self.end_us.saturating_sub(self.start_us),
        };
        let mut services = self.services.clone();
        let first = root.and_then(|root| services.iter().position(|service| service == root.service()));
        services[..first.map_or(0, |first| first + 1)].rotate_right(usize::from(first.is_some()));
        let earliest = if self.start_us == u64::MAX { self.first_timestamp() } else { self.start_us };
        TraceSummary {
            id: self.id.to_string(),
            seq: self.seq,
            name: root.map(|root| root.name().to_owned()),
            services,
            start_us: root.map_or(earliest, Record::timestamp_us),
            duration_ms: duration_us as f64 / 1000.0,
            transactions: self.counts.transactions,
            spans: self.counts.spans,
            errors: self.counts.errors,
            outcome: root.map_or(Outcome::Unknown, Record::outcome),
            missing_root: root.is_none(),
            complete: root.is_some() && self.counts.spans >= self.counts.started,
        }
    }

    /// The trace as a tree in waterfall order.
    pub fn waterfall(&self) -> Waterfall {
        Waterfall::of(self)
    }

    pub(crate) fn changed(&self) -> u64 {
        self.changed
    }

    pub(crate) fn cost(&self) -> usize {
        self.cost
    }

    /// The time of a trace that so far is nothing but errors.
    fn first_timestamp(&self) -> u64 {
        self.records.first().map_or(0, |record| record.timestamp_us())
    }
}

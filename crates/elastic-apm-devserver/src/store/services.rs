//! The overview by service and transaction name, computed from the traces in the store.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use elastic_apm_intake::{Event, Outcome, SpanId, TraceId};
use serde::Serialize;

use super::trace::Trace;

/// What one service did, as far as it is in the store.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ServiceSummary {
    /// The service's name.
    pub service: String,
    /// The name and version of the agent that reported last.
    pub agent: String,
    /// Errors the service reported inside of traces.
    pub errors: u64,
    /// Its transactions by name, the most frequent first.
    pub transactions: Vec<TransactionSummary>,
}

/// All transactions of one service with one name.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TransactionSummary {
    /// The transaction's name.
    pub name: String,
    /// The transaction's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// How many there are.
    pub count: u64,
    /// The median duration in milliseconds (nearest rank).
    pub p50_ms: f64,
    /// The duration in milliseconds that 95 % do not exceed (nearest rank).
    pub p95_ms: f64,
    /// Failures among those whose outcome is known, 0 to 1; `None` if none is.
    pub error_rate: Option<f64>,
    /// Spans of these transactions.
    pub spans: u64,
}

#[derive(Default)]
struct Service {
    agent: (u64, String),
    errors: u64,
    groups: HashMap<(String, String), Group>,
}

#[derive(Default)]
struct Group {
    durations_us: Vec<u64>,
    failures: u64,
    successes: u64,
    spans: u64,
}

pub(super) fn summarise(traces: &[Arc<Trace>]) -> Vec<ServiceSummary> {
    let spans = spans_by_transaction(traces);
    let mut services = BTreeMap::<String, Service>::new();
    for trace in traces {
        for record in trace.events() {
            if !services.contains_key(record.service()) {
                services.insert(record.service().to_owned(), Service::default());
            }
            let Some(service) = services.get_mut(record.service()) else { continue };
            if record.seq() >= service.agent.0 {
                service.agent = (record.seq(), record.source().agent());
            }
            match record.event() {
                Event::Error(_) => service.errors += 1,
                Event::Transaction(_) => {
                    let key = (record.name().to_owned(), record.event_type().to_owned());
                    let group = service.groups.entry(key).or_default();
                    group.durations_us.push(record.duration_us());
                    match record.outcome() {
                        Outcome::Failure => group.failures += 1,
                        Outcome::Success => group.successes += 1,
                        Outcome::Unknown => {}
                    }
                    let id = record.id().map(|id| (trace.id(), id));
                    group.spans += id.and_then(|id| spans.get(&id)).copied().unwrap_or(0);
                }
                _ => {}
            }
        }
    }
    services.into_iter().map(|(name, service)| service.finish(name)).collect()
}

fn spans_by_transaction(traces: &[Arc<Trace>]) -> HashMap<(TraceId, SpanId), u64> {
    let mut spans = HashMap::new();
    for trace in traces {
        for transaction in trace.spans().filter_map(|span| span.transaction_id()) {
            *spans.entry((trace.id(), transaction)).or_default() += 1;
        }
    }
    spans
}

impl Service {
    fn finish(self, service: String) -> ServiceSummary {
        let mut transactions: Vec<_> =
            self.groups.into_iter().map(|((name, kind), group)| group.finish(name, kind)).collect();
        transactions.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
        ServiceSummary { service, agent: self.agent.1, errors: self.errors, transactions }
    }
}

impl Group {
    fn finish(mut self, name: String, kind: String) -> TransactionSummary {
        self.durations_us.sort_unstable();
        let known = self.failures + self.successes;
        TransactionSummary {
            name,
            kind,
            count: self.durations_us.len() as u64,
            p50_ms: percentile_ms(&self.durations_us, 50),
            p95_ms: percentile_ms(&self.durations_us, 95),
            error_rate: (known > 0).then(|| self.failures as f64 / known as f64),
            spans: self.spans,
        }
    }
}

/// The nearest-rank percentile of sorted microseconds, in milliseconds.
fn percentile_ms(sorted: &[u64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).map_or(0.0, |micros| *micros as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::percentile_ms;

    #[test]
    fn percentiles_are_durations_that_occurred() {
        let sorted: Vec<u64> = (1..=20).map(|ms| ms * 1000).collect();

        assert_eq!([percentile_ms(&sorted, 50), percentile_ms(&sorted, 95)], [10.0, 19.0]);
        assert_eq!([percentile_ms(&[7000], 50), percentile_ms(&[7000], 95)], [7.0, 7.0]);
        assert_eq!(percentile_ms(&[], 50), 0.0);
    }
}

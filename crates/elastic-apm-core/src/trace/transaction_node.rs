//! The shared state of a transaction while it runs: what handles, the thread's slot and spans point at.
//!
//! Identity is immutable and read without a lock. What can change sits behind one small mutex, taken by setters, by ended spans and by
//! the end; no user code ever runs under it. A body that has been taken out is the mark of an ended transaction.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use elastic_apm_intake::{Keyword, SampleRate, SpanId, TraceId};

use super::baggage::CarriedBaggage;
use super::children::Children;
use super::current::Superseded;
use super::naming;
use super::outcome::Verdict;
use super::span_end;
use super::span_ledger::SpanLedger;
use super::span_limit::SpanLimit;
use super::span_node::SpanNode;
use super::span_tally::{SpanTally, Tally};
use super::tracer::Tracer;
use crate::clock::{Timebase, micros, millis};
use crate::config::Settings;
use crate::metrics::Time;
use crate::propagation::{TraceContext, TraceParent, TraceState};
use crate::record::{Record, TransactionRecord};
use crate::sync::atomic::{AtomicBool, Ordering};

/// The type under which the breakdown shows a transaction's own time.
const APP: Keyword = Keyword::from_static("app");

/// A running transaction.
pub(crate) struct TransactionNode {
    pub(crate) tracer: Tracer,
    pub(crate) trace_id: TraceId,
    pub(crate) id: SpanId,
    /// The caller's; of a root's none, until somebody asks for one.
    pub(crate) parent_id: OnceLock<SpanId>,
    /// What makes others children of this transaction; carries the flags to send on.
    pub(crate) traceparent: TraceParent,
    pub(crate) sampled: bool,
    pub(crate) sample_rate: Option<SampleRate>,
    pub(crate) tracestate: TraceState,
    pub(crate) baggage: CarriedBaggage,
    pub(crate) timebase: Timebase,
    /// The dynamic options as they were at the start: a transaction sees no change midway.
    pub(crate) settings: Arc<Settings>,
    /// The places of spans that will be reported.
    pub(crate) limit: SpanLimit,
    /// The spans of no particular type; all others are in the record.
    pub(super) tally: SpanTally,
    pub(crate) children: Children,
    ended: AtomicBool,
    pub(crate) superseded: Superseded,
    body: Mutex<Option<TransactionBody>>,
}

/// How handles, spans and the thread's slot hold a transaction.
pub(crate) type SharedTransaction = triomphe::Arc<TransactionNode>;

/// What can change on a transaction until it ends.
#[derive(Default)]
pub(crate) struct TransactionBody {
    pub(crate) name: Option<Keyword>,
    pub(crate) kind: Keyword,
    pub(crate) verdict: Verdict,
    /// The user's word for how long it took.
    pub(crate) duration: Option<Duration>,
    /// Says to report nothing at all.
    pub(crate) discarded: bool,
    /// What is handed over at the end, filled in place; `None` where the event is not wanted.
    pub(crate) record: Option<Box<TransactionRecord>>,
}

/// Everything about a transaction that is settled when it starts.
pub(crate) struct TransactionIdentity {
    pub(crate) traceparent: TraceParent,
    pub(crate) parent_id: Option<SpanId>,
    pub(crate) sampled: bool,
    pub(crate) sample_rate: Option<SampleRate>,
    pub(crate) tracestate: TraceState,
    pub(crate) baggage: CarriedBaggage,
    pub(crate) timebase: Timebase,
}

impl TransactionNode {
    // Inlined where it is made, lest half a kilobyte is moved around.
    #[inline(always)]
    pub(crate) fn new(
        tracer: Tracer,
        settings: Arc<Settings>,
        identity: TransactionIdentity,
        body: TransactionBody,
    ) -> Self {
        let TransactionIdentity {
            traceparent,
            parent_id,
            sampled,
            sample_rate,
            tracestate,
            baggage,
            timebase,
        } = identity;
        TransactionNode {
            tracer,
            trace_id: traceparent.trace_id(),
            id: traceparent.parent_id(),
            parent_id: parent_id.map_or_else(OnceLock::new, OnceLock::from),
            traceparent,
            sampled,
            sample_rate,
            tracestate,
            baggage,
            timebase,
            settings,
            limit: SpanLimit::new(),
            tally: SpanTally::new(),
            children: Children::new(),
            ended: AtomicBool::new(false),
            superseded: Superseded::default(),
            body: Mutex::new(Some(body)),
        }
    }

    /// What makes others children of `parent`, which is this transaction or a span of it.
    pub(crate) fn context_below(&self, parent: TraceParent) -> TraceContext {
        TraceContext::new(parent, self.tracestate.clone()).with_baggage(self.baggage.get())
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Whether its event is wanted.
    pub(crate) fn is_reported(&self) -> bool {
        TransactionNode::is_wanted(self.sampled, &self.settings)
    }

    /// Whether the event of a transaction under these settings is wanted.
    pub(super) fn is_wanted(sampled: bool, settings: &Settings) -> bool {
        !settings.context_propagation_only && (sampled || settings.keeps_unsampled)
    }

    fn lock(&self) -> MutexGuard<'_, Option<TransactionBody>> {
        self.body.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the body, or explains in a debug line why nothing happens.
    pub(crate) fn update(&self, what: &str, change: impl FnOnce(&mut TransactionBody)) {
        if let Some(body) = self.lock().as_mut() {
            return change(body);
        }
        self.explain(what, "has ended");
    }

    /// Changes what will be handed over, or explains in a debug line why nothing happens. Where the event is not wanted, nothing does.
    pub(crate) fn record(&self, what: &str, change: impl FnOnce(&mut TransactionRecord)) {
        self.update(what, |body| {
            if let Some(record) = &mut body.record {
                change(record);
            }
        });
    }

    /// Says in a debug line why a call does nothing.
    #[cold]
    pub(crate) fn explain(&self, what: &str, why: &str) {
        self.tracer.debug(format_args!("{what} ignored: transaction {} {why}", self.id));
    }

    /// Names the transaction, replacing any name.
    pub(crate) fn set_name(&self, what: &str, name: Keyword) {
        let name = naming::grouped(name, &self.settings);
        self.update(what, |body| body.name = Some(name));
    }

    /// Names the transaction unless it has a name.
    pub(crate) fn set_name_if_unset(&self, what: &str, name: Keyword) {
        let name = naming::grouped(name, &self.settings);
        self.update(what, |body| {
            body.name.get_or_insert(name);
        });
    }

    /// Enters something of a span that ended into the account. `None`, and nothing is done, once the transaction has ended.
    #[inline]
    pub(super) fn account<T>(&self, enter: impl FnOnce(&mut SpanLedger<'_>) -> T) -> Option<T> {
        self.lock().as_mut()?.record.as_mut().map(|record| enter(&mut SpanLedger::of(record)))
    }

    /// Ends the transaction and hands its event over; the second time does nothing.
    pub(crate) fn end(node: &mut SharedTransaction) {
        TransactionNode::end_with(node, |_| {});
    }

    /// Ends the transaction once `conclude` has said the last word about it. `false`, and nothing is done, where it has ended.
    pub(crate) fn end_with(
        node: &mut SharedTransaction,
        conclude: impl FnOnce(&mut TransactionBody),
    ) -> bool {
        if node.is_ended() {
            return false;
        }
        if !node.is_reported() {
            // There are no spans below it, and nobody is told how long it took.
            return TransactionNode::close(node, |body| std::mem::take(body).is_some());
        }
        let now = node.timebase.elapsed();
        if let Some(child) = node.children.close() {
            span_end::settle(child, None);
        }
        match TransactionNode::close(node, Option::take) {
            Some(body) => node.submit(body, now, conclude),
            None => return false,
        }
        true
    }

    /// Lets `take` take the body out: from now on nothing changes any more. Where nobody else holds the node, which is the rule for one
    /// that ends, that takes no lock.
    fn close<T>(node: &mut SharedTransaction, take: impl FnOnce(&mut Option<TransactionBody>) -> T) -> T {
        let taken = match SharedTransaction::get_mut(node) {
            Some(node) => take(node.body.get_mut().unwrap_or_else(PoisonError::into_inner)),
            None => take(&mut node.lock()),
        };
        node.ended.store(true, Ordering::Release);
        taken
    }

    /// Hands over the event of a transaction that ends now.
    fn submit(&self, mut body: TransactionBody, now: i64, conclude: impl FnOnce(&mut TransactionBody)) {
        conclude(&mut body);
        let Some(mut record) = body.record.filter(|_| !body.discarded) else { return };
        let duration = body.duration.map_or(now.max(0) as u64, micros);
        let Tally { count, micros } = self.tally.sum();
        record.event.span_count.started += count as u32;
        if self.sampled && self.settings.breakdown_metrics {
            if count > 0 {
                record.self_times.add_all(&SpanNode::CUSTOM, None, Time { count, micros });
            }
            let own = duration.saturating_sub(self.children.timer.covered(now));
            record.self_times.add(&APP, None, own);
        }
        let event = &mut record.event;
        event.id = self.id;
        event.trace_id = self.trace_id;
        event.parent_id = self.parent_id.get().copied();
        event.name = body.name;
        event.kind = body.kind;
        event.timestamp = self.timebase.epoch_micros(0);
        event.duration = millis(duration);
        event.outcome = Some(body.verdict.decide());
        event.sampled = self.sampled;
        event.sample_rate = self.sample_rate;
        if let Some(captured) = record.request.as_ref().and_then(|request| request.body.as_ref()) {
            captured.close();
        }
        self.tracer.submit(Record::transaction(record));
    }
}

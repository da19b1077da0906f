//! The shared state of a transaction or span while it runs: what handles, the thread's slot and children point at.
//!
//! Identity is immutable and read without a lock. What can change sits behind one small mutex, taken by setters and by the
//! end; no user code ever runs under it. A body that has been taken out is the mark of an ended node.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use elastic_apm_intake::{
    Context, Keyword, Labels, SampleRate, SpanCount, SpanEvent, SpanId, SpanLink, TraceId, TransactionEvent,
    TransactionExtra,
};

use super::baggage::CarriedBaggage;
use super::clock::{Timebase, millis, millis_between};
use super::current::Superseded;
use super::naming;
use super::outcome::Verdict;
use super::service_target;
use super::stack;
use super::tracer::Tracer;
use crate::captured::{CapturedRequest, CapturedResponse};
use crate::config::Settings;
use crate::propagation::{TraceContext, TraceParent, TraceState};
use crate::record::{Record, TransactionRecord};

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
    /// Spans that were given a place below the limit.
    admitted: AtomicU32,
    /// Those of them that ended before the transaction: what the wire calls `started`.
    reported: AtomicU32,
    dropped: AtomicU32,
    ended: AtomicBool,
    pub(crate) superseded: Superseded,
    body: Mutex<Option<TransactionBody>>,
}

/// What can change on a transaction until it ends.
#[derive(Default)]
pub(crate) struct TransactionBody {
    pub(crate) name: Option<Keyword>,
    pub(crate) kind: Keyword,
    pub(crate) result: Option<Keyword>,
    pub(crate) verdict: Verdict,
    pub(crate) labels: Labels,
    pub(crate) context: Option<Box<Context>>,
    pub(crate) links: Vec<SpanLink>,
    pub(crate) extra: Option<Box<TransactionExtra>>,
    pub(crate) request: Option<Arc<CapturedRequest>>,
    pub(crate) response: Option<CapturedResponse>,
    /// The user's word for how long it took.
    pub(crate) duration: Option<Duration>,
    /// Says to report nothing at all.
    pub(crate) discarded: bool,
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
            admitted: AtomicU32::new(0),
            reported: AtomicU32::new(0),
            dropped: AtomicU32::new(0),
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
        !self.settings.context_propagation_only && (self.sampled || self.settings.keeps_unsampled)
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

    /// Whether a span that starts now would be one too many.
    pub(crate) fn is_span_limit_reached(&self) -> bool {
        self.admitted.load(Ordering::Relaxed) as usize >= self.settings.transaction_max_spans
    }

    /// Takes a place among the reported spans, or counts the span as dropped. Exact also when many start at once.
    ///
    /// Taken at the start and not at the end, so that an id that was sent to others, or that has children, is sure to be reported.
    fn admit_span(&self) -> bool {
        let max = self.settings.transaction_max_spans;
        let admitted = self
            .admitted
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |admitted| {
                ((admitted as usize) < max).then_some(admitted + 1)
            })
            .is_ok();
        if !admitted {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        admitted
    }

    /// Takes a discarded span out of the count again.
    fn forget_span(&self, over_limit: bool) {
        let counter = if over_limit { &self.dropped } else { &self.admitted };
        counter.fetch_sub(1, Ordering::Relaxed);
    }

    /// Ends the transaction and hands its event over; the second time does nothing.
    pub(crate) fn end(&self) {
        let Some(body) = self.lock().take() else { return };
        self.ended.store(true, Ordering::Release);
        if body.discarded || !self.is_reported() {
            return;
        }
        let event = TransactionEvent {
            id: self.id,
            trace_id: self.trace_id,
            parent_id: self.parent_id.get().copied(),
            name: body.name,
            kind: if body.kind.is_empty() { Keyword::from_static("custom") } else { body.kind },
            timestamp: self.timebase.epoch_micros(self.timebase.start()),
            duration: body
                .duration
                .map_or_else(|| millis_between(self.timebase.start(), Instant::now()), millis),
            result: body.result,
            outcome: Some(body.verdict.decide()),
            sampled: self.sampled,
            sample_rate: self.sample_rate,
            span_count: SpanCount {
                started: self.reported.load(Ordering::Relaxed),
                dropped: self.dropped.load(Ordering::Relaxed),
            },
            labels: body.labels,
            context: body.context,
            links: body.links,
            extra: body.extra,
            ..TransactionEvent::default()
        };
        if let Some(captured) = body.request.as_ref().and_then(|request| request.body.as_ref()) {
            captured.close();
        }
        let record = TransactionRecord { event, request: body.request, response: body.response };
        self.tracer.submit(Record::Transaction(Box::new(record)));
    }
}

/// A span of a sampled transaction, from its description to its end.
///
/// One allocation: a builder fills the node while it is the only owner, then shares it.
pub(crate) struct SpanNode {
    pub(crate) transaction: Arc<TransactionNode>,
    /// The span above, until this one starts. A running span holds none: a task that starts its own successor would otherwise keep all
    /// its ended predecessors in memory.
    pub(crate) parent: Option<SharedSpan>,
    pub(crate) id: SpanId,
    /// This span, or the nearest one above that is certain to be reported: the id that may be sent to others.
    pub(crate) reported_id: SpanId,
    pub(crate) exit: bool,
    /// Nothing below it is recorded.
    pub(crate) leaf: bool,
    /// Started after the limit was reached: timed and counted, never reported.
    pub(crate) over_limit: bool,
    ended: AtomicBool,
    pub(crate) superseded: Superseded,
    body: Mutex<SpanBody>,
}

/// How handles, children and the thread's slot hold a span.
pub(crate) type SharedSpan = triomphe::Arc<SpanNode>;

/// What can change on a span until it ends.
pub(crate) struct SpanBody {
    /// The wire event in the making; taken out by the end.
    event: Option<SpanEvent>,
    start: Instant,
    /// The user's word for how long it took.
    pub(crate) duration: Option<Duration>,
    pub(crate) verdict: Verdict,
    pub(crate) discarded: bool,
}

impl SpanNode {
    pub(crate) fn new(
        transaction: Arc<TransactionNode>,
        parent: Option<SharedSpan>,
        event: SpanEvent,
    ) -> Self {
        SpanNode {
            id: event.id,
            reported_id: event.id,
            exit: false,
            leaf: false,
            over_limit: transaction.is_span_limit_reached(),
            ended: AtomicBool::new(false),
            superseded: Superseded::default(),
            body: Mutex::new(SpanBody {
                event: Some(event),
                start: transaction.timebase.start(),
                duration: None,
                verdict: Verdict::default(),
                discarded: false,
            }),
            transaction,
            parent,
        }
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    fn lock(&self) -> MutexGuard<'_, SpanBody> {
        self.body.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The event of a span that nobody shares yet.
    pub(crate) fn draft(&mut self) -> Option<&mut SpanEvent> {
        self.body.get_mut().unwrap_or_else(PoisonError::into_inner).event.as_mut()
    }

    /// Says that a span that nobody shares yet started then.
    pub(crate) fn start_at(&mut self, start: SystemTime) {
        let timebase = Timebase::starting_at(start);
        self.body.get_mut().unwrap_or_else(PoisonError::into_inner).start = timebase.start();
        if let Some(event) = self.draft() {
            event.timestamp = timebase.epoch_micros(timebase.start());
        }
    }

    /// Starts a span that nobody shares yet: takes its place below the limit, its place in the tree, and the time.
    pub(crate) fn start(&mut self) {
        self.over_limit = !self.transaction.admit_span();
        let parent = self.parent.take();
        if self.over_limit {
            self.reported_id = parent.map_or(self.transaction.id, |parent| parent.reported_id);
        }
        let now = Instant::now();
        let timestamp = self.transaction.timebase.epoch_micros(now);
        let body = self.body.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(event) = body.event.as_mut().filter(|event| event.timestamp == 0) {
            event.timestamp = timestamp;
            body.start = now;
        }
    }

    /// Changes the event, or explains in a debug line why nothing happens.
    pub(crate) fn update(&self, what: &str, change: impl FnOnce(&mut SpanEvent)) {
        if let Some(event) = &mut self.lock().event {
            return change(event);
        }
        self.explain(what, "has ended");
    }

    /// Changes what is said of the outcome, or explains in a debug line why nothing happens.
    pub(crate) fn judge(&self, what: &str, change: impl FnOnce(&mut SpanBody)) {
        let mut body = self.lock();
        if body.event.is_some() {
            return change(&mut body);
        }
        drop(body);
        self.explain(what, "has ended");
    }

    /// Says in a debug line why a call does nothing.
    #[cold]
    pub(crate) fn explain(&self, what: &str, why: &str) {
        self.transaction.tracer.debug(format_args!("{what} ignored: span {} {why}", self.id));
    }

    /// Reads the event while the span runs.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&SpanEvent) -> T) -> Option<T> {
        self.lock().event.as_ref().map(look)
    }

    /// Ends the span and hands its event over; the second time does nothing.
    pub(crate) fn end(&self) {
        let end = Instant::now();
        let mut body = self.lock();
        let Some(mut event) = body.event.take() else { return };
        self.ended.store(true, Ordering::Release);
        event.duration = body.duration.map_or_else(|| millis_between(body.start, end), millis);
        event.outcome = Some(body.verdict.decide());
        let discarded = body.discarded;
        drop(body);
        if discarded {
            self.transaction.forget_span(self.over_limit);
        } else if !self.over_limit {
            if self.exit {
                service_target::complete(&mut event);
            }
            self.transaction.reported.fetch_add(1, Ordering::Relaxed);
            let stack = stack::of_span(&self.transaction.settings, event.duration);
            self.transaction.tracer.submit(Record::span(event, stack));
        }
    }
}

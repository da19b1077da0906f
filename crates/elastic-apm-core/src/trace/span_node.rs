//! The shared state of a span while it runs: what handles, the thread's slot and children point at.
//!
//! Identity is immutable and read without a lock. What can change sits behind one small mutex, taken by setters and by the end; no
//! user code ever runs under it. What becomes of an ended span is decided elsewhere.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use elastic_apm_intake::{Keyword, SpanEvent, SpanId};
use triomphe::UniqueArc;

use super::children::Children;
use super::current::Superseded;
use super::ended_span::EndedSpan;
use super::fate::Fate;
use super::outcome::Verdict;
use super::random;
use super::transaction_node::{SharedTransaction, TransactionNode};
use crate::clock::micros;
use crate::record::Record;
use crate::sync::atomic::{AtomicBool, Ordering};

/// A span of a sampled transaction, from its description to its end.
///
/// One allocation: a builder fills the node while it is the only owner, then shares it.
pub(crate) struct SpanNode {
    pub(crate) transaction: SharedTransaction,
    pub(crate) id: SpanId,
    /// The nearest one above that is certain to be reported, once the span has started.
    above: SpanId,
    /// The nearest one above that is outside of the call that this span is, or is a step of.
    outside: SpanId,
    pub(crate) exit: bool,
    /// It is a call to another service or a step of one, once it has started.
    pub(crate) in_call: bool,
    /// Nothing below it is recorded.
    pub(crate) leaf: bool,
    /// Found no place below the limit: timed and counted, never reported.
    pub(crate) over_limit: bool,
    pub(crate) fate: Fate,
    ended: AtomicBool,
    pub(crate) children: Children,
    pub(crate) superseded: Superseded,
    body: Mutex<SpanBody>,
}

/// How handles, children and the thread's slot hold a span.
pub(crate) type SharedSpan = triomphe::Arc<SpanNode>;

/// What can change on a span until it ends.
pub(crate) struct SpanBody {
    /// The wire event in the making, already in the form in which it is handed over: it is taken out then, and moved no more than needed.
    record: Option<Record>,
    /// The span above. Held no longer than the span runs: a task that starts its own successor would otherwise keep all its ended
    /// predecessors in memory. Of a spare node it is the one that it lies on.
    parent: Option<SharedSpan>,
    /// Microseconds since the transaction's start, once it has started or was told when.
    start: Option<i64>,
    /// The user's word for how long it took.
    pub(crate) duration: Option<Duration>,
    pub(crate) verdict: Verdict,
    pub(crate) discarded: bool,
    closed: bool,
}

impl SpanNode {
    /// What a span is called that was given no name.
    pub(crate) const UNNAMED: Keyword = Keyword::from_static("unnamed");
    /// The type of a span for which none was given.
    pub(crate) const CUSTOM: Keyword = Keyword::from_static("custom");

    /// A span that has not started and has no name yet; made of `spare` where that belongs to the same transaction.
    #[inline]
    pub(crate) fn draft(
        spare: Option<UniqueArc<Self>>,
        transaction: &SharedTransaction,
        parent: Option<SharedSpan>,
    ) -> UniqueArc<Self> {
        let spare = spare.filter(|node| SharedTransaction::ptr_eq(&node.transaction, transaction));
        let mut node =
            spare.unwrap_or_else(|| UniqueArc::new(SpanNode::of(SharedTransaction::clone(transaction))));
        node.begin(parent);
        node
    }

    /// A node of which nothing is settled but whose it is.
    // Inlined where it is made, lest half a kilobyte is moved around.
    #[inline(always)]
    fn of(transaction: SharedTransaction) -> Self {
        SpanNode {
            id: SpanId::default(),
            above: SpanId::default(),
            outside: SpanId::default(),
            exit: false,
            in_call: false,
            leaf: false,
            over_limit: false,
            fate: Fate::new(),
            ended: AtomicBool::new(false),
            children: Children::new(),
            superseded: Superseded::default(),
            body: Mutex::new(SpanBody {
                record: None,
                parent: None,
                start: None,
                duration: None,
                verdict: Verdict::default(),
                discarded: false,
                closed: false,
            }),
            transaction,
        }
    }

    /// Settles all that a span has before it starts.
    #[inline(always)]
    fn begin(&mut self, parent: Option<SharedSpan>) {
        let SpanNode { transaction, body, .. } = self;
        let body = body.get_mut().unwrap_or_else(PoisonError::into_inner);
        let id = random::span_id();
        body.record = Some(Record::Span(SpanEvent {
            id,
            trace_id: transaction.trace_id,
            transaction_id: Some(transaction.id),
            sample_rate: transaction.sample_rate,
            ..SpanEvent::default()
        }));
        body.parent = parent;
        body.start = None;
        body.duration = None;
        body.verdict = Verdict::default();
        body.discarded = false;
        body.closed = false;
        self.id = id;
        self.above = transaction.id;
        self.outside = transaction.id;
        self.exit = false;
        self.in_call = false;
        self.leaf = false;
        self.over_limit = transaction.limit.is_reached(transaction.settings.transaction_max_spans);
        self.fate = Fate::new();
        self.ended = AtomicBool::new(false);
        self.children = Children::new();
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// The id by which others may know this span, which is reported then; where it is not, that of the nearest one above that is.
    #[inline]
    pub(crate) fn refer(&self) -> SpanId {
        if !self.over_limit && self.fate.refer() { self.id } else { self.above }
    }

    fn lock(&self) -> MutexGuard<'_, SpanBody> {
        self.body.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What can change on a span that nobody shares yet.
    #[inline]
    pub(super) fn body(&mut self) -> &mut SpanBody {
        self.body.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// The event of a span that nobody shares yet.
    #[inline]
    pub(crate) fn event(&mut self) -> Option<&mut SpanEvent> {
        self.body().event()
    }

    /// What a span that nobody shares yet is a child of, below its transaction.
    pub(crate) fn parent(&mut self) -> Option<&SharedSpan> {
        self.body().parent.as_ref()
    }

    /// Puts a spare node on top of another.
    #[inline]
    pub(super) fn lay_on(&mut self, other: Option<SharedSpan>) {
        self.body().parent = other;
    }

    /// Takes a spare node from the one that it lies on.
    #[inline]
    pub(super) fn lift(&mut self) -> Option<SharedSpan> {
        self.body().parent.take()
    }

    /// Says that a span that nobody shares yet started then.
    pub(crate) fn start_at(&mut self, start: SystemTime) {
        let start = self.transaction.timebase.elapsed_at(start);
        self.body().start = Some(start);
    }

    /// Starts a span that nobody shares yet: takes its place below the limit, its place in the tree, and the time. Where the call that its
    /// parent belongs to is over, it is none of that.
    pub(crate) fn start(&mut self, is_call_over: bool) {
        let transaction = &*self.transaction;
        // Who was told that there is no place left collected nothing, and shall not get one now.
        self.over_limit =
            self.over_limit || !transaction.limit.take(transaction.settings.transaction_max_spans);
        let body = self.body.get_mut().unwrap_or_else(PoisonError::into_inner);
        let start = *body.start.get_or_insert_with(|| transaction.timebase.elapsed());
        self.above = match &body.parent {
            Some(parent) => {
                parent.children.timer.started(start);
                self.in_call = parent.in_call && !is_call_over;
                self.outside = parent.outside;
                if is_call_over { parent.outside } else { parent.refer() }
            }
            None => {
                transaction.children.timer.started(start);
                transaction.id
            }
        };
        if self.exit && !self.in_call {
            (self.in_call, self.outside) = (true, self.above);
        }
        if let Some(event) = body.event() {
            event.parent_id = self.above;
        }
    }

    /// Changes the event, or explains in a debug line why nothing happens.
    pub(crate) fn update(&self, what: &str, change: impl FnOnce(&mut SpanEvent)) {
        if let Some(event) = self.lock().running() {
            return change(event);
        }
        self.explain(what, "has ended");
    }

    /// Changes what is said of the outcome, or explains in a debug line why nothing happens.
    pub(crate) fn judge(&self, what: &str, change: impl FnOnce(&mut SpanBody)) {
        let mut body = self.lock();
        if body.running().is_some() {
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
        self.lock().running().map(|event| look(event))
    }

    /// Looks at the transaction and the body of a node. Where nobody else holds the node, which is the rule for one that ends, that takes
    /// no lock.
    #[inline(always)]
    pub(super) fn with<T>(
        node: &mut SharedSpan,
        look: impl FnOnce(&TransactionNode, &mut SpanBody) -> T,
    ) -> T {
        match SharedSpan::get_mut(node) {
            Some(node) => {
                look(&node.transaction, node.body.get_mut().unwrap_or_else(PoisonError::into_inner))
            }
            None => look(&node.transaction, &mut node.lock()),
        }
    }

    /// Ends the span: from now on nothing changes any more. `None` the second time.
    #[inline]
    pub(super) fn close(node: &mut SharedSpan, now: i64) -> Option<Closed> {
        let closed = SpanNode::with(node, |_, body| body.close(now));
        node.ended.store(true, Ordering::Release);
        closed
    }

    /// Takes out the child that waits to be joined with the next: there will be none.
    #[inline]
    pub(super) fn close_children(node: &mut SharedSpan) -> Option<EndedSpan> {
        match SharedSpan::get_mut(node) {
            // Nobody is left who could start one.
            Some(node) => node.children.take(),
            None => node.children.close(),
        }
    }
}

/// What is known of a span when it ends, beside its event. Times are microseconds since the transaction's start.
pub(super) struct Closed {
    pub(super) parent: Option<SharedSpan>,
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) discarded: bool,
}

impl SpanBody {
    /// The event, until the span ends.
    #[inline]
    fn running(&mut self) -> Option<&mut SpanEvent> {
        if self.closed { None } else { self.event() }
    }

    /// The event, until it is handed over.
    #[inline]
    pub(super) fn event(&mut self) -> Option<&mut SpanEvent> {
        match &mut self.record {
            Some(Record::Span(event)) => Some(event),
            _ => None,
        }
    }

    /// The place of the event, from which it is handed over.
    #[inline]
    pub(super) fn record(&mut self) -> &mut Option<Record> {
        &mut self.record
    }

    #[inline]
    fn close(&mut self, now: i64) -> Option<Closed> {
        let outcome = self.verdict.decide();
        self.running()?.outcome = Some(outcome);
        self.closed = true;
        let start = self.start.unwrap_or(now);
        let end = self.duration.map_or(now, |duration| start.saturating_add_unsigned(micros(duration)));
        Some(Closed { parent: self.parent.take(), start, end, discarded: self.discarded })
    }
}

//! The shared state of a span while it runs: what handles, the thread's slot and children point at.
//!
//! Identity is immutable and read without a lock. What can change sits behind one small mutex, taken by setters and by the end; no
//! user code ever runs under it. What becomes of an ended span is decided elsewhere.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use elastic_apm_intake::{Keyword, SpanEvent, SpanId};

use super::children::Children;
use super::current::Superseded;
use super::fate::Fate;
use super::outcome::Verdict;
use super::transaction_node::TransactionNode;
use crate::clock::micros;
use crate::sync::atomic::{AtomicBool, Ordering};

/// A span of a sampled transaction, from its description to its end.
///
/// One allocation: a builder fills the node while it is the only owner, then shares it.
pub(crate) struct SpanNode {
    pub(crate) transaction: Arc<TransactionNode>,
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
    /// The wire event in the making; taken out by the end.
    event: Option<SpanEvent>,
    /// The span above. Held no longer than the span runs: a task that starts its own successor would otherwise keep all its ended
    /// predecessors in memory.
    parent: Option<SharedSpan>,
    /// Microseconds since the transaction's start, once it has started or was told when.
    start: Option<i64>,
    /// The user's word for how long it took.
    pub(crate) duration: Option<Duration>,
    pub(crate) verdict: Verdict,
    pub(crate) discarded: bool,
}

impl SpanNode {
    /// What a span is called that was given no name.
    pub(crate) const UNNAMED: Keyword = Keyword::from_static("unnamed");

    pub(crate) fn new(
        transaction: Arc<TransactionNode>,
        parent: Option<SharedSpan>,
        event: SpanEvent,
    ) -> Self {
        SpanNode {
            id: event.id,
            above: transaction.id,
            outside: transaction.id,
            exit: false,
            in_call: false,
            leaf: false,
            over_limit: transaction.limit.is_reached(transaction.settings.transaction_max_spans),
            fate: Fate::new(),
            ended: AtomicBool::new(false),
            children: Children::new(),
            superseded: Superseded::default(),
            body: Mutex::new(SpanBody {
                event: Some(event),
                parent,
                start: None,
                duration: None,
                verdict: Verdict::default(),
                discarded: false,
            }),
            transaction,
        }
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

    fn body(&mut self) -> &mut SpanBody {
        self.body.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// The event of a span that nobody shares yet.
    #[inline]
    pub(crate) fn draft(&mut self) -> Option<&mut SpanEvent> {
        self.body().event.as_mut()
    }

    /// What a span that nobody shares yet is a child of, below its transaction.
    pub(crate) fn parent(&mut self) -> Option<&SharedSpan> {
        self.body().parent.as_ref()
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
        if let Some(event) = &mut body.event {
            event.parent_id = self.above;
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

    /// Takes out what the end needs; `None` the second time.
    pub(super) fn close(node: &mut SharedSpan, now: i64) -> Option<Closed> {
        match SharedSpan::get_mut(node) {
            // Nobody else knows it any more, which is the rule: no lock is needed.
            Some(node) => node.body().close(now),
            None => {
                let closed = node.lock().close(now);
                node.ended.store(true, Ordering::Release);
                closed
            }
        }
    }
}

/// What a span leaves behind when it ends.
pub(super) struct Closed {
    pub(super) event: SpanEvent,
    pub(super) parent: Option<SharedSpan>,
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) discarded: bool,
}

impl SpanBody {
    fn close(&mut self, now: i64) -> Option<Closed> {
        let mut event = self.event.take()?;
        event.outcome = Some(self.verdict.decide());
        let start = self.start.unwrap_or(now);
        let end = self.duration.map_or(now, |duration| start.saturating_add_unsigned(micros(duration)));
        Some(Closed { event, parent: self.parent.take(), start, end, discarded: self.discarded })
    }
}

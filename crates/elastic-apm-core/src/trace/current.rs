//! What is current on this thread: one slot, moved in and out.
//!
//! Futures carry their context themselves and swap it into the slot for each poll (two pointer swaps, no reference count);
//! synchronous code uses a guard that puts back what it replaced. Knows nodes, never events.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use elastic_apm_intake::SpanId;
use triomphe::UniqueArc;

use super::span_node::{SharedSpan, SpanNode};
use super::spare_nodes::SpareNodes;
use super::transaction_node::SharedTransaction;

thread_local! {
    // Never dropped: what has no destructor is found without asking whether that has run. A thread that ends has left its scopes, so that
    // the slot is empty then.
    static SLOT: ManuallyDrop<Slot> = const { ManuallyDrop::new(Slot::new()) };
}

struct Slot {
    current: RefCell<Option<Current>>,
    /// Nodes of spans that have ended, for the next ones: to make one is a good part of what a short span costs. They go with their
    /// transaction, so that nothing is kept in memory by what was current once.
    spares: SpareNodes,
}

impl Slot {
    const fn new() -> Self {
        Slot { current: RefCell::new(None), spares: SpareNodes::new() }
    }

    fn is_current(&self, transaction: &SharedTransaction) -> bool {
        let is_of = |current: &Current| SharedTransaction::ptr_eq(current.transaction(), transaction);
        self.current.try_borrow().is_ok_and(|current| current.as_ref().is_some_and(is_of))
    }

    /// Something else is current now.
    #[inline]
    fn changed(&self) {
        if !self.spares.is_empty() {
            self.review_spares();
        }
    }

    /// Lets the spare nodes go that belong to another transaction than what is current.
    // Away from where the slot is swapped, which is done for each poll and as a rule finds none.
    #[inline(never)]
    fn review_spares(&self) {
        self.spares.retain(|transaction| self.is_current(transaction));
    }
}

/// The transaction or span that new spans become children of.
#[derive(Clone)]
pub(crate) enum Current {
    Transaction(SharedTransaction),
    Span(SharedSpan),
}

impl Current {
    pub(crate) fn transaction(&self) -> &SharedTransaction {
        match self {
            Current::Transaction(node) => node,
            Current::Span(node) => &node.transaction,
        }
    }

    fn id(&self) -> SpanId {
        match self {
            Current::Transaction(node) => node.id,
            Current::Span(node) => node.id,
        }
    }

    fn superseded(&self) -> &Superseded {
        match self {
            Current::Transaction(node) => &node.superseded,
            Current::Span(node) => &node.superseded,
        }
    }
}

/// What is to be current instead of a node whose own guard is gone although later guards still remember it.
#[derive(Default)]
pub(crate) struct Superseded {
    is_set: AtomicBool,
    by: Mutex<Option<Current>>,
}

impl Superseded {
    /// From now on whoever would restore the node restores `by`.
    pub(crate) fn set(&self, by: Option<Current>) {
        *self.by.lock().unwrap_or_else(PoisonError::into_inner) = by;
        self.is_set.store(true, Ordering::Release);
    }

    /// Whether the node was left out of turn.
    pub(super) fn is_set(&self) -> bool {
        self.is_set.load(Ordering::Acquire)
    }

    fn get(&self) -> Option<Option<Current>> {
        self.is_set().then(|| self.by.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// What a guard has to restore: what it replaced, or what that was superseded by.
#[inline]
fn to_restore(mut previous: Option<Current>) -> Option<Current> {
    while let Some(by) = previous.as_ref().and_then(|node| node.superseded().get()) {
        previous = by;
    }
    previous
}

/// Puts `next` into the slot and returns what was there.
#[inline]
fn replace(next: Option<Current>) -> Option<Current> {
    SLOT.with(|slot| {
        let previous = match slot.current.try_borrow_mut() {
            Ok(mut current) => std::mem::replace(&mut *current, next),
            // Somebody looks at it, who runs no code that could get here. To forget is less code than to drop, where it is never done.
            Err(_) => {
                std::mem::forget(next);
                return None;
            }
        };
        slot.changed();
        previous
    })
}

/// Exchanges what is in the slot for what a task carries: nothing is dropped, nothing is counted.
#[inline]
fn swap(carried: &mut Option<Current>) {
    SLOT.with(|slot| {
        if let Ok(mut current) = slot.current.try_borrow_mut() {
            std::mem::swap(&mut *current, carried);
        }
        slot.changed();
    });
}

/// Looks at what is current, if anything is. `look` must not run user code: the slot cannot be changed meanwhile.
#[inline]
pub(crate) fn with<T>(look: impl FnOnce(&Current) -> T) -> Option<T> {
    SLOT.with(|slot| slot.current.try_borrow().ok()?.as_ref().map(look))
}

/// Takes a spare node, which belongs to the transaction that is current or was.
#[inline]
pub(super) fn take_spare() -> Option<UniqueArc<SpanNode>> {
    SLOT.with(|slot| slot.spares.take())
}

/// Keeps the node of a span that has ended for the next one, if it can be of use here.
#[inline]
pub(super) fn keep_spare(node: SharedSpan) {
    let Ok(node) = SharedSpan::try_unique(node) else { return };
    if !node.superseded.is_set() {
        SLOT.with(|slot| {
            if slot.is_current(&node.transaction) {
                slot.spares.keep(node);
            }
        });
    }
}

/// Whether anything is current.
#[inline]
pub(crate) fn is_set() -> bool {
    with(|_| ()).is_some()
}

/// A clone of what is current.
pub(crate) fn get() -> Option<Current> {
    with(Current::clone)
}

/// Sees to it that an ended transaction is no longer current, neither now nor when scopes inside it are left.
pub(crate) fn clear_transaction(node: &SharedTransaction) {
    node.superseded.set(None);
    let is_current =
        with(|current| matches!(current, Current::Transaction(own) if SharedTransaction::ptr_eq(own, node)));
    if is_current == Some(true) {
        replace(None);
    }
}

/// Remembers what was current before a scope, and restores it when the scope is left.
///
/// Scopes may be left in the wrong order: one that finds another's node in the slot leaves it there, and passes what it had to restore
/// on to whoever would otherwise restore *its* node. So a stale parent never comes back and nobody else's gets lost.
pub(crate) struct Activation {
    previous: Option<Current>,
    /// A scope belongs to its thread.
    _not_send: PhantomData<*const ()>,
}

impl Activation {
    /// Makes `current` current on this thread.
    #[inline]
    pub(crate) fn new(current: Current) -> Self {
        Activation { previous: replace(Some(current)), _not_send: PhantomData }
    }

    /// Leaves the scope of the node with this id.
    #[inline]
    pub(crate) fn leave(&mut self, id: SpanId, superseded: &Superseded) {
        let previous = to_restore(self.previous.take());
        match replace(previous) {
            Some(inner) if inner.id() != id => stay(id, inner, superseded),
            left => drop(left),
        }
    }
}

/// Keeps what is current although a scope around it was left: what that scope restores is restored by the inner one.
#[cold]
fn stay(left: SpanId, inner: Current, superseded: &Superseded) {
    let (tracer, id) = (inner.transaction().tracer.clone(), inner.id());
    superseded.set(replace(Some(inner)));
    tracer.debug(format_args!("the scope of {left} was left before that of {id}, which stays current"));
}

/// The context that a task carries along: what is current *inside* it, while other code runs on its thread.
///
/// For closures that run elsewhere ([`run_sync`](Self::run_sync)), and for authors of integrations. A future, a body or a stream owns one and enters it for every poll, and for the drop of
/// what it wraps. Entering swaps it with the thread's slot, leaving swaps back: whatever the task left there
/// (a guard held over an `.await`, say) is found again at the next poll. No allocation, no reference count.
///
/// ```
/// use elastic_apm_core::{Tracer, trace_id};
///
/// let transaction = Tracer::noop().transaction("GET /", "request").start();
/// let mut context = transaction.context();
/// {
///     let _entered = context.enter();
///     assert_eq!(trace_id(), None); // a transaction that does not record is never current
/// }
/// ```
#[derive(Clone, Default)]
pub struct TaskContext {
    carried: Option<Current>,
}

impl TaskContext {
    /// A context in which nothing is current; entering it hides what is current outside.
    pub fn empty() -> Self {
        TaskContext { carried: None }
    }

    /// What is current here and now.
    pub fn current() -> Self {
        TaskContext { carried: get() }
    }

    /// Whether nothing is current inside.
    pub fn is_empty(&self) -> bool {
        self.carried.is_none()
    }

    pub(crate) fn new(carried: Option<Current>) -> Self {
        TaskContext { carried }
    }

    /// Makes this context the thread's until the guard is dropped.
    #[inline]
    pub fn enter(&mut self) -> EnteredContext<'_> {
        swap(&mut self.carried);
        EnteredContext { context: self, _not_send: PhantomData }
    }
}

impl std::fmt::Debug for TaskContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TaskContext").field("empty", &self.carried.is_none()).finish()
    }
}

/// Undoes [`TaskContext::enter`] when dropped, also by a panic.
#[must_use = "the context is left as soon as the guard is dropped"]
pub struct EnteredContext<'a> {
    context: &'a mut TaskContext,
    _not_send: PhantomData<*const ()>,
}

impl Drop for EnteredContext<'_> {
    #[inline]
    fn drop(&mut self) {
        swap(&mut self.context.carried);
    }
}

#[cfg(test)]
mod tests;

//! Nodes of spans that have ended, to be used again by their thread.
//!
//! A stack in which each node holds the one below it in the place of its parent: it needs no memory of its own. Whose they are is asked by
//! whoever keeps them here.

use std::cell::Cell;

use triomphe::UniqueArc;

use super::span_node::{SharedSpan, SpanNode};
use super::transaction_node::SharedTransaction;

/// A few nodes, all of one transaction.
pub(super) struct SpareNodes {
    top: Cell<Option<UniqueArc<SpanNode>>>,
    count: Cell<usize>,
}

impl SpareNodes {
    /// The most that are kept: as deep as spans of synchronous code lie within each other.
    const MOST: usize = 8;

    pub(super) const fn new() -> Self {
        SpareNodes { top: Cell::new(None), count: Cell::new(0) }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.count.get() == 0
    }

    /// Keeps one more, if there is room.
    #[inline]
    pub(super) fn keep(&self, mut node: UniqueArc<SpanNode>) {
        let count = self.count.get();
        if count < Self::MOST {
            node.lay_on(self.top.take().map(UniqueArc::shareable));
            self.top.set(Some(node));
            self.count.set(count + 1);
        }
    }

    /// Takes one out.
    #[inline]
    pub(super) fn take(&self) -> Option<UniqueArc<SpanNode>> {
        let mut node = self.top.take()?;
        let below = node.lift().and_then(|below| SharedSpan::try_unique(below).ok());
        self.count.set(if below.is_some() { self.count.get().saturating_sub(1) } else { 0 });
        self.top.set(below);
        Some(node)
    }

    /// Lets all of them go unless they are of a transaction that is wanted.
    pub(super) fn retain(&self, is_wanted: impl FnOnce(&SharedTransaction) -> bool) {
        let Some(top) = self.top.take() else { return };
        if is_wanted(&top.transaction) {
            self.top.set(Some(top));
        } else {
            self.count.set(0);
        }
    }
}

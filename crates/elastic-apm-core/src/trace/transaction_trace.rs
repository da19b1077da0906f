//! Where a transaction stands in its trace: ids, headers for those it calls, links, baggage.

use elastic_apm_intake::{SpanId, SpanLink, TraceId};

use super::links;
use super::random;
use super::transaction_ref::TransactionRef;
use crate::propagation::{Baggage, TraceContext, TraceParent};

impl TransactionRef {
    /// The transaction's id, or `None` when it does not record.
    pub fn id(&self) -> Option<SpanId> {
        self.node.as_ref().map(|node| node.id)
    }

    /// The id of the trace it belongs to, or `None` when it does not record.
    pub fn trace_id(&self) -> Option<TraceId> {
        self.node.as_ref().map(|node| node.trace_id)
    }

    /// The id of the span that caused it; `None` for the root of a trace.
    pub fn parent_id(&self) -> Option<SpanId> {
        self.node.as_ref().and_then(|node| node.parent_id.get().copied())
    }

    /// The id of the span that caused it. The root of a trace gets one, which belongs to nobody yet.
    ///
    /// For a page that is answered with: its own agent, in the browser, takes this id for the transaction of the page load, and so the
    /// request becomes that transaction's child. `None` when it does not record.
    pub fn ensure_parent_id(&self) -> Option<SpanId> {
        self.node.as_ref().map(|node| *node.parent_id.get_or_init(random::span_id))
    }

    /// The `traceparent` that makes others children of this transaction.
    pub fn trace_parent(&self) -> Option<TraceParent> {
        self.node.as_ref().map(|node| node.traceparent)
    }

    /// The headers that make others children of this transaction.
    pub fn trace_context(&self) -> Option<TraceContext> {
        self.node.as_ref().map(|node| node.context_below(node.traceparent))
    }

    /// What it hands on to those it calls: what came with its caller's headers, and what was set since.
    pub fn baggage(&self) -> Baggage {
        self.node.as_ref().map(|node| node.baggage.get()).unwrap_or_default()
    }

    /// Hands on a value to those it calls from now on, in place of that of the key, if there is one.
    ///
    /// It goes to *all* that is called, by the header `baggage`, in plain text: nothing secret belongs here. A key that is no HTTP token
    /// and what there is no room for (64 members, 8,192 bytes) is left out; a debug line of the agent's log says so.
    pub fn set_baggage(&self, key: &str, value: &str) {
        let Some(node) = &self.node else { return };
        if let Err(error) = node.baggage.update(|baggage| baggage.set(key, value)) {
            node.tracer.debug(format_args!("set_baggage ignored: {error}"));
        }
    }

    /// Hands on the value of this key no longer; tells whether there was one.
    pub fn remove_baggage(&self, key: &str) -> bool {
        self.node.as_ref().is_some_and(|node| node.baggage.update(|baggage| baggage.remove(key)))
    }

    /// Links the transaction to a span or transaction, of another trace as a rule: its [`TraceParent`] or a [`SpanLink`].
    ///
    /// Links keep their order. An event has 1,000 of them at most.
    pub fn add_link(&self, link: impl Into<SpanLink>) {
        let Some(node) = &self.node else { return };
        let link = link.into();
        let mut is_added = true;
        node.record("add_link", |record| is_added = links::push(&mut record.event.links, link));
        if !is_added {
            links::explain(&node.tracer);
        }
    }
}

//! Where an error belongs: a tracer, and the transaction and span it happened in.

use std::sync::Arc;

use elastic_apm_intake::ErrorParent;

use crate::config::Settings;
use crate::trace::current::{self, Current};
use crate::trace::span_node::SharedSpan;
use crate::trace::tracer::Tracer;
use crate::trace::transaction_node::SharedTransaction;

/// The place of an error.
pub(crate) struct Place {
    pub(super) tracer: Tracer,
    pub(super) transaction: Option<SharedTransaction>,
    pub(super) span: Option<SharedSpan>,
}

impl Place {
    /// What is current here.
    pub(crate) fn current() -> Option<Self> {
        Some(match current::get()? {
            Current::Transaction(node) => Place::transaction(&node),
            Current::Span(node) => Place::span(&node),
        })
    }

    pub(crate) fn transaction(node: &SharedTransaction) -> Self {
        Place { tracer: node.tracer.clone(), transaction: Some(SharedTransaction::clone(node)), span: None }
    }

    pub(crate) fn span(node: &SharedSpan) -> Self {
        Place { span: Some(SharedSpan::clone(node)), ..Place::transaction(&node.transaction) }
    }

    /// No transaction.
    pub(crate) fn outside(tracer: Tracer) -> Self {
        Place { tracer, transaction: None, span: None }
    }

    /// Whether an error is recorded here: a transaction is recorded to its end, whatever the options say meanwhile.
    pub(crate) fn is_recording(&self) -> bool {
        match &self.transaction {
            Some(transaction) => !transaction.settings.context_propagation_only,
            None => self.tracer.reports(),
        }
    }

    /// The options in force: those of the transaction's start.
    pub(crate) fn settings(&self) -> Option<Arc<Settings>> {
        match &self.transaction {
            Some(transaction) => Some(Arc::clone(&transaction.settings)),
            None => self.tracer.settings(),
        }
    }

    /// The trace, and what the error is a child of.
    pub(super) fn parent(&self) -> Option<ErrorParent> {
        let transaction = self.transaction.as_ref()?;
        Some(ErrorParent {
            trace_id: transaction.trace_id,
            parent_id: self.span.as_ref().map_or(transaction.id, |span| span.refer()),
            transaction_id: Some(transaction.id),
        })
    }
}

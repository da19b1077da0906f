//! The owner of a running transaction: dropping it ends the transaction.

use std::any::Any;
use std::ops::Deref;

use elastic_apm_intake::{Keyword, Outcome};

use super::naming;
use super::transaction_node::{SharedTransaction, TransactionNode};
use super::transaction_ref::TransactionRef;

/// A unit of work that a service was asked for: a request, a message, a job.
///
/// It ends when this handle is dropped or [`end`](Transaction::end) is called; it is *not* current by itself
/// (see [`TransactionBuilder::begin`](crate::TransactionBuilder::begin) and [`TransactionBuilder::run`](crate::TransactionBuilder::run)). The handle may move between threads.
/// Dereferences to [`TransactionRef`], where everything that can be said of it is.
///
/// ```
/// use elastic_apm_core::testing::RecordingAgent;
///
/// let agent = RecordingAgent::new();
/// let transaction = agent.tracer().transaction("import", "batch").start();
/// transaction.set_result("success");
/// drop(transaction);
///
/// assert_eq!(agent.events().transactions[0].result.as_deref(), Some("success"));
/// ```
#[must_use = "a transaction ends as soon as its handle is dropped"]
pub struct Transaction {
    shared: TransactionRef,
}

impl Transaction {
    /// A transaction that records nothing.
    pub fn noop() -> Self {
        Transaction { shared: TransactionRef::noop() }
    }

    pub(crate) fn new(node: SharedTransaction) -> Self {
        Transaction { shared: TransactionRef { node: Some(node) } }
    }

    /// Ends the transaction, as dropping the handle does.
    pub fn end(self) {}

    /// Ends the transaction by saying how the HTTP exchange went that it stands for. For authors of integrations.
    ///
    /// `name` and `result` fill only what is unset, the outcome is the protocol's word, and `finished` says whether the whole response
    /// went out, if there was one.
    pub fn conclude_request(
        mut self,
        name: Option<Keyword>,
        result: Keyword,
        outcome: Outcome,
        finished: bool,
    ) -> TransactionRef {
        let mut ended = std::mem::take(&mut self.shared);
        let Some(node) = &mut ended.node else { return ended };
        let name = name.map(|name| naming::grouped(name, &node.settings));
        let is_concluded = TransactionNode::end_with(node, |body| {
            body.name = body.name.take().or(name);
            body.verdict.by_protocol(outcome);
            if let Some(record) = &mut body.record {
                record.event.result.get_or_insert(result);
                if let Some(response) = &mut record.response {
                    response.finished = finished;
                }
            }
        });
        if !is_concluded {
            node.explain("conclude_request", "has ended");
        }
        ended
    }

    /// Says that the work inside was done, and how.
    pub(crate) fn completed(&self, succeeded: bool) {
        self.set_result_if_unset(if succeeded { "success" } else { "failure" });
        if !succeeded {
            self.set_failed();
        }
    }

    /// Says that the work inside ended by a panic, which is reported.
    pub(crate) fn panicked(&self, panic: &(dyn Any + Send)) {
        self.capture_panic(panic);
        self.completed(false);
    }
}

impl Deref for Transaction {
    type Target = TransactionRef;

    fn deref(&self) -> &TransactionRef {
        &self.shared
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if let Some(node) = &mut self.shared.node {
            TransactionNode::end(node);
        }
    }
}

impl std::fmt::Debug for Transaction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Transaction").field(&self.shared).finish()
    }
}

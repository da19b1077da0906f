//! A transaction that is current on one thread until its scope is left.

use std::ops::Deref;

use elastic_apm_intake::Keyword;

use super::current::{Activation, Current};
use super::transaction::Transaction;
use super::transaction_node::SharedTransaction;

/// A running transaction that is current on this thread; dropping it ends the transaction and restores what was current.
///
/// Not `Send`: it belongs to the thread that began it. Dereferences to [`Transaction`] for everything else.
///
/// ```
/// use elastic_apm_core::testing::RecordingAgent;
///
/// let agent = RecordingAgent::new();
/// let tx = agent.tracer().begin_transaction("script");
/// // the job
/// tx.end_with("nightly-report", "success");
///
/// assert_eq!(agent.events().transactions[0].name.as_deref(), Some("nightly-report"));
/// ```
#[must_use = "the transaction ends as soon as its scope is dropped: bind it, as in `let tx = …`"]
pub struct TransactionScope {
    transaction: Transaction,
    activation: Option<Activation>,
}

impl TransactionScope {
    pub(crate) fn new(transaction: Transaction) -> Self {
        let activation = transaction
            .node()
            .map(|node| Activation::new(Current::Transaction(SharedTransaction::clone(node))));
        TransactionScope { transaction, activation }
    }

    /// Ends the transaction; `name` and `result` fill only what is unset.
    pub fn end_with(self, name: impl Into<Keyword>, result: impl Into<Keyword>) {
        self.transaction.set_name_if_unset(name);
        self.transaction.set_result_if_unset(result);
    }

    /// Ends the transaction, as dropping the scope does.
    pub fn end(self) {}
}

impl Deref for TransactionScope {
    type Target = Transaction;

    fn deref(&self) -> &Transaction {
        &self.transaction
    }
}

impl Drop for TransactionScope {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.transaction.set_failed();
        }
        if let (Some(activation), Some(node)) = (&mut self.activation, self.transaction.node()) {
            activation.leave(node.id, &node.superseded);
        }
    }
}

impl std::fmt::Debug for TransactionScope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("TransactionScope").field(&self.transaction).finish()
    }
}

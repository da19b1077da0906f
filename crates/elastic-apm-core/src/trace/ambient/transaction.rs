//! Transactions of the default agent, and what is said of the current one.

use elastic_apm_intake::{Keyword, LabelValue, Outcome, User};
use serde_json::Value;

use crate::default_agent::{self, default_tracer};
use crate::trace::current;
use crate::trace::transaction_builder::{TransactionBuilder, TransactionOptions};
use crate::trace::transaction_node::SharedTransaction;
use crate::trace::transaction_ref::TransactionRef;

/// Names a transaction of the default agent that is about to start.
///
/// ```
/// # async fn job() -> Result<(), std::io::Error> {
/// elastic_apm_core::transaction("nightly-report", "scheduled").try_run(async { Ok(()) }).await
/// # }
/// ```
pub fn transaction(name: impl Into<Keyword>, options: impl Into<TransactionOptions>) -> TransactionBuilder {
    default_tracer().transaction(name, options)
}

/// The transaction that what runs here belongs to, whichever span is current in it: for what has no function of its own.
///
/// A reference to no transaction, which ignores all it is told, where nothing is current.
///
/// ```
/// use elastic_apm_core::current_transaction;
///
/// fn health() -> &'static str {
///     current_transaction().discard();
///     "fine"
/// }
/// # health();
/// ```
pub fn current_transaction() -> TransactionRef {
    // Cloned out of the slot: conversions of what it will be told are user code.
    TransactionRef { node: current::with(|current| SharedTransaction::clone(current.transaction())) }
}

/// Whether labels, context and spans would be recorded here: a sampled transaction is current and has not ended.
///
/// For what is costly to work out:
///
/// ```
/// use elastic_apm_core::{is_recording, set_custom_context};
///
/// # fn contents_of_the_cart() -> Vec<u32> { unreachable!("nothing records here") }
/// if is_recording() {
///     set_custom_context("cart", contents_of_the_cart());
/// }
/// ```
pub fn is_recording() -> bool {
    current::with(|current| current.transaction().sampled && !current.transaction().is_ended()) == Some(true)
}

/// Names the current transaction, replacing any name.
pub fn set_transaction_name(name: impl Into<Keyword>) {
    told("set_transaction_name").set_name(name);
}

/// Names the current transaction unless it has a name.
pub fn set_transaction_name_if_unset(name: impl Into<Keyword>) {
    told("set_transaction_name_if_unset").set_name_if_unset(name);
}

/// Sets the current transaction's result, such as `success`.
pub fn set_transaction_result(result: impl Into<Keyword>) {
    told("set_transaction_result").set_result(result);
}

/// Sets the current transaction's result unless there is one.
pub fn set_transaction_result_if_unset(result: impl Into<Keyword>) {
    told("set_transaction_result_if_unset").set_result_if_unset(result);
}

/// Sets the current transaction's outcome; no status and no error overrides it.
///
/// ```
/// use elastic_apm_core::{Outcome, set_transaction_outcome};
///
/// set_transaction_outcome(Outcome::Success);
/// set_transaction_outcome(Outcome::of_response(503)); // or by the HTTP status of the answer: a failure
/// ```
pub fn set_transaction_outcome(outcome: Outcome) {
    told("set_transaction_outcome").set_outcome(outcome);
}

/// Sets the current transaction's outcome unless the user did already.
pub fn set_transaction_outcome_if_unset(outcome: Outcome) {
    told("set_transaction_outcome_if_unset").set_outcome_if_unset(outcome);
}

/// Adds an indexed label to the current transaction. `.`, `*` and `"` in the key become `_`.
///
/// Labels of the current *span* are set by [`current_span`](crate::current_span)`().label(…)`.
pub fn label(key: impl Into<Keyword>, value: impl Into<LabelValue>) {
    told("label").label(key, value);
}

/// Says who the user of the current transaction is. What `user` leaves open stays as it was.
///
/// ```
/// use elastic_apm_core::{User, set_user_context};
///
/// set_user_context(User::new().id(7).username("joe"));
/// ```
pub fn set_user_context(user: User) {
    told("set_user_context").set_user_context(user);
}

/// Adds one entry of custom context to the current transaction: any JSON, not indexed.
pub fn set_custom_context(key: &str, value: impl Into<Value>) {
    told("set_custom_context").set_custom_context(key, value);
}

/// The current transaction, to be told what the function called `what` was told; where there is none, a debug line explains it.
pub(super) fn told(what: &str) -> TransactionRef {
    let current = current_transaction();
    if current.node.is_none() {
        explain(what);
    }
    current
}

#[cold]
fn explain(what: &str) {
    default_agent::debug(format_args!("{what} ignored: no transaction is current"));
}

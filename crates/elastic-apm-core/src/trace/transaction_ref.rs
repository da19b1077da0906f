//! What can be said of a transaction by anyone who has a reference to it, the owner among them.
//!
//! A reference to a transaction that does not record answers every call with a no-op.

use std::any::Any;
use std::time::Duration;

use elastic_apm_intake::{Context, Keyword, LabelValue, Outcome, User};
use serde_json::Value;

use super::current::{Current, TaskContext};
use super::error;
use super::span_builder::{Parent, SpanBuilder};
use super::transaction_node::{SharedTransaction, TransactionBody};
use crate::captured::CapturedResponse;

/// A running transaction, seen by someone who does not own it: names and describes it, never ends it.
///
/// Cheap to clone; `Send` and `Sync`. [`Transaction`](crate::Transaction) and [`TransactionScope`](crate::TransactionScope)
/// dereference to it. Setters on an ended or unrecorded transaction do nothing; a debug line of the agent's log says so.
///
/// By default it refers to no transaction.
#[derive(Clone, Default)]
pub struct TransactionRef {
    pub(in crate::trace) node: Option<SharedTransaction>,
}

impl TransactionRef {
    /// A reference to no transaction.
    pub(crate) const fn noop() -> Self {
        TransactionRef { node: None }
    }

    pub(crate) fn node(&self) -> Option<&SharedTransaction> {
        self.node.as_ref()
    }

    /// Whether anything comes of this transaction at all.
    pub fn is_recording(&self) -> bool {
        self.node.as_ref().is_some_and(|node| !node.is_ended())
    }

    /// Whether an event will come of this transaction itself, unless it is discarded: servers of today want no unsampled ones, which
    /// then only carry the trace on.
    pub fn is_reported(&self) -> bool {
        self.node.as_ref().is_some_and(|node| node.is_reported())
    }

    /// Whether spans and context are recorded, not only the transaction's name and times.
    pub fn is_sampled(&self) -> bool {
        self.node.as_ref().is_some_and(|node| node.sampled)
    }

    /// Names the transaction, replacing any name: keep it low in cardinality, `GET /users/{id}`.
    pub fn set_name(&self, name: impl Into<Keyword>) {
        let Some(node) = &self.node else { return };
        node.set_name("set_name", name.into());
    }

    /// Names the transaction unless it has a name: what instrumentation uses, so that the user's word stands.
    pub fn set_name_if_unset(&self, name: impl Into<Keyword>) {
        let Some(node) = &self.node else { return };
        node.set_name_if_unset("set_name_if_unset", name.into());
    }

    /// [`set_name_if_unset`](Self::set_name_if_unset) with a name that is made only where it is used.
    pub fn set_name_if_unset_with(&self, name: impl FnOnce() -> Keyword) {
        let Some(node) = &self.node else { return };
        let mut has_name = true;
        node.update("set_name_if_unset", |body| has_name = body.name.is_some());
        if !has_name {
            self.set_name_if_unset(name());
        }
    }

    /// Sets the result, a short free string such as `HTTP 2xx` or `success`.
    pub fn set_result(&self, result: impl Into<Keyword>) {
        let Some(node) = &self.node else { return };
        let result = result.into();
        node.record("set_result", |record| record.event.result = Some(result));
    }

    /// Sets the result unless there is one.
    pub fn set_result_if_unset(&self, result: impl Into<Keyword>) {
        let Some(node) = &self.node else { return };
        let result = result.into();
        node.record("set_result_if_unset", |record| {
            record.event.result.get_or_insert(result);
        });
    }

    /// Sets the outcome. The user's word: no status and no error overrides it.
    ///
    /// For a request that is answered with an HTTP status there is [`Outcome::of_response`].
    pub fn set_outcome(&self, outcome: Outcome) {
        self.update("set_outcome", |body| body.verdict.by_user(outcome));
    }

    /// Sets the outcome unless the user did already.
    pub fn set_outcome_if_unset(&self, outcome: Outcome) {
        self.update("set_outcome_if_unset", |body| body.verdict.by_user_if_unset(outcome));
    }

    /// Sets what the protocol's status says about the outcome; [`set_outcome`](Self::set_outcome) still wins.
    ///
    /// For authors of integrations.
    pub fn set_protocol_outcome(&self, outcome: Outcome) {
        self.update("set_protocol_outcome", |body| body.verdict.by_protocol(outcome));
    }

    /// Marks the transaction as failed where neither the user nor the protocol says otherwise.
    pub fn set_failed(&self) {
        self.update("set_failed", |body| body.verdict.failed());
    }

    /// Adds an indexed label. `.`, `*` and `"` in the key become `_`; the same key again replaces the value.
    pub fn label(&self, key: impl Into<Keyword>, value: impl Into<LabelValue>) {
        let Some(node) = self.described("label") else { return };
        let (key, value) = (key.into(), value.into());
        node.record("label", |record| record.event.labels.insert(key, value));
    }

    /// Says who the user is. What `user` leaves open stays as it was.
    pub fn set_user_context(&self, user: User) {
        self.with_context("set_user_context", |context| context.user.get_or_insert_default().update(user));
    }

    /// Adds one entry of custom context: any JSON, not indexed. `.`, `*` and `"` in the key become `_`.
    pub fn set_custom_context(&self, key: &str, value: impl Into<Value>) {
        if self.described("set_custom_context").is_none() {
            return;
        }
        let (key, value) = (key.replace(['.', '*', '"'], "_"), value.into());
        self.with_context("set_custom_context", |context| {
            context.custom.get_or_insert_default().insert(key, value);
        });
    }

    /// Says how long it took, instead of the time until it ends.
    pub fn set_duration(&self, duration: Duration) {
        self.update("set_duration", |body| body.duration = Some(duration));
    }

    /// Reports a panic that ended this transaction's work, as an unhandled error. For authors of integrations.
    pub fn capture_panic(&self, panic: &(dyn Any + Send)) {
        if let Some(node) = &self.node {
            error::panic::capture(node, panic);
        }
    }

    /// Keeps the response to the HTTP request that the transaction stands for. Nothing is kept where it is unsampled. For authors of
    /// integrations.
    pub fn set_response(&self, response: CapturedResponse) {
        let Some(node) = self.sampled_node() else { return };
        node.record("set_response", |record| record.response = Some(response));
    }

    /// Whether a request is called by its path where no route is known: the option `use_path_as_transaction_name`. For authors of
    /// integrations.
    pub fn is_named_by_path(&self) -> bool {
        self.node.as_ref().is_some_and(|node| node.settings.use_path_as_transaction_name)
    }

    /// Whether headers are to be captured for this transaction: sampled, and `capture_headers` is on.
    pub fn captures_headers(&self) -> bool {
        self.sampled_node().is_some_and(|node| node.settings.capture_headers)
    }

    /// Describes a span below this transaction, whatever is current.
    pub fn span(&self, name: impl Into<Keyword>) -> SpanBuilder {
        SpanBuilder::below(
            self.sampled_node().map(|node| Parent::transaction(SharedTransaction::clone(node))),
            name,
        )
    }

    /// The context in which this transaction is current. For authors of integrations.
    pub fn context(&self) -> TaskContext {
        TaskContext::new(self.node.clone().map(Current::Transaction))
    }

    /// Drops the transaction silently when it ends; its spans that ended before are not called back.
    pub fn discard(&self) {
        self.update("discard", |body| body.discarded = true);
    }

    fn sampled_node(&self) -> Option<&SharedTransaction> {
        self.node.as_ref().filter(|node| node.sampled)
    }

    /// The node, if context is recorded; else a debug line explains why nothing happens.
    fn described(&self, what: &str) -> Option<&SharedTransaction> {
        let node = self.node.as_ref()?;
        if !node.sampled {
            node.explain(what, "is not sampled");
            return None;
        }
        Some(node)
    }

    fn update(&self, what: &str, change: impl FnOnce(&mut TransactionBody)) {
        if let Some(node) = &self.node {
            node.update(what, change);
        }
    }

    fn with_context(&self, what: &str, change: impl FnOnce(&mut Context)) {
        if let Some(node) = self.described(what) {
            node.record(what, |record| change(record.event.context.get_or_insert_default()));
        }
    }
}

impl std::fmt::Debug for TransactionRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TransactionRef").field("id", &self.id()).field("trace_id", &self.trace_id()).finish()
    }
}

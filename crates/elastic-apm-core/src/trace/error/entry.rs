//! The ways to report: on a tracer in what is current, on a transaction or a span in that one.

use std::error::Error;

use elastic_apm_intake::{ErrorId, LongText};

use super::builder::{ErrorBuilder, MessageBuilder};
use super::place::Place;
use crate::default_agent::default_tracer;
use crate::trace::span_ref::SpanRef;
use crate::trace::tracer::Tracer;
use crate::trace::transaction_ref::TransactionRef;

impl Tracer {
    /// Describes an error, with its whole `source()` chain, in what is current or, where nothing is, on its own.
    pub fn error<E: Error + ?Sized>(&self, error: &E) -> ErrorBuilder {
        ErrorBuilder::new(self.place(), error)
    }

    /// Describes a message that is no error type.
    pub fn message(&self, message: impl Into<LongText>) -> MessageBuilder {
        MessageBuilder::new(self.place(), message)
    }

    /// Reports an error with its whole `source()` chain, in what is current or, where nothing is, on its own.
    ///
    /// Returns the error's id, or `None` where nothing is recorded. The current span's and transaction's outcome becomes a
    /// failure unless the user or a protocol status says otherwise.
    pub fn capture_error<E: Error + ?Sized>(&self, error: &E) -> Option<ErrorId> {
        self.error(error).capture()
    }

    /// Reports a message that is no error type, at level `error`.
    pub fn capture_message(&self, message: impl Into<LongText>) -> Option<ErrorId> {
        self.message(message).capture()
    }

    fn place(&self) -> Place {
        Place::current().unwrap_or_else(|| Place::outside(self.clone()))
    }
}

impl TransactionRef {
    /// Describes an error of this transaction, whatever is current. Where the transaction does not record, it is one of what is
    /// current.
    pub fn error<E: Error + ?Sized>(&self, error: &E) -> ErrorBuilder {
        ErrorBuilder::new(self.place(), error)
    }

    /// Describes a message of this transaction, whatever is current.
    pub fn message(&self, message: impl Into<LongText>) -> MessageBuilder {
        MessageBuilder::new(self.place(), message)
    }

    /// Reports an error of this transaction, whatever is current.
    ///
    /// ```
    /// use elastic_apm_core::testing::RecordingAgent;
    ///
    /// let agent = RecordingAgent::new();
    /// let transaction = agent.tracer().transaction("import", "batch").start();
    /// transaction.capture_error(&std::fmt::Error);
    ///
    /// assert_eq!(agent.events().errors[0].parent.unwrap().parent_id, transaction.id().unwrap());
    /// ```
    pub fn capture_error<E: Error + ?Sized>(&self, error: &E) -> Option<ErrorId> {
        self.error(error).capture()
    }

    /// Reports a message of this transaction, whatever is current.
    pub fn capture_message(&self, message: impl Into<LongText>) -> Option<ErrorId> {
        self.message(message).capture()
    }

    fn place(&self) -> Place {
        self.node().map_or_else(in_sight, Place::transaction)
    }
}

impl SpanRef {
    /// Describes an error of this span, whatever is current. Where the span does not record, it is one of what is current.
    pub fn error<E: Error + ?Sized>(&self, error: &E) -> ErrorBuilder {
        ErrorBuilder::new(self.place(), error)
    }

    /// Describes a message of this span, whatever is current.
    pub fn message(&self, message: impl Into<LongText>) -> MessageBuilder {
        MessageBuilder::new(self.place(), message)
    }

    /// Reports an error of this span, whatever is current.
    ///
    /// ```
    /// use elastic_apm_core::testing::RecordingAgent;
    ///
    /// let agent = RecordingAgent::new();
    /// let transaction = agent.tracer().transaction("import", "batch").start();
    /// let parse = transaction.span("parse").start();
    /// parse.capture_error(&std::fmt::Error);
    ///
    /// assert_eq!(agent.events().errors[0].parent.unwrap().parent_id, parse.id().unwrap());
    /// ```
    pub fn capture_error<E: Error + ?Sized>(&self, error: &E) -> Option<ErrorId> {
        self.error(error).capture()
    }

    /// Reports a message of this span, whatever is current.
    pub fn capture_message(&self, message: impl Into<LongText>) -> Option<ErrorId> {
        self.message(message).capture()
    }

    fn place(&self) -> Place {
        self.node.as_ref().map_or_else(in_sight, Place::span)
    }
}

/// What is current, else no transaction of the default agent.
pub(crate) fn in_sight() -> Place {
    Place::current().unwrap_or_else(|| Place::outside(default_tracer()))
}

//! A log record in the shape of the Elastic Common Schema.

use serde::ser::{Serialize, Serializer};

use crate::faas::Faas;
use crate::ids::{SpanId, TraceId};
use crate::labels::Labels;
use crate::object::Object;
use crate::text::{Keyword, LongText};

mod ecs;
mod rfc3339;

/// A log record that is sent along with the traces.
///
/// Dotted names are written (`"log.level"`); dotted and nested ones are read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogEvent {
    /// When it was logged (`@timestamp`), in microseconds since the epoch. 0 is absent: the server then takes the
    /// time of receipt. RFC 3339 is read as well.
    pub timestamp: u64,
    /// The message.
    pub message: Option<LongText>,
    /// The severity (`log.level`).
    pub level: Option<Keyword>,
    /// The logger (`log.logger`).
    pub logger: Option<Keyword>,
    /// What stream of logs it belongs to (`event.dataset`).
    pub dataset: Option<Keyword>,
    /// The thread (`process.thread.name`).
    pub thread: Option<Keyword>,
    /// The trace it was logged in (`trace.id`).
    pub trace_id: Option<TraceId>,
    /// The transaction it was logged in (`transaction.id`).
    pub transaction_id: Option<SpanId>,
    /// The span it was logged in (`span.id`).
    pub span_id: Option<SpanId>,
    /// Labels.
    pub labels: Labels,
    /// The service, where it differs from the metadata.
    pub service: Option<Box<LogService>>,
    /// The error it is about.
    pub error: Option<Box<LogError>>,
    /// Where in the code it was logged.
    pub origin: Option<Box<LogOrigin>>,
    /// The function it was logged in.
    pub faas: Option<Box<Faas>>,
}

/// The service a log record comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogService {
    /// `service.name`.
    pub name: Option<Keyword>,
    /// `service.version`.
    pub version: Option<Keyword>,
    /// `service.environment`.
    pub environment: Option<Keyword>,
    /// `service.node.name`.
    pub node_name: Option<Keyword>,
}

/// The error a log record is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogError {
    /// Its type (`error.type`).
    pub kind: Option<Keyword>,
    /// What it says (`error.message`).
    pub message: Option<LongText>,
    /// Where it happened, as text (`error.stack_trace`).
    pub stack_trace: Option<LongText>,
}

/// Where in the code a record was logged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogOrigin {
    /// `log.origin.file.name`.
    pub file_name: Option<Keyword>,
    /// `log.origin.file.line`.
    pub file_line: Option<u32>,
    /// `log.origin.function`.
    pub function: Option<Keyword>,
}

impl Serialize for LogEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = Object::begin(serializer)?;
        if self.timestamp != 0 {
            object.field("@timestamp", &self.timestamp)?;
        }
        object.option("message", &self.message)?;
        object.option("log.level", &self.level)?;
        object.option("log.logger", &self.logger)?;
        object.option("event.dataset", &self.dataset)?;
        object.option("process.thread.name", &self.thread)?;
        object.option("trace.id", &self.trace_id)?;
        object.option("transaction.id", &self.transaction_id)?;
        object.option("span.id", &self.span_id)?;
        if !self.labels.is_empty() {
            object.field("labels", &self.labels)?;
        }
        if let Some(service) = &self.service {
            object.option("service.name", &service.name)?;
            object.option("service.version", &service.version)?;
            object.option("service.environment", &service.environment)?;
            object.option("service.node.name", &service.node_name)?;
        }
        if let Some(error) = &self.error {
            object.option("error.type", &error.kind)?;
            object.option("error.message", &error.message)?;
            object.option("error.stack_trace", &error.stack_trace)?;
        }
        if let Some(origin) = &self.origin {
            object.option("log.origin.file.name", &origin.file_name)?;
            object.option("log.origin.file.line", &origin.file_line)?;
            object.option("log.origin.function", &origin.function)?;
        }
        object.option("faas", &self.faas)?;
        object.end()
    }
}

#[cfg(test)]
mod tests;

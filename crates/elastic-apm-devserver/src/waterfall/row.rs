//! One row of the waterfall, and the errors that hang on it.

use std::sync::Arc;

use elastic_apm_intake::Outcome;
use serde::{Serialize, Serializer};

use super::tree::Place;
use crate::store::Record;

/// What a row stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RowKind {
    /// A transaction: work of one service.
    Transaction,
    /// A span: a part of that work.
    Span,
}

/// A transaction or span, placed.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Row {
    /// Its id, 16 hex digits.
    pub id: String,
    /// The parent it names, whether or not that has arrived.
    pub parent_id: Option<String>,
    /// Its transaction, for a span.
    pub transaction_id: Option<String>,
    /// Transaction or span.
    pub kind: RowKind,
    /// How many rows lead down to it; 0 for a root.
    pub depth: usize,
    /// The parent it names has not arrived.
    pub orphan: bool,
    /// Its name.
    pub name: String,
    /// The service that sent it.
    pub service: String,
    /// Its type, such as `request` or `db`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Its subtype, such as `http` or `postgresql`.
    pub subtype: Option<String>,
    /// A transaction's result, such as `HTTP 2xx`.
    pub result: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// Its start by its own clock, in microseconds since the Unix epoch.
    pub timestamp_us: u64,
    /// Microseconds from the start of the time axis, clock difference taken out.
    pub offset_us: u64,
    /// Microseconds.
    pub duration_us: u64,
    /// What was added to its own clock, because it seemed to start before its caller; mostly 0.
    pub skew_us: u64,
    /// Errors captured while it was running.
    pub errors: Vec<ErrorRow>,
    #[serde(rename = "document", serialize_with = "document")]
    record: Arc<Record>,
}

/// An error of a trace.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ErrorRow {
    /// Its id, 32 hex digits.
    pub id: String,
    /// The service that sent it.
    pub service: String,
    /// The type of the exception, or the logger's name.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The message of the exception or log line.
    pub message: String,
    /// Where it came from.
    pub culprit: Option<String>,
    /// When it was captured, in microseconds since the Unix epoch.
    pub timestamp_us: u64,
    #[serde(rename = "document", serialize_with = "document")]
    record: Arc<Record>,
}

impl Row {
    pub(super) fn new(record: Arc<Record>, place: &Place, axis_start_us: u64) -> Self {
        Self {
            id: record.id().map(|id| id.to_string()).unwrap_or_default(),
            parent_id: record.parent_id().map(|id| id.to_string()),
            transaction_id: record.transaction_id().map(|id| id.to_string()),
            kind: if record.is_transaction() { RowKind::Transaction } else { RowKind::Span },
            depth: place.depth,
            orphan: place.orphan,
            name: record.name().to_owned(),
            service: record.service().to_owned(),
            event_type: record.event_type().to_owned(),
            subtype: record.subtype().map(str::to_owned),
            result: record.result().map(str::to_owned),
            outcome: record.outcome(),
            timestamp_us: record.timestamp_us(),
            offset_us: place.start_us.saturating_sub(axis_start_us),
            duration_us: record.duration_us(),
            skew_us: place.skew_us,
            errors: Vec::new(),
            record,
        }
    }

    /// The event behind the row.
    pub fn record(&self) -> &Arc<Record> {
        &self.record
    }

    /// Whether the row is drawn as failed: its outcome says so, or an error hangs on it.
    pub fn failed(&self) -> bool {
        self.outcome == Outcome::Failure || !self.errors.is_empty()
    }
}

impl ErrorRow {
    pub(super) fn new(record: Arc<Record>) -> Self {
        Self {
            id: record.error().map(|error| error.id.to_string()).unwrap_or_default(),
            service: record.service().to_owned(),
            event_type: record.event_type().to_owned(),
            message: record.name().to_owned(),
            culprit: record.error().and_then(|error| error.culprit.as_deref().map(str::to_owned)),
            timestamp_us: record.timestamp_us(),
            record,
        }
    }

    /// The event behind the row.
    pub fn record(&self) -> &Arc<Record> {
        &self.record
    }
}

fn document<S: Serializer>(record: &Record, serializer: S) -> Result<S::Ok, S::Error> {
    record.document().serialize(serializer)
}

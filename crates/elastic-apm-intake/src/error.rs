//! An error: an exception, or a log record worth reporting.

use serde::Deserialize;
use serde::de::{self, Deserializer};
use serde::ser::{Serialize, Serializer};

use crate::context::{Context, ContextReader, ContextWriter};
use crate::exception::Exception;
use crate::ids::{ErrorId, SpanId, TraceId};
use crate::labels::Labels;
use crate::object::Object;
use crate::read;
use crate::stack_frame::StackFrame;
use crate::text::{Keyword, LongText};

/// An error, as it is queued and written.
///
/// The server wants an exception or a log record: an error with neither is written with an empty log record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ErrorEvent {
    /// The id of this error.
    pub id: ErrorId,
    /// When it was captured, in microseconds since the epoch. 0 is absent: the server then takes the time of receipt.
    pub timestamp: u64,
    /// Where in a trace it happened; `None` outside of one.
    pub parent: Option<ErrorParent>,
    /// The transaction it happened in, as far as it was known by then.
    pub transaction: Option<ErrorTransaction>,
    /// The function that is to blame.
    pub culprit: Option<Keyword>,
    /// Labels; `context.tags` on the wire.
    pub labels: Labels,
    /// What it happened in.
    pub context: Option<Box<Context>>,
    /// The error value.
    pub exception: Option<Box<Exception>>,
    /// The log record.
    pub log: Option<Box<ErrorLog>>,
}

/// Where in a trace an error happened; on the wire these are fields of the error itself.
///
/// The server refuses an error that names only some of them, so trace and parent go together. When such an error is
/// read, what there is of them is dropped and the error stands outside of any trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ErrorParent {
    /// The trace.
    pub trace_id: TraceId,
    /// The span or transaction it happened in.
    pub parent_id: SpanId,
    /// The transaction.
    pub transaction_id: Option<SpanId>,
}

/// The transaction an error happened in.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, Deserialize)]
pub struct ErrorTransaction {
    /// Whether the transaction is sampled; absent is read as true.
    #[serde(default = "read::yes", deserialize_with = "read::true_unless_set")]
    pub sampled: bool,
    /// Its kind (`type` on the wire).
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<Keyword>,
    /// Its name so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Keyword>,
}

/// A log record that is reported as an error.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, Deserialize)]
pub struct ErrorLog {
    /// The message, placeholders filled in.
    pub message: LongText,
    /// The message with its placeholders, by which records are grouped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub param_message: Option<Keyword>,
    /// The severity; the server takes `error` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Keyword>,
    /// The logger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logger_name: Option<Keyword>,
    /// Where it was logged, innermost frame first.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "read::nullable")]
    pub stacktrace: Vec<StackFrame>,
}

impl Serialize for ErrorEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = Object::begin(serializer)?;
        object.field("id", &self.id)?;
        if self.timestamp != 0 {
            object.field("timestamp", &self.timestamp)?;
        }
        if let Some(parent) = &self.parent {
            object.field("trace_id", &parent.trace_id)?;
            object.field("parent_id", &parent.parent_id)?;
            object.option("transaction_id", &parent.transaction_id)?;
        }
        object.option("transaction", &self.transaction)?;
        object.option("culprit", &self.culprit)?;
        object.option("context", &ContextWriter::new(&self.labels, self.context.as_deref(), None, None))?;
        object.option("exception", &self.exception)?;
        object.option("log", &self.log)?;
        if self.exception.is_none() && self.log.is_none() {
            object.field("log", &ErrorLog::default())?;
        }
        object.end()
    }
}

/// The error in the shape of the wire.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct ErrorReader {
    id: ErrorId,
    #[serde(default, deserialize_with = "read::nullable")]
    timestamp: u64,
    trace_id: Option<TraceId>,
    parent_id: Option<SpanId>,
    transaction_id: Option<SpanId>,
    transaction: Option<ErrorTransaction>,
    culprit: Option<Keyword>,
    #[serde(default, deserialize_with = "read::nullable")]
    context: ContextReader,
    exception: Option<Box<Exception>>,
    log: Option<Box<ErrorLog>>,
}

impl<'de> Deserialize<'de> for ErrorEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let error = ErrorReader::deserialize(deserializer)?;
        if error.exception.is_none() && error.log.is_none() {
            return Err(de::Error::custom("an error needs `exception` or `log`"));
        }
        let (labels, context) = error.context.split();
        let parent = error.trace_id.zip(error.parent_id).map(|(trace_id, parent_id)| ErrorParent {
            trace_id,
            parent_id,
            transaction_id: error.transaction_id,
        });
        Ok(Self {
            id: error.id,
            timestamp: error.timestamp,
            parent,
            transaction: error.transaction,
            culprit: error.culprit,
            labels,
            context,
            exception: error.exception,
            log: error.log,
        })
    }
}

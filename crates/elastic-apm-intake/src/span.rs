//! A span: one operation within a transaction.

use serde::Deserialize;
use serde::de::Deserializer;
use serde::ser::{Serialize, Serializer};

use crate::composite::Composite;
use crate::ids::{SpanId, TraceId};
use crate::labels::Labels;
use crate::number::{self, Millis};
use crate::object::Object;
use crate::otel::Otel;
use crate::outcome::Outcome;
use crate::read;
use crate::sample_rate::SampleRate;
use crate::span_context::{SpanContext, SpanContextReader, SpanContextWriter};
use crate::span_link::SpanLink;
use crate::stack_frame::StackFrame;
use crate::text::Keyword;

/// One operation within a transaction, as it is queued and written.
///
/// ```
/// use elastic_apm_intake::{SpanEvent, SpanId, write_line};
///
/// let span = SpanEvent {
///     id: SpanId::from_bytes([7; 8]),
///     name: "SELECT FROM users".into(),
///     kind: "db".into(),
///     timestamp: 1_700_000_000_000_000,
///     duration: 1.5,
///     ..SpanEvent::default()
/// };
///
/// let mut lines = Vec::new();
/// write_line(&span, &mut lines);
/// assert!(lines.starts_with(br#"{"span":{"id":"0707070707070707","#));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpanEvent {
    /// The id of this span.
    pub id: SpanId,
    /// The trace it belongs to.
    pub trace_id: TraceId,
    /// The span or transaction it is a child of.
    pub parent_id: SpanId,
    /// The transaction it belongs to.
    pub transaction_id: Option<SpanId>,
    /// The name, of low cardinality.
    pub name: Keyword,
    /// The kind of operation (`type` on the wire), such as `db`.
    pub kind: Keyword,
    /// The kind within the kind, such as `mysql`.
    pub subtype: Option<Keyword>,
    /// When it started, in microseconds since the epoch. 0 is absent: the server then takes the time of receipt.
    pub timestamp: u64,
    /// How long it took, in milliseconds; at most three decimals are written.
    pub duration: f64,
    /// What became of it.
    pub outcome: Option<Outcome>,
    /// The rate it was sampled with; absent if nobody knows.
    pub sample_rate: Option<SampleRate>,
    /// Whether the caller waited; absent is the language's usual way.
    pub sync: Option<bool>,
    /// Labels; `context.tags` on the wire.
    pub labels: Labels,
    /// What it talks to.
    pub context: Option<Box<SpanContext>>,
    /// What few spans have.
    pub extra: Option<Box<SpanExtra>>,
}

/// What few spans have; on the wire these are fields of the span itself.
///
/// An extra with nothing set is the same as none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpanExtra {
    /// The kind within the subtype, such as `query`.
    pub action: Option<Keyword>,
    /// The spans this one stands for.
    pub composite: Option<Composite>,
    /// Where it was started, innermost frame first.
    pub stacktrace: Vec<StackFrame>,
    /// Related spans that are not its parent.
    pub links: Vec<SpanLink>,
    /// Children that were sent with another parent, for inferred spans.
    pub child_ids: Vec<SpanId>,
    /// What came in through OpenTelemetry.
    pub otel: Option<Otel>,
}

impl SpanExtra {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { action, composite, stacktrace, links, child_ids, otel } = self;
        action.is_none()
            && composite.is_none()
            && stacktrace.is_empty()
            && links.is_empty()
            && child_ids.is_empty()
            && otel.is_none()
    }
}

impl Serialize for SpanEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = Object::begin(serializer)?;
        object.field("id", &self.id)?;
        object.field("trace_id", &self.trace_id)?;
        object.field("parent_id", &self.parent_id)?;
        object.option("transaction_id", &self.transaction_id)?;
        object.field("name", &self.name)?;
        object.field("type", &self.kind)?;
        object.option("subtype", &self.subtype)?;
        match self.timestamp {
            // One of the two is required; an offset of 0 to the time of receipt is that time.
            0 => object.field("start", &0_u8)?,
            timestamp => object.field("timestamp", &timestamp)?,
        }
        object.field("duration", &Millis(self.duration))?;
        object.option("outcome", &self.outcome)?;
        object.option("sample_rate", &self.sample_rate)?;
        object.option("sync", &self.sync)?;
        object.option("context", &SpanContextWriter::new(&self.labels, self.context.as_deref()))?;
        if let Some(extra) = &self.extra {
            object.option("action", &extra.action)?;
            object.option("composite", &extra.composite)?;
            object.list("stacktrace", &extra.stacktrace)?;
            object.list("links", &extra.links)?;
            object.list("child_ids", &extra.child_ids)?;
            object.option("otel", &extra.otel)?;
        }
        object.end()
    }
}

/// The span in the shape of the wire.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct SpanReader {
    id: SpanId,
    trace_id: TraceId,
    parent_id: SpanId,
    transaction_id: Option<SpanId>,
    name: Keyword,
    #[serde(rename = "type")]
    kind: Keyword,
    subtype: Option<Keyword>,
    #[serde(default, deserialize_with = "read::nullable")]
    timestamp: u64,
    #[serde(deserialize_with = "number::read_millis")]
    duration: f64,
    outcome: Option<Outcome>,
    sample_rate: Option<SampleRate>,
    sync: Option<bool>,
    #[serde(default, deserialize_with = "read::nullable")]
    context: SpanContextReader,
    action: Option<Keyword>,
    composite: Option<Composite>,
    #[serde(default, deserialize_with = "read::nullable")]
    stacktrace: Vec<StackFrame>,
    #[serde(default, deserialize_with = "read::nullable")]
    links: Vec<SpanLink>,
    #[serde(default, deserialize_with = "read::nullable")]
    child_ids: Vec<SpanId>,
    otel: Option<Otel>,
}

impl<'de> Deserialize<'de> for SpanEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let span = SpanReader::deserialize(deserializer)?;
        let (labels, context) = span.context.split();
        let extra = SpanExtra {
            action: span.action,
            composite: span.composite,
            stacktrace: span.stacktrace,
            links: span.links,
            child_ids: span.child_ids,
            otel: span.otel,
        };
        Ok(Self {
            id: span.id,
            trace_id: span.trace_id,
            parent_id: span.parent_id,
            transaction_id: span.transaction_id,
            name: span.name,
            kind: span.kind,
            subtype: span.subtype,
            timestamp: span.timestamp,
            duration: span.duration,
            outcome: span.outcome,
            sample_rate: span.sample_rate,
            sync: span.sync,
            labels,
            context,
            extra: (!extra.is_empty()).then(|| Box::new(extra)),
        })
    }
}

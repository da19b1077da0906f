//! A transaction: one request, message or job, the root of what a service does for it.

use serde::Deserialize;
use serde::de::Deserializer;
use serde::ser::{Serialize, Serializer};

use crate::context::{Context, ContextReader, ContextWriter};
use crate::dropped_spans_stats::DroppedSpanStats;
use crate::faas::Faas;
use crate::ids::{SpanId, TraceId};
use crate::labels::Labels;
use crate::number::{self, Millis};
use crate::object::Object;
use crate::otel::Otel;
use crate::outcome::Outcome;
use crate::read;
use crate::sample_rate::SampleRate;
use crate::span_link::SpanLink;
use crate::text::Keyword;

/// One request, message or job, as it is queued and written.
///
/// The default is not sampled; servers from 8.0 on drop those.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TransactionEvent {
    /// The id of this transaction.
    pub id: SpanId,
    /// The trace it belongs to.
    pub trace_id: TraceId,
    /// The span that caused it, in another service as a rule; a root has none.
    pub parent_id: Option<SpanId>,
    /// The name, of low cardinality.
    pub name: Option<Keyword>,
    /// The kind (`type` on the wire), such as `request`.
    pub kind: Keyword,
    /// When it started, in microseconds since the epoch. 0 is absent: the server then takes the time of receipt.
    pub timestamp: u64,
    /// How long it took, in milliseconds; at most three decimals are written.
    pub duration: f64,
    /// The result in the protocol's words, such as `HTTP 2xx`.
    pub result: Option<Keyword>,
    /// What became of it.
    pub outcome: Option<Outcome>,
    /// Whether its details were recorded. Always written; absent is read as true.
    pub sampled: bool,
    /// The rate it was sampled with; absent if nobody knows.
    pub sample_rate: Option<SampleRate>,
    /// Its spans; always written.
    pub span_count: SpanCount,
    /// Labels; `context.tags` on the wire.
    pub labels: Labels,
    /// What it happened in.
    pub context: Option<Box<Context>>,
    /// What is kept of exit spans that were not sent.
    pub dropped_spans_stats: Vec<DroppedSpanStats>,
    /// Related spans that are not its parent.
    pub links: Vec<SpanLink>,
    /// What few transactions have.
    pub extra: Option<Box<TransactionExtra>>,
}

/// How many spans a transaction had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, Deserialize)]
pub struct SpanCount {
    /// Spans that were reported (a historic name).
    pub started: u32,
    /// Spans that were not.
    #[serde(default, deserialize_with = "read::nullable")]
    pub dropped: u32,
}

/// What few transactions have; on the wire these are fields of the transaction itself.
///
/// An extra with nothing set is the same as none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TransactionExtra {
    /// What came in through OpenTelemetry.
    pub otel: Option<Otel>,
    /// The function call behind it.
    pub faas: Option<Faas>,
}

impl TransactionExtra {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { otel, faas } = self;
        otel.is_none() && faas.is_none()
    }
}

impl Serialize for TransactionEvent {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let context = ContextWriter::new(&self.labels, self.context.as_deref(), None, None);
        self.write(context.as_ref(), serializer)
    }
}

impl TransactionEvent {
    /// Writes the transaction with this context.
    pub(crate) fn write<S: Serializer>(
        &self,
        context: Option<&ContextWriter<'_>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut object = Object::begin(serializer)?;
        object.field("id", &self.id)?;
        object.field("trace_id", &self.trace_id)?;
        object.option("parent_id", &self.parent_id)?;
        object.option("name", &self.name)?;
        object.field("type", &self.kind)?;
        if self.timestamp != 0 {
            object.field("timestamp", &self.timestamp)?;
        }
        object.field("duration", &Millis(self.duration))?;
        object.option("result", &self.result)?;
        object.option("outcome", &self.outcome)?;
        object.field("sampled", &self.sampled)?;
        object.option("sample_rate", &self.sample_rate)?;
        object.field("span_count", &self.span_count)?;
        object.option("context", &context)?;
        object.list("dropped_spans_stats", &self.dropped_spans_stats)?;
        object.list("links", &self.links)?;
        if let Some(extra) = &self.extra {
            object.option("otel", &extra.otel)?;
            object.option("faas", &extra.faas)?;
        }
        object.end()
    }
}

/// The transaction in the shape of the wire.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct TransactionReader {
    id: SpanId,
    trace_id: TraceId,
    parent_id: Option<SpanId>,
    name: Option<Keyword>,
    #[serde(rename = "type")]
    kind: Keyword,
    #[serde(default, deserialize_with = "read::nullable")]
    timestamp: u64,
    #[serde(deserialize_with = "number::read_millis")]
    duration: f64,
    result: Option<Keyword>,
    outcome: Option<Outcome>,
    #[serde(default = "read::yes", deserialize_with = "read::true_unless_set")]
    sampled: bool,
    sample_rate: Option<SampleRate>,
    span_count: SpanCount,
    #[serde(default, deserialize_with = "read::nullable")]
    context: ContextReader,
    #[serde(default, deserialize_with = "read::nullable")]
    dropped_spans_stats: Vec<DroppedSpanStats>,
    #[serde(default, deserialize_with = "read::nullable")]
    links: Vec<SpanLink>,
    otel: Option<Otel>,
    faas: Option<Faas>,
}

impl<'de> Deserialize<'de> for TransactionEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let transaction = TransactionReader::deserialize(deserializer)?;
        let (labels, context) = transaction.context.split();
        let extra = TransactionExtra { otel: transaction.otel, faas: transaction.faas };
        Ok(Self {
            id: transaction.id,
            trace_id: transaction.trace_id,
            parent_id: transaction.parent_id,
            name: transaction.name,
            kind: transaction.kind,
            timestamp: transaction.timestamp,
            duration: transaction.duration,
            result: transaction.result,
            outcome: transaction.outcome,
            sampled: transaction.sampled,
            sample_rate: transaction.sample_rate,
            span_count: transaction.span_count,
            labels,
            context,
            dropped_spans_stats: transaction.dropped_spans_stats,
            links: transaction.links,
            extra: (!extra.is_empty()).then(|| Box::new(extra)),
        })
    }
}

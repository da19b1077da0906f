//! What travels from application threads to the reporter: the wire event itself, plus what is turned into wire form late.

use std::sync::Arc;

use elastic_apm_intake::{
    Context, DroppedSpanStats, ErrorEvent, ErrorLog, Exception, JsonObject, Keyword, Metricset, Otel,
    SpanContext, SpanEvent, SpanExtra, SpanLink, TransactionEvent, User,
};

use crate::captured::{CapturedRequest, CapturedResponse, CapturedStack, KeptRequest};
use crate::metrics::SelfTimes;

/// One finished event on its way to the reporter.
#[expect(
    clippy::large_enum_variant,
    reason = "spans are the many: boxing them would cost each an allocation"
)]
pub(crate) enum Record {
    Span(SpanEvent),
    SpanWithStack(Box<SpanRecord>),
    Transaction(Box<TransactionRecord>),
    Error(Box<ErrorRecord>),
    /// Made by the reporter itself: it never waits in the queue.
    Metricset(Box<Metricset>),
}

/// A finished span that took long enough to say where it was.
pub(crate) struct SpanRecord {
    pub(crate) event: SpanEvent,
    pub(crate) stack: CapturedStack,
}

/// A finished transaction and the HTTP exchange it stands for.
#[derive(Default)]
pub(crate) struct TransactionRecord {
    pub(crate) event: TransactionEvent,
    pub(crate) request: Option<KeptRequest>,
    pub(crate) response: Option<CapturedResponse>,
    /// Where its time went, for the breakdown.
    pub(crate) self_times: SelfTimes,
    /// About what it took when it was handed over: a body that is still read grows.
    bytes: u32,
}

/// An error, the request during which it occurred, and where it was captured.
pub(crate) struct ErrorRecord {
    pub(crate) event: ErrorEvent,
    pub(crate) request: Option<Arc<CapturedRequest>>,
    pub(crate) stack: Option<CapturedStack>,
    /// About what it took when it was made: a body that is still read grows.
    bytes: u32,
}

impl ErrorRecord {
    pub(crate) fn new(
        event: ErrorEvent,
        request: Option<Arc<CapturedRequest>>,
        stack: Option<CapturedStack>,
    ) -> Self {
        let bytes = size_of::<Self>()
            + error(&event)
            + request.as_deref().map_or(0, |request| size_of_val(request) + request.bytes())
            + stack.as_ref().map_or(0, CapturedStack::bytes);
        ErrorRecord { event, request, stack, bytes: saturated(bytes) }
    }
}

impl Record {
    /// A finished transaction: nothing of it changes any more.
    pub(crate) fn transaction(mut record: Box<TransactionRecord>) -> Self {
        let bytes = size_of::<TransactionRecord>()
            + transaction(&record.event)
            + record.request.as_ref().map_or(0, KeptRequest::bytes)
            + record.response.as_ref().map_or(0, |response| response.headers.bytes())
            + record.self_times.bytes();
        record.bytes = saturated(bytes);
        Record::Transaction(record)
    }

    /// A finished span that says where it was; anything else has no place for that.
    pub(crate) fn with_stack(self, stack: CapturedStack) -> Self {
        match self {
            Record::Span(event) => Record::SpanWithStack(Box::new(SpanRecord { event, stack })),
            other => other,
        }
    }

    /// [`bytes_beside_slot`](Self::bytes_beside_slot) of a plain span.
    #[inline]
    fn bytes_beside_span(event: &SpanEvent) -> u32 {
        saturated(span(event))
    }

    /// Whether it should not wait for others: an error that nobody has handled may be the last thing that a process has to say.
    #[inline]
    pub(crate) fn is_urgent(&self) -> bool {
        match self {
            Record::Error(record) => {
                record.event.exception.as_ref().is_some_and(|exception| exception.handled == Some(false))
            }
            _ => false,
        }
    }

    /// About how much memory the record holds beside itself, for the queue's bound in bytes.
    ///
    /// An estimate that is cheap on the application thread: exact for what can be large (text, labels, headers), a
    /// constant for the rest. Nothing for a plain span. The same whenever it is asked for, also where what the record shares with others
    /// has changed meanwhile.
    #[inline]
    pub(crate) fn bytes_beside_slot(&self) -> u32 {
        match self {
            Record::Span(event) => Record::bytes_beside_span(event),
            other => other.bytes_beside_rare_slot(),
        }
    }

    fn bytes_beside_rare_slot(&self) -> u32 {
        match self {
            Record::Span(event) => Record::bytes_beside_span(event),
            Record::SpanWithStack(record) => {
                saturated(size_of::<SpanRecord>() + span(&record.event) + record.stack.bytes())
            }
            Record::Transaction(record) => record.bytes,
            Record::Error(record) => record.bytes,
            Record::Metricset(_) => saturated(size_of::<Metricset>()),
        }
    }
}

#[inline]
fn saturated(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// What a transaction holds beside itself.
fn transaction(event: &TransactionEvent) -> usize {
    let extra = event.extra.as_deref();
    text(event.name.as_ref())
        + text(event.result.as_ref())
        + heap(&event.kind)
        + event.labels.heap_bytes()
        + event.context.as_deref().map_or(0, context)
        + event.dropped_spans_stats.capacity() * size_of::<DroppedSpanStats>()
        + event.dropped_spans_stats.iter().map(dropped).sum::<usize>()
        + event.links.capacity() * size_of::<SpanLink>()
        + extra.map_or(0, |extra| {
            size_of_val(extra) + attributes(extra.otel.as_ref()).map_or(0, |all| object(all))
        })
}

/// What an error holds beside itself.
fn error(event: &ErrorEvent) -> usize {
    let transaction = event.transaction.as_ref().and_then(|transaction| transaction.name.as_ref());
    text(transaction)
        + text(event.culprit.as_ref())
        + event.labels.heap_bytes()
        + event.context.as_deref().map_or(0, context)
        + event.exception.as_deref().map_or(0, exception)
        + event.log.as_deref().map_or(0, log)
}

fn dropped(stats: &DroppedSpanStats) -> usize {
    let target = stats.service_target_name.as_ref().map_or(0, |name| heap(name));
    text(stats.destination_service_resource.as_ref()) + target
}

/// What a span holds beside itself.
#[inline]
fn span(event: &SpanEvent) -> usize {
    event.name.heap_bytes()
        + event.labels.heap_bytes()
        + event.context.as_deref().map_or(0, span_context)
        + event.extra.as_deref().map_or(0, extra)
}

/// Attributes are shared with the transaction, where they count.
fn extra(extra: &SpanExtra) -> usize {
    size_of::<SpanExtra>() + size_of_val(extra.links.as_slice())
}

fn attributes(otel: Option<&Otel>) -> Option<&Arc<JsonObject>> {
    otel.and_then(|otel| otel.attributes.as_ref())
}

/// What the context of a span holds: what can be long, and a constant for the rest.
fn span_context(context: &SpanContext) -> usize {
    let url = context.http.as_ref().and_then(|http| http.url.as_deref());
    let statement = context.db.as_ref().and_then(|db| db.statement.as_deref());
    let body = context.message.as_ref().and_then(|message| message.body.as_deref());
    512 + [url, statement, body].into_iter().flatten().map(heap).sum::<usize>()
}

/// What a text takes beside its own 24 bytes; literals count as if they were copies.
fn heap(text: &str) -> usize {
    if text.len() > 24 { text.len() } else { 0 }
}

fn text(text: Option<&Keyword>) -> usize {
    text.map_or(0, |text| heap(text))
}

fn context(context: &Context) -> usize {
    size_of_val(context)
        + context.custom.as_ref().map_or(0, object)
        + context.user.as_deref().map_or(0, user)
        + context
            .message
            .as_deref()
            .map_or(0, |message| size_of_val(message) + message.body.as_ref().map_or(0, |body| heap(body)))
}

fn user(user: &User) -> usize {
    let User { id, username, email, domain } = user;
    size_of_val(user)
        + [id, username, email, domain].into_iter().map(|known| text(known.as_ref())).sum::<usize>()
}

fn object(object: &JsonObject) -> usize {
    object.iter().map(|(key, value)| key.len() + json(value)).sum()
}

fn json(value: &serde_json::Value) -> usize {
    use serde_json::Value;
    size_of::<Value>()
        + match value {
            Value::String(text) => text.len(),
            Value::Array(items) => items.iter().map(json).sum(),
            Value::Object(map) => object(map),
            _ => 0,
        }
}

fn log(log: &ErrorLog) -> usize {
    size_of_val(log) + heap(&log.message) + log.param_message.as_ref().map_or(0, |text| heap(text))
}

fn exception(exception: &Exception) -> usize {
    size_of_val(exception)
        + exception.message.as_ref().map_or(0, |text| heap(text))
        + exception.cause.iter().map(self::exception).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use elastic_apm_intake::{Db, Message, SpanHttp};

    use super::*;

    #[test]
    fn a_record_is_hardly_larger_than_a_span() {
        assert!(size_of::<Record>() <= size_of::<SpanEvent>() + 8, "{}", size_of::<Record>());
    }

    #[test]
    fn what_can_be_long_in_a_span_counts_as_memory() {
        let (url, statement, body) = ("u".repeat(10_000), "s".repeat(100_000), "b".repeat(1_000_000));
        let context = SpanContext {
            http: Some(SpanHttp { url: Some(url.into()), ..SpanHttp::default() }),
            db: Some(Box::new(Db { statement: Some(statement.into()), ..Db::default() })),
            message: Some(Box::new(Message { body: Some(body.into()), ..Message::default() })),
            ..SpanContext::default()
        };
        let event = SpanEvent { context: Some(Box::new(context)), ..SpanEvent::default() };

        assert!(Record::Span(event).bytes_beside_slot() > 1_110_000);
    }

    #[test]
    fn the_stack_of_an_error_counts_as_memory() {
        let error = |stack| Record::Error(Box::new(ErrorRecord::new(ErrorEvent::default(), None, stack)));
        let stack = CapturedStack { addresses: vec![1; 1000], limit: 50, of_panic: false };

        let bytes = error(Some(stack)).bytes_beside_slot() - error(None).bytes_beside_slot();

        assert!(bytes as usize >= 1000 * size_of::<usize>(), "{bytes}");
    }

    fn transaction_bytes(event: TransactionEvent, self_times: SelfTimes) -> usize {
        let record = TransactionRecord { event, self_times, ..TransactionRecord::default() };
        Record::transaction(Box::new(record)).bytes_beside_slot() as usize
    }

    #[test]
    fn what_a_transaction_knows_of_its_spans_counts_as_memory() {
        let long = Keyword::from("s".repeat(1_000));
        let stats = DroppedSpanStats {
            destination_service_resource: Some(long.clone()),
            service_target_name: Some(long.clone().into_limit()),
            ..DroppedSpanStats::default()
        };
        let mut self_times = SelfTimes::default();
        for number in 0..100 {
            self_times.add(&Keyword::from(format!("{number}{long}")), None, 1);
        }
        let event = TransactionEvent { dropped_spans_stats: vec![stats; 128], ..TransactionEvent::default() };

        assert!(
            transaction_bytes(event, SelfTimes::default()) > 128 * (2_000 + size_of::<DroppedSpanStats>())
        );
        assert!(transaction_bytes(TransactionEvent::default(), self_times) > 100 * 1_000);
    }

    #[test]
    fn what_an_application_says_of_a_transaction_counts_as_memory() {
        let long = || "x".repeat(10_000);
        let context = Context {
            user: Some(Box::new(User::new().id(long()).username(long()).email(long()).domain(long()))),
            message: Some(Box::new(Message { body: Some(long().into()), ..Message::default() })),
            ..Context::default()
        };
        let event = TransactionEvent {
            name: Some(long().into()),
            result: Some(long().into()),
            kind: long().into(),
            context: Some(Box::new(context)),
            ..TransactionEvent::default()
        };

        assert!(transaction_bytes(event, SelfTimes::default()) > 8 * 10_000);
    }
}

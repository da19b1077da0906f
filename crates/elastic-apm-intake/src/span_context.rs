//! What a span talks to: service, HTTP call, destination, database, message.
//!
//! Labels are part of `context` on the wire but sit on the span itself; the span puts both together.

use serde::Deserialize;
use serde::ser::{Serialize, Serializer};

use crate::db::Db;
use crate::destination::Destination;
use crate::labels::Labels;
use crate::message::Message;
use crate::object::Object;
use crate::read;
use crate::service::Service;
use crate::span_http::SpanHttp;

/// The other side of a span. Its labels are on the span.
///
/// A context with nothing set is the same as no context: it is not written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpanContext {
    /// The service; for exit spans its target.
    pub service: Option<Box<Service>>,
    /// The HTTP call.
    pub http: Option<SpanHttp>,
    /// The other end.
    pub destination: Option<Destination>,
    /// The database call.
    pub db: Option<Box<Db>>,
    /// The message sent or received.
    pub message: Option<Box<Message>>,
}

impl SpanContext {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { service, http, destination, db, message } = self;
        service.is_none() && http.is_none() && destination.is_none() && db.is_none() && message.is_none()
    }
}

/// The `context` of a span that is being written: its own and its labels.
pub(crate) struct SpanContextWriter<'a> {
    labels: &'a Labels,
    context: Option<&'a SpanContext>,
}

impl<'a> SpanContextWriter<'a> {
    /// `None` when there is nothing to write.
    pub(crate) fn new(labels: &'a Labels, context: Option<&'a SpanContext>) -> Option<Self> {
        let context = context.filter(|context| !context.is_empty());
        (context.is_some() || !labels.is_empty()).then_some(Self { labels, context })
    }
}

impl Serialize for SpanContextWriter<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = Object::begin(serializer)?;
        if let Some(context) = self.context {
            object.option("service", &context.service)?;
            object.option("http", &context.http)?;
            object.option("destination", &context.destination)?;
            object.option("db", &context.db)?;
            object.option("message", &context.message)?;
        }
        if !self.labels.is_empty() {
            object.field("tags", self.labels)?;
        }
        object.end()
    }
}

/// The `context` of a span that is being read.
#[derive(Default, Deserialize)]
#[serde(expecting = "an object")]
pub(crate) struct SpanContextReader {
    #[serde(default, deserialize_with = "read::nullable")]
    tags: Labels,
    service: Option<Box<Service>>,
    http: Option<SpanHttp>,
    destination: Option<Destination>,
    db: Option<Box<Db>>,
    message: Option<Box<Message>>,
}

impl SpanContextReader {
    /// Takes the labels and the rest apart.
    pub(crate) fn split(self) -> (Labels, Option<Box<SpanContext>>) {
        let Self { tags, service, http, destination, db, message } = self;
        let context = SpanContext { service, http, destination, db, message };
        (tags, (!context.is_empty()).then(|| Box::new(context)))
    }
}
